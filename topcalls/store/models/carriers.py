"""Carriers, the numbers bound to them, and what each node's switch says of them."""

from __future__ import annotations

import peewee

from topcalls.core.carrier_status import Health
from topcalls.store.fields import InstantField, JsonField, SecretField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of

NUMBER_SOURCES = ("topcalls", "byoc", "manual", "import", "twilio", "telnyx")
NUMBER_STATUSES = ("active", "inactive", "pending", "failed")
GONE = ("deleted", "released")


class Carrier(Table):
    """A trunk of an account. `trunk` is a stored `core.trunks.Trunk` without its passwords.

    `version` grows with every change: a node whose status tells another one has not applied it.
    Of an account's carriers the lowest `priority` is tried first. `provider_trunk_id` is what a
    carrier that sells numbers by an API calls the trunk. `rate` is what it charges, as
    `core.rates` reads it.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = peewee.TextField()
    preset = peewee.TextField(null=True)
    priority = peewee.IntegerField()
    version = peewee.IntegerField(default=1)
    trunk = JsonField()
    rate = JsonField(null=True)
    password = SecretField(null=True)
    inbound_password = SecretField(null=True)
    provider_trunk_id = peewee.TextField(null=True)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        indexes = ((("account", "priority", "created_at"), False),)


class CarrierStatus(Table):
    """A carrier's gateway on one node, as its controller saw it last.

    `version` is the carrier's that the switch has. `sip_status` and `phrase` are the carrier's last
    words on a REGISTER or OPTIONS, `problem` ours where the switch did not take the gateway.
    """

    carrier = peewee.ForeignKeyField(Carrier, on_delete="CASCADE", index=False)
    carrier_id: str
    node = peewee.CharField(max_length=64)
    version = peewee.IntegerField()
    health = peewee.TextField(constraints=[one_of("health", Health)])
    registered = peewee.BooleanField(null=True)
    reachable = peewee.BooleanField(null=True)
    sip_status = peewee.IntegerField(null=True)
    phrase = SpeechField(null=True)
    problem = SpeechField(null=True)
    since = InstantField()
    checked_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("carrier", "node")


class PhoneNumber(Table):
    """A number of an account: unique in the installation, because calls to it name nothing else.

    `agent_id` takes its inbound calls. `provider_id` is the number's name at the carrier it was
    bought from.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    number = peewee.CharField(max_length=16, unique=True)
    carrier = peewee.ForeignKeyField(Carrier, on_delete="RESTRICT", null=True)
    carrier_id: str | None
    agent_id = peewee.CharField(max_length=36, null=True)
    label = SpeechField(null=True)
    source = peewee.TextField(constraints=[one_of("source", NUMBER_SOURCES)])
    status = peewee.TextField(constraints=[one_of("status", NUMBER_STATUSES)])
    provider_id = peewee.TextField(null=True)
    error_message = SpeechField(null=True)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        indexes = ((("account", "created_at"), False),)


class GoneNumber(Table):
    """A number that an account had and has no more, so that no call of it shows it.

    `why`: it was deleted here, or given back to the carrier. Whoever adds it again has it again.
    """

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    number = peewee.TextField()
    why = peewee.TextField(constraints=[one_of("why", GONE)])
    gone_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("account", "number")
