"""What becomes of calls that are to end while their switch stays away?

Their hang-up cannot be sent, and nobody can say that they are over. A call that still talks is left
alone: only the Event Socket may be gone. One that was decided to end, by its audio's loss, by
somebody's wish or by a time limit, is over for us after a while, and frees its place and minutes.
Should the switch come back with its channel, that one is hung up as nobody's (`reconciler.py`), and
the switch itself ends every call at its longest duration.
"""

from __future__ import annotations

from datetime import datetime

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.controller.reconciler import Disagreement
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_events import ChannelLost
from topcalls.core.call_state import State
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger

PATIENCE_SECONDS = 10.0
"""How long the switch may be away before calls that are to end are given up: most outages of a
connection are shorter, and then the switch tells why they ended."""

log = get_logger("controller.lost_switch")


class LostSwitch:
    """Looked at every few seconds."""

    def __init__(self, switch: SwitchClient, sessions: Sessions, clock: Clock) -> None:
        self._switch = switch
        self._sessions = sessions
        self._clock = clock
        self._away_since: float | None = None
        self._ending_since: dict[str, datetime] = {}

    def look(self) -> int:
        """Give up what cannot be ended; how many calls."""
        if self._switch.is_up:
            self._away_since = None
            self._ending_since.clear()
            return 0
        now = self._clock.monotonic()
        if self._away_since is None:
            self._away_since = now
        ending = [live for live in self._sessions.all() if live.session.facts.state is State.ENDING]
        for live in ending:
            self._ending_since.setdefault(live.session.call_id, self._clock.now())
        if now - self._away_since < PATIENCE_SECONDS:
            return 0
        for live in ending:
            self._give_up(live)
        return len(ending)

    def _give_up(self, live: LiveCall) -> None:
        call_id = live.session.call_id
        metrics.disagreements.labels(Disagreement.CHANNEL_GONE).inc()
        log.warning("Call given up, its switch is away", call_id=call_id)
        live.session.post(ChannelLost(self._ending_since.pop(call_id)))
