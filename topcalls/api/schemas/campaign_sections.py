"""The parts of a campaign that say when, how fast, how often and by which numbers it calls.

They are judged by `core/campaign_sections.py`; what the schemas add is the reference.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.compliance import SAID, PreDialSchema
from topcalls.core import campaign_sections as limits
from topcalls.core.campaign_schedule import DAYS, LEAD_ZONE
from topcalls.core.circuit_breaker import Breaker
from topcalls.core.compliance import MAX_NAME
from topcalls.core.eligibility_facts import Category
from topcalls.core.number_pool import ROTATIONS
from topcalls.core.outcome_rules import OUTCOME_PATTERN
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.core.retry_policy import (
    LONGEST_DELAY_MINUTES,
    MAX_ATTEMPTS,
    MOST_ATTEMPTS,
    MOST_RETRIES,
    SETTABLE,
)
from topcalls.core.rule_values import SLOTS


def _about(text: str, **more: Any) -> dict[str, Any]:
    return {"allow_none": True, "metadata": {"description": text, **more}}


def _whole(text: str, least: int, most: int, **more: Any) -> fields.Whole:
    return fields.Whole(**_about(text, minimum=least, maximum=most, **more))


def _number(text: str, least: float, most: float, **more: Any) -> fields.Number:
    return fields.Number(**_about(text, minimum=least, maximum=most, **more))


def _dispositions(text: str) -> fields.ListOf:
    return fields.ListOf(
        fields.Text(metadata={"pattern": OUTCOME_PATTERN}),
        **_about(text, maxItems=limits.MOST_OUTCOMES),
    )


class WindowSchema(ma.Schema):
    """Hours of some days of the week."""

    days = fields.ListOf(fields.Choice(*DAYS), **_about("Every day if left out."))
    start = fields.Text(required=True, metadata={"example": "09:00"})
    end = fields.Text(
        required=True,
        metadata={"example": "17:30", "description": "After `start`; `24:00` is midnight."},
    )


class ScheduleSchema(ma.Schema):
    """When the campaign calls, within what the law allows: the stricter of the two holds."""

    start_at = fields.Timestamp(
        **_about("It waits until then. Without it, it begins when it is started.")
    )
    end_at = fields.Timestamp(**_about("From then on it makes no calls, and is completed."))
    windows = fields.ListOf(
        ma.fields.Nested(WindowSchema),
        **_about("Its hours. Without any: whenever the law allows.", maxItems=limits.MOST_WINDOWS),
    )
    time_zone = fields.Text(
        **_about(
            f"Whose clock `windows` and dates go by: `{LEAD_ZONE}` for that of each person, or one "
            "IANA name for all. Whoever may live in several zones is called in the hours of all.",
            default=LEAD_ZONE,
        )
    )
    holidays = fields.Choice(
        "call",
        "skip",
        **_about("On public holidays where the person lives.", default="call"),
    )
    blackout_dates = fields.ListOf(
        fields.Text(metadata={"format": "date"}),
        **_about("Days without calls.", maxItems=limits.MOST_BLACKOUT_DATES),
    )


class RampUpSchema(ma.Schema):
    """How the campaign comes up to its limits, each time that it begins to run."""

    start = fields.Number(
        data_key="from",
        required=True,
        metadata={
            "description": "Percent of the limits to begin with.",
            "minimum": 1,
            "maximum": 100,
        },
    )
    minutes = fields.Number(
        required=True,
        metadata={
            "description": "Until all of them are reached.",
            "minimum": 1,
            "maximum": 1440,
        },
    )


class PacingSchema(ma.Schema):
    """How fast it calls. Null: no limit but the account's."""

    max_concurrent = _whole("Calls at once.", 1, limits.MOST_CONCURRENT)
    calls_per_minute = _number("Dials within a minute.", 0.01, limits.MOST_PER_MINUTE)
    calls_per_second = _number("Dials within a second.", 0.01, limits.MOST_PER_SECOND)
    ramp_up = ma.fields.Nested(RampUpSchema, allow_none=True)


