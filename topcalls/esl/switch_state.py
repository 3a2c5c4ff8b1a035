"""Whether a switch can be used, and who is told when that changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import gevent
from gevent.event import Event
from gevent.queue import Queue

from topcalls.log import get_logger

_log = get_logger("esl")


class SwitchState:
    """Up or down. `on_up()` and `on_down(reason)` are called in turn by one greenlet.

    They never overlap, so a reconciliation in `on_up` may block and is not overtaken by the next
    outage; each outage is told once.
    """

    def __init__(self, on_up: Callable[[], None], on_down: Callable[[str], None]) -> None:
        self._on_up = on_up
        self._on_down = on_down
        self._up = Event()
        self._closed = False
        self._notices: Queue[Callable[[], None] | None] = Queue()

    @property
    def is_up(self) -> bool:
        """The switch can be used now."""
        return bool(self._up.is_set())

    def wait_up(self, timeout: float | None) -> bool:
        """Wait until it can be used; False when it could not within `timeout` seconds."""
        return bool(self._up.wait(timeout))

    def start(self) -> None:
        """Begin to notify."""
        gevent.spawn(self._notify)

    def change(self, is_up: bool, reason: str) -> None:
        """Note the state; only a change is told. Returns at once."""
        if self._closed or is_up == self.is_up:
            return
        if is_up:
            self._up.set()
            self._notices.put(self._on_up)
        else:
            self._up.clear()
            self._notices.put(partial(self._on_down, reason))

    def close(self) -> None:
        """Down for good, which is no outage."""
        self._closed = True
        self._up.clear()
        self._notices.put(None)

    def _notify(self) -> None:
        for notice in iter(self._notices.get, None):
            try:
                notice()
            except (Exception, gevent.Timeout):  # noqa: BLE001 - the next one must be given
                _log.exception("A handler of the switch's state failed.")
