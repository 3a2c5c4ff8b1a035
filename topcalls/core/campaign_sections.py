"""What may stand in the parts of a campaign that say when, how fast, how often and by which numbers
it calls. What they mean is told by the modules that read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from topcalls.core import phone_numbers, pre_dial
from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_schedule import DAYS, LEAD_ZONE, opens_at, schedule_of
from topcalls.core.compliance import MAX_NAME, said_faults
from topcalls.core.eligibility_facts import Category
from topcalls.core.field_checks import (
    Check,
    Faults,
    choice,
    day,
    flag,
    matching,
    moment,
    moment_of,
    number,
    section,
    text,
    texts,
    whole,
)
from topcalls.core.local_times import is_zone
from topcalls.core.number_pool import ROTATIONS
from topcalls.core.outcome_rules import OUTCOME_PATTERN
from topcalls.core.retry_policy import (
    LEAST_DELAY,
    LONGEST_DELAY_MINUTES,
    MOST_AFTER,
    MOST_ATTEMPTS,
    MOST_RETRIES,
    SETTABLE,
)
from topcalls.core.rule_values import SLOTS
from topcalls.errors import FieldError

MOST_WINDOWS: Final = 50
MOST_BLACKOUT_DATES: Final = 366
MOST_NUMBERS: Final = 500
MOST_OUTCOMES: Final = 100
MOST_CONCURRENT: Final = 10_000
MOST_PER_MINUTE: Final = 10_000
MOST_PER_SECOND: Final = 500
LONGEST: Final = timedelta(days=366)
"""From now, or from its start, to the end of a campaign."""

OUTCOME: Final = matching(
    OUTCOME_PATTERN, "Must be lower-case letters, digits and '_', as in booked_callback."
)
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_FARTHEST_ZONES: Final = ("Etc/GMT-14", "UTC", "Etc/GMT+12")
"""Whoever lives anywhere sees the clocks of these, or of a zone between them."""


def _zone(value: object, path: str) -> Faults:
    if not isinstance(value, str) or not (value == LEAD_ZONE or is_zone(value)):
        message = f"Is no time zone. Write '{LEAD_ZONE}', or an IANA name as in America/New_York."
        yield FieldError(path, message, "unknown_zone")


def _window(value: object, path: str) -> Faults:
    found = list(section(value, path, _WINDOW, ("start", "end")))
    yield from found
    if not found and isinstance(value, Mapping) and str(value["start"]) >= str(value["end"]):
        message = "Must be after 'start'. For hours over midnight write two windows."
        yield FieldError(f"{path}.end", message, "impossible_window")


def _windows(value: object, path: str) -> Faults:
    if not isinstance(value, list | tuple):
        yield FieldError(path, "Must be a list.", "invalid_type")
    elif len(value) > MOST_WINDOWS:
        yield FieldError(path, f"Must be at most {MOST_WINDOWS}.", "length")
    else:
        for index, one in enumerate(value):
            yield from _window(one, f"{path}.{index}")


def _caller(value: object, path: str) -> Faults:
    wrong = phone_numbers.fault(value, path)
    yield from [wrong] if wrong else []


def _ramp(value: object, path: str) -> Faults:
    yield from section(value, path, _RAMP, ("from", "minutes"))


def _delays(value: object, path: str) -> Faults:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MOST_RETRIES:
        yield FieldError(path, f"Must be a list of 1 to {MOST_RETRIES} numbers.", "length")
        return
    for index, one in enumerate(value):
        yield from number(1, LONGEST_DELAY_MINUTES)(one, f"{path}.{index}")


def _outcomes(value: object, path: str) -> Faults:
    checks: dict[str, Check] = {outcome.value: _rule_of(outcome) for outcome in SETTABLE}
    yield from section(value, path, checks)


def _rule_of(outcome: Outcome) -> Check:
    """One outcome's rule: no campaign may ask more of people than what is polite."""
    most, shortest = MOST_AFTER.get(outcome, MOST_RETRIES), LEAST_DELAY.get(outcome, timedelta())
    minutes = shortest.total_seconds() / 60

    def check(value: object, path: str) -> Faults:
        found = list(section(value, path, _RULE))
        yield from found
        if found or not isinstance(value, Mapping):
            return
        if (value.get("max") or 0) > most:
            message = f"Must be at most {most} after '{outcome}'."
            yield FieldError(f"{path}.max", message, "range")
        for index, one in enumerate(value.get("delays_minutes") or ()):
            if one < minutes:
                message = f"Must be at least {minutes:g} minutes after '{outcome}'."
                yield FieldError(f"{path}.delays_minutes.{index}", message, "range")

    return check


