"""Queries on the dials of calls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from topcalls.core.network_refusals import CARRIERS_OWN
from topcalls.store import rows
from topcalls.store.fields import to_microseconds
from topcalls.store.models import CallAttempt


def insert(call_id: str, number: int, **columns: Any) -> None:
    """Store a dial that is about to be made; storing it again changes nothing."""
    rows.insert_new(CallAttempt, call=call_id, number=number, **columns)


def finish(call_id: str, number: int, **columns: Any) -> None:
    """Store how a dial ended."""
    rows.update(CallAttempt, {"call": call_id, "number": number}, **columns)


def attempts(call_id: str) -> list[CallAttempt]:
    """The dials of a call, in order."""
    return rows.ordered(CallAttempt, "number", call=call_id)


_RESTING = """
SELECT DISTINCT carrier_id FROM call_attempt
WHERE carrier_id IN ({marks}) AND retry_at > ? AND sip_status IN ({statuses})
"""


def resting(carrier_ids: Collection[str], now: datetime) -> set[str]:
    """Those carriers that asked to be left alone for a while, which is not over."""
    if not carrier_ids:
        return set()
    statuses = ", ".join(map(str, sorted(CARRIERS_OWN)))
    text = _RESTING.format(marks=", ".join("?" * len(carrier_ids)), statuses=statuses)
    found = rows.select(text, *carrier_ids, to_microseconds(now))
    return {carrier_id for (carrier_id,) in found}


def last_failure(carrier_id: str, blameless: Collection[int]) -> CallAttempt | None:
    """The last dial by a carrier that ended in a SIP refusal which is not the callee's."""
    query = CallAttempt.select().where(
        CallAttempt.carrier_id == carrier_id,
        CallAttempt.sip_status >= 300,
        CallAttempt.sip_status.not_in(list(blameless)),
    )
    found: CallAttempt | None = query.order_by(CallAttempt.dialled_at.desc()).first()
    return found
