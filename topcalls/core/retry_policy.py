"""Whether a person whom a campaign did not reach is called again, and not before when.

Each outcome has a rule: how often another call may follow it, after which delays, and whether at
another time of day. The rules together have one limit, the counted calls to a person. What comes
out is "not before": whether a call may be made then is decided when its time has come.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final

from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import Rank

MAX_ATTEMPTS: Final = 6
MOST_ATTEMPTS: Final = 20
MOST_RETRIES: Final = 10
LONGEST_DELAY_MINUTES: Final = 43_200
"""30 days."""


class Band(StrEnum):
    """A time of day where the person is: morning from 8, midday from 12, evening from 17 to 21."""

    MORNING = "morning"
    MIDDAY = "midday"
    EVENING = "evening"


_BEGINS: Final[Mapping[Band, time]] = {
    Band.MORNING: time(8),
    Band.MIDDAY: time(12),
    Band.EVENING: time(17),
}
_NIGHT: Final = time(21)
_DAYS_AHEAD: Final = 3


@dataclass(frozen=True, slots=True)
class RetryRule:
    """At most `most` calls follow this outcome, each after its delay; the last delay repeats."""

    most: int
    delays: tuple[timedelta, ...] = ()
    other_band: bool = False

    def delay(self, retry: int) -> timedelta:
        """Before the `retry`-th call that follows the outcome, from 0."""
        return self.delays[min(retry, len(self.delays) - 1)] if self.delays else timedelta()


def _rule(most: int, *minutes: float, other_band: bool = False) -> RetryRule:
    return RetryRule(most, tuple(timedelta(minutes=one) for one in minutes), other_band)


_HOUR, _DAY = 60, 1440

DEFAULTS: Final[Mapping[Outcome, RetryRule]] = {
    Outcome.BUSY: _rule(4, 20, _DAY, 20, _DAY),
    Outcome.NO_ANSWER: _rule(3, 3 * _HOUR, _DAY, _DAY, other_band=True),
    Outcome.UNREACHABLE: _rule(3, 4 * _HOUR),
    Outcome.VOICEMAIL: _rule(3, _DAY, other_band=True),
    Outcome.VOICEMAIL_LEFT: _rule(1, 3 * _DAY),
    Outcome.REJECTED: _rule(1, _DAY),
    Outcome.SHORT_TALK: _rule(1, _DAY),
    Outcome.DROPPED: _rule(1, _DAY),
    Outcome.LOST: _rule(1, _DAY),
    Outcome.FAILED: _rule(3, 5, 15, 60),
    Outcome.TRUNK_BUSY: _rule(3, 5, 15, 60),
    Outcome.TRUNK_FAILED: _rule(3, 5, 15, 60),
    Outcome.NETWORK_TIMEOUT: _rule(3, 15),
    Outcome.DISPATCH_TIMEOUT: _rule(3, 15),
    Outcome.CARRIER_REFUSED: _rule(3, _HOUR),
    Outcome.CALLER_ID_REFUSED: _rule(3, _HOUR),
    Outcome.MISCONFIGURED: _rule(3, _HOUR),
    Outcome.UNASSIGNED: _rule(1, _DAY),
    Outcome.BLOCKED_BY_NETWORK: _rule(1, _DAY),
    Outcome.CALLBACK: _rule(2),
}
"""What dialers agree on, with the limits of politeness: a busy line after 20 minutes and no more
than twice a day, one without answer three times more and at another time of day, a machine the next
day, one decline only. Outcomes that are not here end the campaign for the person."""

SETTABLE: Final = (
    Outcome.BUSY,
    Outcome.NO_ANSWER,
    Outcome.UNREACHABLE,
    Outcome.VOICEMAIL,
    Outcome.VOICEMAIL_LEFT,
    Outcome.REJECTED,
    Outcome.SHORT_TALK,
    Outcome.FAILED,
    Outcome.CALLBACK,
    Outcome.DISPATCH_TIMEOUT,
)
"""Outcomes of which a campaign may set the rule. `failed` sets that of the carrier's troubles too
(`trunk_busy`, `trunk_failed`, `network_timeout`)."""

LEAST_DELAY: Final[Mapping[Outcome, timedelta]] = {
    Outcome.REJECTED: timedelta(days=1),
    Outcome.SHORT_TALK: timedelta(hours=4),
    Outcome.NO_ANSWER: timedelta(minutes=15),
    Outcome.UNREACHABLE: timedelta(minutes=15),
    Outcome.BUSY: timedelta(minutes=5),
}
"""No campaign calls sooner again after these."""

MOST_AFTER: Final[Mapping[Outcome, int]] = {Outcome.REJECTED: 1, Outcome.SHORT_TALK: 1}
"""No campaign calls more often again after these."""

_SET_BY_FAILED: Final = (Outcome.TRUNK_BUSY, Outcome.TRUNK_FAILED, Outcome.NETWORK_TIMEOUT)

_ENDS: Final = frozenset({Outcome.COMPLETED, Outcome.CANCELLED})
_UNTOUCHED: Final = frozenset({Outcome.WITHDRAWN, Outcome.DEFERRED})


@dataclass(frozen=True)
class RetryPolicy:
    """`max_attempts`: counted calls to one person, the first included. A call whose disposition is
    one of `stop_on` is the last."""

    max_attempts: int = MAX_ATTEMPTS
    rules: Mapping[Outcome, RetryRule] = field(default_factory=lambda: dict(DEFAULTS))
    stop_on: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Tried:
    """What was tried for one person before: counted calls, how many calls followed each outcome,
    and the times of day of the counted calls, oldest first."""

    attempts: int = 0
    retries: Mapping[str, int] = field(default_factory=dict)
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended:
    """How the call just ended came out. `at`: when it ended, and `zone` where the person is.
    `rank`: whose turn it was. `until`: the time that was agreed (`callback`), or that a rule named
    (`deferred`). `not_before`: until when whoever refused it asked to be left alone."""

    outcome: Outcome
    at: datetime
    zone: tzinfo
    rank: Rank = Rank.FRESH
    counted: bool = True
    disposition: str | None = None
    until: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Call again, not before `at`."""

    at: datetime
    rank: Rank
    tried: Tried


