"""Calls of the past, analysed again by a model.

A run does not touch a call until its findings are applied, at once or when somebody has looked at
what would change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import analysis_diff
from topcalls.core.analysis_diff import Change, Outcome
from topcalls.core.analysis_request import CallFilter
from topcalls.core.analysis_work import Findings, State
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.analyses import apply, wanted_in
from topcalls.store import analyses, analysis_runs
from topcalls.store.database import Database
from topcalls.store.fields import plain
from topcalls.store.locking import lock_account
from topcalls.store.models import Analysis, AnalysisRun

MOST_CALLS = 10_000

_BATCH = 500


@dataclass(frozen=True, slots=True)
class RunWish:
    """What is asked of a run. `request` has `summary`, `analysis_schema` and `outcome_mapping` of a
    call, as far as they are given."""

    selection: CallFilter
    request: Mapping[str, Any]
    name: str | None = None
    apply: bool = False
    limit: int = MOST_CALLS


@dataclass(frozen=True, slots=True)
class RunView:
    """How a run stands. `outcomes` and `changed` are of the calls that are done; None in lists."""

    id: str
    name: str | None
    status: str
    apply: bool
    calls: int
    waiting: int
    done: int
    failed: int
    changed: int | None
    outcomes: tuple[Outcome, ...] | None
    filter: Mapping[str, Any]
    request: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    applied_at: datetime | None


@dataclass(frozen=True, slots=True)
class ChangedCall:
    """What a run found of a call that it does not have."""

    call_id: str
    status: str
    changes: tuple[Change, ...]
    rule: int | None
    errors: Mapping[str, str]
    unsupported: tuple[str, ...]
    applied: bool


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Calls in no particular order, and where the next page begins."""

    data: tuple[ChangedCall, ...]
    next_cursor: str | None


