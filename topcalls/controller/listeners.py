"""Who listens in to a call, and what is written of it."""

from __future__ import annotations

from collections.abc import Callable

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.journal import Journal
from topcalls.media.call_sound import Listener
from topcalls.services.listening import JOINED, LEFT


class CallListeners:
    """Of one call. `leg` is its present one."""

    def __init__(self, leg: Callable[[], CallLeg], journal: Journal, clock: Clock) -> None:
        self._leg = leg
        self._journal = journal
        self._clock = clock

    def join(self, key_id: str) -> Listener | None:
        """One more listener; None: there are enough, or the call is over."""
        began = self._clock.monotonic()

        def left() -> None:
            metrics.listeners.dec()
            seconds = round(self._clock.monotonic() - began, 1)
            self._journal.trail(LEFT, {"key_id": key_id, "seconds": seconds})

        listener = self._leg().sound.join(left)
        if listener is not None:
            metrics.listeners.inc()
            self._journal.trail(JOINED, {"key_id": key_id})
        return listener
