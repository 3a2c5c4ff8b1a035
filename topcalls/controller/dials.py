"""The dials of one call: which carrier dials now, and whether another one may when it fails.

The rules are in `core/routing.py`. Every dial has a channel of its own, whose intent is stored
before it is sent; what a former channel still says is no news. The decision that another carrier
tries is written before that one's intent, which is refused without it.
"""

from __future__ import annotations

from collections.abc import Sequence

from topcalls import metrics
from topcalls.controller.journal import Journal
from topcalls.core.call_events import AttemptFailed, CallEvent, HungUp, OriginateFailed
from topcalls.core.routing import RANG_SECONDS, Attempt, Decision, Route, Then, decide
from topcalls.log import get_logger
from topcalls.services.routing import Outcome

SWITCH_UNREACHABLE = "SWITCH_UNREACHABLE"
"""Our own cause, beside FreeSWITCH's: the switch never took the originate."""

NO_CARRIER = "NO_CARRIER"
"""Also ours: neither the account nor the installation has a carrier, or the one that the call asked
for is gone."""

DIAL_INTENT_NOT_STORED = "DIAL_INTENT_NOT_STORED"
DIAL_NOT_POSSIBLE = "DIAL_NOT_POSSIBLE"
"""Also ours: the originate cannot be put into a command; the log says why."""

ORIGINATE_REFUSED = "ORIGINATE_REFUSED"
"""Also ours: the switch refused the originate without naming a cause."""

CALLED_OFF = "ORIGINATOR_CANCEL"

INTENT_SECONDS = 10.0
"""How long the dial intent may take to be stored before the dial is given up."""

ORIGINATE_GRACE_SECONDS = 15.0
"""How long after the ring time-out a job result may come."""

HANG_UP_FIRST_SECONDS = 0.3

OWN = "own"
"""The installation's own trunk, where carriers are counted."""

_ANSWERED = 200

log = get_logger("controller.dials")

_HEARD = Decision(Then.STOP, "somebody answered")


class Dials:
    """`routes` in the order in which they may try. `channel_uuid` is the present dial's. A call
    that was `taken_over` from a dead controller is never dialled again, nor is one that rang for
    `politeness_seconds`."""

    def __init__(
        self,
        call_id: str,
        channel_uuid: str,
        routes: Sequence[Route],
        journal: Journal,
        *,
        taken_over: bool = False,
        politeness_seconds: float = RANG_SECONDS,
    ) -> None:
        self.channel_uuid = channel_uuid
        self._call_id = call_id
        self._routes = routes
        self._journal = journal
        self._taken_over = taken_over
        self._politeness = politeness_seconds
        self._number = 1
        self._over: set[str] = set()
        self._rang_before = 0.0

    @property
    def attempt(self) -> Attempt | None:
        """The present dial; None where there is no carrier to dial by."""
        if self._number > len(self._routes):
            return None
        return Attempt(self._number, self._routes[self._number - 1])

    @property
    def is_first(self) -> bool:
        return self._number == 1

    def is_over(self, channel: str) -> bool:
        """See `call_session.Dialling`."""
        return channel in self._over

    def ended(self, event: HungUp | OriginateFailed, rang_seconds: float) -> CallEvent:
        """See `call_session.Dialling`. All ringing of the call counts together."""
        self._count(event)
        if self._taken_over:
            return event
        hangup = event.hangup
        rang = max(rang_seconds, hangup.rang_ms / 1000)
        left = len(self._routes) - self._number
        if isinstance(event, HungUp) and event.answered_at is not None:
            decision = _HEARD
        else:
            rung = self._rang_before + rang
            decision = decide(hangup, rung, self._number, left, self._politeness)
        outcome = Outcome(
            hangup.cause,
            hangup.sip_status,
            round(rang * 1000),
            decision,
            hangup.phrase,
            hangup.reason,
            hangup.retry_after,
        )
        self._journal.dial_ended(self._number, outcome)
        if decision.then is Then.STOP:
            return event
        self._rang_before += rang
        self._number += 1
        self._over.add(self.channel_uuid)
        log.info(
            "Next carrier tries",
            call_id=self._call_id,
            attempt=self._number,
            sip_status=hangup.sip_status,
            cause=hangup.cause,
        )
        return AttemptFailed(hangup)

    def _count(self, event: HungUp | OriginateFailed) -> None:
        attempt = self.attempt
        if attempt is None:
            return
        answered = isinstance(event, HungUp) and event.answered_at is not None
        status = _ANSWERED if answered else event.hangup.sip_status
        carrier = attempt.route.carrier_id or OWN
        metrics.carrier_dials.labels(carrier, str(status or "none")).inc()