class AnalysisRuns:
    """An account's runs."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create(self, account_id: str, wish: RunWish) -> RunView:
        """Begin a run over up to `wish.limit` calls, newest first.

        Raises:
            Conflict: another run of the account is under way.
            InvalidRequest: no call is as wanted.
        """
        now, run_id = self._clock.now(), new_id()

        def verb() -> RunView:
            lock_account(account_id)
            if analysis_runs.any_running(account_id):
                raise Conflict(
                    "A run of this account is under way.",
                    remedy="Wait until it is done, or cancel it.",
                )
            ids = analysis_runs.call_ids_of(account_id, wish.selection, wish.limit)
            if not ids:
                raise InvalidRequest("No call that was answered is as wanted.", field="filter")
            analysis_runs.insert(
                run_id,
                account_id,
                name=wish.name,
                selection=plain(_shown(wish.selection)),
                request=plain(dict(wish.request)),
                apply=wish.apply,
                calls=len(ids),
                created_at=now,
            )
            for start in range(0, len(ids), _BATCH):
                analysis_runs.add_calls(run_id, account_id, ids[start : start + _BATCH], now)
            return _view(_found(account_id, run_id), (), 0)

        return self._db.run(verb)

    def list(self, account_id: str, limit: int = 50) -> list[RunView]:
        """The newest runs."""
        return self._db.read(lambda: [_view(run) for run in analysis_runs.page(account_id, limit)])

    def get(self, account_id: str, run_id: str) -> RunView:
        """Raises NotFound."""
        run = self._db.read(_found, account_id, run_id)
        pairs, changed = [], 0
        for rows in self._batches(run):
            for row, view in rows:
                before = (row.before or {}).get("disposition")
                moved = [one.after for one in view.changes if one.field == "disposition"]
                pairs.append((before, moved[0] if moved else before))
                changed += bool(view.changes)
        outcomes = tuple(analysis_diff.outcomes(pairs))
        return self._db.read(_view, run, outcomes, changed)

    def changes(
        self, account_id: str, run_id: str, limit: int = 50, cursor: str | None = None
    ) -> ChangePage:
        """Calls for which the run found something else than they have, or failed. Raises
        NotFound."""

        run = self._db.read(_found, account_id, run_id)
        kept: list[ChangedCall] = []
        for rows in self._batches(run, cursor or ""):
            for row, view in rows:
                if view.changes or view.errors:
                    kept.append(view)
                if len(kept) == limit:
                    return ChangePage(tuple(kept), row.id)
        return ChangePage(tuple(kept), None)

    def apply(self, account_id: str, run_id: str) -> RunView:
        """Write what a run found to its calls. Applying it again changes nothing.

        Raises:
            Conflict: it is not done yet.
            NotFound: no such run in this account.
        """
        run = self._db.read(_found, account_id, run_id)
        if run.state == "running":
            raise Conflict("The run is not done yet.", remedy="Wait for it, or cancel it first.")
        now = self._clock.now()
        while self._db.run(_apply_some, run, now):
            pass
        self._db.run(lambda: analysis_runs.change(run_id, applied_at=run.applied_at or now))
        return self.get(account_id, run_id)

    def cancel(self, account_id: str, run_id: str) -> RunView:
        """Let what has not begun be. What is done stays, and can be applied.

        Raises NotFound, and Conflict where the run is over.
        """
        now = self._clock.now()

        def verb() -> None:
            run = _found(account_id, run_id)
            if run.state != "running":
                raise Conflict("The run is over.")
            analyses.drop_open(run_id)
            analysis_runs.change(run_id, state="cancelled", finished_at=now)

        self._db.run(verb)
        return self.get(account_id, run_id)

    def _batches(self, run: AnalysisRun, after: str = "") -> Iterator[Sequence[_Seen]]:
        """What is over of a run, in pieces: others want the database in between."""

        def verb() -> Sequence[_Seen]:
            return list(_changed(run, analyses.of_run(run.id, _BATCH, after)))

        while seen := self._db.read(verb):
            yield seen
            after = seen[-1][0].id


def _found(account_id: str, run_id: str) -> AnalysisRun:
    run = analysis_runs.of_account(account_id, run_id)
    if run is None:
        raise NotFound("No such run.")
    return run


_Seen = tuple[Analysis, ChangedCall]


def _view(
    run: AnalysisRun, outcomes: tuple[Outcome, ...] | None = None, changed: int | None = None
) -> RunView:
    counts = analyses.counts(run.id)
    return RunView(
        id=run.id,
        name=run.name,
        status=run.state,
        apply=run.apply,
        calls=run.calls,
        waiting=counts.get(State.WAITING, 0),
        done=counts.get(State.DONE, 0),
        failed=counts.get(State.FAILED, 0),
        changed=changed,
        outcomes=outcomes,
        filter=run.selection,
        request=run.request,
        created_at=run.created_at,
        finished_at=run.finished_at,
        applied_at=run.applied_at,
    )


def _changed(run: AnalysisRun, rows: Sequence[Analysis]) -> Iterator[_Seen]:
    known = analysis_runs.calls_by_id([row.call_id for row in rows])
    for row in rows:
        findings = Findings.of(row.findings)
        wanted = wanted_in(run, known[row.call_id])
        found = analysis_diff.changes(row.before or {}, findings, wanted)
        yield (
            row,
            ChangedCall(
                call_id=row.call_id,
                status=row.state,
                changes=tuple(found),
                rule=findings.rule,
                errors=findings.errors,
                unsupported=findings.unsupported,
                applied=row.applied_at is not None,
            ),
        )


def _apply_some(run: AnalysisRun, now: datetime) -> int:
    """Of a batch; how many there were."""
    rows = analyses.of_run(run.id, _BATCH, "", not_applied=True)
    known = analysis_runs.calls_by_id([row.call_id for row in rows])
    for row in rows:
        call = known[row.call_id]
        apply(row, call, wanted_in(run, call), Findings.of(row.findings), now)
    return len(rows)


def _shown(selection: CallFilter) -> dict[str, Any]:
    """As the API takes it."""
    pairs = {
        "call_ids": list(selection.call_ids),
        "from": selection.first,
        "to": selection.last,
        "campaign_id": selection.campaign_id,
        "agent_id": selection.agent_id,
        "dispositions": list(selection.dispositions),
    }
    return {key: value for key, value in pairs.items() if value not in (None, [])}
