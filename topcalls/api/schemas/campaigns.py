"""Campaigns: what is sent and how they are shown.

Whether a campaign is right is decided in `core/campaign_rules.py`, which tells every fault at once:
bodies are passed on as they are, and what the schemas add is the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.agents import AgentChangeSchema
from topcalls.api.schemas.call_views import shown
from topcalls.api.schemas.calls import CallConfigurationSchema, CallCreateSchema
from topcalls.api.schemas.campaign_sections import (
    CampaignComplianceSchema,
    CircuitBreakerSchema,
    FromNumbersSchema,
    PacingSchema,
    RetrySchema,
    ScheduleSchema,
)
from topcalls.api.schemas.campaign_statistics import CampaignStatisticsSchema
from topcalls.api.schemas.leads import moment, page_limit, uuid
from topcalls.api.schemas.limits import BudgetSchema
from topcalls.api.schemas.problems import FaultSchema
from topcalls.core import campaign_rules as rules
from topcalls.core.campaign_edit import Effect
from topcalls.core.campaign_state import CampaignState
from topcalls.core.do_not_call import PURPOSE_PATTERN
from topcalls.core.outcome_rules import OUTCOME_PATTERN
from topcalls.services.campaign_figures import CampaignStatistics, told
from topcalls.services.campaign_views import CampaignPage, CampaignView, Preview


def _section(schema: Any, text: str) -> fields.AsItIs:
    return fields.AsItIs(schema, metadata={"description": text})


class CampaignCallSchema(CallConfigurationSchema):
    """What the campaign says to everybody: a call, but for whom it is to and when.

    Names in its texts stand for each lead's own fields (`{{name}}`, `{{email}}`) and what its
    `metadata` holds, else for `request_data`.
    """

    class Meta:
        exclude = ("priority",)

    agent_id = CallCreateSchema._declared_fields["agent_id"]
    agent_version = CallCreateSchema._declared_fields["agent_version"]
    from_number = CallCreateSchema._declared_fields["from_number"]
    metadata = CallCreateSchema._declared_fields["metadata"]


class CampaignBudgetSchema(BudgetSchema):
    """What the campaign may spend in all. It stops before it would spend more."""


class CampaignBodySchema(ma.Schema):
    """What users say of a campaign."""

    name = fields.Text(metadata={"minLength": 1, "maxLength": rules.MAX_NAME})
    description = fields.Text(allow_none=True, metadata={"maxLength": rules.MAX_DESCRIPTION})
    list_ids = fields.ListOf(
        fields.Text(metadata={"format": "uuid"}),
        metadata={
            "description": "Lists whose leads are called. Leads that are put on one later are "
            "called too, and those that are taken off are not.",
            "maxItems": rules.MOST_LISTS,
        },
    )
    call = _section(CampaignCallSchema, "What is said, and how.")
    purpose = fields.Text(
        metadata={
            "description": "What the calls are for, as consents and the do-not-call list name it.",
            "pattern": PURPOSE_PATTERN,
            "default": rules.DEFAULTS["purpose"],
        }
    )
    subject_key = fields.Text(
        allow_none=True,
        metadata={
            "description": "What it is about, where the law counts calls by subject.",
            "pattern": rules.SUBJECT_KEY_PATTERN,
        },
    )
    compliance = _section(CampaignComplianceSchema, "What the law has to know of the calls.")
    schedule = _section(ScheduleSchema, "When it calls.")
    pacing = _section(PacingSchema, "How fast it calls.")
    weight = fields.Whole(
        metadata={
            "description": "Its share of the account's calls, beside that of others that run.",
            "minimum": rules.WEIGHTS[0],
            "maximum": rules.WEIGHTS[1],
            "default": 1,
        }
    )
    priority = fields.Whole(
        metadata={
            "description": "Of queued calls the highest goes first; single calls have 5.",
            "minimum": rules.PRIORITIES[0],
            "maximum": rules.PRIORITIES[1],
            "default": 5,
        }
    )
    retry = _section(RetrySchema, "When somebody is called again.")
    from_numbers = _section(FromNumbersSchema, "By which numbers it calls.")
    conversion_outcomes = fields.ListOf(
        fields.Text(metadata={"pattern": OUTCOME_PATTERN}),
        metadata={"description": "Dispositions that count as a conversion."},
    )
    webhook_url = fields.Text(
        allow_none=True,
        metadata={
            "description": "Where its events and those of its calls are posted.",
            "format": "uri",
        },
    )
    webhook_events = fields.ListOf(
        fields.Choice(*rules.EVENTS),
        metadata={"description": "Which events; all of them if there are none here."},
    )
    missing_variables = fields.Choice(
        *rules.MISSING,
        metadata={
            "description": "A lead that lacks a value for a text: `refuse` skips it before "
            "anything is dialled, `default` takes that of `variable_defaults`.",
            "default": rules.MISSING[0],
        },
    )
    variable_defaults = fields.ObjectOf(
        metadata={"description": "By name in the texts.", "example": {"name": "there"}}
    )
    budget = _section(CampaignBudgetSchema, "What it may spend.")
    circuit_breaker = _section(CircuitBreakerSchema, "When it pauses by itself.")

    def load(self, data: Any, **_: Any) -> Any:
        """The body as it was sent: the campaign's rules judge it whole."""
        if not isinstance(data, Mapping):
            raise ma.ValidationError("Must be an object.")
        return dict(data)


