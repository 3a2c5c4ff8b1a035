"""Engines on the own machine, from packages: no network, no key.

Ears and voice (the extra `local`) run in a child process of each call, the embedding model (the
extra `embeddings`) in one of each process that asks it, none of them in the event loop. They help
where there is nothing else; a vendor's are better by far.
"""