_WINDOW: Final[Mapping[str, Check]] = {
    "days": texts(choice(*DAYS), 7, 1),
    "start": matching(_CLOCK, "Must be a time of day, as in 09:00."),
    "end": matching(rf"{_CLOCK}|24:00", "Must be a time of day, as in 17:30, or 24:00."),
}
_RAMP: Final[Mapping[str, Check]] = {"from": number(1, 100), "minutes": number(1, 1440)}
_RULE: Final[Mapping[str, Check]] = {
    "max": whole(0, MOST_RETRIES),
    "delays_minutes": _delays,
    "other_time_of_day": flag,
}

SECTIONS: Final[Mapping[str, Mapping[str, Check]]] = {
    "schedule": {
        "start_at": moment,
        "end_at": moment,
        "windows": _windows,
        "time_zone": _zone,
        "holidays": choice("call", "skip"),
        "blackout_dates": texts(day, MOST_BLACKOUT_DATES),
    },
    "pacing": {
        "max_concurrent": whole(1, MOST_CONCURRENT),
        "calls_per_minute": number(0.01, MOST_PER_MINUTE),
        "calls_per_second": number(0.01, MOST_PER_SECOND),
        "ramp_up": _ramp,
    },
    "retry": {
        "max_attempts": whole(1, MOST_ATTEMPTS),
        "stop_on_dispositions": texts(OUTCOME, MOST_OUTCOMES),
        "outcomes": _outcomes,
    },
    "from_numbers": {
        "numbers": texts(_caller, MOST_NUMBERS),
        "local_presence": flag,
        "rotation": choice(*ROTATIONS),
        "per_number_daily": whole(1, 100_000),
        "warm_up": flag,
    },
    "circuit_breaker": {
        "enabled": flag,
        "failure_percent": number(1, 100),
        "least_calls": whole(1, 10_000),
        "window_minutes": number(1, 1440),
        "answer_percent": number(0, 100),
        "short_talk_seconds": number(0, 600),
        "health_calls": whole(10, 10_000),
    },
    "compliance": {
        "category": choice(*Category),
        "seller": text(1, MAX_NAME),
        "slots": texts(choice(*SLOTS), len(SLOTS)),
        "said": said_faults,
        "pre_dial": pre_dial.faults,
    },
}
"""The fields of each section. Null stands for the default, in `pacing` and `circuit_breaker` for no
limit."""


def section_faults(name: str, value: object) -> Faults:
    """Everything wrong with one section."""
    yield from section(value, name, SECTIONS[name])


def schedule_faults(schedule: Mapping[str, Any], now: datetime) -> Faults:
    """What is wrong with a schedule whose fields are right: it must be open some time from `now`
    on."""
    start, end = moment_of(schedule.get("start_at")), moment_of(schedule.get("end_at"))
    if start is not None and start - now > LONGEST:
        message = f"Is more than {LONGEST.days} days ahead. Start it later."
        yield FieldError("schedule.start_at", message, "too_far_ahead")
    elif end is not None and end <= now:
        yield FieldError("schedule.end_at", "Is in the past.", "in_the_past")
    elif end is not None and start is not None and end <= start:
        yield FieldError("schedule.end_at", "Must be after 'start_at'.", "impossible_window")
    elif not _ever_opens(schedule, now):
        message = (
            "Is never open: no hour of 'windows' comes between its start and its end on a day that "
            "is not in 'blackout_dates'."
        )
        yield FieldError("schedule", message, "impossible_window")


def _ever_opens(schedule: Mapping[str, Any], now: datetime) -> bool:
    read = schedule_of(schedule)
    return any(opens_at(read, [zone], now) is not None for zone in _FARTHEST_ZONES)
