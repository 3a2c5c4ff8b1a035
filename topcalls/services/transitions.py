"""Carry out in the database what the state machine decided, all of it in one transaction.

Everybody who moves a call comes through here: controllers (`Calls.record`), the dispatcher's claim,
users who stop a call that waits, and the sweeps. A move writes the row, its trail, the webhook
event, and at the end of a call its bill and its wrap-up; a crash leaves all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from topcalls.core import quota, wrap_up
from topcalls.core.call_events import (
    Answered,
    CallEvent,
    ChannelLost,
    GivenBack,
    HandedToCarrier,
    Hangup,
    HungUp,
    Misconfigured,
    OwnerLost,
    StopRequested,
)
from topcalls.core.call_state import State, Transition, Verdict, advance
from topcalls.core.call_status import WEBHOOKS
from topcalls.core.end_reasons import EndReason
from topcalls.core.network_refusals import UNWANTED
from topcalls.core.supervision import Outcome
from topcalls.core.supervisor_codes import codes
from topcalls.errors import Conflict
from topcalls.services import opt_outs
from topcalls.services.analyses import decide_at_once
from topcalls.services.call_views import facts_of
from topcalls.services.costs import Costs
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.quotas import Quotas
from topcalls.services.webhooks import Webhooks
from topcalls.store import calls, commands, supervisions, tools, transfers, wrap_ups
from topcalls.store.locking import lock_account
from topcalls.store.models import Call

FACTS = frozenset(
    {
        "answered_at",
        "answered_by",
        "ended_at",
        "hangup_cause",
        "hung_up_by",
        "node",
        "q850",
        "sip_status",
    }
)
"""What may be told with an event: columns that the switch or the bridge knows."""

MOST_LATE: Final = timedelta(seconds=60)
"""After its moment, a machine that is overloaded may take note of an answer."""

_UNDIALLED = (GivenBack, Misconfigured)


def hangup_facts(hangup: Hangup) -> dict[str, Any]:
    """What a row keeps of why its channel ended."""
    return {
        "hangup_cause": hangup.cause,
        "sip_status": hangup.sip_status,
        "q850": hangup.q850,
        "hung_up_by": hangup.by,
    }


class Transitions:
    """Moves calls. Its methods are parts of a verb: call them inside `Database.run`."""

    def __init__(
        self,
        quotas: Quotas,
        webhooks: Webhooks,
        costs: Costs,
        numbers: DoNotCall,
        dispatch_timeout: timedelta = timedelta(hours=1),
    ) -> None:
        self._quotas = quotas
        self._costs = costs
        self._numbers = numbers
        self._webhooks = webhooks
        self._dispatch_timeout = dispatch_timeout

    def dispatch_by(self, queued_at: datetime) -> datetime:
        """Until when a call queued at a moment may wait."""
        return queued_at + self._dispatch_timeout

    def apply(self, call: Call, event: CallEvent, now: datetime, **columns: Any) -> Transition:
        """Ask the state machine about an event of a stored call, and carry out its answer."""
        transition = advance(facts_of(call), event)
        if transition.verdict is Verdict.MOVED:
            self.write(call, transition, {}, now, **columns)
        return transition

    def write(
        self,
        call: Call,
        transition: Transition,
        facts: Mapping[str, Any],
        now: datetime,
        **columns: Any,
    ) -> int:
        """Write a transition of the version of `call` at hand; the new version.

        `facts` are told by others and must be of `FACTS`; `columns` are the caller's own.

        A call that nobody dialled, and that somebody wanted stopped meanwhile, does not go back to
        the queue: it is stopped.

        Raises:
            Conflict: the row is of another version by now, so it has another writer.
        """
        unknown = set(facts) - FACTS
        if unknown:
            raise ValueError(f"No facts of a call: {', '.join(sorted(unknown))}")
        comes_back = isinstance(transition.event, _UNDIALLED)
        if transition.is_final or comes_back:
            lock_account(call.account_id)
        stop = commands.open_stop(call.id) if comes_back else None
        if stop is None:
            return self._move(call, transition, facts, now, columns)
        self._move(call, advance(facts_of(call), GivenBack()), facts, now, columns)
        waiting = calls.get(call.id)
        assert waiting is not None
        stopped = advance(facts_of(waiting), StopRequested(str(stop.payload["by"])))
        return self._move(waiting, stopped, {}, now, {})

    def _move(
        self,
        call: Call,
        transition: Transition,
        facts: Mapping[str, Any],
        now: datetime,
        columns: Mapping[str, Any],
    ) -> int:
        changes = {**self._changes(call, transition, now), **facts, **columns}
        if transition.is_final:
            changes |= _ending(call, changes, transition.event, now)
        if not calls.move(call.id, call.version, transition.after, **changes):
            raise Conflict("The call has changed meanwhile: it has another owner.")
        detail = {**asdict(transition.event), **facts}
        calls.append_event(call.id, call.version + 1, transition, detail, now)
        if "answered_at" in changes and call.answered_at is None and not transition.is_final:
            supervisions.give_code(call.account_id, call.id, codes(call.id))
        self._follow(call.id, transition, now)
        return int(call.version) + 1

    def _changes(self, call: Call, transition: Transition, now: datetime) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        if transition.end_reason is not None:
            changes["end_reason"] = transition.end_reason
        if transition.error_message is not None:
            changes["error_message"] = transition.error_message
        if isinstance(transition.event, Answered) and call.answered_at is None:
            changes["answered_at"] = now
        if isinstance(transition.event, GivenBack):
            changes |= {"lease_owner": None, "lease_until": None, "claimed_at": None}
        elif transition.after is State.QUEUED:
            changes |= {"queued_at": now, "dispatch_by": self.dispatch_by(now)}
        return changes

    def _follow(self, call_id: str, transition: Transition, now: datetime) -> None:
        """What comes with a move: the webhook, and at the end the bill and the wrap-up."""
        if isinstance(transition.event, StopRequested):
            commands.finish_all(call_id, "done", now, commands.STOP)
        event = _webhook_event(transition)
        if event is None and not transition.is_final:
            return
        call = calls.get(call_id)
        assert call is not None
        if transition.is_final and not call.completed:
            event = None  # the wrap-up tells it
        if transition.is_final:
            dialled, billed = call.dialled_at is not None, call.billed_seconds or 0
            self._quotas.settle(call.account_id, call.id, billed, now, dialled=dialled)
            commands.finish_all(call.id, "the call is over", now)
            transfers.end_open(call.id, now)
            tools.interrupt(call.id, now)
            supervisions.end_open(call.id, Outcome.CALL_OVER, now)
            supervisions.free_code(call.id)
            if call.sip_status == UNWANTED and call.direction == "outbound":
                opt_outs.unwanted(self._numbers, call, now)
            if call.completed:
                decide_at_once(call, now)
                self._costs.close(call)
            else:
                wrap_ups.insert(call.id, wrap_up.begin(), now)
        if event is not None:
            self._webhooks.announce(call, event, now)


def _ending(
    call: Call, changes: Mapping[str, Any], event: CallEvent, now: datetime
) -> dict[str, Any]:
    """What a call is left with. One that nobody answered leaves nothing to wrap up."""
    answered_at, ended_at = _talk(call, changes, event, now)
    served_until = _served_until(call, changes)
    return {
        "answered_at": answered_at,
        "ended_at": ended_at,
        "billed_seconds": quota.billed(answered_at, min(ended_at, served_until or ended_at)),
        "completed": answered_at is None,
        "lease_owner": None,
        "lease_until": None,
    }


def _talk(
    call: Call, changes: Mapping[str, Any], event: CallEvent, now: datetime
) -> tuple[datetime | None, datetime]:
    """When the call was answered, if it was, and when it ended.

    The switch knows best how long it talked, and an answer that nobody heard of is known to it
    alone; a moment that we saw is taken by our clock. An answer was noted late where what was
    talked has no room behind it, on a machine that is overloaded: it is set right by up to
    `MOST_LATE`, and a longer talk is not believed. A channel that got lost without a word lasted
    until it was last heard of.
    """
    answered_at = changes.get("answered_at") or call.answered_at
    ended_at = changes.get("ended_at")
    if isinstance(event, ChannelLost):
        ended_at = ended_at or event.last_heard_at
    elif isinstance(event, HungUp) and event.ended_at is not None and ended_at is None:
        if answered_at is None:
            answered_at, ended_at = event.answered_at, event.ended_at
        elif event.answered_at is not None and event.ended_at >= event.answered_at:
            talked = event.ended_at - event.answered_at
            ended_at = min(now, answered_at + talked)
            late = answered_at - (ended_at - talked)
            if timedelta() < late <= MOST_LATE:
                earliest = min(answered_at, call.dialled_at or call.created_at)
                answered_at = max(answered_at - late, earliest)
    return answered_at, max(ended_at or now, answered_at or call.created_at)


def _served_until(call: Call, changes: Mapping[str, Any]) -> datetime | None:
    """When the controller was last heard of whose loss ended the call: whoever was on the line
    after that heard nobody. None for every other call."""
    if changes.get("end_reason", call.end_reason) != EndReason.CONTROLLER_LOST:
        return None
    lost = calls.last_event(call.id, OwnerLost.__name__)
    heard_at = lost.detail.get("last_heard_at") if lost is not None else None
    return datetime.fromisoformat(heard_at) if heard_at else None


def _webhook_event(transition: Transition) -> str | None:
    if transition.before is transition.after or isinstance(transition.event, GivenBack):
        return None
    if isinstance(transition.event, HandedToCarrier):
        return WEBHOOKS[State.TRANSFERRED]
    return WEBHOOKS.get(transition.after)
