"""How a process of ours says that it is ready, and learns that it should end."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import gevent
from gevent import signal_handler
from gevent.event import Event
from gevent.os import tp_read


def say_ready(name: str, **facts: Any) -> None:
    """One line of JSON on standard output: the process serves."""
    print(json.dumps({"ready": name, "pid": os.getpid(), **facts}), flush=True)  # noqa: T201


def until_stopped(supervised: bool, on_second: Callable[[], None] | None = None) -> None:
    """Return at SIGTERM or SIGINT, or when a supervisor's end of our standard input closes.

    `on_second` is called for a further signal, while the process is already stopping.
    """
    asked = Event()

    def ask() -> None:
        if asked.is_set() and on_second is not None:
            on_second()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal_handler(number, ask)
    if supervised:
        gevent.spawn(_watch_supervisor, asked)
    asked.wait()


def _watch_supervisor(asked: Event) -> None:
    while tp_read(sys.stdin.fileno(), 1024):
        pass
    asked.set()
