"""When a campaign stops by itself: what it dials by fails, or what it does annoys.

A campaign that fails burns its leads and its numbers' good name, so it is better paused than
finished. Each carrier, each number that it calls from and each AI provider is judged by itself: a
number that fails rests while others go on, and pauses the campaign where it is the last; a carrier
or a provider pauses the campaign. So do
the signs by which carriers tell unwanted traffic (few answers, short talks), and people who pick up
and hear nobody.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from topcalls.core.campaign_outcomes import ANSWERED, FAULTS, REFUSALS, Outcome

REFUSALS_IN_A_ROW: Final = 5
"""So many dials by one carrier, each refused for what we are and not for whom we call, are enough
to know that the next will be, too."""

ABANDONED_SLOW_PERCENT: Final = 1.0
ABANDONED_STOP_PERCENT: Final = 2.0
"""Below the 3 % of people answering within 30 days that 16 CFR 310.4(b)(4) allows."""

ABANDONED_WINDOW: Final = timedelta(days=30)
ABANDONED_LEAST: Final = 50
"""Fewer people count as so many, so that the first call that fails is no share of 100 %."""

ABANDONED_FEWEST: Final = 2
"""One call alone does not stop a campaign."""

NUMBER_FAILURES: Final = "number_failures"
SLOWED: Final = 0.5
NUMBER_RESTS: Final = timedelta(hours=72)
"""Longer than it takes until the person whose network blocked it is called again."""

_CARRIER_FAULTS: Final = FAULTS - {Outcome.MISCONFIGURED}
_NUMBER_FAULTS: Final = frozenset(
    {Outcome.BLOCKED_BY_NETWORK, Outcome.CALLER_ID_REFUSED, Outcome.UNWANTED}
)
_UNTRIED: Final = frozenset(
    {
        Outcome.WITHDRAWN,
        Outcome.DEFERRED,
        Outcome.NOT_CALLABLE,
        Outcome.CANCELLED,
        Outcome.DISPATCH_TIMEOUT,
    }
)


class Action(StrEnum):
    """What a finding asks for."""

    PAUSE = "pause"
    REST_NUMBER = "rest_number"


@dataclass(frozen=True, slots=True)
class Breaker:
    """Per campaign; None switches a rule off.

    `failure_percent` of at least `least_calls` within `window_minutes` failed by one carrier,
    number or provider. Of the last `health_calls` fewer than `answer_percent` were answered, or
    those lasted less than `short_talk_seconds` on average.
    """

    enabled: bool = True
    failure_percent: float | None = 50.0
    least_calls: int = 20
    window_minutes: float = 30.0
    answer_percent: float | None = 5.0
    short_talk_seconds: float | None = 15.0
    health_calls: int = 200

    @property
    def window(self) -> timedelta:
        """How far back failures count."""
        return timedelta(minutes=self.window_minutes)


@dataclass(frozen=True, slots=True)
class Ending:
    """One call of the campaign that is over. `carrier` and `number` by which it was made; None
    where it is not known. `providers` of the AI that held it. `provider_failed`: the AI was at
    fault, of `failed_provider`; None: it is not known whose."""

    outcome: Outcome
    at: datetime
    carrier: str | None = None
    number: str | None = None
    providers: tuple[str, ...] = ()
    provider_failed: bool = False
    failed_provider: str | None = None
    talk_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """`reason` in one word, `key` the carrier, number or provider, `words` for people: `percent` of
    `calls`. `words` name no telephone number."""

    action: Action
    reason: str
    words: str
    key: str | None
    percent: float
    calls: int


def breaker_of(section: Mapping[str, Any] | None) -> Breaker:
    """The rules in a campaign's `circuit_breaker`, found right before. What is left out has its
    default; a rule given as null is off."""
    known = {item.name for item in fields(Breaker)}
    return Breaker(**{key: value for key, value in (section or {}).items() if key in known})


def findings(
    breaker: Breaker,
    endings: Sequence[Ending],
    now: datetime,
    *,
    usable: Collection[str] = (),
    names: Mapping[str, str] | None = None,
) -> list[Finding]:
    """What is wrong, judged by the campaign's last calls since it began to run, newest first; up to
    `health_calls` of them are looked at. What pauses the campaign comes first.

    `usable`: the numbers that it may call from and that do not rest. `names` of carriers, for
    people.
    """
    if not breaker.enabled:
        return []
    dials = [one for one in endings if one.outcome not in _UNTRIED][: breaker.health_calls]
    since = now - breaker.window
    recent = [one for one in dials if one.at > since]
    shown = names or {}
    failing = [*_refusals(dials, shown), *_failures(breaker, recent, shown)]
    found = [*_with_none_left(failing, usable), *_health(breaker, dials)]
    return sorted(found, key=lambda one: one.action is not Action.PAUSE)


def abandonment(people: int, abandoned: int) -> Finding | None:
    """Of the people who answered the campaign within `ABANDONED_WINDOW`: too many heard nobody."""
    if abandoned < ABANDONED_FEWEST or _abandoned(people, abandoned) < ABANDONED_STOP_PERCENT:
        return None
    percent = _percent(abandoned, people)
    words = f"{percent:.1f} % of {people} people who answered heard nobody."
    return Finding(Action.PAUSE, "abandonment", words, None, percent, people)


def speed(people: int, abandoned: int) -> float:
    """Which part of its limits the campaign has, by the same count."""
    return SLOWED if _abandoned(people, abandoned) >= ABANDONED_SLOW_PERCENT else 1.0


def _abandoned(people: int, abandoned: int) -> float:
    return _percent(abandoned, max(people, ABANDONED_LEAST))


def _with_none_left(found: Sequence[Finding], usable: Collection[str]) -> Iterator[Finding]:
    """A number rests where others are left; the last one that fails pauses the campaign, which
    would stand still for days otherwise and not say why."""
    failing = {one.key for one in found if one.action is Action.REST_NUMBER}
    are_left = bool(set(usable) - failing)
    for one in found:
        if one.action is Action.REST_NUMBER and not are_left:
            words = f"{one.words} The campaign has no other number that does not rest."
            yield replace(one, action=Action.PAUSE, words=words)
        else:
            yield one


def _refusals(dials: Sequence[Ending], names: Mapping[str, str]) -> Iterator[Finding]:
    if sum(one.outcome in REFUSALS for one in dials) < REFUSALS_IN_A_ROW:
        return
    for carrier, own in _by(dials, lambda one: (one.carrier,)).items():
        last = own[:REFUSALS_IN_A_ROW]
        if len(last) == REFUSALS_IN_A_ROW and all(one.outcome in REFUSALS for one in last):
            words = (
                f"{REFUSALS_IN_A_ROW} calls in a row were refused by "
                f"{names.get(carrier or '') or carrier or 'the carrier'} "
                f"({last[0].outcome}): check its credentials, its balance and your caller ID."
            )
            count = len(last)
            yield Finding(Action.PAUSE, "carrier_refuses", words, carrier, 100.0, count)


def _failures(
    breaker: Breaker, recent: Sequence[Ending], names: Mapping[str, str]
) -> Iterator[Finding]:
    if breaker.failure_percent is None:
        return
    least = breaker.failure_percent * breaker.least_calls / 100
    for kind, keys_of, is_fault, is_own in _KINDS:
        if sum(map(is_fault, recent)) < math.floor(least):  # too few for any one key
            continue
        for key, own in _by(recent, keys_of).items():
            faults = sum(is_fault(one) and is_own(one, key) for one in own)
            percent = _percent(faults, len(own))
            if len(own) < breaker.least_calls or percent < breaker.failure_percent:
                continue
            named = f"{kind} {names.get(key, key)}" if key and kind != "number" else f"one {kind}"
            words = f"{percent:.0f} % of {len(own)} calls by {named} failed."
            action = Action.REST_NUMBER if kind == "number" else Action.PAUSE
            yield Finding(action, f"{kind}_failures", words, key, percent, len(own))


def _health(breaker: Breaker, dials: Sequence[Ending]) -> Iterator[Finding]:
    if len(dials) < breaker.health_calls:
        return
    answered = [one for one in dials if one.outcome in ANSWERED]
    percent = _percent(len(answered), len(dials))
    if breaker.answer_percent is not None and percent < breaker.answer_percent:
        words = f"{percent:.1f} % of the last {len(dials)} calls were answered."
        yield Finding(Action.PAUSE, "low_answer_rate", words, None, percent, len(dials))
    if breaker.short_talk_seconds is None or not answered:
        return
    mean = sum(one.talk_seconds for one in answered) / len(answered)
    if mean < breaker.short_talk_seconds:
        words = f"The {len(answered)} last calls that were answered took {mean:.0f} s on average."
        short = sum(one.talk_seconds < breaker.short_talk_seconds for one in answered)
        share = _percent(short, len(answered))
        yield Finding(Action.PAUSE, "short_talks", words, None, share, len(answered))


def _by(
    endings: Iterable[Ending], keys_of: Callable[[Ending], tuple[str | None, ...]]
) -> Mapping[str | None, list[Ending]]:
    groups: dict[str | None, list[Ending]] = defaultdict(list)
    for one in endings:
        for key in keys_of(one):
            groups[key].append(one)
    return groups


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


class _Kind(NamedTuple):
    """What calls are judged by: the keys of a call, whether it has a fault of this kind, and
    whether that is the fault of one of its keys."""

    name: str
    keys_of: Callable[[Ending], tuple[str | None, ...]]
    is_fault: Callable[[Ending], bool]
    is_own: Callable[[Ending, str | None], bool] = lambda one, key: True


_KINDS: Final[Sequence[_Kind]] = (
    _Kind("carrier", lambda one: (one.carrier,), lambda one: one.outcome in _CARRIER_FAULTS),
    _Kind("number", lambda one: (one.number,), lambda one: one.outcome in _NUMBER_FAULTS),
    _Kind(
        "provider",
        lambda one: one.providers,
        lambda one: one.provider_failed,
        lambda one, key: one.failed_provider in (None, key),
    ),
)
