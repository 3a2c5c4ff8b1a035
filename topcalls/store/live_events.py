"""Queries for followers of calls: what was written since they last looked."""

from __future__ import annotations

from collections.abc import Collection

from topcalls.store.models import Call, CallEvent, CallTool, TranscriptTurn, TurnTiming


def calls_of(call_ids: Collection[str]) -> list[Call]:
    """These calls."""
    return list(Call.select().where(Call.id.in_(list(call_ids))))


def events_after(call_ids: Collection[str], number: int) -> list[CallEvent]:
    """What was added to the trails of these calls, in order."""
    query = CallEvent.select().where(CallEvent.call.in_(list(call_ids)), CallEvent.id > number)
    return list(query.order_by(CallEvent.id))


def turns_after(call_ids: Collection[str], number: int) -> list[TranscriptTurn]:
    """Turns that were written or corrected, in the order of that. Those without words are of no
    transcript any more."""
    mine = TranscriptTurn.call.in_(list(call_ids)) & (TranscriptTurn.change > number)
    return list(TranscriptTurn.select().where(mine).order_by(TranscriptTurn.change))


def timings_after(call_ids: Collection[str], number: int) -> list[TurnTiming]:
    """Measured answers, in order."""
    query = TurnTiming.select().where(TurnTiming.call.in_(list(call_ids)), TurnTiming.seq > number)
    return list(query.order_by(TurnTiming.seq))


def tools_after(call_ids: Collection[str], number: int) -> list[CallTool]:
    """Calls of tools of which something was learnt, in the order of that."""
    mine = CallTool.call.in_(list(call_ids)) & (CallTool.change > number)
    return list(CallTool.select().where(mine).order_by(CallTool.change, CallTool.id))
