"""Every row that tells of one call, read at once: for its report, and for its bundle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from topcalls.core.call_remarks import Signs
from topcalls.core.call_state import State
from topcalls.core.latency import TurnTiming, spreads_of, timing_of
from topcalls.core.ledger import Record
from topcalls.core.tools import ToolStatus
from topcalls.core.webhook_deliveries import Wanted
from topcalls.core.webhook_retry import DeliveryState
from topcalls.errors import NotFound
from topcalls.services.webhook_log import DeliveryView, delivery_views
from topcalls.store import (
    calls,
    decisions,
    routing,
    tools,
    transfers,
    webhook_log,
    wrap_ups,
)
from topcalls.store.models import (
    Call,
    CallAttempt,
    CallEvent,
    CallTool,
    CallTransfer,
    TranscriptTurn,
    WrapUp,
)

GIVEN_UP = "given up"
"""What `WrapUp.log` says of a step that never got ready."""

_MOST_DELIVERIES = 200


@dataclass(frozen=True)
class CallFacts:
    """The rows of a call, each kind in its order."""

    call: Call
    events: Sequence[CallEvent]
    attempts: Sequence[CallAttempt]
    decisions: Sequence[Record]
    turns: Sequence[TranscriptTurn]
    timings: Sequence[TurnTiming]
    tools: Sequence[CallTool]
    transfers: Sequence[CallTransfer]
    deliveries: Sequence[DeliveryView]
    wrap_up: WrapUp | None

    @cached_property
    def decided_by(self) -> str:
        """The kind of the event that decided the end: the first that led to the state in which the
        call is hung up, or to its last; empty while there is none."""
        ends = {State.ENDING.value, *(state.value for state in State if state.is_final)}
        return next((row.kind for row in self.events if row.after in ends), "")

    @property
    def signs(self) -> Signs:
        """What there may be to remark."""
        call, log = self.call, self.wrap_up.log if self.wrap_up else {}
        spreads = spreads_of(self.timings)
        said = [turn for turn in self.turns if turn.text.strip()]
        first = next((turn.started_ms for turn in said if turn.role == "assistant"), None)
        states = [one.status for one in self.deliveries]
        return Signs(
            queued_seconds=_seconds(call.queued_at, call.claimed_at),
            talked_seconds=_seconds(call.answered_at, call.ended_at),
            dials=len(self.attempts),
            stages_replaced=tuple(call.stages_replaced or ()),
            p95_ms={name: spread.p95 for name, spread in spreads.items() if spread is not None},
            first_word_ms=first,
            caller_turns=sum(turn.role == "user" for turn in said),
            recording_refused=call.recording_state == "refused",
            steps_given_up=tuple(step for step, how in log.items() if how == GIVEN_UP),
            webhooks_dead=states.count(DeliveryState.DEAD),
            webhooks_waiting=states.count(DeliveryState.PENDING),
            tools_failed=tuple(row.name for row in self.tools if row.status == ToolStatus.FAILED),
            abandoned=bool(call.abandoned),
        )


def read_facts(call_id: str, account_id: str | None = None) -> CallFacts:
    """Inside a verb: what is known of a call, of this account where one is named. Raises
    NotFound."""
    call = calls.get(call_id) if account_id is None else calls.of_account(account_id, call_id)
    if call is None:
        raise NotFound("There is no call of this id; `topcalls calls list` names them.")
    deliveries = webhook_log.page(call.account_id, _MOST_DELIVERIES, None, Wanted(call_id=call_id))
    return CallFacts(
        call=call,
        events=calls.events(call_id),
        attempts=routing.attempts(call_id),
        decisions=decisions.of_call(call_id),
        turns=calls.transcripts([call_id]).get(call_id, []),
        timings=[timing_of(row.seq, row.measures) for row in calls.timings(call_id)],
        tools=tools.of_calls([call_id]),
        transfers=transfers.of_call(call_id),
        deliveries=delivery_views(deliveries[::-1]),
        wrap_up=wrap_ups.get(call_id),
    )


def numbers_of(facts: CallFacts) -> Iterator[str | None]:
    """The telephone numbers that a call is about."""
    yield facts.call.phone_number
    yield facts.call.from_number
    for row in facts.transfers:
        yield row.phone_number


def _seconds(begun: object, over: object) -> float | None:
    """From one moment to another; None where one of them did not come."""
    if begun is None or over is None:
        return None
    seconds: float = (over - begun).total_seconds()  # type: ignore[operator]
    return max(0.0, seconds)
