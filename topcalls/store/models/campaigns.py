"""Campaigns, the leads that they call, and each call to one of them."""

from __future__ import annotations

import peewee

from topcalls.core.campaign_outcomes import PERSON
from topcalls.core.campaign_state import CONTACTS_LEFT, CampaignState, ContactState, Rank
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Leased, Table, id_field, literals, one_of
from topcalls.store.models.leads import Lead, LeadList


class Campaign(Table):
    """A campaign. `state` is written by `store.campaigns.move` only, as `core.campaign_state` says.

    `call` is a part of a call's body, laid over the agent's where there is one; `settings` holds
    the sections that `core.campaign_rules` judges (schedule, pacing, retries, numbers, budget,
    breaker and so on). `start_at` and `end_at` are those of the schedule. `enrolling`: leads of its
    lists are still to become contacts. It runs `running_since` it was started or resumed.
    `speed`: which part of its pace it has, 0 to 1, while its carrier has no free line.
    `recheck_through`: contacts that are held or skipped are looked at again, in the order of their
    leads, and those up to this one were; null: none are to be. `judged_by`: the rules and the zone
    data by which its contacts were judged last.
    `paused_for` and `ended_for` are `{"code", "detail"}`. `created_at` is unique in an account,
    which makes it a cursor.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = SpeechField()
    description = SpeechField(null=True)
    state = peewee.TextField(constraints=[one_of("state", CampaignState)])
    revision = peewee.IntegerField(default=1)
    agent_id = peewee.CharField(max_length=36, null=True)
    call = JsonField()
    purpose = peewee.TextField()
    subject_key = peewee.TextField(null=True)
    settings = JsonField()
    weight = peewee.IntegerField()
    priority = peewee.IntegerField()
    conversion_outcomes = JsonField()
    webhook_url = peewee.TextField(null=True)
    webhook_events = JsonField()
    start_at = InstantField(null=True)
    end_at = InstantField(null=True)
    enrolling = peewee.BooleanField(default=False)
    speed = peewee.FloatField(default=1.0)
    recheck_through = peewee.CharField(max_length=36, null=True)
    judged_by = peewee.TextField(null=True)
    paused_for = JsonField(null=True)
    ended_for = JsonField(null=True)
    created_at = InstantField()
    updated_at = InstantField()
    started_at = InstantField(null=True)
    running_since = InstantField(null=True)
    paused_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    archived_at = InstantField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), True),)


IS_RUNNING = peewee.Expression(Campaign.state, "IN", literals([CampaignState.RUNNING]))
IS_SCHEDULED = peewee.Expression(Campaign.state, "IN", literals([CampaignState.SCHEDULED]))
for _index in (
    Campaign.index(Campaign.id, where=IS_RUNNING, name="campaign_running"),
    Campaign.index(Campaign.start_at, where=IS_SCHEDULED, name="campaign_scheduled"),
    Campaign.index(
        Campaign.agent_id, where=Campaign.agent_id.is_null(False), name="campaign_of_agent"
    ),
):
    Campaign.add_index(_index)


class CampaignList(Table):
    """A list whose leads a campaign calls. They become contacts in the order of their ids: those up
    to `enrolled_through` are; with `enrolled_at` all that there were when it began to run are."""

    campaign = peewee.ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    campaign_id: str
    lead_list = peewee.ForeignKeyField(
        LeadList, column_name="list_id", on_delete="CASCADE", index=False
    )
    list_id: str
    enrolled_through = peewee.CharField(max_length=36, null=True)
    enrolled_at = InstantField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("campaign", "lead_list")
        indexes = ((("lead_list", "campaign"), False),)


class CampaignContact(Leased):
    """A lead of a campaign. A waiting one is due at `next_at`, of those that are due the one of
    lowest `rank` first (see `core.campaign_state.Rank`), and held by nobody or by a lease that is
    over. `attempts` counts the calls that were made for it, `counted` those of them that count
    against its tries, `retries` the calls by outcome; `bands` are the times of day that were tried.
    `reason` says why it is where it is; `list_id` by which list it came, None: by itself."""

    campaign = peewee.ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    campaign_id: str
    lead = peewee.ForeignKeyField(Lead, on_delete="CASCADE")
    lead_id: str
    state = peewee.TextField(constraints=[one_of("state", ContactState)])
    rank = peewee.SmallIntegerField(default=Rank.FRESH)
    next_at = InstantField()
    attempts = peewee.IntegerField(default=0)
    counted = peewee.IntegerField(default=0)
    retries = JsonField(null=True)
    bands = JsonField(null=True)
    last_outcome = peewee.TextField(null=True)
    disposition = peewee.TextField(null=True)
    converted = peewee.BooleanField(default=False)
    reason = peewee.TextField(null=True)
    list_id = peewee.CharField(max_length=36, null=True)
    enrolled_at = InstantField()
    changed_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("campaign", "lead")
        indexes = ((("campaign", "state", "lead"), False),)


IS_WAITING = peewee.Expression(CampaignContact.state, "IN", literals([ContactState.WAITING]))
IS_HELD = peewee.Expression(CampaignContact.state, "IN", literals([ContactState.HELD]))
IS_LEFT = peewee.Expression(CampaignContact.state, "IN", literals(CONTACTS_LEFT))
CampaignContact.add_index(
    CampaignContact.index(
        CampaignContact.campaign,
        CampaignContact.reason,
        where=IS_HELD,
        name="campaign_contact_held",
    )
)
CampaignContact.add_index(
    CampaignContact.index(
        CampaignContact.campaign,
        CampaignContact.rank,
        CampaignContact.next_at,
        CampaignContact.lead,
        where=IS_WAITING,
        name="campaign_contact_due",
    )
)


class CampaignAttempt(Table):
    """The `number`-th call of a campaign to a lead, counted from 1: never made twice. It is open
    until `ended_at`, when its `outcome` is known and whether it `counted` as a try. `abandoned`: a
    person picked up and heard nobody; null otherwise. The number that was called stands in the
    call. `retry_at`: until when whoever refused it asked to be left alone. `providers` of the AI
    that held it, `failed_provider` the one of these that failed."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    campaign = peewee.ForeignKeyField(Campaign, on_delete="CASCADE", index=False)
    campaign_id: str
    lead_id = peewee.CharField(max_length=36)
    number = peewee.IntegerField()
    call_id = peewee.CharField(max_length=36, null=True)
    decision_id = peewee.CharField(max_length=36, null=True)
    from_number = peewee.TextField(null=True)
    outcome = peewee.TextField(null=True)
    counted = peewee.BooleanField(null=True)
    disposition = peewee.TextField(null=True)
    carrier_id = peewee.CharField(max_length=36, null=True)
    talk_seconds = peewee.IntegerField(null=True)
    abandoned = peewee.BooleanField(null=True)
    retry_at = InstantField(null=True)
    providers = JsonField(null=True)
    failed_provider = peewee.TextField(null=True)
    created_at = InstantField()
    ended_at = InstantField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("campaign", "lead_id", "number")
        indexes = (
            (("campaign", "created_at"), False),
            (("campaign", "ended_at"), False),
            (("account", "from_number", "created_at"), False),
        )


