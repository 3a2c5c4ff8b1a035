"""Accounts, their keys and their minutes: what an operator does by hand, without the rest of the
product, which would take a second to load."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from topcalls.clock import SystemClock
from topcalls.compose.database import open_current
from topcalls.config import Settings
from topcalls.services.accounts import Accounts
from topcalls.services.budgets import Budgets
from topcalls.services.keys import SCOPES, Keys
from topcalls.services.quotas import Quotas
from topcalls.store.database import Database

FRONT_DOOR_ACCOUNT = "First account"
FRONT_DOOR_MINUTES = 1000
_DEMO_KEY_NAME = "first call of a start"


@dataclass(frozen=True)
class Administration:
    """Verbs of an operator, on one open database."""

    db: Database
    accounts: Accounts
    budgets: Budgets
    keys: Keys
    quotas: Quotas

    def close(self) -> None:
        self.db.close()


def open_administration(settings: Settings) -> Administration:
    """Open the database, which must be of this version's schema. Raises `ConfigError` when it has
    to be migrated first."""
    db, clock = open_current(settings), SystemClock()
    return Administration(
        db=db,
        accounts=Accounts(db, clock),
        budgets=Budgets(db, clock),
        keys=Keys(db, clock, settings.key_kind),
        quotas=Quotas(db, clock),
    )


def front_door_key(settings: Settings, demo_days: int) -> tuple[bool, str]:
    """A key for the first call of a start: (True, the account's first key), made at the very first
    start, or (False, a short-lived key that is not shown)."""
    with closing(open_administration(settings)) as desk:
        accounts = desk.accounts.list()
        if not accounts:
            account = desk.accounts.create(FRONT_DOOR_ACCOUNT, minutes=FRONT_DOOR_MINUTES)
            made = desk.keys.create(account.id, name="first key", scopes=SCOPES)
            return True, made.token or ""
        made = desk.keys.create(
            accounts[0].id,
            name=_DEMO_KEY_NAME,
            scopes=("calls:read", "calls:write"),
            days=demo_days,
        )
        return False, made.token or ""
