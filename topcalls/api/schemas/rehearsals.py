"""Rehearsals of campaigns: what is asked of them, and their report.

Whether callees are right is decided in `core/rehearsal_callees.py`, which tells every fault.
"""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import moment, uuid
from topcalls.core import rehearsal_callees as callees
from topcalls.core import rehearsal_wishes as rules
from topcalls.core.campaign_state import CampaignState
from topcalls.core.rehearsal_callees import Callees
from topcalls.core.rehearsal_tally import MOST_DIALS_TOLD

_USUAL = Callees()
_OF_PEOPLE = "Percent of people who answer"


def _percent(name: str, of: str) -> fields.Number:
    usual = getattr(_USUAL, name)
    about = {"description": f"{of}.", "minimum": 0, "maximum": 100, "default": usual}
    return fields.Number(allow_none=True, metadata=about)


def _seconds(name: str, about: str) -> fields.Number:
    limits = {"minimum": 1, "maximum": callees.LONGEST_SECONDS}
    usual = getattr(_USUAL, name)
    told = {"description": f"{about}, on average.", "default": usual, **limits}
    return fields.Number(allow_none=True, metadata=told)


class OutageSchema(ma.Schema):
    """The carrier takes no call for so many minutes, so many minutes after the start."""

    after_minutes = fields.Number(
        required=True, metadata={"minimum": 0, "maximum": callees.MOST_MINUTES}
    )
    minutes = fields.Number(required=True, metadata={"minimum": 0, "maximum": callees.MOST_MINUTES})


class CalleesSchema(ma.Schema):
    """How people take calls. Who is none of the first five does not answer."""

    human_percent = _percent("human_percent", "Dials that a person answers")
    voicemail_percent = _percent("voicemail_percent", "Dials that a mailbox answers")
    busy_percent = _percent("busy_percent", "Dials that find them busy")
    rejected_percent = _percent("rejected_percent", "Dials that they reject")
    unreachable_percent = _percent("unreachable_percent", "Dials that find no telephone")
    invalid_percent = _percent("invalid_percent", "People whose number does not exist")
    opt_out_percent = _percent("opt_out_percent", f"{_OF_PEOPLE}: they want no more calls")
    callback_percent = _percent("callback_percent", f"{_OF_PEOPLE}: they agree on another time")
    converted_percent = _percent("converted_percent", f"{_OF_PEOPLE}: the call is a success")
    short_talk_percent = _percent("short_talk_percent", f"{_OF_PEOPLE}: they hang up at once")
    talk_seconds = _seconds("talk_seconds", "A talk with a person")
    voicemail_seconds = _seconds("voicemail_seconds", "A call that a mailbox answers")
    ring_seconds = _seconds("ring_seconds", "Ringing")
    carrier_failure_percent = _percent(
        "carrier_failure_percent", "Dials for which the carrier has no line"
    )
    carrier_outages = fields.ListOf(
        ma.fields.Nested(OutageSchema),
        allow_none=True,
        metadata={"maxItems": callees.MOST_OUTAGES},
    )


class RehearsalRequestSchema(ma.Schema):
    """What is rehearsed. Everything may be left out."""

    seed = fields.Whole(
        allow_none=True,
        metadata={
            "description": "The same seed meets the same people: compare settings by one.",
            "minimum": rules.SEEDS[0],
            "maximum": rules.SEEDS[1],
            "default": 1,
        },
    )
    starts_at = fields.Timestamp(
        allow_none=True,
        metadata={
            "description": "When it is thought to begin. Left out: at the `start_at` of its "
            "schedule, or now. With it the same seed and data give the same answer, to the byte."
        },
    )
    days = fields.Number(
        allow_none=True,
        metadata={
            "description": "It ends after so many, whoever is left.",
            "minimum": rules.DAYS[0],
            "maximum": rules.DAYS[1],
            "default": rules.USUAL_DAYS,
        },
    )
    callees = fields.AsItIs(
        CalleesSchema, allow_none=True, metadata={"description": "Who is called."}
    )
    dials = fields.Whole(
        allow_none=True,
        metadata={
            "description": "So many calls are told one by one, the first ones.",
            "minimum": 0,
            "maximum": MOST_DIALS_TOLD,
            "default": 0,
        },
    )


# --- the report


class RehearsedCampaignSchema(ma.Schema):
    """Which campaign, and how it was."""

    id = uuid("The campaign.")
    revision = fields.Whole(required=True)
    status = fields.Choice(*CampaignState, required=True)


class RehearsalVersionsSchema(ma.Schema):
    """By which rules calls were judged, and with what."""

    pack = fields.Text(required=True)
    pack_hash = fields.Text(required=True)
    engine = fields.Text(required=True)
    tz = fields.Text(required=True)
    phones = fields.Text(required=True)
    holidays = fields.Text(required=True)


class RehearsalPauseSchema(ma.Schema):
    """Why the campaign paused by itself."""

    at = moment("When.")
    code = fields.Text(required=True)
    detail = fields.Text(required=True)


