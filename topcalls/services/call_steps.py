"""The steps of a call, from every kind of row there is of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.core.trail_words import hangup_words, words_of_entry
from topcalls.services.call_facts import CallFacts
from topcalls.services.webhook_outbox import endpoint_of
from topcalls.store.fields import from_microseconds

SOURCES = (
    "call",
    "compliance",
    "dial",
    "event",
    "conversation",
    "answer",
    "tool",
    "transfer",
    "after",
    "webhook",
    "switch",
)
"""Where a step is told from: `event` is the trail, `answer` the timing of one, `after` the work
that follows a call, `switch` a line of the switch's log."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: datetime
    source: str
    text: str


def steps_of(facts: CallFacts) -> list[Step]:
    """All steps, in no order between the sources."""
    return [
        *_moments(facts),
        *_decisions(facts),
        *_dials(facts),
        *_events(facts),
        *_conversation(facts),
        *_tools(facts),
        *_transfers(facts),
        *_wrap_up(facts),
        *_webhooks(facts),
    ]


def _moments(facts: CallFacts) -> Iterator[Step]:
    call = facts.call
    yield Step(call.created_at, "call", f"Created: {call.direction}, priority {call.priority}.")
    if call.claimed_at is not None:
        yield Step(call.claimed_at, "call", f"Claimed by a controller of {call.node or 'a node'}.")
    if call.recording_ready_at is not None:
        yield Step(call.recording_ready_at, "after", "The recording is stored.")
    if call.redacted_at is not None:
        yield Step(call.redacted_at, "after", "What identifies people was taken out.")


def _decisions(facts: CallFacts) -> Iterator[Step]:
    for row in facts.decisions:
        rule = f" by rule {row.rule_id}" if row.rule_id else ""
        text = f"At {row.stage}: {row.verdict}{rule}."
        yield Step(from_microseconds(row.at), "compliance", text)


def _dials(facts: CallFacts) -> Iterator[Step]:
    for row in facts.attempts:
        text = f"Dial {row.number} by {row.carrier_name} ({row.gateway}), channel {row.channel_id}."
        yield Step(row.dialled_at, "dial", text)
        if row.ended_at is None:
            continue
        rang = f", rang {row.rang_ms / 1000:.1f} s" if row.rang_ms else ""
        then = f" Then: {row.then}, because {row.why}." if row.then else ""
        said = " ".join(filter(None, (row.sip_phrase, row.sip_reason)))
        words = f' "{said}"' if said else ""
        ended = hangup_words(row.cause, row.sip_status, None, None)
        yield Step(row.ended_at, "dial", f"Dial {row.number} ended: {ended}{words}{rang}.{then}")


def _events(facts: CallFacts) -> Iterator[Step]:
    for row in facts.events:
        moved = f" [{row.before} > {row.after}]" if row.before != row.after else ""
        yield Step(row.at, "event", f"{words_of_entry(row.kind, row.detail)}{moved}")


def _conversation(facts: CallFacts) -> Iterator[Step]:
    """Who spoke, and for how long, and what each answer cost; never what was said."""
    begun = facts.call.answered_at
    if begun is None:
        return
    for turn in facts.turns:
        who = "The agent" if turn.role == "assistant" else "The other side"
        seconds = max(0, turn.ended_ms - turn.started_ms) / 1000
        cut = ", and was interrupted" if turn.interrupted else ""
        text = f"{who} spoke for {seconds:.1f} s, {len(turn.text.split())} words{cut}."
        yield Step(begun + timedelta(milliseconds=turn.started_ms), "conversation", text)
    for timing in facts.timings:
        shares = f"endpointing {timing.endpointing_ms}, provider {timing.provider_ms}"
        ear = "" if timing.ear_ms is None else f", heard after {timing.ear_ms}"
        text = f"Answer of turn {timing.turn_seq}, ms: {shares}, gateway {timing.gateway_ms}{ear}."
        yield Step(begun + timedelta(milliseconds=timing.moments.first_packet or 0), "answer", text)


def _tools(facts: CallFacts) -> Iterator[Step]:
    for row in facts.tools:
        took = f" after {row.duration_ms} ms" if row.duration_ms is not None else ""
        http = f", HTTP {row.http_status}" if row.http_status else ""
        error = f": {row.error}" if row.error else "."
        yield Step(row.called_at, "tool", f"{row.name}: {row.status}{took}{http}{error}")


def _transfers(facts: CallFacts) -> Iterator[Step]:
    for row in facts.transfers:
        asked = f"Transfer {row.number}, {row.kind} by {row.method}, asked for by {row.asked_by}."
        yield Step(row.asked_at, "transfer", asked)
        if row.ended_at is not None:
            how = " ".join(filter(None, (row.outcome, row.failure, row.cause)))
            yield Step(row.ended_at, "transfer", f"Transfer {row.number} ended: {how or 'over'}.")


def _wrap_up(facts: CallFacts) -> Iterator[Step]:
    row = facts.wrap_up
    if row is None:
        return
    steps = ", ".join(f"{step} {how}" for step, how in row.log.items()) or "nothing done yet"
    if row.finished_at is not None:
        yield Step(row.finished_at, "after", f"All done: {steps}.")
    else:
        yield Step(row.available_at, "after", f"Next is {row.step}; so far: {steps}.")


def _webhooks(facts: CallFacts) -> Iterator[Step]:
    for one in facts.deliveries:
        yield Step(
            one.created_at, "webhook", f"{one.event} is to be sent to {endpoint_of(one.url)}."
        )
        for tried in one.log:
            how = tried.error or f"answered {tried.status}"
            text = f"{one.event}, attempt {tried.number} at {endpoint_of(one.url)}: {how}"
            yield Step(tried.at, "webhook", text)
        if one.next_attempt_at is not None and one.attempts:
            text = f"{one.event} will be tried again."
            yield Step(one.next_attempt_at, "webhook", text)
