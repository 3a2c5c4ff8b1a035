"""What would have been found out about a call that was held again: the same analysis, on what was
said now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from topcalls.core import analysis_diff
from topcalls.core.analysis_diff import Change
from topcalls.core.analysis_prompts import Called
from topcalls.core.analysis_work import Findings, Part, Wanted
from topcalls.core.call_state import State
from topcalls.core.call_status import PUBLIC
from topcalls.core.dispositions import decide
from topcalls.core.end_reasons import FAULTS, EndReason, ended_by
from topcalls.core.opt_out import OptOut, Tier, find_in_transcript
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.errors import ProviderError
from topcalls.providers.structured import StructuredModel
from topcalls.services.analyst import Analyst, PartFailed
from topcalls.services.replay_calls import RecordedCall
from topcalls.services.replay_sound import is_spoken

RECORDING_OVER = "recording_over"
"""The end reason of a replay in which the agent would have gone on."""

_COMPARED = ("status", "call_status", "end_reason", "ended_by", "answered_by", "transferred")
_OPTED_OUT = {Tier.STOP: "account", Tier.PURPOSE: "purpose"}


@dataclass(frozen=True)
class HeldAgain:
    """What the analysis has to know of a replay. `reason` as of `bridge.replay.held.Held`."""

    turns: tuple[Turn, ...]
    reason: str
    milliseconds: int
    answered_by: str | None = None
    opted_out: OptOut | None = None
    handed_over: bool = False


@dataclass(frozen=True)
class ReplayOutcome:
    """`facts` and `found` as they would be now, `changes` what differs from the call's. `errors`:
    parts of the analysis that could not be done, and why."""

    facts: Mapping[str, Any]
    found: Mapping[str, Any]
    changes: tuple[Change, ...]
    errors: Mapping[str, str]


class ReplayOutcomes:
    """`model` is the one that analyses calls; `used` is told what each request took."""

    def __init__(self, model: StructuredModel, used: Callable[[TokenUsage], None]) -> None:
        self._analyst = Analyst(model, used)

    def of(self, recorded: RecordedCall, held: HeldAgain) -> ReplayOutcome:
        """What comes of it. Asks the model where the call asks for what needs one."""
        request = recorded.call.request
        wanted = Wanted.of(request.to_mapping())
        findings = self._findings(recorded, held, wanted)
        facts = _facts(recorded, held)
        facts |= {"sentiment": findings.mood, "success": findings.succeeded}
        if wanted.mapping:
            findings = _decided(findings, wanted, recorded, facts)
        changes = [
            Change(name, recorded.facts.get(name), facts[name])
            for name in _COMPARED
            if recorded.facts.get(name) != facts[name]
        ]
        opted_out = _opted_out(held)
        if recorded.outcome["opted_out"] != opted_out:
            changes.append(Change("opted_out", recorded.outcome["opted_out"], opted_out))
        changes += analysis_diff.changes(recorded.outcome, findings, wanted)
        return ReplayOutcome(facts, _found(findings, opted_out), tuple(changes), findings.errors)

    def _findings(self, recorded: RecordedCall, held: HeldAgain, wanted: Wanted) -> Findings:
        request = recorded.call.request
        called = Called(
            held.turns,
            request.task or request.instructions or "",
            request.language,
            "inbound" if recorded.call.is_inbound else "outbound",
            f"{recorded.call.created_at:%Y-%m-%d}",
        )
        findings = Findings()
        if wanted.summary is not None:
            findings = _done(Part.SUMMARY, self._analyst.summary, called, wanted, findings)
        if wanted.schema is not None:
            findings = _done(Part.EXTRACTION, self._analyst.extraction, called, wanted, findings)
        return findings


def _done(
    part: Part,
    verb: Callable[[Called, Wanted, Findings], Findings],
    called: Called,
    wanted: Wanted,
    findings: Findings,
) -> Findings:
    try:
        return verb(called, wanted, findings)
    except (PartFailed, ProviderError) as failure:
        return replace(findings, errors={**findings.errors, str(part): str(failure)})


def _decided(
    findings: Findings, wanted: Wanted, recorded: RecordedCall, facts: Mapping[str, Any]
) -> Findings:
    if wanted.schema is not None and Part.EXTRACTION in findings.errors:
        why = "There is no analysis that rules could be applied to."
        return replace(findings, errors={**findings.errors, str(Part.DISPOSITION): why})
    data = findings.data if wanted.schema is not None else recorded.outcome["analysis"]
    decision = decide(wanted.mapping, data, facts)
    return replace(findings, disposition=decision.disposition, rule=decision.rule)


def _facts(recorded: RecordedCall, held: HeldAgain) -> dict[str, Any]:
    inbound = recorded.call.is_inbound
    reason, by = held.reason, None
    if reason == "caller_hung_up":
        reason = EndReason.CALLER_HUNG_UP if inbound else EndReason.CALLEE_HUNG_UP
    known = EndReason(reason) if reason in set(EndReason) else None
    if known is not None:
        by = str(ended_by(known, inbound=inbound))
    elif reason != RECORDING_OVER:
        known = EndReason.INTERNAL_ERROR
    public = PUBLIC[State.FAILED if known in FAULTS else State.COMPLETED]
    return {
        "status": public.status,
        "call_status": public.call_status,
        "direction": recorded.facts["direction"],
        "answered_by": held.answered_by or recorded.facts["answered_by"],
        "end_reason": str(reason),
        "ended_by": by,
        "duration": round(held.milliseconds / 60_000, 4),
        "transferred": held.handed_over,
    }


def _opted_out(held: HeldAgain) -> str | None:
    if held.opted_out is not None and held.opted_out.tier in _OPTED_OUT:
        return _OPTED_OUT[held.opted_out.tier]
    said = [turn.text for turn in held.turns if turn.speaker == "user" and is_spoken(turn)]
    found = find_in_transcript(said, stop_was_offered=False)
    return None if found is None else _OPTED_OUT.get(found.tier)


def _found(findings: Findings, opted_out: str | None) -> dict[str, Any]:
    return {
        "disposition": findings.disposition,
        "sentiment": findings.mood,
        "success": findings.succeeded,
        "call_summary": findings.summary,
        "analysis": findings.data,
        "opted_out": opted_out,
    }
