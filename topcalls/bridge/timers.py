"""Named deadlines of one call, run by its greenlet between two facts."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.clock import Clock


class Timers:
    """At most one deadline per name: setting it again replaces it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[str, tuple[float, Callable[[], None]]] = {}

    def set(self, name: str, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` once, in so many seconds."""
        self._due[name] = (self._clock.monotonic() + seconds, action)

    def set_at(self, name: str, moment: float | None, action: Callable[[], None]) -> None:
        """Call `action` at a monotonic moment; None takes the deadline away."""
        if moment is None:
            self._due.pop(name, None)
        else:
            self._due[name] = (moment, action)

    def cancel(self, *names: str) -> None:
        for name in names:
            self._due.pop(name, None)

    def is_set(self, name: str) -> bool:
        return name in self._due

    def until_next(self) -> float | None:
        """Seconds to the next deadline, at least 0; None when there is none."""
        if not self._due:
            return None
        moment = min(moment for moment, _ in self._due.values())
        return max(0.0, moment - self._clock.monotonic())

    def take_due(self) -> list[Callable[[], None]]:
        """The actions whose time has come, in order; they are forgotten here."""
        if not self._due:
            return []
        now = self._clock.monotonic()
        due = sorted((item[0], name) for name, item in self._due.items() if item[0] <= now)
        return [self._due.pop(name)[1] for _, name in due]

    def clear(self) -> None:
        self._due.clear()
