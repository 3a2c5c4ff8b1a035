"""Imports without the garbage collector, which would look through what stays anyway.

Modules are hundreds of thousands of objects that live as long as their process. Every full
collection looks through all of them: while they are loaded, while the process works, which is a
pause in the sound of its calls, and once more when it ends. So the collector is off while modules
are loaded, and leaves them alone afterwards.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, metadata
from types import ModuleType


@contextmanager
def uncollected() -> Iterator[None]:
    """What is made meanwhile, and everything before it, is never looked through again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def packages_read_once() -> Iterator[None]:
    """Whoever looks for plugins meanwhile finds them in one list: gevent, which has each of its
    patches told to some, would read what every installed package offers two dozen times."""
    look, found = metadata.entry_points, metadata.entry_points()
    metadata.entry_points = found.select
    try:
        yield
    finally:
        metadata.entry_points = look


def load(name: str) -> ModuleType:
    """The module of this name, imported if it was not yet."""
    if name in sys.modules:
        return import_module(name)
    with uncollected():
        return import_module(name)
