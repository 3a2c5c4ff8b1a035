"""Accounts, their keys and their minutes."""

from __future__ import annotations

import peewee

from topcalls.core.quota import Pool
from topcalls.store.fields import InstantField, JsonField, SecretField
from topcalls.store.models.base import Table, id_field, one_of

KEY_KINDS = ("live", "test")


class Account(Table):
    """A customer. `metered` false: minutes are counted but never run out. `speech`: `keywords` and
    `pronunciations` of all its calls. `previous_webhook_secret` signs beside the other one until
    `previous_signs_until`. Its calls are counted by days of its `time_zone`. `compliance` is
    a stored `core.compliance.Terms`; `person_key` makes fingerprints (`core/people.py`). `budgets`:
    see `core.budgets.account_budgets`. `inbound_reserve` of its `max_concurrent_calls` are kept for
    calls that come in."""

    id = id_field(primary_key=True)
    name = peewee.TextField()
    metered = peewee.BooleanField(default=True)
    max_concurrent_calls = peewee.IntegerField()
    max_calls_per_minute = peewee.IntegerField()
    webhook_secret = SecretField(null=True)
    speech = JsonField(null=True)
    time_zone = peewee.TextField(default="UTC")
    created_at = InstantField()
    previous_webhook_secret = SecretField(null=True)
    previous_signs_until = InstantField(null=True)
    recording_retention_days = peewee.IntegerField(null=True)
    compliance = JsonField(null=True)
    person_key = SecretField(null=True)
    budgets = JsonField(null=True)
    inbound_reserve = peewee.IntegerField(default=0)
    max_requests_per_second = peewee.IntegerField(null=True)


class ApiKey(Table):
    """A key is found by its public `prefix` and proved by the SHA-256 of the whole token. Its
    limits are beside those of its account; null: none of its own."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE")
    account_id: str
    name = peewee.TextField()
    kind = peewee.TextField(constraints=[one_of("kind", KEY_KINDS)])
    prefix = peewee.TextField(index=True)
    digest = peewee.TextField(unique=True)
    scopes = JsonField()
    created_at = InstantField()
    expires_at = InstantField(null=True)
    revoked_at = InstantField(null=True)
    last_used_at = InstantField(null=True)
    max_concurrent_calls = peewee.IntegerField(null=True)
    max_new_calls_per_minute = peewee.IntegerField(null=True)
    max_requests_per_second = peewee.IntegerField(null=True)


class MinuteGrant(Table):
    """Minutes given to an account; a negative grant takes some back."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE")
    account_id: str
    pool = peewee.TextField(constraints=[one_of("pool", Pool)])
    seconds = peewee.BigIntegerField()
    note = peewee.TextField(default="")
    granted_at = InstantField()


class MinuteUsage(Table):
    """Seconds used on one UTC `day` (`2026-11-23`), so that a balance sums days, not calls."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    pool = peewee.TextField(constraints=[one_of("pool", Pool)])
    day = peewee.CharField(max_length=10)
    seconds = peewee.BigIntegerField()
    calls = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("account", "pool", "day")


class Reservation(Table):
    """What is set aside for one call: `seconds` until `settled_at`, when `billed` were used, and
    `micros` of a dollar until `counted_at`, when `charged` were what it cost. Null `micros`: nobody
    knows. `day`: of the account's time zone, to whose budget the call belongs; null for calls from
    before there were budgets."""

    call_id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    campaign_id = peewee.CharField(max_length=36, null=True)
    day = peewee.CharField(max_length=10, null=True)
    seconds = peewee.IntegerField()
    billed = peewee.IntegerField(null=True)
    micros = peewee.BigIntegerField(null=True)
    charged = peewee.BigIntegerField(null=True)
    created_at = InstantField()
    settled_at = InstantField(null=True)
    counted_at = InstantField(null=True)


Reservation.add_index(
    Reservation.index(
        Reservation.account,
        Reservation.settled_at,
        Reservation.seconds,
        Reservation.day,
        Reservation.micros,
        Reservation.campaign_id,
        where=Reservation.counted_at.is_null(),
        name="reservation_open",
    )
)


class Spending(Table):
    """What the calls of a `day` of the account's time zone spent that are over; `campaign_id` empty
    for calls of none."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    day = peewee.CharField(max_length=10)
    campaign_id = peewee.CharField(max_length=36, default="")
    seconds = peewee.BigIntegerField(default=0)
    calls = peewee.IntegerField(default=0)
    micros = peewee.BigIntegerField(default=0)

    class Meta:
        primary_key = peewee.CompositeKey("account", "day", "campaign_id")


Spending.add_index(
    Spending.index(
        Spending.campaign_id,
        where=Spending.campaign_id != peewee.SQL("''"),
        name="spending_of_campaign",
    )
)
