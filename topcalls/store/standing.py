"""Where an account stands when a call of it is created: everything that is asked then, at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from topcalls.core.quota import Balance
from topcalls.store import rows
from topcalls.store.budgets import Limits
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.locking import lock_account
from topcalls.store.quotas import POOLS, SUMS, balance_of

_STANDING = f"""
SELECT {SUMS}, a.speech, a.time_zone, a.budgets, a.compliance,
  (SELECT MAX(created_at) FROM call WHERE account_id = a.id AND created_at >= ?)
FROM account a WHERE a.id = ?
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """`speech` is the account's dictionary, `limits` are its zone and its budgets, `compliance` its
    terms as they are stored. `last_created_at` is of its newest call, if that was not created
    before now."""

    balance: Balance
    speech: Mapping[str, Any]
    limits: Limits
    compliance: str | None
    last_created_at: datetime | None


def of_account(account_id: str, now: datetime) -> Standing | None:
    """Lock an account and look; None if there is no such account."""
    lock_account(account_id)
    found = rows.select(_STANDING, *POOLS, to_microseconds(now), account_id)
    for *sums, speech, zone, budgets, compliance, last in found:
        return Standing(
            balance=balance_of(sums),
            speech=orjson.loads(speech) if speech else {},
            limits=Limits(zone, orjson.loads(budgets) if budgets else {}),
            compliance=compliance,
            last_created_at=None if last is None else from_microseconds(last),
        )
    return None
