"""Queries on running controllers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from peewee import fn

from topcalls.store.models import Call, Controller
from topcalls.store.models.base import tuples
from topcalls.store.models.calls import IS_LIVE, IS_QUEUED


def put(controller_id: str, now: datetime, **columns: Any) -> None:
    """Note that a controller is alive."""
    Controller.insert(id=controller_id, started_at=now, heartbeat_at=now, **columns).on_conflict(
        conflict_target=[Controller.id], update={**columns, "heartbeat_at": now}
    ).execute()


def get(controller_id: str) -> Controller | None:
    """One controller."""
    return Controller.get_or_none(Controller.id == controller_id)


def asked_of(controller_id: str) -> tuple[bool, bool]:
    """Whether an operator wants this controller to drain, and to hand its calls over."""
    row = Controller.get_or_none(Controller.id == controller_id)
    return (row.drain_asked, row.hand_over_asked) if row is not None else (False, False)


def ask_drain(controller_ids: list[str], asked: bool, hand_over: bool) -> int:
    """Note what an operator wants of controllers; how many there are."""
    mine = Controller.id.in_(controller_ids)
    wish = {"drain_asked": asked, "hand_over_asked": hand_over}
    count: int = Controller.update(**wish).where(mine).execute()
    return count


def alive(since: datetime) -> list[Controller]:
    """Controllers heard of since a moment."""
    query = Controller.select().where(Controller.heartbeat_at > since)
    return list(query.order_by(Controller.id))


def live_calls() -> dict[tuple[str | None, str | None], int]:
    """Live calls by node and owner."""
    query = Call.select(Call.node, Call.lease_owner, fn.COUNT(Call.id)).where(IS_LIVE)
    found = tuples(query.group_by(Call.node, Call.lease_owner))
    return {(node, owner): count for node, owner, count in found}


def waiting(most: int) -> int:
    """Calls that wait to be dispatched; counted up to `most`."""
    some = Call.select(Call.id).where(IS_QUEUED).limit(most)
    count: int = some.count()
    return count


def delete(controller_id: str) -> None:
    """Forget a controller that stopped."""
    Controller.delete().where(Controller.id == controller_id).execute()


def delete_silent(before: datetime) -> int:
    """Forget controllers that were not heard of since `before`."""
    count: int = Controller.delete().where(Controller.heartbeat_at <= before).execute()
    return count
