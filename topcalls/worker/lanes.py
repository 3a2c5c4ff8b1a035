"""Lanes: work for many receivers at once, such that a slow one holds up nobody but itself.

Each lane runs up to `per_lane` pieces of work side by side and keeps the others waiting in order.
A lane whose last piece failed runs one at a time until a piece succeeds, so that many deliveries to
a dead receiver occupy one greenlet and not all of them. When all places are taken, lanes take turns
at those that become free. Of these places only some are for work that is doubtful: of lanes that
are new, slow or failing. So a thousand dead receivers hold up each other, and nobody who has just
accepted something. How much waits is bounded by whoever hands out the work: a receiver never
has more than a few deliveries claimed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import gevent
from gevent.event import Event

from topcalls.log import get_logger

log = get_logger("lanes")

MOST_REMEMBERED = 10_000
"""Failing lanes that are remembered while they have no work; then all are forgotten."""


class Work(Protocol):
    """One piece of work for a lane. `key` names it among all."""

    @property
    def key(self) -> str: ...

    @property
    def is_doubtful(self) -> bool:
        """It may well take long, or fail."""
        ...

    def __call__(self) -> bool:
        """Do it, and say whether it succeeded."""
        ...

    def give_back(self) -> None:
        """It is not done here."""
        ...


@dataclass
class _Lane:
    waiting: deque[Work] = field(default_factory=deque)
    running: int = 0


class Lanes:
    """Runs work on greenlets: at most `per_lane` of one lane and `total` of all at once, of which
    `doubtful` may be that.

    `on_ended` is called after each piece; it must not block.
    """

    def __init__(
        self, per_lane: int, total: int, on_ended: Callable[[], None], doubtful: int | None = None
    ) -> None:
        self._per_lane = per_lane
        self._total = total
        self._most_doubtful = total if doubtful is None else doubtful
        self._doubtful = 0
        self._on_ended = on_ended
        self._lanes: dict[str, _Lane] = {}
        self._held: set[str] = set()
        self._failing: set[str] = set()
        self._running: set[gevent.Greenlet] = set()
        self._stopping = False
        self._idle = Event()
        self._idle.set()

    @property
    def running(self) -> int:
        """Pieces of work under way, of all lanes."""
        return len(self._running)

    @property
    def room(self) -> int:
        """How many more pieces could run now."""
        return 0 if self._stopping else self._total - len(self._running)

    @property
    def room_for_doubtful(self) -> int:
        """How many of these may be doubtful."""
        return min(self.room, self._most_doubtful - self._doubtful)

    def submit(self, name: str, work: Work) -> bool:
        """Run `work` in its lane, at once or in its turn. False when stopping.

        What is waiting or running under the same key is not run a second time beside it.
        """
        if self._stopping:
            return False
        if work.key in self._held:
            return True
        self._held.add(work.key)
        self._lanes.setdefault(name, _Lane()).waiting.append(work)
        self._idle.clear()
        self._serve(name)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until nothing runs and nothing waits; False when the time is over."""
        return bool(self._idle.wait(seconds))

    def stop(self, seconds: float) -> list[Work]:
        """Let what runs end within `seconds`, else kill it. Gives back what had not begun."""
        self._stopping = True
        not_begun = [work for lane in self._lanes.values() for work in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
        self._note_idle()
        if not self.wait(seconds):
            gevent.killall(list(self._running))
            self._idle.wait()
        return not_begun

    def _serve(self, name: str) -> None:
        """Start what this lane may start. A lane that was served goes to the end of the order."""
        lane = self._lanes[name]
        limit = 1 if name in self._failing else self._per_lane
        while lane.waiting and lane.running < limit and self._has_place(lane.waiting[0]):
            lane.running += 1
            work = lane.waiting.popleft()
            greenlet = gevent.spawn(self._run, name, work)
            self._running.add(greenlet)
            self._doubtful += work.is_doubtful
            greenlet.link(partial(self._ended, name, work))
            self._lanes[name] = self._lanes.pop(name)

    def _has_place(self, work: Work) -> bool:
        has_room = len(self._running) < self._total
        return has_room and (not work.is_doubtful or self._doubtful < self._most_doubtful)

    def _run(self, name: str, work: Work) -> None:
        try:
            succeeded = work()
        except Exception as error:  # noqa: BLE001 - one piece of work must not end its lane
            log.error("Work of a lane failed", error=repr(error))
            succeeded = False
        if succeeded:
            self._failing.discard(name)
            return
        if len(self._failing) >= MOST_REMEMBERED:
            self._failing.clear()
        self._failing.add(name)

    def _ended(self, name: str, work: Work, greenlet: gevent.Greenlet) -> None:
        all_were_taken = len(self._running) >= self._total or self._doubtful >= self._most_doubtful
        self._held.discard(work.key)
        self._running.discard(greenlet)
        self._doubtful -= work.is_doubtful
        lane = self._lanes[name]
        lane.running -= 1
        for waiting in list(self._lanes) if all_were_taken else [name]:
            self._serve(waiting)
        if not lane.running and not lane.waiting:
            del self._lanes[name]
        self._note_idle()
        self._on_ended()

    def _note_idle(self) -> None:
        if not self._running and not any(lane.waiting for lane in self._lanes.values()):
            self._idle.set()