class RetryRuleSchema(ma.Schema):
    """What follows one outcome."""

    max = _whole("Calls that may follow it, in all.", 0, MOST_RETRIES)
    delays_minutes = fields.ListOf(
        fields.Number(metadata={"minimum": 1, "maximum": LONGEST_DELAY_MINUTES}),
        **_about("Before the first, the second call and so on; the last repeats."),
    )
    other_time_of_day = fields.Flag(
        **_about("Not in a morning, midday or evening that was tried already.")
    )


RetryRulesSchema = ma.Schema.from_dict(
    {outcome.value: ma.fields.Nested(RetryRuleSchema, allow_none=True) for outcome in SETTABLE},
    name="RetryRulesSchema",
)


class RetrySchema(ma.Schema):
    """How often somebody is called whom the campaign did not reach. Each retry is moved into the
    hours in which it may be made."""

    max_attempts = _whole(
        "Calls to one person that count as tries, the first included.",
        1,
        MOST_ATTEMPTS,
        default=MAX_ATTEMPTS,
    )
    stop_on_dispositions = _dispositions("Whoever's call ends with one of these is done.")
    outcomes = ma.fields.Nested(
        RetryRulesSchema,
        allow_none=True,
        metadata={"description": "Rules that differ from the usual ones."},
    )


class FromNumbersSchema(ma.Schema):
    """The numbers it calls by. Whoever was called before sees the same number again."""

    numbers = fields.ListOf(
        fields.Text(metadata={"pattern": E164_PATTERN}),
        **_about(
            "Without any: the `from_number` of `call`, else the installation's.",
            maxItems=limits.MOST_NUMBERS,
        ),
    )
    local_presence = fields.Flag(
        **_about(
            "First the numbers of the person's own area code, then of the country. In North "
            "America never one that shares its first six digits with theirs.",
            default=False,
        )
    )
    rotation = fields.Choice(*ROTATIONS, **_about("Which is next.", default=ROTATIONS[0]))
    per_number_daily = _whole("Calls by one number within 24 hours.", 1, 100_000)
    warm_up = fields.Flag(
        **_about(
            "New numbers make 20, 30, then 50 calls a day in their first weeks.", default=False
        )
    )


_BREAKER = Breaker()


class CircuitBreakerSchema(ma.Schema):
    """When the campaign pauses by itself, and says why. Null switches a rule off."""

    enabled = fields.Flag(**_about("All of it.", default=True))
    failure_percent = _number(
        "Of the calls by one carrier, number or AI provider. A number rests for a day instead.",
        1,
        100,
        default=_BREAKER.failure_percent,
    )
    least_calls = _whole("Before that is judged.", 1, 10_000, default=_BREAKER.least_calls)
    window_minutes = _number("Within so many.", 1, 1440, default=_BREAKER.window_minutes)
    answer_percent = _number(
        "Fewer of the last `health_calls` were answered.",
        0,
        100,
        default=_BREAKER.answer_percent,
    )
    short_talk_seconds = _number(
        "Those that were answered lasted less, on average.",
        0,
        600,
        default=_BREAKER.short_talk_seconds,
    )
    health_calls = _whole("For these two.", 10, 10_000, default=_BREAKER.health_calls)


class CampaignComplianceSchema(ma.Schema):
    """What the law has to know of the calls, where that differs from what the account says
    (`/v1/compliance`). A consent of everybody in a campaign: `/v1/consents` with its
    `campaign_id`."""

    category = fields.Choice(
        *Category,
        **_about("What the calls are about. Without it: what the account says of the `purpose`."),
    )
    seller = fields.Text(**_about("In whose name the calls are.", maxLength=MAX_NAME))
    slots = fields.ListOf(
        fields.Choice(*SLOTS),
        **_about(
            "What the first sentence, or the announcement, of every call says: it is looked for "
            "there."
        ),
    )
    said = fields.ObjectOf(**_about(SAID))
    pre_dial = ma.fields.Nested(
        PreDialSchema,
        **_about("Who is asked before each of its calls, in the place of the account's server."),
    )
