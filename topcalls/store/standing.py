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
SELECT {SUMS}, a.speech, a.time_zone, a.budgets,
  EXISTS (SELECT 1 FROM do_not_call_entry d WHERE d.account_id = a.id
    AND d.phone_number IN (?, ?) AND d.scope = 'account'
    AND (d.expires_at IS NULL OR d.expires_at > ?)),
  (SELECT MAX(created_at) FROM call WHERE account_id = a.id AND created_at >= ?)
FROM account a WHERE a.id = ?
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """`speech` is the account's dictionary, `limits` are its zone and its budgets. `is_listed`: it
    does not call this number. `last_created_at` is of its newest call, if that was not created
    before now."""

    balance: Balance
    speech: Mapping[str, Any]
    limits: Limits
    is_listed: bool
    last_created_at: datetime | None


def of_account(account_id: str, names: tuple[str, str], now: datetime) -> Standing | None:
    """Lock an account and look; None if there is no such account. `names`: the number, and what
    stands for it where its holder was erased."""
    lock_account(account_id)
    moment = to_microseconds(now)
    found = rows.select(_STANDING, *POOLS, *names, moment, moment, account_id)
    for *sums, speech, zone, budgets, is_listed, last in found:
        return Standing(
            balance=balance_of(sums),
            speech=orjson.loads(speech) if speech else {},
            limits=Limits(zone, orjson.loads(budgets) if budgets else {}),
            is_listed=bool(is_listed),
            last_created_at=None if last is None else from_microseconds(last),
        )
    return None
