"""Campaigns call leads.

Tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Expression,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_STATES = "\"state\" IN ('draft', 'scheduled', 'running', 'paused', 'completed', 'cancelled')"
_CONTACT_STATES = "\"state\" IN ('waiting', 'in_flight', 'done', 'given_up', 'skipped', 'removed')"


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class LeadList(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Lead(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Campaign(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    description = TextField(null=True)
    state = TextField(constraints=[Check(_STATES)])
    revision = IntegerField()
    agent_id = CharField(max_length=36, null=True)
    call = TextField()
    purpose = TextField()
    subject_key = TextField(null=True)
    settings = TextField()
    weight = IntegerField()
    priority = IntegerField()
    conversion_outcomes = TextField()
    webhook_url = TextField(null=True)
    webhook_events = TextField()
    start_at = BigIntegerField(null=True)
    end_at = BigIntegerField(null=True)
    enrolling = BooleanField()
    paused_for = TextField(null=True)
    ended_for = TextField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    started_at = BigIntegerField(null=True)
    running_since = BigIntegerField(null=True)
    paused_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    archived_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), True),)


class CampaignList(_Frozen):
    campaign = ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    lead_list = ForeignKeyField(LeadList, column_name="list_id", on_delete="CASCADE", index=False)
    enrolled_through = CharField(max_length=36, null=True)
    enrolled_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("campaign", "lead_list")
        indexes = ((("lead_list", "campaign"), False),)


class CampaignContact(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    campaign = ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    lead = ForeignKeyField(Lead, on_delete="CASCADE")
    state = TextField(constraints=[Check(_CONTACT_STATES)])
    rank = SmallIntegerField()
    next_at = BigIntegerField()
    attempts = IntegerField()
    counted = IntegerField()
    retries = TextField(null=True)
    bands = TextField(null=True)
    last_outcome = TextField(null=True)
    disposition = TextField(null=True)
    converted = BooleanField()
    reason = TextField(null=True)
    list_id = CharField(max_length=36, null=True)
    enrolled_at = BigIntegerField()
    changed_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("campaign", "lead")
        indexes = ((("campaign", "state", "lead"), False),)


class CampaignAttempt(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    campaign = ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    lead_id = CharField(max_length=36)
    number = IntegerField()
    call_id = CharField(max_length=36, null=True)
    decision_id = CharField(max_length=36, null=True)
    from_number = TextField(null=True)
    outcome = TextField(null=True)
    counted = BooleanField(null=True)
    disposition = TextField(null=True)
    carrier_id = CharField(max_length=36, null=True)
    talk_seconds = IntegerField(null=True)
    created_at = BigIntegerField()
    ended_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("campaign", "lead_id", "number")
        indexes = (
            (("campaign", "created_at"), False),
            (("campaign", "ended_at"), False),
            (("account", "from_number", "created_at"), False),
        )


def _is(column: Any, value: str) -> Expression:
    return Expression(column, "IN", SQL(f"('{value}')"))


Campaign.add_index(
    Campaign.index(Campaign.id, where=_is(Campaign.state, "running"), name="campaign_running")
)
Campaign.add_index(
    Campaign.index(
        Campaign.start_at, where=_is(Campaign.state, "scheduled"), name="campaign_scheduled"
    )
)
Campaign.add_index(
    Campaign.index(
        Campaign.agent_id, where=Campaign.agent_id.is_null(False), name="campaign_of_agent"
    )
)
CampaignContact.add_index(
    CampaignContact.index(
        CampaignContact.campaign,
        CampaignContact.rank,
        CampaignContact.next_at,
        where=_is(CampaignContact.state, "waiting"),
        name="campaign_contact_due",
    )
)
CampaignAttempt.add_index(
    CampaignAttempt.index(
        CampaignAttempt.call_id,
        unique=True,
        where=CampaignAttempt.call_id.is_null(False),
        name="campaign_attempt_of_call",
    )
)
CampaignAttempt.add_index(
    CampaignAttempt.index(
        CampaignAttempt.campaign,
        CampaignAttempt.created_at,
        where=CampaignAttempt.ended_at.is_null(),
        name="campaign_attempt_open",
    )
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables."""
    made = [Campaign, CampaignList, CampaignContact, CampaignAttempt]
    with db.bind_ctx([Account, LeadList, Lead, *made]):
        db.create_tables(made, safe=False)
