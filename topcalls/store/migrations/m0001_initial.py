"""The first schema: accounts and minutes, calls, the webhook outbox, processes.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

import peewee
from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


def _one_of(column: str, *values: str) -> list[peewee.Node]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


def _while(column: peewee.Node, *values: str) -> peewee.Expression:
    quoted = ", ".join(f"'{value}'" for value in values)
    return peewee.Expression(column, "IN", SQL(f"({quoted})"))


def _index(name: str, *columns: peewee.Node, **options: Any) -> None:
    model = options.pop("model")
    model.add_index(model.index(*columns, name=name, **options))


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    name = TextField()
    metered = BooleanField()
    max_concurrent_calls = IntegerField()
    max_calls_per_minute = IntegerField()
    webhook_secret = TextField(null=True)
    created_at = BigIntegerField()


class ApiKey(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE")
    name = TextField()
    kind = TextField(constraints=_one_of("kind", "live", "test"))
    prefix = TextField(index=True)
    digest = TextField(unique=True)
    scopes = TextField()
    created_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)


class MinuteGrant(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE")
    pool = TextField(constraints=_one_of("pool", "plan", "bonus"))
    seconds = BigIntegerField()
    note = TextField()
    granted_at = BigIntegerField()


class MinuteUsage(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    pool = TextField(constraints=_one_of("pool", "plan", "bonus"))
    day = CharField(max_length=10)
    seconds = BigIntegerField()
    calls = IntegerField()

    class Meta:
        primary_key = CompositeKey("account", "pool", "day")


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    account = ForeignKeyField(Account, on_delete="RESTRICT", index=False)
    direction = TextField(constraints=_one_of("direction", "outbound", "inbound"))
    state = TextField(
        constraints=_one_of(
            "state",
            "pending",
            "queued",
            "dispatching",
            "ringing",
            "answered",
            "in_progress",
            "ending",
            "completed",
            "busy",
            "no_answer",
            "rejected",
            "failed",
            "cancelled",
            "dispatch_timeout",
        )
    )
    version = IntegerField()
    sandbox = BooleanField()
    phone_number = TextField()
    from_number = TextField(null=True)
    priority = IntegerField()
    request = TextField()
    campaign_id = CharField(null=True, max_length=36)
    lead_id = CharField(null=True, max_length=36)
    channel_id = CharField(unique=True, max_length=64)
    node = TextField(null=True)
    tries_left = IntegerField()
    created_at = BigIntegerField()
    schedule_at = BigIntegerField(null=True)
    queued_at = BigIntegerField(null=True)
    dispatch_by = BigIntegerField(null=True)
    claimed_at = BigIntegerField(null=True)
    dialled_at = BigIntegerField(null=True)
    answered_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    end_reason = TextField(null=True)
    error_message = TextField(null=True)
    hangup_cause = TextField(null=True)
    sip_status = IntegerField(null=True)
    answered_by = TextField(null=True)
    billed_seconds = IntegerField(null=True)
    recording_file = TextField(null=True)
    recording_ready_at = BigIntegerField(null=True)
    call_summary = TextField(null=True)
    analysis = TextField(null=True)
    disposition = TextField(null=True)
    completed = BooleanField()


_index("call_list", Call.account, Call.created_at, unique=True, model=Call)
_index(
    "call_list_by_outcome",
    Call.account,
    Call.state,
    Call.created_at,
    where=Call.ended_at.is_null(False),
    model=Call,
)
_index(
    "call_list_by_campaign",
    Call.campaign_id,
    Call.created_at,
    where=Call.campaign_id.is_null(False),
    model=Call,
)
_index(
    "call_queue",
    Call.account,
    Call.priority.desc(),
    Call.queued_at,
    where=_while(Call.state, "queued"),
    model=Call,
)
_index("call_dispatch_by", Call.dispatch_by, where=_while(Call.state, "queued"), model=Call)
_index("call_schedule", Call.schedule_at, where=_while(Call.state, "pending"), model=Call)
_LIVE = _while(Call.state, "dispatching", "ringing", "answered", "in_progress", "ending")
_index("call_live_of_account", Call.account, where=_LIVE, model=Call)
_index("call_live_of_node", Call.node, where=_LIVE, model=Call)
_index(
    "call_claimed", Call.account, Call.claimed_at, where=Call.claimed_at.is_null(False), model=Call
)
_index("call_owner", Call.lease_owner, where=Call.lease_owner.is_null(False), model=Call)
_index("call_lease", Call.lease_until, where=Call.lease_until.is_null(False), model=Call)


class Reservation(_Frozen):
    call_id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    seconds = IntegerField()
    billed = IntegerField(null=True)
    created_at = BigIntegerField()
    settled_at = BigIntegerField(null=True)


_index(
    "reservation_open",
    Reservation.account,
    Reservation.seconds,
    where=Reservation.settled_at.is_null(),
    model=Reservation,
)


class CallEvent(_Frozen):
    id = BigAutoField()
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    version = IntegerField()
    kind = TextField()
    before = TextField()
    after = TextField()
    detail = TextField()
    at = BigIntegerField(index=True)

    class Meta:
        indexes = ((("call", "version"), False),)


class TranscriptTurn(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    seq = IntegerField()
    role = TextField(constraints=_one_of("role", "assistant", "user"))
    text = TextField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("call", "seq")


class TurnTiming(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    seq = IntegerField()
    measures = TextField()
    at = BigIntegerField(index=True)

    class Meta:
        primary_key = CompositeKey("call", "seq")


class Command(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    kind = TextField()
    payload = TextField()
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)
    result = TextField(null=True)


_index("command_of_call", Command.call, Command.created_at, model=Command)


class WrapUp(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", primary_key=True)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    step = TextField(
        constraints=_one_of(
            "step", "recording", "transcript", "summary", "extraction", "disposition", "webhook"
        )
    )
    log = TextField()
    finished_at = BigIntegerField(null=True)


_index("wrap_up_due", WrapUp.available_at, where=WrapUp.finished_at.is_null(), model=WrapUp)


class WebhookEvent(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    call_id = CharField(null=True, max_length=36)
    kind = TextField()
    payload = TextField()
    created_at = BigIntegerField(index=True)


class WebhookDelivery(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    event = ForeignKeyField(WebhookEvent, on_delete="CASCADE")
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    call_id = CharField(null=True, max_length=36)
    url = TextField()
    endpoint = TextField()
    state = TextField(constraints=_one_of("state", "pending", "delivered", "dead"))
    attempts = IntegerField()
    last_status = IntegerField(null=True)
    last_error = TextField(null=True)
    created_at = BigIntegerField()
    finished_at = BigIntegerField(null=True)


_index(
    "webhook_delivery_due",
    WebhookDelivery.endpoint,
    WebhookDelivery.available_at,
    where=WebhookDelivery.finished_at.is_null(),
    model=WebhookDelivery,
)
_index(
    "webhook_delivery_list",
    WebhookDelivery.account,
    WebhookDelivery.created_at,
    model=WebhookDelivery,
)
_index(
    "webhook_delivery_of_call",
    WebhookDelivery.account,
    WebhookDelivery.call_id,
    WebhookDelivery.created_at,
    where=WebhookDelivery.call_id.is_null(False),
    model=WebhookDelivery,
)


class WebhookAttempt(_Frozen):
    delivery = ForeignKeyField(WebhookDelivery, on_delete="CASCADE", index=False)
    number = IntegerField()
    status = IntegerField(null=True)
    error = TextField(null=True)
    duration_ms = IntegerField(null=True)
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("delivery", "number")


class IdempotencyRecord(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    key = CharField()
    route = TextField()
    body_hash = TextField()
    resource_id = CharField(null=True, max_length=36)
    lease_until = BigIntegerField()
    status = IntegerField(null=True)
    headers = TextField(null=True)
    body = TextField(null=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField(index=True)

    class Meta:
        indexes = ((("account", "key"), True),)


class Controller(_Frozen):
    id = CharField(primary_key=True, max_length=128)
    node = TextField(index=True)
    capacity = IntegerField()
    draining = BooleanField()
    media_url = TextField(null=True)
    version = TextField(null=True)
    started_at = BigIntegerField()
    heartbeat_at = BigIntegerField()


class NamedLease(_Frozen):
    name = CharField(primary_key=True, max_length=128)
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)


TABLES = (
    Account,
    ApiKey,
    MinuteGrant,
    MinuteUsage,
    Call,
    Reservation,
    CallEvent,
    TranscriptTurn,
    TurnTiming,
    Command,
    WrapUp,
    WebhookEvent,
    WebhookDelivery,
    WebhookAttempt,
    IdempotencyRecord,
    Controller,
    NamedLease,
)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create every table with its indexes."""
    with db.bind_ctx(TABLES):
        for table in TABLES:
            table.create_table(safe=False)
