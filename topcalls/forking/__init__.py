"""Processes of ours that start at once: forked from one that has everything loaded.

A process of ours loads some two thousand modules before it does anything, which is a second of a
core and more. The fork server does that once; each process that it is asked for begins where that
ended, and shares the memory of what was loaded. What a caller of a controller that died waits for
is shorter by as much.
"""
