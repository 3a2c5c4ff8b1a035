"""Campaigns are paced by what their calls do, and numbers that networks block rest.

The queue of a campaign, what it runs and what it dialled lately are each read from an index of its
own; who is due at the same moment is called in the order of leads. Tables are frozen as they were
made: they do not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    SQL,
    BigIntegerField,
    BooleanField,
    CharField,
    CompositeKey,
    Expression,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account_id = CharField(max_length=36)
    campaign_id = CharField(max_length=36, null=True)
    state = TextField()
    queued_at = BigIntegerField(null=True)
    claimed_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)


class CampaignContact(_Frozen):
    campaign_id = CharField(max_length=36)
    lead_id = CharField(max_length=36)
    state = TextField()
    rank = SmallIntegerField()
    next_at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("campaign_id", "lead_id")


class CampaignAttempt(_Frozen):
    campaign_id = CharField(max_length=36)
    lead_id = CharField(max_length=36)
    number = IntegerField()
    abandoned = BooleanField(null=True)
    ended_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("campaign_id", "lead_id", "number")


class NumberRest(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    number = TextField()
    rests_until = BigIntegerField()
    reason = TextField()

    class Meta:
        primary_key = CompositeKey("account", "number")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Add the columns, the table and the indexes."""
    migrator.migrate(
        migrator.add_column("campaign", "speed", FloatField(default=1.0)),
        migrator.add_column("campaign_attempt", "abandoned", BooleanField(null=True)),
    )
    db.execute_sql('DROP INDEX "campaign_contact_due"')
    with db.bind_ctx([Account, Call, CampaignContact, CampaignAttempt, NumberRest]):
        for index in _indexes():
            db.execute(index)
        db.create_tables([NumberRest], safe=False)


def _indexes() -> tuple[Any, ...]:
    return (
        Call.index(
            Call.account_id,
            Call.campaign_id,
            Call.state,
            Call.queued_at,
            where=Call.campaign_id.is_null(False) & Call.ended_at.is_null(),
            name="call_open_of_campaign",
        ),
        Call.index(
            Call.campaign_id,
            Call.claimed_at,
            where=Call.campaign_id.is_null(False) & Call.claimed_at.is_null(False),
            name="call_claimed_of_campaign",
        ),
        CampaignContact.index(
            CampaignContact.campaign_id,
            CampaignContact.rank,
            CampaignContact.next_at,
            CampaignContact.lead_id,
            where=Expression(CampaignContact.state, "IN", SQL("('waiting')")),
            name="campaign_contact_due",
        ),
        CampaignAttempt.index(
            CampaignAttempt.campaign_id,
            CampaignAttempt.ended_at,
            where=CampaignAttempt.abandoned.is_null(False),
            name="campaign_attempt_abandoned",
        ),
    )
