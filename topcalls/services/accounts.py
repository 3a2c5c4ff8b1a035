"""Accounts: customers of this install, and their limits."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.clock import Clock
from topcalls.core import quota
from topcalls.errors import NotFound
from topcalls.ids import new_id
from topcalls.store import accounts, quotas
from topcalls.store.database import Database
from topcalls.store.models import Account

DEFAULT_CONCURRENT_CALLS = 10
DEFAULT_CALLS_PER_MINUTE = 60
MOST_OVERLAP_HOURS = 30 * 24


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account. `metered` false: minutes are counted but never refused. `inbound_reserve` of
    `max_concurrent_calls` are kept for calls that come in. `max_requests_per_second`: of all its
    keys together; None: no such limit."""

    id: str
    name: str
    metered: bool
    max_concurrent_calls: int
    max_calls_per_minute: int
    inbound_reserve: int
    max_requests_per_second: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RotatedSecret:
    """A new webhook secret, and until when the one before signs beside it."""

    secret: str
    previous_valid_until: datetime | None


class Accounts:
    """Create and look up accounts."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create(
        self,
        name: str,
        *,
        minutes: float = 0,
        metered: bool = True,
        max_concurrent_calls: int = DEFAULT_CONCURRENT_CALLS,
        max_calls_per_minute: int = DEFAULT_CALLS_PER_MINUTE,
        now: datetime | None = None,
    ) -> AccountView:
        """A new account with `minutes` granted to its plan and a webhook secret of its own."""
        moment = now or self._clock.now()

        def verb() -> AccountView:
            account = accounts.insert(
                id=new_id(),
                name=name,
                metered=metered,
                max_concurrent_calls=max_concurrent_calls,
                max_calls_per_minute=max_calls_per_minute,
                webhook_secret=new_webhook_secret(),
                created_at=moment,
            )
            seconds = quota.reservation(minutes)
            if seconds:
                quotas.grant(account.id, quota.Pool.PLAN, seconds, "first grant", moment)
            return _view(account)

        return self._db.run(verb)

    def get(self, account_id: str) -> AccountView:
        """Raises NotFound."""
        return self._db.read(lambda: _view(_found(account_id)))

    def list(self) -> list[AccountView]:
        """All accounts, oldest first."""
        return self._db.read(lambda: [_view(account) for account in accounts.every()])

    def set_limits(
        self,
        account_id: str,
        *,
        max_concurrent_calls: int | None = None,
        max_calls_per_minute: int | None = None,
        inbound_reserve: int | None = None,
        max_requests_per_second: int | None = None,
    ) -> AccountView:
        """Change what the account may do at once; None leaves a limit as it is. Requests of all its
        keys together have no limit where `max_requests_per_second` is 0. Raises NotFound."""
        changes: dict[str, int | None] = {
            name: value
            for name, value in (
                ("max_concurrent_calls", max_concurrent_calls),
                ("max_calls_per_minute", max_calls_per_minute),
                ("inbound_reserve", inbound_reserve),
            )
            if value is not None
        }
        if max_requests_per_second is not None:
            changes["max_requests_per_second"] = max_requests_per_second or None

        def verb() -> AccountView:
            if changes:
                accounts.update(account_id, **changes)
            return _view(_found(account_id))

        return self._db.run(verb)

    def keep_recordings(self, account_id: str, days: int) -> None:
        """Have the account's recordings deleted after so many days, where a call does not say; 0:
        never. Raises NotFound."""
        if not self._db.run(accounts.update, account_id, recording_retention_days=days):
            raise NotFound("No such account.")

    def webhook_secret(self, account_id: str) -> str:
        """The secret that signs this account's webhooks (`whsec_…`). Raises NotFound."""
        secret = self._db.read(accounts.webhook_secret, account_id)
        if secret is None:
            raise NotFound("No such account.")
        return secret

    def rotate_webhook_secret(
        self, account_id: str, overlap: timedelta = timedelta()
    ) -> RotatedSecret:
        """A new webhook secret: everything from now on is signed with it, and for `overlap` with
        the one before as well. Raises NotFound.

        The one before need not be readable: this is the way out when the secret key was lost.
        """
        secret, now = new_webhook_secret(), self._clock.now()
        until = now + overlap

        def verb() -> RotatedSecret:
            before = accounts.signing_secrets({account_id}, now)[account_id][:1] if overlap else ()
            changes = {
                "webhook_secret": secret,
                "previous_webhook_secret": before[0] if before else None,
                "previous_signs_until": until if before else None,
            }
            if not accounts.update(account_id, **changes):
                raise NotFound("No such account.")
            return RotatedSecret(secret, until if before else None)

        return self._db.run(verb)


def new_webhook_secret() -> str:
    """A signing secret in the form of the Standard Webhooks specification."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def _found(account_id: str) -> Account:
    account = accounts.get(account_id)
    if account is None:
        raise NotFound("No such account.")
    return account


def _view(account: Account) -> AccountView:
    return AccountView(
        account.id,
        account.name,
        account.metered,
        account.max_concurrent_calls,
        account.max_calls_per_minute,
        account.inbound_reserve,
        account.max_requests_per_second,
        account.created_at,
    )
