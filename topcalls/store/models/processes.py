"""Processes that share nothing but this database, and the database's own history."""

from __future__ import annotations

from datetime import UTC, datetime

import peewee

from topcalls.store.fields import InstantField
from topcalls.store.models.base import Leased, Table


class Controller(Table):
    """A running controller: `id` is the owner written into leases, `node` its FreeSWITCH.

    `media_url` is where its switch brings audio, `listen_url` where people hear calls.
    `drain_asked` is an operator's wish, and `hand_over_asked` that it gives away the calls it has,
    `draining` the controller's word that it takes no calls, `obstacle` what else keeps it from
    taking any. `switch_since`: since when its switch is up or down; what the switch said of itself
    is null until it did.
    """

    id = peewee.CharField(max_length=128, primary_key=True)
    node = peewee.TextField(index=True)
    capacity = peewee.IntegerField()
    draining = peewee.BooleanField(default=False)
    media_url = peewee.TextField(null=True)
    listen_url = peewee.TextField(null=True)
    version = peewee.TextField(null=True)
    started_at = InstantField()
    heartbeat_at = InstantField()
    drain_asked = peewee.BooleanField(default=False)
    hand_over_asked = peewee.BooleanField(default=False)
    weight = peewee.IntegerField(default=100)
    node_capacity = peewee.IntegerField(null=True)
    obstacle = peewee.TextField(null=True)
    switch_up = peewee.BooleanField(default=False)
    switch_since = InstantField(null=True)
    switch_version = peewee.TextField(null=True)
    sessions = peewee.IntegerField(null=True)
    max_sessions = peewee.IntegerField(null=True)
    idle_percent = peewee.FloatField(null=True)


class NamedLease(Leased):
    """A loop that must run in one process at a time."""

    name = peewee.CharField(max_length=128, primary_key=True)


def _now() -> datetime:
    return datetime.now(UTC)


class SchemaVersion(Table):
    """A migration that was applied."""

    name = peewee.CharField(unique=True)
    applied = InstantField(default=_now)
