"""Engines on the own machine, from packages (the extra `local`): no network, no key.

Each runs in a child process of its call, never in the event loop. They make a call possible where
there is nothing else; a vendor's ears and voice are better by far.
"""