PEOPLE = literals(sorted(PERSON)).sql
"""As SQL: outcomes of calls that a person picked up."""

for _index in (
    CampaignAttempt.index(
        CampaignAttempt.campaign,
        CampaignAttempt.ended_at,
        where=peewee.Expression(CampaignAttempt.outcome, "IN", literals(sorted(PERSON))),
        name="campaign_attempt_people",
    ),
    CampaignAttempt.index(
        CampaignAttempt.call_id,
        unique=True,
        where=CampaignAttempt.call_id.is_null(False),
        name="campaign_attempt_of_call",
    ),
    CampaignAttempt.index(
        CampaignAttempt.campaign,
        CampaignAttempt.created_at,
        where=CampaignAttempt.ended_at.is_null(),
        name="campaign_attempt_open",
    ),
    CampaignAttempt.index(
        CampaignAttempt.campaign,
        CampaignAttempt.ended_at,
        where=CampaignAttempt.abandoned.is_null(False),
        name="campaign_attempt_abandoned",
    ),
    CampaignAttempt.index(
        CampaignAttempt.campaign,
        CampaignAttempt.outcome,
        CampaignAttempt.disposition,
        CampaignAttempt.talk_seconds,
        name="campaign_attempt_figures",
    ),
):
    CampaignAttempt.add_index(_index)


class NumberRest(Table):
    """A number of an account by which no campaign calls before `rests_until`: networks take its
    calls for unwanted ones."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    number = peewee.TextField()
    rests_until = InstantField()
    reason = peewee.TextField()

    class Meta:
        primary_key = peewee.CompositeKey("account", "number")
