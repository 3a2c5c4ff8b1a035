"""Named deadlines of one call, run by its greenlet between two facts."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.clock import Clock


class Timers:
    """At most one deadline per name: setting it again replaces it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, tuple[float, Callable[[], None]]] = {}
        self._moving: dict[str, tuple[Callable[[], float], Callable[[], None]]] = {}

    def set(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` once, in so many seconds."""
        self._due[name] = (self._clock.monotonic() + seconds, action)

    def set_at(self, name: str, moment: float | None, action: Callable[[], None]) -> None:
        """Call `action` at a monotonic moment; None takes the deadline away."""
        if moment is None:
            self._due.pop(name, None)
        else:
            self._due[name] = (moment, action)

    def follow(self, name: str, moment: Callable[[], float], action: Callable[[], None]) -> None:
        """Call `action` once, when the monotonic moment has come that `moment` tells; it is asked
        whenever somebody looks, so the deadline may move without being set again."""
        self._due.pop(name, None)
        self._moving[name] = (moment, action)

    def cancel(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)
            self._moving.pop(name, None)

    def is_set(self, name: str) -> bool:
        return name in self._due or name in self._moving

    def until_next(self) -> float | None:
        """Seconds to the next deadline, at least 0; None when there is none."""
        moment = self._next_moment()
        return None if moment is None else max(0.0, moment - self._clock.monotonic())

    def take_due(self) -> list[Callable[[], None]]:
        """The actions whose time has come, in order; they are forgotten here."""
        moment = self._next_moment()
        now = self._clock.monotonic()
        if moment is None or moment > now:
            return []
        for name, (tell, action) in list(self._moving.items()):
            if (moved := tell()) <= now:
                del self._moving[name]
                self._due[name] = (moved, action)
        due = sorted((item[0], name) for name, item in self._due.items() if item[0] <= now)
        return [self._due.pop(name)[1] for _, name in due]

    def clear(self) -> None:
        self._due.clear()
        self._moving.clear()

    def _next_moment(self) -> float | None:
        moments = [moment for moment, _ in self._due.values()]
        moments += [moment() for moment, _ in self._moving.values()]
        return min(moments, default=None)
