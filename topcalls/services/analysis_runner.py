"""Analyses calls: asks the model, holds its answers to what was asked, keeps what is borne out.

A task has an id, reads the row again and may run twice: what is done already is stored with the row
and not asked for again. A server that is away or out of order is tried again later, a few times; in
the end the reason is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from topcalls import metrics
from topcalls.core.analysis_prompts import Called
from topcalls.core.analysis_work import Findings, Part, State, Wanted, delay
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.structured import StructuredModel
from topcalls.services.analyses import apply, decision_of, wanted_of
from topcalls.services.analyst import Analyst, PartFailed
from topcalls.services.redactions import readable_turns
from topcalls.store import analyses, analysis_runs, calls, wrap_ups
from topcalls.store.database import Database
from topcalls.store.models import Analysis, Call

LEASE_SECONDS = 420.0
"""Longer than all requests of one analysis together."""

_BATCH = 50
_DIED = "The process that worked on this died each time."
log = get_logger("analyses")


@dataclass(frozen=True, slots=True)
class _Job:
    """What one analysis needs to know."""

    row: Analysis
    call: Call
    wanted: Wanted
    turns: list[Turn]

    @property
    def called(self) -> Called:
        request = self.call.request
        return Called(
            self.turns,
            request.get("task") or request.get("instructions") or "",
            request.get("language"),
            self.call.direction,
            f"{self.call.created_at:%Y-%m-%d}",
        )


class AnalysisRunner:
    """Takes analyses that are due and does what can be done. At most `most` are under way at once,
    in all processes together. `owner` as of `Webhooks`. `recount` counts the cost of a call again
    that was counted before its analysis was done."""

    def __init__(
        self,
        db: Database,
        model: StructuredModel,
        *,
        most: int = 8,
        owner: str | None = None,
        recount: Callable[[Call], None] | None = None,
    ) -> None:
        self._db = db
        self._model = model
        self._most = most
        self._owner = owner or new_id()
        self._recount = recount

    def due(self, now: datetime) -> list[str]:
        """Take the analyses that have something to do; their ids, for `run`."""

        def verb() -> list[str]:
            for row in analyses.exhausted(now, _BATCH):
                self._bury(row, now)
            room = self._most - analyses.under_way(now)
            rows = analyses.claim(self._owner, now, LEASE_SECONDS, room) if room > 0 else []
            return [row.id for row in rows]

        return self._db.run(verb)

    def give_back(self, analysis_id: str, now: datetime) -> None:
        """It was not begun."""
        self._db.run(analyses.wait, analysis_id, self._owner, now)

    def run(self, analysis_id: str, now: datetime) -> None:
        """Do what can be done now for an analysis taken by `due`. May run twice."""
        job = self._db.read(self._load, analysis_id)
        if job is None:
            return
        findings = Findings.of(job.row.findings)
        for part in job.wanted.parts:
            if part in findings.done:
                continue
            try:
                findings = self._part(job, part, findings, now)
            except ProviderError as error:
                if error.retryable and job.row.tries_left > 0:
                    self._later(job, error, now)
                    return
                findings = _failed(findings, part, str(error))
            except PartFailed as failure:
                findings = _failed(findings, part, str(failure))
            if not self._db.run(analyses.keep, analysis_id, self._owner, findings=findings.plain()):
                return
        self._db.run(self._finish, job, findings, now)

    # --- parts

    def _part(self, job: _Job, part: Part, findings: Findings, now: datetime) -> Findings:
        do = {
            Part.SUMMARY: self._summary,
            Part.EXTRACTION: self._extraction,
            Part.DISPOSITION: self._disposition,
        }[part]
        found = do(job, findings, now)
        return replace(found, done=(*found.done, part))

    def _summary(self, job: _Job, findings: Findings, now: datetime) -> Findings:
        return self._analyst(job, now).summary(job.called, job.wanted, findings)

    def _extraction(self, job: _Job, findings: Findings, now: datetime) -> Findings:
        return self._analyst(job, now).extraction(job.called, job.wanted, findings)

    def _disposition(self, job: _Job, findings: Findings, now: datetime) -> Findings:
        if job.wanted.schema is not None and Part.EXTRACTION in findings.errors:
            raise PartFailed("There is no analysis that rules could be applied to.")
        decision = self._db.read(decision_of, job.call, job.wanted, findings)
        return replace(findings, disposition=decision.disposition, rule=decision.rule)

    def _analyst(self, job: _Job, now: datetime) -> Analyst:
        """What it asks is counted to the call, whatever is answered."""

        def used(usage: TokenUsage) -> None:
            self._db.run(partial(analyses.add_usage, job.call.id, self._model.name, usage, now))

        return Analyst(self._model, used)

    # --- rows

    def _load(self, analysis_id: str) -> _Job | None:
        row = analyses.get(analysis_id)
        if row is None or row.finished_at is not None or row.lease_owner != self._owner:
            return None
        call = calls.get(row.call_id)
        assert call is not None  # they go together
        return _Job(row, call, wanted_of(row, call), readable_turns(call))

    def _later(self, job: _Job, error: ProviderError, now: datetime) -> None:
        wait: timedelta = delay(job.row.tries_left, error.extra.get("retry_after"))
        log.info("Analysis waits for the model", analysis_id=job.row.id, why=str(error))

        def verb() -> None:
            analyses.keep(job.row.id, self._owner, error=str(error))
            analyses.wait(job.row.id, self._owner, now + wait)

        self._db.run(verb)

    def _finish(self, job: _Job, findings: Findings, now: datetime) -> None:
        state = State.FAILED if findings.errors else State.DONE
        call = calls.get(job.call.id)
        assert call is not None
        if not analyses.finish(
            job.row.id,
            state=state,
            findings=findings.plain(),
            before=_before(call),
            model=self._model.name if job.wanted.asks_a_model else None,
            error="; ".join(findings.errors.values()) or None,
            finished_at=now,
        ):
            return
        metrics.analyses.labels(state).inc()
        row = analyses.get(job.row.id)
        assert row is not None
        run = analysis_runs.get(row.run_id) if row.run_id is not None else None
        if run is None and self._recount is not None:
            self._recount(call)
        if run is None or run.apply:
            apply(row, call, job.wanted, findings, now)
        if run is None:
            wrap_ups.tell_again(call.id, now)
        analysis_runs.note_progress(row.run_id, now)

    def _bury(self, row: Analysis, now: datetime) -> None:
        """Part of a verb."""
        call = calls.get(row.call_id)
        assert call is not None
        wanted, findings = wanted_of(row, call), Findings.of(row.findings)
        for part in wanted.parts:
            if part not in findings.done:
                findings = _failed(findings, part, _DIED)
        analyses.finish(
            row.id,
            state=State.FAILED,
            findings=findings.plain(),
            before=_before(call),
            error=_DIED,
            finished_at=now,
        )
        if row.run_id is None:
            calls.set_columns(call.id, analysis_state=State.FAILED)
            wrap_ups.tell_again(call.id, now)
        metrics.analyses.labels(State.FAILED).inc()
        analysis_runs.note_progress(row.run_id, now)


def _failed(findings: Findings, part: Part, why: str) -> Findings:
    return replace(findings, errors={**findings.errors, part: why}, done=(*findings.done, part))


def _before(call: Call) -> dict[str, Any]:
    names = ("call_summary", "analysis", "disposition", "sentiment", "success")
    return {name: getattr(call, name) for name in names}
