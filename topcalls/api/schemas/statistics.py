"""Calls counted."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.latency import SpreadsSchema
from topcalls.core.call_statistics import OUTCOMES
from topcalls.core.costs import CURRENCY
from topcalls.services.statistics import FILTERS, GROUPS, Group, Query, Report


def _day(name: str, text: str) -> ma.fields.Date:
    return ma.fields.Date(required=True, data_key=name, metadata={"description": text})


def _id(text: str) -> fields.Text:
    return fields.Text(
        validate=ma.validate.Regexp(fields.LOWER_UUID, error="Must be a UUID."),
        metadata={"format": "uuid", "description": text},
    )


class UsageQuerySchema(ma.Schema):
    """A time of days."""

    first = _day("from", "First day, in the account's zone.")
    last = _day("to", "Last day, included.")


class AnalyticsQuerySchema(UsageQuerySchema):
    """Which calls, and by what they are told apart."""

    group_by = fields.Choice(
        *GROUPS,
        load_default=GROUPS[0],
        metadata={
            "description": "`hour`: of the day, over all days. `agent_version`: groups are the "
            "agent's id, `@` and the version. `total`: all in one."
        },
    )
    campaign_id = _id("Only calls of this campaign.")
    agent_id = _id("Only calls of this agent.")
    agent_version = fields.QueryWhole(metadata={"description": "Only of this version of it."})
    carrier_id = fields.Text(
        metadata={"description": "Only calls by this carrier; `own`: by the installation's trunk."}
    )
    number = fields.Text(metadata={"description": "Only calls from or to this number of yours."})
    format = fields.Choice(
        "json", "csv", load_default="json", metadata={"description": "A table, or JSON."}
    )

    @ma.post_load
    def _build(self, given: dict[str, Any], **_: Any) -> tuple[Query, str]:
        names = (*FILTERS, "agent_version")
        filters = {name: given[name] for name in names if name in given}
        return Query(given["first"], given["last"], given["group_by"], filters), given["format"]


def _count(text: str) -> fields.Whole:
    return fields.Whole(required=True, metadata={"description": text})


def _rate(text: str) -> fields.Number:
    about = {"description": f"{text} Null: there were none."}
    return fields.Number(required=True, allow_none=True, metadata=about)


class TallySchema(ma.Schema):
    """What calls add up to."""

    calls = _count("That are over.")
    dialled = _count("Of these, how many were dialled or came in.")
    answered = _count("Of these, how many were answered.")
    completed = _count("Of all, how many have the call_status `completed`.")
    answer_rate = _rate("Answered of those that were dialled or came in.")
    completion_rate = _rate("Completed of all.")
    minutes = fields.Number(required=True, metadata={"description": "Talked."})
    average_seconds = _rate("Talked, of those that were answered.")
    outcomes = fields.ObjectOf(
        values=fields.ObjectOf(values=fields.Whole()),
        required=True,
        metadata={
            "description": "How many had each word of "
            + ", ".join(f"`{o}`" for o in OUTCOMES)
            + ".",
            "example": {"call_status": {"completed": 41, "busy": 3}},
        },
    )
    latency = ma.fields.Nested(
        SpreadsSchema,
        required=True,
        metadata={"description": "Of their answers; right within 2.5 %."},
    )
    input_tokens = _count("Read by their models.")
    output_tokens = _count("Written by their models.")
    cost = fields.Text(
        required=True, metadata={"description": "What is known, in `currency`.", "example": "12.81"}
    )
    calls_of_unknown_cost = _count("Calls of which some part is not in `cost`.")


class GroupSchema(TallySchema):
    """The calls of one day, hour, campaign and so on."""

    group = fields.Text(required=True, metadata={"example": "2026-11-23"})
    name = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Of a carrier, an agent or a campaign."},
    )


class AnalyticsSchema(ma.Schema):
    """Groups in order; those without calls are left out."""

    time_zone = fields.Text(required=True, metadata={"example": "America/New_York"})
    currency = fields.Choice(CURRENCY, required=True)
    group_by = fields.Choice(*GROUPS, required=True)
    data = fields.ListOf(ma.fields.Nested(GroupSchema), required=True)
    total = ma.fields.Nested(TallySchema, required=True)


class UsageDaySchema(ma.Schema):
    """What a day took."""

    day = fields.Text(required=True, metadata={"example": "2026-11-23"})
    calls = _count("That are over.")
    answered = _count("Of these.")
    minutes = fields.Number(required=True, metadata={"description": "Talked."})
    input_tokens = _count("Read by models.")
    output_tokens = _count("Written by models.")
    cost = fields.Text(required=True, metadata={"example": "12.81"})
    calls_of_unknown_cost = _count("Calls of which some part is not in `cost`.")


class UsageReportSchema(ma.Schema):
    """Days, oldest first; those without calls are left out."""

    time_zone = fields.Text(required=True, metadata={"example": "America/New_York"})
    currency = fields.Choice(CURRENCY, required=True)
    data = fields.ListOf(ma.fields.Nested(UsageDaySchema), required=True)


def shown(group: Group) -> dict[str, Any]:
    """What `GroupSchema` shows of one."""
    tally = group.tally
    names = ("calls", "dialled", "answered", "completed", "answer_rate", "completion_rate")
    more = ("average_seconds", "outcomes", "input_tokens", "output_tokens", "cost")
    return {
        "group": group.group,
        "name": group.name,
        **{name: getattr(tally, name) for name in (*names, *more)},
        "minutes": round(tally.seconds / 60, 4),
        "latency": tally.spreads,
        "calls_of_unknown_cost": tally.cost_unknown,
    }


def analytics_shown(report: Report) -> dict[str, Any]:
    """What `AnalyticsSchema` shows."""
    return {
        "time_zone": report.time_zone,
        "currency": CURRENCY,
        "group_by": report.query.group_by,
        "data": [shown(group) for group in report.groups],
        "total": shown(Group("total", None, report.total)),
    }


def usage_shown(report: Report) -> dict[str, Any]:
    """What `UsageReportSchema` shows."""
    days = [{"day": group.group, **shown(group)} for group in report.groups]
    return {"time_zone": report.time_zone, "currency": CURRENCY, "data": days}
