"""Queries on the analyses of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import peewee

from topcalls.core.analysis_work import TRIES, State
from topcalls.core.token_usage import TokenUsage
from topcalls.store import calls, leases, rows
from topcalls.store.models import Analysis, CallUsage
from topcalls.store.models.base import tuples

_OPEN = Analysis.finished_at.is_null()
_AFTER_CALL = Analysis.run.is_null()


def insert(now: datetime, **columns: Any) -> None:
    """Store an analysis that is due at once. The second one that follows a call changes nothing."""
    rows.insert_new(
        Analysis,
        state=State.WAITING,
        available_at=now,
        tries_left=TRIES,
        created_at=now,
        **columns,
    )


def get(analysis_id: str) -> Analysis | None:
    """One analysis."""
    return rows.get(Analysis, analysis_id)


def after_call(call_id: str) -> Analysis | None:
    """The one that follows a call itself."""
    return Analysis.get_or_none(Analysis.call == call_id, _AFTER_CALL)


def last_applied(call_id: str) -> Analysis | None:
    """The one whose findings a call has."""
    query = Analysis.select().where(Analysis.call == call_id, Analysis.applied_at.is_null(False))
    return query.order_by(Analysis.applied_at.desc()).first()  # type: ignore[no-any-return]


def under_way(now: datetime) -> int:
    """How many are being done by somebody."""
    count: int = Analysis.select().where(_OPEN, Analysis.lease_until > now).count()
    return count


def claim(owner: str, now: datetime, seconds: float, limit: int) -> list[Analysis]:
    """Take analyses that are due: those of calls that have just ended before those of runs."""
    first = leases.claim_due(Analysis, owner, now, seconds, limit, _OPEN, _AFTER_CALL)
    room = limit - len(first)
    if room <= 0:
        return first
    in_runs = Analysis.run.is_null(False)
    return first + leases.claim_due(Analysis, owner, now, seconds, room, _OPEN, in_runs)


def exhausted(now: datetime, limit: int) -> list[Analysis]:
    """Open ones that nobody holds and that have no try left: their worker died on the last."""
    query = Analysis.select().where(_OPEN, Analysis.tries_left <= 0, leases.is_free(Analysis, now))
    return list(query.limit(limit))


def keep(analysis_id: str, owner: str, **columns: Any) -> bool:
    """Write how far an analysis got; False if somebody else has it, or it is over."""
    mine = (Analysis.id == analysis_id) & (Analysis.lease_owner == owner) & _OPEN
    return bool(Analysis.update(**columns).where(mine).execute())


def wait(analysis_id: str, owner: str, until: datetime) -> bool:
    """Let go of an analysis until then."""
    return leases.complete(Analysis, analysis_id, owner, available_at=until)


def finish(analysis_id: str, **columns: Any) -> bool:
    """Write the end of an analysis; False if it was over already."""
    query = Analysis.update(lease_owner=None, lease_until=None, **columns)
    return bool(query.where(Analysis.id == analysis_id, _OPEN).execute())


def change(analysis_id: str, **columns: Any) -> None:
    """Write columns of an analysis that is over."""
    Analysis.update(**columns).where(Analysis.id == analysis_id).execute()


def add_usage(call_id: str, model: str, usage: TokenUsage, at: datetime) -> None:
    """Count one response of a model to the call, beside what it took before."""
    row = CallUsage.get_or_none(CallUsage.call == call_id, CallUsage.model == model)
    before = TokenUsage() if row is None else _usage(row)
    total = before + usage
    calls.put_usage(
        call_id,
        model,
        responses=1 if row is None else row.responses + 1,
        at=at,
        **{name: getattr(total, name) for name in _TOKENS},
    )


_TOKENS = tuple(TokenUsage.__dataclass_fields__)


def _usage(row: CallUsage) -> TokenUsage:
    return TokenUsage(**{name: getattr(row, name) for name in _TOKENS})


def counts(run_id: str) -> dict[str, int]:
    """How many analyses of a run are in each state."""
    query = (
        Analysis.select(Analysis.state, peewee.fn.COUNT(Analysis.id))
        .where(Analysis.run == run_id)
        .group_by(Analysis.state)
    )
    return dict(tuples(query))


def any_open(run_id: str) -> bool:
    """Something of a run is still to be done."""
    return Analysis.select(Analysis.id).where(Analysis.run == run_id, _OPEN).exists()


def of_run(run_id: str, limit: int, after: str, *, not_applied: bool = False) -> list[Analysis]:
    """Analyses of a run that are over, in the order of their ids, behind `after`."""
    query = Analysis.select().where(
        Analysis.run == run_id, Analysis.id > after, Analysis.finished_at.is_null(False)
    )
    if not_applied:
        query = query.where(Analysis.applied_at.is_null())
    return list(query.order_by(Analysis.id).limit(limit))


def drop_open(run_id: str) -> int:
    """Take what has not begun out of a run; how many there were."""
    mine = (Analysis.run == run_id) & _OPEN & Analysis.lease_owner.is_null()
    count: int = Analysis.delete().where(mine).execute()
    return count
