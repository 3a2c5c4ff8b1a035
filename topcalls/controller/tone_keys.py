"""Keys as tones on one channel: one entry after the other, each in its time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import gevent

from topcalls.core.keys import Sounds, sounds


class ToneKeys:
    """`send(keys)` has the switch sound them; it takes one such command at a time."""

    def __init__(self, send: Callable[[Sounds], None]) -> None:
        self._send = send
        self._waiting: deque[Sounds] = deque()
        self._worker: gevent.Greenlet | None = None

    def press(self, digits: str) -> None:
        """A dial string (`core.keys.dial_string`). Returns at once."""
        self._waiting.append(sounds(digits))
        if self._worker is None or self._worker.dead:
            self._worker = gevent.spawn(self._work)

    def _work(self) -> None:
        while self._waiting:
            entry = self._waiting.popleft()
            gevent.sleep(entry.lead_ms / 1000)
            self._send(entry)
            gevent.sleep(entry.seconds - entry.lead_ms / 1000)