@dataclass(frozen=True, slots=True)
class Done:
    """The person was reached, or asked for something that ends the matter: `why` in one word."""

    why: str
    tried: Tried


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The person is not called any more: `why` in one word."""

    why: str
    tried: Tried


Next = RetryAt | Done | GiveUp


def policy_of(section: Mapping[str, Any] | None) -> RetryPolicy:
    """The policy in a campaign's `retry`, found right before; what it leaves out has its default.

    `{"max_attempts": 4, "stop_on_dispositions": ["not_interested"], "outcomes": {"busy":
    {"max": 2, "delays_minutes": [20], "other_time_of_day": false}}}`
    """
    given = section or {}
    rules = dict(DEFAULTS)
    for name, wanted in (given.get("outcomes") or {}).items():
        outcome = Outcome(name)
        rules[outcome] = _set(DEFAULTS[outcome], wanted)
        if outcome is Outcome.FAILED:
            rules |= dict.fromkeys(_SET_BY_FAILED, rules[outcome])
    return RetryPolicy(
        given.get("max_attempts") or MAX_ATTEMPTS,
        rules,
        frozenset(given.get("stop_on_dispositions") or ()),
    )


def decide(policy: RetryPolicy, tried: Tried, ended: Ended) -> Next:
    """What follows a call. `tried` is what was tried before it."""
    after = _after(tried, ended)
    outcome = ended.outcome
    if outcome in _UNTOUCHED:
        return RetryAt(ended.until or ended.at, ended.rank, tried)
    if ended.disposition is not None and ended.disposition in policy.stop_on:
        return Done("disposition", after)
    if outcome in _ENDS:
        return Done(outcome.value, after)
    rule = policy.rules.get(outcome)
    if rule is None:
        return GiveUp(outcome.value, after)
    return _follow(policy, rule, after, ended)


def band_of(moment: datetime) -> Band | None:
    """The time of day of a local time; None at night."""
    clock = moment.timetz().replace(tzinfo=None)
    if clock >= _NIGHT:
        return None
    begun = [band for band, begins in _BEGINS.items() if begins <= clock]
    return begun[-1] if begun else None


def in_other_band(at: datetime, zone: tzinfo, tried: Sequence[Band]) -> datetime:
    """The first moment from `at` on whose time of day was not tried yet. When each was, only the
    last one is avoided."""
    avoided = set(tried) if set(tried) != set(Band) else {tried[-1]}
    if not avoided:
        return at
    local = at.astimezone(zone)
    now = band_of(local)
    if now is not None and now not in avoided:
        return at
    for days in range(_DAYS_AHEAD):
        day = local.date() + timedelta(days=days)
        for band, begins in _BEGINS.items():
            start = datetime.combine(day, begins, zone).astimezone(at.tzinfo)
            if band not in avoided and start > at:
                return start
    raise AssertionError("each day has every time of day")


def _follow(policy: RetryPolicy, rule: RetryRule, after: Tried, ended: Ended) -> Next:
    """What was agreed with the person holds beyond `max_attempts`."""
    outcome = ended.outcome
    if after.attempts >= policy.max_attempts and outcome is not Outcome.CALLBACK:
        return GiveUp("max_attempts", after)
    followed = after.retries.get(outcome.value, 0)
    if followed >= rule.most:
        return GiveUp(outcome.value, after)
    after = Tried(after.attempts, {**after.retries, outcome.value: followed + 1}, after.bands)
    at = max(ended.at + rule.delay(followed), ended.not_before or ended.at)
    if outcome is Outcome.CALLBACK:
        return RetryAt(max(at, ended.until or at), Rank.CALLBACK, after)
    if rule.other_band:
        at = in_other_band(at, ended.zone, after.bands)
    return RetryAt(at, Rank.RETRY, after)


def _after(tried: Tried, ended: Ended) -> Tried:
    if not ended.counted:
        return tried
    band = band_of(ended.at.astimezone(ended.zone))
    bands = tried.bands if band is None else (*tried.bands, band)
    return Tried(tried.attempts + 1, tried.retries, bands)


def _set(default: RetryRule, wanted: Mapping[str, Any]) -> RetryRule:
    """A rule with what a campaign wants of it."""
    most, minutes = wanted.get("max"), wanted.get("delays_minutes")
    band = wanted.get("other_time_of_day")
    return RetryRule(
        default.most if most is None else most,
        tuple(timedelta(minutes=one) for one in minutes) if minutes else default.delays,
        default.other_band if band is None else band,
    )
