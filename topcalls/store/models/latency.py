"""The delays of answers, by day."""

from __future__ import annotations

import peewee

from topcalls.core.latency import SHARES
from topcalls.store.fields import JsonField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, one_of


class LatencyDay(Table):
    """One share of the delays of one UTC `day` (`2026-11-23`), as the buckets of a
    `core.latency.Histogram`: percentiles of any number of days are read from few rows."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    day = peewee.CharField(max_length=10)
    mode = peewee.TextField()
    model = peewee.TextField()
    share = peewee.TextField(constraints=[one_of("share", SHARES)])
    buckets = JsonField()

    class Meta:
        primary_key = peewee.CompositeKey("account", "day", "mode", "model", "share")
