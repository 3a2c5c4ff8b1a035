"""Queries on calls, their events and their transcript."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from topcalls.core.call_state import State, Transition
from topcalls.store import rows
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.locking import locked
from topcalls.store.models import Call, CallEvent, CallUsage, TranscriptTurn, TurnTiming
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE, IS_PENDING, IS_QUEUED

_TICK = timedelta(microseconds=1)
NOTES = (
    "ContextInjected",
    "FollowingBegan",
    "KeysAsked",
    "ListenerJoined",
    "ListenerLeft",
    "ListeningAllowed",
    "OptOutByMachine",
    "OptedOut",
    "RecordingPauseAsked",
    "RecordingPaused",
    "RecordingPauseFailed",
    "RecordingResumeAsked",
    "RecordingResumed",
    "SupervisionAsked",
    "TransferAsked",
    "WordsSaid",
)
"""Kinds of events in a call's trail that made no version of it."""


def insert(**columns: Any) -> Call:
    """Store a new call; its `created_at` comes from `free_after`."""
    rows.insert(Call, **columns)
    account_id = columns.pop("account")
    return Call(account=account_id, **columns)


def free_time(account_id: str, wanted: datetime) -> datetime:
    """A time not before `wanted` and after every call of the account, which is locked by then."""
    ((last,),) = rows.select(
        "SELECT MAX(created_at) FROM call WHERE account_id = ? AND created_at >= ?",
        account_id,
        to_microseconds(wanted),
    )
    return free_after(None if last is None else from_microseconds(last), wanted)


def free_after(last: datetime | None, wanted: datetime) -> datetime:
    """A time not before `wanted`, and after the `last` that is not before it.

    The list's cursor is this time, so no two calls of an account may share it. The account is
    locked (its minutes were reserved), so nobody takes the same time meanwhile.
    """
    return wanted if last is None else last + _TICK


def get(call_id: str) -> Call | None:
    """One call."""
    return rows.get(Call, call_id)


def of_account(account_id: str, call_id: str) -> Call | None:
    """One call of one account."""
    call = rows.get(Call, call_id)
    return call if call is not None and call.account_id == account_id else None


def page(
    account_id: str,
    limit: int,
    before: datetime | None,
    states: Iterable[State] | None,
    campaign_id: str | None,
) -> list[Call]:
    """Up to `limit` calls created before `before`, newest first."""
    return list(listed(Call.select(), account_id, before, states, campaign_id).limit(limit))


def listed(
    query: Any,
    account_id: str,
    before: datetime | None,
    states: Iterable[State] | None,
    campaign_id: str | None,
) -> Any:
    """A query on calls, of those that a list shows, newest first."""
    query = query.where(Call.account == account_id)
    if before is not None:
        query = query.where(Call.created_at < before)
    if states is not None:
        wanted = list(states)
        query = query.where(Call.state.in_([str(state) for state in wanted]))
        if all(state.is_final for state in wanted):
            query = query.where(Call.ended_at.is_null(False))
    if campaign_id is not None:
        query = query.where(Call.campaign_id == campaign_id)
    return query.order_by(Call.created_at.desc())


def move(call_id: str, version: int, after: State, **changes: Any) -> bool:
    """Write the state that `core.call_state` decided; False if the row is of another version."""
    return change(call_id, version, state=after, **changes)


def change(call_id: str, version: int, **changes: Any) -> bool:
    """Write the next version of a row; False if it is of another version than `version`."""
    mine = {"id": call_id, "version": version}
    return rows.update(Call, mine, **changes, version=version + 1) == 1


def set_columns(call_id: str, **changes: Any) -> bool:
    """Write what no controller decides on (recording, analysis), in whatever version."""
    return rows.update(Call, {"id": call_id}, **changes) == 1


def append_event(
    call_id: str, version: int, transition: Transition, detail: dict[str, Any], at: datetime
) -> None:
    """Add an accepted event to the trail."""
    rows.insert(
        CallEvent,
        call=call_id,
        version=version,
        kind=type(transition.event).__name__,
        before=transition.before,
        after=transition.after,
        detail=detail,
        at=at,
    )


def note(call_id: str, kind: str, detail: dict[str, Any], at: datetime) -> None:
    """Add to a call's trail what does not change its state; `kind` is one of `NOTES`. The row is
    kept from others, so that the trail is read in the order in which it was written."""
    call = locked(Call.select().where(Call.id == call_id)).get()
    rows.insert(
        CallEvent,
        call=call_id,
        version=call.version,
        kind=kind,
        before=call.state,
        after=call.state,
        detail=detail,
        at=at,
    )


def event_at(call_id: str, version: int) -> CallEvent | None:
    """The event that made this version of the call, if an event did."""
    return CallEvent.get_or_none(
        CallEvent.call == call_id, CallEvent.version == version, CallEvent.kind.not_in(NOTES)
    )


def last_event(call_id: str, kind: str) -> CallEvent | None:
    """The latest event of this kind in the trail of a call."""
    query = CallEvent.select().where(CallEvent.call == call_id, CallEvent.kind == kind)
    return query.order_by(CallEvent.version.desc()).first()  # type: ignore[no-any-return]


def events(call_id: str) -> list[CallEvent]:
    """The trail of a call."""
    query = CallEvent.select().where(CallEvent.call == call_id)
    return list(query.order_by(CallEvent.version, CallEvent.id))


def set_detail(event_id: int, detail: dict[str, Any]) -> None:
    """Write what an entry of a trail tells."""
    CallEvent.update(detail=detail).where(CallEvent.id == event_id).execute()


