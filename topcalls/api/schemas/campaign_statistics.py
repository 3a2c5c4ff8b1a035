"""What campaigns have come to, as it is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import moment, uuid
from topcalls.core.campaign_state import CampaignState
from topcalls.services.campaign_figures import CampaignStatistics, told


class ContactCountsSchema(ma.Schema):
    """Contacts by state. `total` leaves those out that were removed."""

    total = fields.Whole(required=True)
    waiting = fields.Whole(required=True)
    held = fields.Whole(required=True)
    in_flight = fields.Whole(required=True)
    done = fields.Whole(required=True)
    given_up = fields.Whole(required=True)
    skipped = fields.Whole(required=True)
    removed = fields.Whole(required=True)


class CallCountsSchema(ma.Schema):
    """Calls: `open` wait or run; `dialled` are over and left the queue; of these `answered` by
    whatever and `connected` with a person."""

    total = fields.Whole(required=True)
    open = fields.Whole(required=True)
    dialled = fields.Whole(required=True)
    answered = fields.Whole(required=True)
    connected = fields.Whole(required=True)
    by_outcome = fields.ObjectOf(values=fields.Whole(), required=True)


class CampaignCostSchema(ma.Schema):
    """What is known of the cost, by so many `calls`; of `calls_unknown` it is not known."""

    currency = fields.Text(required=True)
    known = fields.Text(required=True, metadata={"example": "12.34"})
    calls = fields.Whole(required=True)
    calls_unknown = fields.Whole(required=True)


class CampaignForecastSchema(ma.Schema):
    """When it may be over, at the pace of the last 15 minutes and within its hours."""

    ends_at = moment("Null: nobody can tell, by `reason`.", null=True)
    reason = fields.Choice(
        "not_running",
        "enrolling",
        "held",
        "no_calls_lately",
        "not_by_its_end",
        "too_far_ahead",
        required=True,
        allow_none=True,
    )
    calls_per_minute = fields.Number(required=True)
    expected_calls = fields.Whole(required=True)


def _rate(text: str) -> fields.Number:
    return fields.Number(
        required=True,
        allow_none=True,
        metadata={"description": f"{text} From 0 to 1; null without any."},
    )


class CampaignStatisticsSchema(ma.Schema):
    """What a campaign has come to by now. Durations are minutes."""

    at = moment("When this was so.")
    contacts = ma.fields.Nested(ContactCountsSchema, required=True)
    held_for = fields.ObjectOf(
        values=fields.Whole(),
        required=True,
        metadata={
            "description": "Contacts that are `held`, by the rule or the reason that holds them, "
            "the most frequent first.",
            "example": {"product.consent.reconfirm": 12},
        },
    )
    calls = ma.fields.Nested(CallCountsSchema, required=True)
    conversions = fields.Whole(required=True)
    opted_out = fields.Whole(required=True)
    answer_rate = _rate("Answered, of the calls that were dialled.")
    connection_rate = _rate("Connected with a person, of the calls that were dialled.")
    completion_rate = _rate("Contacts with which it is done, of all.")
    conversion_rate = _rate("Conversions, of the calls with a person.")
    average_duration = fields.Number(required=True, allow_none=True)
    minutes_talked = fields.Number(required=True)
    cost = ma.fields.Nested(CampaignCostSchema, required=True)
    forecast = ma.fields.Nested(CampaignForecastSchema, required=True)


class CampaignFollowedSchema(CampaignStatisticsSchema):
    """The same, for those who follow."""

    campaign_id = uuid("The campaign.")
    status = fields.Choice(*CampaignState, required=True)

    @ma.pre_dump
    def _told(self, found: CampaignStatistics, **_: Any) -> dict[str, Any]:
        return {"campaign_id": found.campaign_id, "status": found.status, **told(found)}
