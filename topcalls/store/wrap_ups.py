"""Queries on the work after calls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.wrap_up import Next, Step, begin
from topcalls.store import leases, rows
from topcalls.store.fields import to_microseconds
from topcalls.store.locking import locked
from topcalls.store.models import WrapUp


def insert(call_id: str, first: Next, now: datetime) -> None:
    """Open the wrap-up of a call. A second time changes nothing."""
    WrapUp.insert(
        call=call_id,
        step=first.step,
        tries_left=first.tries,
        available_at=now + first.delay,
        log={},
    ).on_conflict_ignore().execute()


def claim(owner: str, now: datetime, seconds: float, limit: int) -> list[WrapUp]:
    """Take wrap-ups whose next step is due. Claiming spends one of the step's tries."""
    return leases.claim_due(WrapUp, owner, now, seconds, limit, WrapUp.finished_at.is_null())


def get(call_id: str) -> WrapUp | None:
    """The wrap-up of a call."""
    return WrapUp.get_or_none(WrapUp.call == call_id)


def lock(call_id: str) -> WrapUp | None:
    """The wrap-up of a call, kept from other writers until the end of the verb."""
    query = locked(WrapUp.select().where(WrapUp.call == call_id))
    return query.first()  # type: ignore[no-any-return]


def advance(call_id: str, owner: str, following: Next, log: dict[str, Any], now: datetime) -> bool:
    """Write what comes next; False if somebody else holds the wrap-up by now."""
    return leases.complete(WrapUp, call_id, owner, **_next(following, now), log=log)


def _next(following: Next, now: datetime) -> dict[str, Any]:
    if following.step is None:
        return {"finished_at": now}
    return {
        "step": following.step,
        "tries_left": following.tries,
        "available_at": now + following.delay,
    }


def force(call_id: str, following: Next, log: dict[str, Any], now: datetime) -> None:
    """Write what comes next for a wrap-up that nobody holds."""
    WrapUp.update(**_next(following, now), log=log).where(WrapUp.call == call_id).execute()


_AGAIN = """
UPDATE wrap_up SET step = ?, tries_left = ?, available_at = ?, finished_at = NULL
WHERE call_id = ? AND (finished_at IS NOT NULL OR step IN ({steps}))
"""


def again(call_id: str, first: Next, passed: Collection[Step], now: datetime) -> None:
    """Let a wrap-up that is at one of the steps `passed`, or complete, go on from `first`."""
    rows.change(
        _AGAIN.format(steps=", ".join("?" * len(passed)) or "NULL"),
        first.step,
        first.tries,
        to_microseconds(now),
        call_id,
        *passed,
    )


def tell_again(call_id: str, now: datetime) -> None:
    """Something has come that a wrap-up which is complete did not wait for: have it told."""
    again(call_id, begin(Step.WEBHOOK), (), now)


def exhausted(now: datetime, limit: int) -> list[WrapUp]:
    """Open wrap-ups that nobody holds and that have no try left: their worker died on the last."""
    query = WrapUp.select().where(
        WrapUp.finished_at.is_null(), WrapUp.tries_left <= 0, leases.is_free(WrapUp, now)
    )
    return list(query.limit(limit))
