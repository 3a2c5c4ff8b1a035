"""The spans of a call that is over, from its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from topcalls import tracing
from topcalls.core.tools import ToolStatus
from topcalls.log import get_logger
from topcalls.services.call_facts import GIVEN_UP, CallFacts, read_facts
from topcalls.store.database import Database
from topcalls.store.fields import from_microseconds
from topcalls.tracing import Context, Span

log = get_logger(__name__)


def tell_call(db: Database, call_id: str, now: datetime) -> None:
    """Tell the spans of a call whose wrap-up is done at `now`. Nothing where it has no trace; where
    they cannot be told, that is logged: nobody's call is the worse for it."""
    try:
        tracing.tell(spans_of(db.read(read_facts, call_id), now))
    except Exception as error:
        log.exception("Spans of a call are lost", call_id=call_id, error=type(error).__name__)


def spans_of(facts: CallFacts, now: datetime) -> Iterator[Span]:
    """All spans of a call; none where it was created while nothing was traced. `now`: its end,
    where what follows it has no time of its own."""
    found = tracing.call_context(facts.call.trace_context)
    if found is None or not found[0].is_sampled:
        return
    root, parent = found
    call, ended = facts.call, _end(facts, now)
    yield Span(
        "call",
        root,
        parent,
        call.created_at,
        ended,
        {
            "topcalls.call_id": call.id,
            "topcalls.account_id": call.account_id,
            "topcalls.campaign_id": call.campaign_id,
            "topcalls.agent_id": call.agent_id,
            "topcalls.direction": call.direction,
            "topcalls.state": call.state,
            "topcalls.end_reason": call.end_reason,
            "topcalls.sandbox": call.sandbox,
        },
        failed=call.end_reason if call.state == "failed" else None,
    )
    yield from _states(facts, root)
    yield from _decisions(facts, root)
    yield from _dials(facts, root)
    yield from _answers(facts, root)
    yield from _tools(facts, root)
    yield from _wrap_up(facts, root, ended)


def _end(facts: CallFacts, now: datetime) -> datetime:
    done = facts.wrap_up.finished_at if facts.wrap_up is not None else None
    return done or facts.call.ended_at or now


def _states(facts: CallFacts, root: Context) -> Iterator[Span]:
    """What the call was in, one after the other: `ringing`, `answered` until the provider's session
    is there, `in_progress`, …"""
    rows = list(facts.events)
    began, state = facts.call.created_at, rows[0].before if rows else ""
    for row in rows:
        if row.after == state:
            continue
        about = {"topcalls.ended_by_event": row.kind}
        yield Span(f"call {state}", root.child("state", row.version), root, began, row.at, about)
        began, state = row.at, row.after


def _decisions(facts: CallFacts, root: Context) -> Iterator[Span]:
    for row in facts.decisions:
        at = from_microseconds(row.at)
        about = {
            "topcalls.stage": row.stage,
            "topcalls.verdict": row.verdict,
            "topcalls.rule": row.rule_id,
        }
        yield Span("decision", root.child("decision", row.at, row.stage), root, at, at, about)


def _dials(facts: CallFacts, root: Context) -> Iterator[Span]:
    for row in facts.attempts:
        ended = row.ended_at or facts.call.answered_at or row.dialled_at
        about = {
            "topcalls.attempt": row.number,
            "topcalls.carrier_id": row.carrier_id,
            "topcalls.rang_ms": row.rang_ms,
            "topcalls.then": row.then,
        }
        yield Span("originate", root.child("dial", row.number), root, row.dialled_at, ended, about)


def _answers(facts: CallFacts, root: Context) -> Iterator[Span]:
    """Each answer of the agent: from the caller's last sound to its own first, with its shares."""
    answered_at = facts.call.answered_at
    for timing in facts.timings if answered_at is not None else ():
        moments = timing.moments
        first = (moments.caller_energy, moments.turn_ended, moments.first_token)
        began = next((moment for moment in first if moment is not None), None)
        if began is None or answered_at is None:
            continue
        at = answered_at + timedelta(milliseconds=began)
        about = {
            "topcalls.turn": timing.turn_seq,
            "topcalls.endpointing_ms": timing.endpointing_ms,
            "topcalls.provider_ms": timing.provider_ms,
            "topcalls.gateway_ms": timing.gateway_ms,
        }
        ended = at + timedelta(milliseconds=timing.total_ms)
        yield Span("turn", root.child("turn", timing.turn_seq), root, at, ended, about)


def _tools(facts: CallFacts, root: Context) -> Iterator[Span]:
    for row in facts.tools:
        # Not its error: that may hold what was said.
        failed = "failed" if row.status == ToolStatus.FAILED else None
        yield Span(
            "tool",
            root.child("tool", row.id),
            root,
            row.called_at,
            row.finished_at or row.called_at,
            {
                "topcalls.tool": row.name,
                "topcalls.tool_call_id": row.id,
                "topcalls.attempts": row.attempts,
                "http.response.status_code": row.http_status,
            },
            kind="internal" if row.is_builtin else "client",
            failed=failed,
        )


def _wrap_up(facts: CallFacts, root: Context, ended: datetime) -> Iterator[Span]:
    """What followed the call, with what became of each step."""
    row, began = facts.wrap_up, facts.call.ended_at
    if row is None or began is None:
        return
    about = {f"topcalls.step.{step}": how for step, how in row.log.items()}
    given_up = GIVEN_UP if GIVEN_UP in row.log.values() else None
    yield Span("wrap-up", root.child("wrap-up"), root, began, ended, about, failed=given_up)
