"""How often somebody may be called, and how long not at all after what was said.

Attempts count, not answers: a dial that left the trunk rang somewhere. Hours are real time; days
are local dates, and where several zones are possible the strictest holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from topcalls.core.consent_rules import usable
from topcalls.core.eligibility_facts import (
    Check,
    Consent,
    Facts,
    PastAttempt,
    Plan,
    Policy,
    Verdict,
)
from topcalls.core.rule_checks import failed, passed
from topcalls.core.rule_pack import FOR_EVER, Rule
from topcalls.core.rule_values import Cooldown, Frequency

_NO_ZONE = ("UTC",)
_MOST_CACHED = 1024
_EVENTS = {
    "conversation": lambda attempt: attempt.conversation,
    "refusal": lambda attempt: attempt.refused,
}


def cap_checks(
    rules: tuple[Rule, ...], facts: Facts, plan: Plan, zones: tuple[str, ...], now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `frequency`."""
    if not facts.attempts:
        yield from _never_called(rules, facts.policy)
        return
    outcomes = {one.outcome for one in facts.attempts}
    alike: dict[tuple[object, ...], list[PastAttempt]] = {}
    for rule in rules:
        value = rule.value
        assert isinstance(value, Frequency)
        if value.outcomes and outcomes.isdisjoint(value.outcomes):
            yield from _never_called((rule,), facts.policy)
            continue
        most, hours = _figures(value, facts.policy)
        which = (value.by, value.of_campaign, value.outcomes)
        if which not in alike:
            every = _added_up(value.by, facts, plan)
            alike[which] = [one for one in every if _is_meant(one, value, plan)]
        counted = alike[which]
        if value.days is not None:
            inside, until = _in_days(counted, most, value.days, zones or _NO_ZONE, now)
        else:
            inside, until = _in_hours(counted, most, hours, now)
        observed: dict[str, object] = {"attempts": len(inside)}
        if inside:
            observed |= {"first": inside[0].at.isoformat(), "last": inside[-1].at.isoformat()}
        required = _cap(rule, facts.policy)
        ids = tuple(one.id for one in inside if one.id)
        if len(inside) < most:
            yield passed(rule, "frequency", observed, required, ids)
        else:
            until = until if value.verdict is Verdict.DEFER else None
            reason = "frequency_cap"
            yield failed(rule, "frequency", value.verdict, reason, observed, required, ids, until)


