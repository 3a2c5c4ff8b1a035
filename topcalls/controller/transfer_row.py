"""What is written down of a transfer: the wish before it is dialled, then what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from topcalls.clock import Clock
from topcalls.controller.journal import Journal
from topcalls.core import transfer as rules
from topcalls.core import transfer_events as events
from topcalls.core.transfer import Facts, Phase


class TransferRow:
    """The row of one transfer. `by`: who asked for it; `summary` is the agent's, or empty."""

    def __init__(self, journal: Journal, clock: Clock, by: str, summary: str) -> None:
        self._journal = journal
        self._clock = clock
        self._by = by
        self._summary = summary
        self._number = 0

    def intend(self, facts: Facts, channel_uuid: str | None) -> bool:
        """Store it; whether that was done. Blocks for a while at most. A REFER that was refused and
        is followed by a dial is a transfer of its own."""
        number = self._journal.intend_transfer(
            replace(facts.destination, method=facts.method),
            asked_by=self._by,
            summary=self._summary or None,
            channel_uuid=channel_uuid,
            timeout=rules.INTENT_SECONDS,
        )
        self._number = number or 0
        return number is not None

    def moved(self, before: Facts, after: Facts, event: events.Event) -> None:
        """Write what is learnt with an event."""
        now, columns = self._clock.now(), dict[str, Any]()
        if isinstance(event, events.TargetAnswered):
            columns["answered_at"] = now
        if isinstance(event, events.Joined):
            columns["connected_at"] = now
        if isinstance(event, events.TargetGone) and before.phase is not Phase.CONNECTED:
            columns |= {"cause": event.hangup.cause, "sip_status": event.hangup.sip_status}
        if isinstance(event, events.Referred):
            columns["sip_status"] = event.status
        over = after.phase is Phase.OVER
        if over or after.phase is Phase.CONNECTED:
            columns |= {"outcome": after.outcome, "failure": after.failure}
        elif before.method != after.method:
            failure = rules.Failure.CARRIER
            columns |= {"outcome": rules.Outcome.FAILED, "failure": failure}
            over = True
        if over:
            columns["ended_at"] = now
        if columns and self._number:
            self._journal.transfer(self._number, **columns)

    def called_off(self, facts: Facts) -> None:
        """It was over before it was stored."""
        if self._number:
            self._journal.transfer(
                self._number,
                outcome=facts.outcome,
                failure=facts.failure,
                ended_at=self._clock.now(),
            )