class CampaignCreateSchema(CampaignBodySchema):
    """A new campaign, which is a draft. It may be unfinished until it is started."""

    name = fields.Text(required=True, metadata={"minLength": 1, "maxLength": rules.MAX_NAME})


class CampaignEditSchema(CampaignBodySchema):
    """What to change. What is not named stays; null takes a field back to its default. Sections
    are changed name by name, `call` as an agent's configuration is."""


class ReasonSchema(ma.Schema):
    """Why a campaign is where it is."""

    code = fields.Text(required=True, metadata={"example": "carrier_failures"})
    detail = fields.Text(required=True)


class CampaignSchema(CampaignBodySchema):
    """A campaign in a list."""

    id = uuid("The campaign.")
    account_id = uuid("Its account.")
    status = fields.Choice(*CampaignState, required=True)
    revision = fields.Whole(
        required=True, metadata={"description": "Counts the changes; also the `ETag` header."}
    )
    enrolling = fields.Flag(
        required=True,
        metadata={"description": "Leads of its lists are still becoming contacts."},
    )
    paused_for = ma.fields.Nested(ReasonSchema, required=True, allow_none=True)
    ended_for = ma.fields.Nested(ReasonSchema, required=True, allow_none=True)
    created_at = moment("When it was made.")
    updated_at = moment("When it was last changed.")
    started_at = moment("When it first began to run.", null=True)
    paused_at = moment("Since when it is paused.", null=True)
    ended_at = moment("When it was completed or stopped.", null=True)
    archived_at = moment("When it was put away.", null=True)


class CampaignDetailsSchema(CampaignSchema):
    """A campaign, and what it has come to."""

    statistics = ma.fields.Nested(CampaignStatisticsSchema, required=True)


class CampaignPageSchema(ma.Schema):
    """Campaigns, newest first."""

    data = fields.ListOf(ma.fields.Nested(CampaignSchema), required=True)
    next_cursor = moment("Where the next page begins; null on the last.", null=True)


class CampaignQuerySchema(ma.Schema):
    """Which campaigns to list."""

    limit = page_limit()
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})
    status = fields.Choice(*CampaignState)
    archived = fields.Choice(
        "no", "yes", "all", load_default="no", metadata={"description": "Those put away."}
    )

    @ma.post_load
    def _archived(self, query: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**query, "archived": {"no": False, "yes": True, "all": None}[query["archived"]]}


class CampaignMovedSchema(ma.Schema):
    """It was done, or was so already."""

    ok = fields.Flag(required=True)
    status = fields.Choice(*CampaignState, required=True)


class ReadinessSchema(ma.Schema):
    """Whether a campaign could be started now, and what it lacks."""

    ready = fields.Flag(required=True)
    problems = fields.ListOf(ma.fields.Nested(FaultSchema), required=True)
    warnings = fields.ListOf(
        ma.fields.Nested(FaultSchema),
        required=True,
        metadata={
            "description": "What the rules of the places where its people may be ask for, and it "
            "lacks, where the account's policy is `record`: under `enforce` they are `problems`."
        },
    )


class CampaignChangeSchema(AgentChangeSchema):
    """A field that an edit changes, and from when on."""

    takes_effect = fields.Choice(
        *Effect,
        required=True,
        metadata={
            "description": "`at_once` for what is decided next, `next_calls` for calls made from "
            "then on, `next_endings` for calls that end from then on, `contacts` come and go, "
            "`reports` only tell otherwise, `at_start`: it has not begun."
        },
    )


class CampaignPreviewSchema(ma.Schema):
    """What an edit would do now."""

    changes = fields.ListOf(ma.fields.Nested(CampaignChangeSchema), required=True)
    errors = fields.ListOf(
        ma.fields.Nested(FaultSchema),
        required=True,
        metadata={"description": "Why it would be refused; then `changes` is empty."},
    )
    contacts_added = fields.Whole(required=True)
    contacts_removed = fields.Whole(required=True)
    calls_open = fields.Whole(
        required=True, metadata={"description": "Calls that wait or run: they stay as they are."}
    )


# --- shown


def campaign_shown(view: CampaignView) -> dict[str, Any]:
    """A campaign as one object."""
    found = shown(view)
    return {**found.pop("body"), **found}


def details_shown(view: CampaignView, found: CampaignStatistics) -> dict[str, Any]:
    """A campaign, and what it has come to."""
    return {**campaign_shown(view), "statistics": told(found)}


def page_shown(page: CampaignPage) -> dict[str, Any]:
    """A page of campaigns."""
    return {"data": [campaign_shown(view) for view in page.data], "next_cursor": page.next_cursor}


def preview_shown(found: Preview) -> dict[str, Any]:
    """What an edit would do."""
    changes = [{**shown(one.change), "takes_effect": one.takes_effect} for one in found.differences]
    counts = ("contacts_added", "contacts_removed", "calls_open")
    return {
        "changes": changes,
        "errors": [fault._asdict() for fault in found.faults],
        **{name: getattr(found, name) for name in counts},
    }
