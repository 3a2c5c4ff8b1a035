"""What happened to a call, in order, and the rule that explains its end.

Everything is read from rows; the rules are pure (`core/root_cause.py`). Nothing that was said in
the call is told, and telephone numbers only if they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from topcalls.clock import Clock
from topcalls.core.audit import AuditAction
from topcalls.core.call_remarks import Remark, remarks_on
from topcalls.core.call_state import State
from topcalls.core.call_status import PUBLIC
from topcalls.core.end_reasons import EndReason
from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.network_refusals import is_network_block
from topcalls.core.open_calls import WAITS
from topcalls.core.root_cause import Ending, explaining
from topcalls.core.switch_log import LogLine, in_our_time
from topcalls.core.trail_words import hangup_words
from topcalls.services import audit
from topcalls.services.call_facts import CallFacts, numbers_of, read_facts
from topcalls.services.call_steps import Step, steps_of
from topcalls.services.keys import Principal
from topcalls.store.database import Database

SWITCH: Final = "switch"


@dataclass(frozen=True, slots=True)
class FindingView:
    """Why a call ended, or what it waits for. `rule`: the stable name of what explains it; `blame`:
    at whose door the end lies, None while the call goes on."""

    rule: str
    blame: str | None
    cause: str
    evidence: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class RootCause:
    """The report on one call. `over`: it has ended; else the steps are those so far."""

    call_id: str
    direction: str
    status: str
    call_status: str | None
    over: bool
    steps: tuple[Step, ...]
    finding: FindingView
    remarks: tuple[Remark, ...]


class RootCauses:
    """Explains calls."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def of_call(self, who: Principal, call_id: str, *, numbers: bool = False) -> RootCause:
        """A call of an account. Showing its numbers is written down. Raises NotFound."""

        def verb() -> RootCause:
            facts = read_facts(call_id, who.account_id)
            if numbers:
                audit.record(who, AuditAction.NUMBER_SHOWN, call_id, self._clock.now())
            return report_on(facts, numbers=numbers)

        return self._db.run(verb) if numbers else self._db.read(verb)

    def of_any(
        self, call_id: str, log: Sequence[LogLine] = (), *, numbers: bool = False
    ) -> RootCause:
        """A call of whatever account, for who runs the installation. `log`: lines of the switch's
        about it. Raises NotFound."""
        return report_on(self._db.read(read_facts, call_id), log, numbers=numbers)

    def account_of(self, call_id: str) -> str:
        """Whose call it is. Raises NotFound."""
        return str(self._db.read(read_facts, call_id).call.account_id)

    def channels(self, call_id: str) -> list[str]:
        """The switch's names of a call's channels. Raises NotFound."""

        def verb() -> list[str]:
            facts = read_facts(call_id)
            tried = [row.channel_id for row in facts.attempts]
            passed = [row.channel_id for row in facts.transfers if row.channel_id]
            return list(dict.fromkeys([facts.call.channel_id, *tried, *passed]))

        return self._db.read(verb)


def report_on(facts: CallFacts, log: Sequence[LogLine] = (), *, numbers: bool) -> RootCause:
    """The report on what is known of a call."""
    call, public = facts.call, PUBLIC[State(facts.call.state)]
    steps = [*steps_of(facts), *_switch_steps(log, call.dialled_at or call.created_at)]
    report = RootCause(
        call_id=call.id,
        direction=call.direction,
        status=public.status,
        call_status=public.call_status,
        over=call.ended_at is not None,
        steps=tuple(sorted(steps, key=lambda step: step.at)),
        finding=_finding(facts),
        remarks=tuple(remarks_on(facts.signs)),
    )
    return report if numbers else _veiled(report, NumberVeil(numbers_of(facts)))


def ending_of(facts: CallFacts) -> Ending | None:
    """How a call ended; None while it goes on."""
    call = facts.call
    if call.ended_at is None or call.end_reason is None:
        return None
    last = facts.attempts[-1] if facts.attempts else None
    return Ending(
        EndReason(call.end_reason),
        facts.decided_by,
        call.hangup_cause,
        call.sip_status,
        is_inbound=call.direction == "inbound",
        is_network_block=last is not None
        and is_network_block(last.sip_status, last.sip_phrase or "", last.sip_reason or ""),
    )


def _finding(facts: CallFacts) -> FindingView:
    call, ending = facts.call, ending_of(facts)
    if ending is None:
        cause, remedy = WAITS[State(call.state)]
        return FindingView(f"open.{call.state}", None, cause, (f"state {call.state}",), remedy)
    rule = explaining(ending)
    evidence = tuple(_evidence(facts, ending))
    return FindingView(rule.name, ending.blame.value, rule.cause, evidence, rule.remedy)


def _evidence(facts: CallFacts, ending: Ending) -> Iterable[str]:
    call = facts.call
    yield f"state {call.state}, end_reason {ending.reason}"
    if ending.decided_by:
        yield f"decided by the event {ending.decided_by}"
    if call.hangup_cause:
        yield hangup_words(call.hangup_cause, call.sip_status, call.q850, call.hung_up_by)
    if call.error_message:
        yield str(call.error_message)
    for row in facts.decisions:
        if row.verdict != "allow":
            yield f"compliance decision {row.id}: {row.verdict}, rule {row.rule_id}"


def _switch_steps(log: Sequence[LogLine], began: datetime) -> list[Step]:
    return [
        Step(at, SWITCH, f"[{line.level}] {line.text}" if line.level else line.text)
        for at, line in in_our_time(log, began)
    ]


def _veiled(report: RootCause, veil: NumberVeil) -> RootCause:
    finding = report.finding
    return replace(
        report,
        steps=tuple(replace(step, text=veil.text(step.text)) for step in report.steps),
        finding=replace(finding, evidence=tuple(map(veil.text, finding.evidence))),
    )
