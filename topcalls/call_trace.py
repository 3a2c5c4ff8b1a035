"""The last messages of each call with its switch and its AI: a ring in memory, for bug reports.

It is on the path of every frame, so it copies next to nothing: of a message its beginning, and of
messages of sound, which come fifty times a second, one entry for a whole run of them. What it is
worth is decided when the call is over.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

import orjson

P = ParamSpec("P")
R = TypeVar("R")

MOST_ENTRIES: Final = 400
MOST_CHARACTERS: Final = 1000
"""Of a message that are kept."""

_MERGED_FROM: Final = 200
"""A message so long, or any of bytes, counts with the one before it on its way if both begin
alike."""

_HEAD: Final = 40
TO_PROVIDER, FROM_PROVIDER = "provider.out", "provider.in"
TO_SWITCH, FROM_SWITCH = "switch.command", "switch.event"


class CallTrace:
    """The messages of one call. `now`: a clock that never goes back, in seconds."""

    __slots__ = ("_begun", "_latest", "_now", "_ring")

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._begun = now()
        self._ring: deque[list[Any]] = deque(maxlen=MOST_ENTRIES)
        self._latest: dict[str, tuple[str | bytes, list[Any]]] = {}  # how it begins, its entry

    def add(self, way: str, message: str | bytes) -> None:
        """A message went this way."""
        size, head = len(message), message[:_HEAD]
        latest = self._latest.get(way)
        may_merge = size >= _MERGED_FROM or isinstance(message, bytes)
        if may_merge and latest is not None and latest[0] == head:
            entry = latest[1]
            entry[1] = self._now()
            entry[3] += 1
            entry[4] += size
            return
        now = self._now()
        kept = None if isinstance(message, bytes) else message[:MOST_CHARACTERS]
        entry = [now, now, way, 1, size, kept]
        self._latest[way] = (head, entry)
        self._ring.append(entry)

    def add_fields(self, way: str, fields: Mapping[str, str]) -> None:
        """The fields of a message that are worth keeping: as JSON, a fifth of the memory."""
        now = self._now()
        # A copy: what orjson returns holds on to its buffer of 8 kB.
        self._ring.append([now, now, way, 1, 0, bytes(memoryview(orjson.dumps(fields)))])

    def entries(self) -> Iterator[dict[str, Any]]:
        """Oldest first: `at` and `until` in seconds since the trace began, `messages` and `bytes`
        of the whole run, `text` or `fields` of its first."""
        for first, last, way, count, size, kept in self._ring:
            told: dict[str, Any] = {
                "at": round(first - self._begun, 4),
                "until": round(last - self._begun, 4),
                "way": way,
                "messages": count,
                "bytes": size,
            }
            if isinstance(kept, bytes):
                yield told | {"fields": orjson.loads(kept)}
            else:
                yield told | {"text": kept}


current: ContextVar[CallTrace | None] = ContextVar("call_trace", default=None)
"""That of the call which this greenlet works for."""

_open: dict[str, CallTrace] = {}


def begin(call_id: str) -> CallTrace:
    """Keep the messages of a call from now on."""
    return _open.setdefault(call_id, CallTrace())


def of(call_id: str) -> CallTrace | None:
    """The trace of a call; None where none is kept."""
    return _open.get(call_id)


def end(call_id: str) -> CallTrace | None:
    """The trace of a call that is over; nothing more is kept of it."""
    return _open.pop(call_id, None)


def passed_on(function: Callable[P, R]) -> Callable[P, R]:
    """The function as another greenlet may run it for the same call."""
    trace = current.get()

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        current.set(trace)
        return function(*args, **kwargs)

    return run