class RehearsalCallsSchema(ma.Schema):
    """Calls that were dialled. `by_attempt`: which call to a person it was. `peak_concurrent`: the
    most at once."""

    total = fields.Whole(required=True)
    outcomes = fields.ObjectOf(values=fields.Whole(), required=True)
    by_attempt = fields.ObjectOf(values=fields.Whole(), required=True)
    peak_concurrent = fields.Whole(required=True)
    peak_at = moment("When it was reached first.", null=True)


class RehearsalContactsSchema(ma.Schema):
    """What became of people. `left`: still to be called at the end. `held`: they wait for what no
    time brings."""

    done = fields.Whole(required=True)
    given_up = fields.Whole(required=True)
    skipped = fields.Whole(required=True)
    held = fields.Whole(required=True)
    left = fields.Whole(required=True)
    done_by_reason = fields.ObjectOf(values=fields.Whole(), required=True)
    given_up_by_reason = fields.ObjectOf(values=fields.Whole(), required=True)
    skipped_by_rule = fields.ObjectOf(values=fields.Whole(), required=True)
    held_by_rule = fields.ObjectOf(values=fields.Whole(), required=True)


class RehearsalRatesSchema(ma.Schema):
    """As `statistics` of a campaign has them, as parts of 1."""

    answer_rate = fields.Number(required=True, allow_none=True)
    connection_rate = fields.Number(required=True, allow_none=True)
    completion_rate = fields.Number(required=True, allow_none=True)
    conversion_rate = fields.Number(required=True, allow_none=True)
    average_talk_seconds = fields.Number(required=True, allow_none=True)


class RehearsalSpentSchema(ma.Schema):
    """What it took. `cost` is null where no price is known."""

    minutes = fields.Number(required=True)
    calls = fields.Whole(required=True)
    cost = fields.Text(required=True, allow_none=True)


class ClosestCallSchema(ma.Schema):
    """The call nearest to the end of the lawful hours: `margin_seconds` from its last possible
    answer."""

    margin_seconds = fields.Whole(required=True)
    lead_id = uuid("Who was called.")
    at = moment("When.")
    local_times = fields.ObjectOf(
        values=fields.Text(),
        required=True,
        metadata={"description": "Every clock that they may live by."},
    )
    jurisdictions = fields.ListOf(fields.Text(), required=True)


class RehearsalHourSchema(ma.Schema):
    """An hour in which there were calls."""

    at = moment("When it begins.")
    calls = fields.Whole(required=True)
    answered = fields.Whole(required=True)


class RehearsedDialSchema(ma.Schema):
    """One call."""

    at = moment("When it was dialled.")
    lead_id = uuid("Who was called.")
    attempt = fields.Whole(required=True)
    outcome = fields.Text(required=True)
    talk_seconds = fields.Whole(required=True)
    from_number = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Null: the number of the call, or of the installation."},
    )


class RehearsalSchema(ma.Schema):
    """What would come of a campaign."""

    campaign = ma.fields.Nested(RehearsedCampaignSchema, required=True)
    wishes = ma.fields.Nested(
        RehearsalRequestSchema,
        required=True,
        metadata={"description": "What was asked for, with what was left out."},
    )
    versions = ma.fields.Nested(RehearsalVersionsSchema, required=True)
    people = fields.Whole(required=True)
    ends = fields.Choice(
        "completed",
        "held",
        "paused",
        "time_over",
        required=True,
        metadata={
            "description": "`time_over`: people were left at the end of the days; `held`: nobody "
            "but those who wait for what no time brings."
        },
    )
    paused = ma.fields.Nested(RehearsalPauseSchema, required=True, allow_none=True)
    starts_at = moment("When it begins.")
    ends_at = moment("When nothing more happens.")
    first_call_at = moment("The first call.", null=True)
    last_call_at = moment("The last one.", null=True)
    calls = ma.fields.Nested(RehearsalCallsSchema, required=True)
    contacts = ma.fields.Nested(RehearsalContactsSchema, required=True)
    postponed_by_rule = fields.ObjectOf(
        values=fields.Whole(),
        required=True,
        metadata={"description": "How often a rule had somebody wait."},
    )
    not_enforced_by_rule = fields.ObjectOf(
        values=fields.Whole(),
        required=True,
        metadata={
            "description": "Calls that a rule forbids and the account's policy `record` let."
        },
    )
    not_known = fields.ObjectOf(
        values=fields.Whole(),
        required=True,
        metadata={
            "description": "Calls of which something can only be asked when they are made, and was "
            "taken to let them: `pre_dial` (your own server), `register:…` (an answer that would "
            "be asked for), `caller_number` (the number shown is none of the account's)."
        },
    )
    rates = ma.fields.Nested(RehearsalRatesSchema, required=True)
    spent = ma.fields.Nested(RehearsalSpentSchema, required=True)
    closest_call = ma.fields.Nested(ClosestCallSchema, required=True, allow_none=True)
    hours = fields.ListOf(ma.fields.Nested(RehearsalHourSchema), required=True)
    dials = fields.ListOf(ma.fields.Nested(RehearsedDialSchema), required=True)