def events_of_kind(call_ids: Collection[str], *kinds: str) -> list[CallEvent]:
    """Those of some kinds in the trails of several calls, in order."""
    if not call_ids:
        return []
    mine = CallEvent.call.in_(list(call_ids)) & CallEvent.kind.in_(kinds)
    return list(CallEvent.select().where(mine).order_by(CallEvent.id))


def live_of(owner: str) -> list[Call]:
    """Calls that a controller owns."""
    return list(Call.select().where(Call.lease_owner == owner, IS_LIVE).order_by(Call.created_at))


def orphans(
    now: datetime, node: str | None, limit: int, owners: Collection[str] | None = None
) -> list[Call]:
    """Live calls whose owner (one of `owners`, or any) let the lease run out, on `node` or
    anywhere."""
    query = Call.select().where(Call.lease_until <= now, IS_LIVE)
    if node is not None:
        query = query.where((Call.node == node) | Call.node.is_null())
    if owners is not None:
        query = query.where(Call.lease_owner.in_(list(owners)))
    return list(query.order_by(Call.lease_until).limit(limit))


_ANY_RELEASED = "SELECT 1 FROM call WHERE node = ? AND released_at IS NOT NULL LIMIT 1"


def any_released(node: str) -> bool:
    """A call of the node waits for a controller: a look that needs no lock."""
    return bool(rows.select(_ANY_RELEASED, node))


def released(node: str, limit: int) -> list[Call]:
    """Live calls of the node that their controller let go of, longest waiting first."""
    query = Call.select().where(Call.node == node, Call.released_at.is_null(False), IS_LIVE)
    return list(query.order_by(Call.released_at).limit(limit))


def release(call_id: str, owner: str, now: datetime) -> bool:
    """Let another controller have a live call at once; False if it is not the owner's."""
    mine = {"id": call_id, "lease_owner": owner}
    free = {"lease_owner": None, "lease_until": now, "released_at": now}
    return rows.update(Call, mine, **free) == 1


def undialled_orphans(now: datetime, limit: int) -> list[Call]:
    """Live calls without an owner of which no dial was ever committed."""
    query = Call.select().where(Call.lease_until <= now, IS_LIVE, Call.dialled_at.is_null())
    return list(query.order_by(Call.lease_until).limit(limit))


def end_leases(owners: Collection[str], now: datetime) -> int:
    """Let the calls of these owners be taken over at once; how many there are."""
    mine = Call.lease_owner.in_(list(owners)) & IS_LIVE
    count: int = Call.update(lease_until=now).where(mine, Call.lease_until > now).execute()
    return count


def states_by_name(names: Collection[str]) -> dict[str, State]:
    """The states of calls, under the channel uuid or the call id by which they were asked for."""
    query = Call.select(Call.id, Call.channel_id, Call.state).where(
        Call.channel_id.in_(list(names)) | Call.id.in_(list(names))
    )
    found: dict[str, State] = {}
    for call_id, channel_id, state in tuples(query):
        found[call_id] = found[channel_id] = State(state)
    return {name: found[name] for name in names if name in found}


def scheduled_until(now: datetime, limit: int) -> list[Call]:
    """Calls whose time has come."""
    query = Call.select().where(IS_PENDING, Call.schedule_at <= now)
    return list(query.order_by(Call.schedule_at).limit(limit))


def overdue(now: datetime, limit: int) -> list[Call]:
    """Calls that waited in the queue for longer than they may."""
    query = Call.select().where(IS_QUEUED, Call.dispatch_by <= now)
    return list(query.order_by(Call.dispatch_by).limit(limit))


def put_turn(call_id: str, seq: int, **columns: Any) -> None:
    """Store a turn, or correct the one that had this place."""
    key = {"call": call_id, "seq": seq}
    rows.put_counted(TranscriptTurn, key, "call", "change", **columns)


def put_timing(call_id: str, seq: int, measures: dict[str, Any], at: datetime) -> None:
    """Store where the time of an answer went."""
    rows.put(TurnTiming, {"call": call_id, "seq": seq}, measures=measures, at=at)


def put_usage(call_id: str, model: str, **columns: Any) -> None:
    """Store what a model took so far."""
    rows.put(CallUsage, {"call": call_id, "model": model}, **columns)


def usages(call_ids: list[str]) -> list[CallUsage]:
    """What the models of several calls took."""
    return list(CallUsage.select().where(CallUsage.call.in_(call_ids)))


def stages_replaced(call_ids: list[str]) -> dict[str, list[str]]:
    """Of several calls the stages that have failed and were replaced, where there were any."""
    wanted = Call.id.in_(call_ids) & Call.stages_replaced.is_null(False)
    return {row.id: row.stages_replaced for row in Call.select().where(wanted)}


def usage(call_id: str) -> list[CallUsage]:
    """What the models of a call took."""
    return rows.ordered(CallUsage, "model", call=call_id)


def transcripts(call_ids: list[str]) -> dict[str, list[TranscriptTurn]]:
    """The turns of several calls, in order."""
    turns: dict[str, list[TranscriptTurn]] = defaultdict(list)
    if call_ids:
        query = TranscriptTurn.select().where(
            TranscriptTurn.call.in_(call_ids), TranscriptTurn.text != ""
        )
        for turn in query.order_by(TranscriptTurn.call, TranscriptTurn.seq):
            turns[turn.call_id].append(turn)
    return turns


def timings(call_id: str) -> list[TurnTiming]:
    """The measured answers of a call."""
    return list(TurnTiming.select().where(TurnTiming.call == call_id).order_by(TurnTiming.seq))


def trace_contexts(call_ids: Collection[str]) -> dict[str, str]:
    """Where in a trace calls were created, of those that have one."""
    query = Call.select(Call.id, Call.trace_context).where(
        Call.id.in_(list(call_ids)), Call.trace_context.is_null(False)
    )
    return {row.id: str(row.trace_context) for row in query}
