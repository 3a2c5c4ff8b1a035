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
    a stored `core.compliance.Terms`; `person_key` makes fingerprints (`core/people.py`)."""

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


class ApiKey(Table):
    """A key is found by its public `prefix` and proved by the SHA-256 of the whole token."""

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
    """Seconds set aside for one call. Open until `settled_at`; then `billed` were used."""

    call_id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    seconds = peewee.IntegerField()
    billed = peewee.IntegerField(null=True)
    created_at = InstantField()
    settled_at = InstantField(null=True)


Reservation.add_index(
    Reservation.index(
        Reservation.account,
        Reservation.seconds,
        where=Reservation.settled_at.is_null(),
        name="reservation_open",
    )
)
