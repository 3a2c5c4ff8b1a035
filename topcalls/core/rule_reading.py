"""The values of rules, read from the tables of a rule file. Every fault is told with what to write
instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from topcalls.core.eligibility_facts import ConsentKind, Recorded, Verdict
from topcalls.core.local_times import is_zone
from topcalls.core.rule_values import (
    DAYS,
    NUMBER_KINDS,
    POLICIES,
    RECORDED_ORDER,
    SLOTS,
    TOPICS,
    WAIVERS,
    CallerId,
    Cooldown,
    Frequency,
    Hours,
    Lowered,
    Revocation,
    Value,
    Windows,
)
from topcalls.core.suggestions import did_you_mean

_OF_HOURS = ("holiday", "holiday_eve", "calendar", "clock", "lift")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


def read_value(topic: str, given: object) -> Value:
    """The value of a rule of a topic.

    Raises:
        ValueError: says which of its fields is wrong, and what to write.
    """
    if not isinstance(given, Mapping):
        raise ValueError("must be a table, as in { most = 3, hours = 24 }.")
    if topic == "hours":
        return _hours(given)
    made: Value = _read(TOPICS[topic], given)
    if isinstance(made, Frequency | Cooldown) and (made.days is None) == (made.hours is None):
        raise ValueError("must have either 'days' or 'hours'.")
    if isinstance(made, Revocation) and made == Revocation():
        raise ValueError("must have 'scope', 'business_days' or 'days'.")
    if isinstance(made, CallerId) and made == CallerId():
        raise ValueError("must have 'ready' or 'prefixes'.")
    return made


def _read(kind: type[Any], given: Mapping[str, Any]) -> Any:
    known = {item.name: item for item in fields(kind)}
    for name in given:
        if name not in known:
            raise ValueError(f"has no '{name}'.{did_you_mean(str(name), tuple(known))}")
    for name, item in known.items():
        is_needed = item.default is MISSING and item.default_factory is MISSING
        if is_needed and name not in given:
            raise ValueError(f"needs '{name}'.")
    made = {}
    for name, item in given.items():
        try:
            made[name] = _READERS[name](item)
        except ValueError as error:
            raise ValueError(f"has a wrong '{name}': {error}") from None
    return kind(**made)


def _hours(given: Mapping[str, Any]) -> Hours:
    days: list[Windows] = [()] * len(DAYS)
    rest: dict[str, Any] = {}
    named: set[int] = set()
    for name, item in given.items():
        numbers = _days_named(str(name))
        if numbers is None:
            if name not in _OF_HOURS:
                near = did_you_mean(str(name), (*DAYS, *_OF_HOURS))
                raise ValueError(f"has no '{name}': days are 'mon' or 'mon-fri'.{near}")
            rest[name] = item
            continue
        windows = _windows(item)
        if named & set(numbers):
            raise ValueError(f"has a day twice: '{name}' stands beside another that names it.")
        named.update(numbers)
        for number in numbers:
            days[number] = windows
    if not named:
        raise ValueError("names no day. Write as in { mon-fri = [['09:00', '20:00']] }.")
    made: Hours = _read(Hours, {**rest, "days": tuple(days)})
    if made.calendar is None and (made.holiday is not None or made.holiday_eve is not None):
        raise ValueError("has hours of holidays, and needs a 'calendar' that says when they are.")
    return made


def _days_named(name: str) -> tuple[int, ...] | None:
    first, _, last = name.partition("-")
    if first not in DAYS or (last and last not in DAYS):
        return None
    begin = DAYS.index(first)
    return tuple(range(begin, DAYS.index(last or first) + 1))


def _windows(given: Any) -> Windows:
    if not isinstance(given, list):
        raise ValueError("must be a list of hours, as in [['09:00', '20:00']].")
    made: list[tuple[int, int]] = []
    for pair in given:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueError("must have pairs of times, as in [['09:00', '20:00']].")
        begins, ends = map(_minute, pair)
        if begins >= ends or (made and begins < made[-1][1]):
            raise ValueError(f"must have hours in order, not {pair[0]} to {pair[1]}.")
        made.append((begins, ends))
    return tuple(made)


def _minute(text: Any) -> int:
    if not isinstance(text, str) or not _CLOCK.fullmatch(text):
        raise ValueError("must have times as '09:00', up to '24:00'.")
    return int(text[:2]) * 60 + int(text[3:])


def _whole(given: Any) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise ValueError("must be a whole number from 1.")
    return given


def _positive(given: Any) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given <= 10_000:
        raise ValueError("must be a number above 0.")
    return float(given)


def _share(given: Any) -> float:
    if not isinstance(given, float) or not 0 < given < 1:
        raise ValueError("must be a share between 0 and 1, as in 0.03.")
    return given


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError("must be true or false.")
    return given


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError("must be text.")
    return given


def _zone(given: Any) -> str:
    if not isinstance(given, str) or not is_zone(given):
        raise ValueError("must be an IANA time zone, as 'America/Chicago'.")
    return given


def _one_of(*choices: str) -> Callable[[Any], str]:
    def read(given: Any) -> str:
        if given not in choices:
            near = did_you_mean(str(given), choices)
            raise ValueError(f"must be one of {', '.join(choices)}.{near}")
        return str(given)

    return read


def _some_of(*choices: str) -> Callable[[Any], tuple[str, ...]]:
    one = _one_of(*choices)

    def read(given: Any) -> tuple[str, ...]:
        if not isinstance(given, list) or not given:
            raise ValueError("must be a list that is not empty.")
        return tuple(map(one, given))

    return read


def _texts(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not given:
        raise ValueError("must be a list of texts that is not empty.")
    return tuple(map(_text, given))


def _months(given: Any) -> Mapping[str, int]:
    if not isinstance(given, Mapping):
        raise ValueError("must be a table, as in { ebr_purchase = 18 }.")
    return {_one_of(*ConsentKind)(kind): _whole(months) for kind, months in given.items()}


def _lowered(given: Any) -> Lowered:
    if not isinstance(given, Mapping):
        raise ValueError("must be a table.")
    made: Lowered = _read(Lowered, given)
    return made


_KINDS = _some_of(*ConsentKind)
_READERS: Mapping[str, Callable[[Any], Any]] = {
    "days": lambda given: given if isinstance(given, tuple) else _whole(given),
    "holiday": _windows,
    "holiday_eve": _windows,
    "calendar": _text,
    "clock": _zone,
    "lift": _flag,
    "most": _whole,
    "hours": _positive,
    "by": _one_of("person", "subject", "debt"),
    "outcomes": _texts,
    "of_campaign": _flag,
    "policy": _one_of(*POLICIES, *WAIVERS),
    "verdict": lambda given: Verdict(_one_of("defer", "review", "block")(given)),
    "after": _text,
    "first_day_counts": _flag,
    "lifted_by": _KINDS,
    "lifted_days": _whole,
    "regions": _texts,
    "accepts": _KINDS,
    "needs": _some_of("wording", "device_agreement"),
    "lowered": _lowered,
    "unless_policy": _one_of(*WAIVERS),
    "months": _whole,
    "scope": _one_of("account"),
    "business_days": _whole,
    "list": _text,
    "max_age_days": _whole,
    "lifted_months": _months,
    "no_data_review_months": _whole,
    "slots": _some_of(*SLOTS),
    "within_seconds": _positive,
    "least": lambda given: Recorded(_one_of(*RECORDED_ORDER)(given)),
    "ready": _flag,
    "prefixes": _texts,
    "most_share": _share,
    "least_answered": _whole,
    "from_resume": _flag,
    "blocked": _some_of(*NUMBER_KINDS),
    "at_least": _text,
}
