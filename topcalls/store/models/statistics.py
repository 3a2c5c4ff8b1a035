"""What calls add up to, by day and by hour."""

from __future__ import annotations

import peewee

from topcalls.store.fields import JsonField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table


class CallStatistic(Table):
    """A stored `core.call_statistics.Tally` of one `value` of a dimension, on a local `day`
    (`2026-11-23`) of the account. `hour` -1: of the whole day, which is counted besides, so that
    days are read without their hours."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    dimension = peewee.CharField(max_length=16)
    by_hour = peewee.SmallIntegerField()
    day = peewee.CharField(max_length=10)
    hour = peewee.SmallIntegerField()
    value = peewee.CharField(max_length=100)
    calls = peewee.IntegerField()
    dialled = peewee.IntegerField()
    answered = peewee.IntegerField()
    completed = peewee.IntegerField()
    seconds = peewee.BigIntegerField()
    cost_micros = peewee.BigIntegerField()
    cost_unknown = peewee.IntegerField()
    input_tokens = peewee.BigIntegerField()
    output_tokens = peewee.BigIntegerField()
    outcomes = JsonField()
    latency = JsonField()

    class Meta:
        primary_key = peewee.CompositeKey("account", "dimension", "by_hour", "day", "hour", "value")
