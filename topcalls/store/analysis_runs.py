"""Queries on analyses of many calls again, and on the calls that they are of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from topcalls.core.analysis_request import CallFilter
from topcalls.core.analysis_work import TRIES, State
from topcalls.ids import new_id
from topcalls.store import analyses
from topcalls.store.models import Analysis, AnalysisRun, Call


def calls_of(account_id: str, wanted: CallFilter, limit: int) -> list[Call]:
    """Up to `limit` of an account's calls, newest first."""
    query = Call.select().where(*_conditions(account_id, wanted))
    return list(query.order_by(Call.created_at.desc()).limit(limit))


def calls_by_id(call_ids: Sequence[str]) -> dict[str, Call]:
    """These calls."""
    return {call.id: call for call in Call.select().where(Call.id.in_(list(call_ids)))}


def call_ids_of(account_id: str, wanted: CallFilter, limit: int) -> list[str]:
    """Their ids."""
    query = Call.select(Call.id).where(*_conditions(account_id, wanted))
    return [row.id for row in query.order_by(Call.created_at.desc()).limit(limit)]


def _conditions(account_id: str, wanted: CallFilter) -> list[Any]:
    conditions: list[Any] = [
        Call.account == account_id,
        Call.ended_at.is_null(False),
        Call.answered_at.is_null(False),
    ]
    if wanted.call_ids:
        conditions.append(Call.id.in_(list(wanted.call_ids)))
    if wanted.first is not None:
        conditions.append(Call.created_at >= wanted.first)
    if wanted.last is not None:
        conditions.append(Call.created_at < wanted.last)
    if wanted.campaign_id is not None:
        conditions.append(Call.campaign_id == wanted.campaign_id)
    if wanted.agent_id is not None:
        conditions.append(Call.agent_id == wanted.agent_id)
    if wanted.dispositions:
        conditions.append(_has_one_of(wanted.dispositions))
    return conditions


def _has_one_of(dispositions: Collection[str | None]) -> Any:
    named = Call.disposition.in_([name for name in dispositions if name is not None])
    return named | Call.disposition.is_null() if None in dispositions else named


def insert(run_id: str, account_id: str, **columns: Any) -> None:
    """Store a run that has just begun."""
    AnalysisRun.create(id=run_id, account=account_id, state="running", **columns)


def add_calls(run_id: str, account_id: str, call_ids: Sequence[str], now: datetime) -> None:
    """Let these calls be analysed in a run."""
    fresh = [
        {
            "id": new_id(),
            "account": account_id,
            "call": call_id,
            "run": run_id,
            "state": State.WAITING,
            "available_at": now,
            "tries_left": TRIES,
            "created_at": now,
        }
        for call_id in call_ids
    ]
    if fresh:
        Analysis.insert_many(fresh).execute()


def get(run_id: str) -> AnalysisRun | None:
    """One run."""
    return AnalysisRun.get_or_none(AnalysisRun.id == run_id)


def of_account(account_id: str, run_id: str) -> AnalysisRun | None:
    """One run of one account."""
    mine = (AnalysisRun.id == run_id) & (AnalysisRun.account == account_id)
    return AnalysisRun.get_or_none(mine)


def page(account_id: str, limit: int) -> list[AnalysisRun]:
    """The newest runs of an account."""
    query = AnalysisRun.select().where(AnalysisRun.account == account_id)
    return list(query.order_by(AnalysisRun.created_at.desc()).limit(limit))


def any_running(account_id: str) -> bool:
    """A run of the account is under way."""
    mine = (AnalysisRun.account == account_id) & (AnalysisRun.state == "running")
    return AnalysisRun.select(AnalysisRun.id).where(mine).exists()


def note_progress(run_id: str | None, now: datetime) -> None:
    """An analysis has ended: the last one ends its run."""
    if run_id is None or analyses.any_open(run_id):
        return
    mine = (AnalysisRun.id == run_id) & (AnalysisRun.state == "running")
    run = AnalysisRun.get_or_none(mine)
    if run is not None:
        applied_at = now if run.apply else None
        change(run_id, state="done", finished_at=now, applied_at=applied_at)


def change(run_id: str, **columns: Any) -> None:
    """Write columns of a run."""
    AnalysisRun.update(**columns).where(AnalysisRun.id == run_id).execute()
