"""The facts of one call on their way to its greenlet, in three priorities.

Unbounded on purpose: who posts is the event loop of the same thread, and the greenlet that takes
out never blocks, so the box is emptied every time the loop turns. Caller audio does not come this
way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Any

from gevent.event import Event

Fact = tuple[Callable[..., None], tuple[Any, ...]]


class Priority(IntEnum):
    """NOW overtakes the rest (the caller speaks: stop talking); LAST comes after it (the end)."""

    NOW = 0
    IN_TURN = 1
    LAST = 2


class Mailbox:
    """Any number of writers, one reader. `put` never blocks and may be called from the hub."""

    def __init__(self) -> None:
        self._boxes: tuple[deque[Fact], ...] = (deque(), deque(), deque())
        self._filled = Event()
        self._closed = False

    def put(
        self,
        handler: Callable[..., None],
        *args: Any,
        priority: Priority = Priority.IN_TURN,
    ) -> None:
        """Have the reader call `handler(*args)`; ignored once closed."""
        if not self._closed:
            self._boxes[priority].append((handler, args))
            self._filled.set()

    def get(self, timeout: float | None) -> Fact | None:
        """The next fact; None when `timeout` seconds pass without one, or on `wake`."""
        fact = self._next()
        if fact is None:
            self._filled.clear()
            self._filled.wait(timeout)
            fact = self._next()
        return fact

    @property
    def is_empty(self) -> bool:
        """No fact waits."""
        return not any(self._boxes)

    def wake(self) -> None:
        """Have a reader that waits now look at its clock."""
        self._filled.set()

    def close(self) -> None:
        """Forget everything, and whatever comes later."""
        self._closed = True
        for box in self._boxes:
            box.clear()

    def _next(self) -> Fact | None:
        for box in self._boxes:
            if box:
                return box.popleft()
        return None