def cooldown_checks(
    rules: tuple[Rule, ...], facts: Facts, plan: Plan, zones: tuple[str, ...], now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `cooldown`."""
    if not facts.attempts:
        yield from _nothing_said(rules)
        return
    for rule in rules:
        value = rule.value
        assert isinstance(value, Cooldown)
        attempts = [one for one in _added_up(value.by, facts, plan) if _happened(one, value.after)]
        last = max(attempts, key=lambda one: one.at, default=None)
        ends = _ends(value, last.at, zones or _NO_ZONE) if last else None
        lifting = _lifting(value, facts, plan, now) if ends and ends > now else None
        observed = {"last": last.at.isoformat() if last else None}
        required = {"after": value.after} | _window(value.days, value.hours)
        ids = tuple(one.id for one in (last, lifting) if one and one.id)
        if ends is None or ends <= now or lifting is not None:
            yield passed(rule, "cooldown", observed, required, ids)
        else:
            reason, verdict = f"cooling_off_after_{value.after}", Verdict.DEFER
            yield failed(rule, "cooldown", verdict, reason, observed, required, ids, ends)


@lru_cache(_MOST_CACHED)
def _never_called(rules: tuple[Rule, ...], policy: Policy) -> tuple[Check, ...]:
    return tuple(
        passed(rule, "frequency", {"attempts": 0}, _cap(rule, policy))
        for rule in rules
        if isinstance(rule.value, Frequency)
    )


@lru_cache(_MOST_CACHED)
def _nothing_said(rules: tuple[Rule, ...]) -> tuple[Check, ...]:
    return tuple(passed(rule, "cooldown", {"last": None}) for rule in rules)


@lru_cache(_MOST_CACHED)
def _cap(rule: Rule, policy: Policy) -> Mapping[str, object]:
    """What a rule of topic `frequency` asks for, for the record."""
    value = rule.value
    assert isinstance(value, Frequency)
    most, hours = _figures(value, policy)
    return {"most": most, "by": value.by} | _window(value.days, hours)


def end_of_day(last: date, zones: tuple[str, ...]) -> datetime | None:
    """When a local date is over in every zone; None for one that is never."""
    if last >= FOR_EVER:
        return None
    return max(_midnight(last, 1, ZoneInfo(zone)) for zone in zones or _NO_ZONE)


def _window(days: int | None, hours: float | None) -> dict[str, object]:
    return {"days": days} if days is not None else {"hours": hours}


def _figures(value: Frequency, policy: Policy) -> tuple[int, float]:
    """How many, and in how many hours: the operator's figures in place of the product's own."""
    own = getattr(policy, value.policy) if value.policy else None
    if own is None:
        return value.most, value.hours or 0.0
    return (value.most, float(own)) if value.policy == "hours_apart" else (int(own), 0.0)


def _added_up(by: str, facts: Facts, plan: Plan) -> Iterator[PastAttempt]:
    """The attempts that a rule counts together. One whose subject or debt is not known counts."""
    for one in facts.attempts:
        if by == "subject" and facts.policy.caps_by_subject and plan.subject_key:
            if one.subject_key in (None, plan.subject_key):
                yield one
        elif by == "debt" and plan.debt_key:
            if one.debt_key in (None, plan.debt_key):
                yield one
        else:
            yield one


def _is_meant(one: PastAttempt, value: Frequency, plan: Plan) -> bool:
    if value.of_campaign and one.campaign_id != plan.campaign_id:
        return False
    return one.outcome in value.outcomes if value.outcomes else one.counted


def _happened(one: PastAttempt, after: str) -> bool:
    known = _EVENTS.get(after)
    return bool(known(one)) if known else one.outcome == after


def _in_hours(
    attempts: list[PastAttempt], most: int, hours: float, now: datetime
) -> tuple[list[PastAttempt], datetime | None]:
    length = timedelta(hours=hours)
    inside = sorted((one for one in attempts if one.at > now - length), key=lambda one: one.at)
    return inside, inside[-most].at + length if len(inside) >= most else None


def _in_days(
    attempts: list[PastAttempt], most: int, days: int, zones: tuple[str, ...], now: datetime
) -> tuple[list[PastAttempt], datetime | None]:
    """Those of the last consecutive days, today included, and when the next may be; of the zone in
    which that is latest."""
    strictest: tuple[list[PastAttempt], datetime | None] = ([], None)
    for zone in zones:
        first = _day_in(zone, now) - timedelta(days=days - 1)
        inside = [one for one in attempts if _day_in(zone, one.at) >= first]
        inside.sort(key=lambda one: one.at)
        until = None
        if len(inside) >= most:
            until = _midnight(_day_in(zone, inside[-most].at), days, ZoneInfo(zone))
        before = strictest[1]
        is_later = until is not None and (before is None or until > before)
        if is_later or (until is None and before is None and len(inside) > len(strictest[0])):
            strictest = (inside, until)
    return strictest


@lru_cache(16_384)
def _day_in(zone: str, moment: datetime) -> date:
    """The local date in a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def _ends(value: Cooldown, last: datetime, zones: tuple[str, ...]) -> datetime:
    if value.hours is not None:
        return last + timedelta(hours=value.hours)
    assert value.days is not None
    days = value.days if value.first_day_counts else value.days + 1
    places = [ZoneInfo(zone) for zone in zones]
    return max(_midnight(last.astimezone(place).date(), days, place) for place in places)


def _midnight(day: date, days: int, place: ZoneInfo) -> datetime:
    """Where a local day begins, so many days after another."""
    begins = datetime.combine(day + timedelta(days=days), time(), place)
    return max(begins.astimezone(UTC), begins.replace(fold=1).astimezone(UTC))


def _lifting(value: Cooldown, facts: Facts, plan: Plan, now: datetime) -> Consent | None:
    """The word of theirs that lifts it, where it is young enough."""
    for one in facts.consents:
        is_young = now - one.captured_at <= timedelta(days=value.lifted_days or 0)
        if one.kind in value.lifted_by and is_young and usable(one, plan, now):
            return one
    return None
