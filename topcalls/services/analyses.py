"""What is found out about a call when it is over: opened by its wrap-up, told to its owner.

The work itself is done by `services/analysis_runner.py`, in tasks of its own, so that a model that
is slow holds up neither other calls nor, for long, this call's webhook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from topcalls.core.analysis_work import Findings, Part, State, Wanted
from topcalls.core.call_state import State as CallState
from topcalls.core.call_status import PUBLIC
from topcalls.core.dispositions import Decision, decide
from topcalls.core.wrap_up import Result, Step
from topcalls.errors import NotFound
from topcalls.ids import new_id
from topcalls.services.call_views import call_view
from topcalls.store import analyses, analysis_runs, calls, transfers
from topcalls.store.database import Database
from topcalls.store.models import Analysis, AnalysisRun, Call

_STEP_OF = {
    Part.SUMMARY: Step.SUMMARY,
    Part.EXTRACTION: Step.EXTRACTION,
    Part.DISPOSITION: Step.DISPOSITION,
}


@dataclass(frozen=True, slots=True)
class ReportView:
    """How an analysis was come by. `errors` says, by part, why it was not done; `rule` is the index
    of the rule of `outcome_mapping` that matched; `run_id` is set where a later run did it."""

    status: str
    errors: Mapping[str, str]
    sentiment: Mapping[str, Any] | None
    success: Mapping[str, Any] | None
    language: str | None
    evidence: Mapping[str, Any] | None
    unsupported: tuple[str, ...]
    rule: int | None
    model: str | None
    run_id: str | None
    finished_at: datetime | None


class Analyses:
    """The steps of the wrap-up, and what is shown."""

    def __init__(self, db: Database) -> None:
        self._db = db

    @property
    def runners(self) -> dict[Step, Any]:
        """For `WrapUps`: each looks whether its part is over, and may run twice."""
        return {step: partial(self.look, part) for part, step in _STEP_OF.items()}

    def look(self, part: Part, call_id: str, now: datetime) -> Result:
        """Whether this part of a call's analysis is over, well or not. Opens it if need be."""
        call = self._db.read(calls.get, call_id)
        wanted = Wanted.of(call.request) if call is not None else Wanted()
        if call is None or part not in wanted.parts:
            return Result.SKIPPED
        if wanted.asks_a_model:
            return self._db.run(_opened, call_id, part, now)
        self._db.run(decide_at_once, call, now)
        return Result.DONE

    def report(self, account_id: str, call_id: str) -> ReportView | None:
        """How the call came to what it has; None where nothing was analysed. Raises NotFound."""

        def verb() -> ReportView | None:
            if calls.of_account(account_id, call_id) is None:
                raise NotFound("No such call.")
            row = analyses.last_applied(call_id) or analyses.after_call(call_id)
            return None if row is None else report_view(row)

        return self._db.read(verb)


def report_view(row: Analysis) -> ReportView:
    """A row for the owner of its call."""
    findings = Findings.of(row.findings)
    return ReportView(
        status=row.state,
        errors=findings.errors,
        sentiment=findings.sentiment,
        success=findings.success,
        language=findings.language,
        evidence=findings.evidence,
        unsupported=findings.unsupported,
        rule=findings.rule,
        model=row.model,
        run_id=row.run_id,
        finished_at=row.finished_at,
    )


def _opened(call_id: str, part: Part, now: datetime) -> Result:
    row = analyses.after_call(call_id)
    if row is None:
        call = calls.get(call_id)
        assert call is not None
        analyses.insert(now, id=new_id(), account=call.account_id, call=call_id)
        calls.set_columns(call_id, analysis_state=State.WAITING)
        return Result.NOT_READY
    is_over = row.finished_at is not None or part in Findings.of(row.findings).done
    return Result.DONE if is_over else Result.NOT_READY


def decide_at_once(call: Call, now: datetime) -> None:
    """What was not talked about needs no model: rules alone, by what is known of the call. Part of
    a verb; a second time changes nothing."""
    wanted = Wanted.of(call.request)
    if not wanted.mapping or analyses.after_call(call.id) is not None:
        return
    decision = decision_of(call, wanted, Findings())
    findings = Findings(
        disposition=decision.disposition, rule=decision.rule, done=(Part.DISPOSITION,)
    )
    analysis_id = new_id()
    analyses.insert(now, id=analysis_id, account=call.account_id, call=call.id)
    analyses.finish(
        analysis_id,
        state=State.DONE,
        findings=findings.plain(),
        finished_at=now,
        applied_at=now,
    )
    found = {"disposition": decision.disposition, "analysis_state": State.DONE}
    calls.set_columns(call.id, **found)
    for name, value in found.items():
        setattr(call, name, value)


def wanted_of(row: Analysis, call: Call) -> Wanted:
    """What an analysis is to find out; part of a verb."""
    run = analysis_runs.get(row.run_id) if row.run_id is not None else None
    return wanted_in(run, call)


def wanted_in(run: AnalysisRun | None, call: Call) -> Wanted:
    """What is asked of a call in a run, or after it. A run that names nothing repeats what each
    call asked for, and one without rules has the call's own."""
    own = Wanted.of(call.request)
    asked = Wanted.of(run.request) if run is not None else own
    if not asked.parts:
        return own
    return asked if asked.mapping else replace(asked, mapping=own.mapping)


def decision_of(call: Call, wanted: Wanted, findings: Findings) -> Decision:
    """By the wanted rules; part of a verb. What this analysis did not look for is taken from what
    the call has."""
    data = findings.data if wanted.schema is not None else call.analysis
    handed_over = bool(transfers.handed_over([call.id]))
    return decide(wanted.mapping, data, facts_of(call, findings, wanted, handed_over))


def facts_of(call: Call, findings: Findings, wanted: Wanted, handed_over: bool) -> dict[str, Any]:
    """What `core.dispositions.FACTS` lists."""
    view = call_view(call, None)
    judged = wanted.summary is not None
    return {
        "status": PUBLIC[CallState(call.state)].status,
        "call_status": view.call_status,
        "direction": call.direction,
        "answered_by": call.answered_by,
        "end_reason": call.end_reason,
        "ended_by": None if view.ended_by is None else str(view.ended_by),
        "duration": view.duration,
        "transferred": handed_over,
        "sentiment": findings.mood if judged else call.sentiment,
        "success": findings.succeeded if judged else call.success,
    }


def apply(row: Analysis, call: Call, wanted: Wanted, findings: Findings, now: datetime) -> None:
    """Write what was found to the call; part of a verb. A part that was not done, or not asked
    for, leaves what the call has."""
    columns: dict[str, Any] = {}
    if wanted.summary is not None and Part.SUMMARY not in findings.errors:
        columns |= {
            "call_summary": findings.summary,
            "sentiment": findings.mood,
            "success": findings.succeeded,
        }
    if wanted.schema is not None and Part.EXTRACTION not in findings.errors:
        columns["analysis"] = findings.data
    if wanted.mapping and Part.DISPOSITION not in findings.errors:
        columns["disposition"] = findings.disposition
    if columns or row.run_id is None:
        calls.set_columns(call.id, **columns, analysis_state=row.state)
    analyses.change(row.id, applied_at=now)
