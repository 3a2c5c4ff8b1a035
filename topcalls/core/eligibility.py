"""May somebody be called, now? The one decision before every dial.

`decide` asks every question and keeps every answer, so that the record explains the decision; none
is left out because an earlier one was answered with no. The worst answer is the verdict: blocked,
then looked at by a person, then later. What is not known never counts in favour of a call.

The same facts, plan, rules and moment give the same decision: nothing else is looked at but the
version of the zone data, which is named in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from topcalls.core import do_not_call, holiday_calendars, number_facts, zones
from topcalls.core.calling_hours import ANSWER_SECONDS, HoursBook
from topcalls.core.consent_rules import age_checks, consent_checks, lifts_hours
from topcalls.core.contact_caps import cap_checks, cooldown_checks, end_of_day
from topcalls.core.eligibility_facts import (
    Check,
    Contact,
    Decision,
    Facts,
    Plan,
    Result,
    Verdict,
    Versions,
)
from topcalls.core.number_facts import NumberFacts
from topcalls.core.readiness import (
    abandonment_checks,
    caller_checks,
    disclosure_checks,
    recording_checks,
)
from topcalls.core.rule_checks import failed, passed
from topcalls.core.rule_pack import Rule, RulePack
from topcalls.core.rule_values import CallerId, Hours, NumberKinds, ZoneData
from topcalls.core.suppression_rules import (
    reassigned_checks,
    register_checks,
    revocation_checks,
    suppression_check,
    suppression_of,
)
from topcalls.core.zones import Whereabouts, whereabouts

ENGINE: Final = "2"
"""Changes when the same facts and rules may lead to another decision."""

VALID: Final = timedelta(seconds=60)
"""How long an allowed call may wait for its dial."""

ALARMS: Final = frozenset({"revocation_overdue", "reassigned"})
"""Reasons that somebody has to hear of: a deadline was missed, a consent is worth nothing."""


class _Release(NamedTuple):
    """Of the zone data, and the day on which its age is looked at."""

    name: str
    today: date


_ORDER = (Verdict.BLOCK, Verdict.REVIEW, Verdict.DEFER)
_STEPS = 16
_FINE = Verdict.ALLOW
_NUMBER = "product.number"
_MOST_CACHED = 16_384


def decide(
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    now: datetime,
    *,
    tz_version: str | None = None,
    today: date | None = None,
    number: NumberFacts | None = None,
    place: Whereabouts | None = None,
) -> Decision:
    """Whether somebody may be called at a moment.

    `tz_version`: the release of the zone data, where it is not the one in use. `today`: the date on
    which that is judged to be too old; that of the moment where none is given. Give it where the
    moment lies ahead. `number`, `place`: what the number tells and where the person may be, where
    that was looked up before.
    """
    release = _Release(tz_version or zones.data_version(), today or now.astimezone(UTC).date())
    number = number or number_facts.number_facts(facts.contact.number)
    place = place or whereabouts(facts.contact, number, pack, now)
    checks = tuple(_checks(facts, plan, pack, now, number, place, release))
    first = _worst(checks)
    verdict = first.verdict if first else Verdict.ALLOW
    until = None
    if verdict is Verdict.DEFER:
        until = _next(facts, plan, pack, now, checks, release)
    elif verdict is Verdict.BLOCK and first is not None:
        until = first.until
    return Decision(
        verdict=verdict,
        rule_id=first.rule_id if first else "",
        reason=first.reason if first else "",
        until=until,
        valid_until=now + VALID,
        checks=checks,
        versions=versions(pack, release.name),
        jurisdictions=place.jurisdictions,
        zones=place.zones,
        alarms=_alarms(checks),
    )


def refused_by(decision: Decision, *, enforced: bool) -> str | None:
    """The rule by which a call is not made, None where it is. Under either policy nobody is called
    who is on the do-not-call list; the other rules stop a call where they are `enforced`."""
    if suppression_of(decision) is not None:
        return do_not_call.RULE
    if enforced and decision.verdict is not Verdict.ALLOW:
        return decision.rule_id
    return None


def next_allowed(
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    now: datetime,
    *,
    tz_version: str | None = None,
    today: date | None = None,
) -> datetime | None:
    """The first moment from now on at which the call is allowed, by all that is known today; None
    where no time alone brings it. Arguments as `decide` has them."""
    decision = decide(facts, plan, pack, now, tz_version=tz_version, today=today)
    return (
        now
        if decision.verdict is Verdict.ALLOW
        else (decision.until if decision.verdict is Verdict.DEFER else None)
    )


def hours_left(
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    now: datetime,
    place: Whereabouts,
) -> float | None:
    """By how many seconds a call made now is legal: so long after its last possible answer the
    strictest hours end. None where no hours hold for it, or it is outside of them. `place`: where
    the person may be now."""
    rules = pack.holding(place.jurisdictions, (plan.category, plan.voice), place.dates(now))[
        "hours"
    ]
    if lifts_hours(facts.consents, plan, now) is not None:
        rules = tuple(rule for rule in rules if not _may_lift(rule))
    second = now.timestamp()
    ends = _book(pack).closes(rules, place.zones, int(second)) if rules and place.zones else None
    guard = plan.ring_timeout_seconds + ANSWER_SECONDS
    return None if ends is None else ends - second - guard


def caller_series(
    contact: Contact, plan: Plan, pack: RulePack, now: datetime
) -> tuple[tuple[str, ...], ...]:
    """Series of which the number that is shown has to be, by the rules where somebody may be: of
    each, it begins with one of these."""
    place = whereabouts(contact, number_facts.number_facts(contact.number), pack, now)
    rules = pack.holding(place.jurisdictions, (plan.category, plan.voice), place.dates(now))
    values = [rule.value for rule in rules["caller_id"]]
    return tuple(one.prefixes for one in values if isinstance(one, CallerId) and one.prefixes)


def _checks(
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    now: datetime,
    number: NumberFacts,
    place: Whereabouts,
    release: _Release,
) -> Iterator[Check]:
    """Every question, in the order in which an answer of no is told first."""
    days = place.dates(now)
    rules = pack.holding(place.jurisdictions, (plan.category, plan.voice), days)
    yield from _number_checks(rules["number"], number)
    yield suppression_check(facts.suppressions, plan, now)
    yield from revocation_checks(rules["revocation"], facts.suppressions, plan, now)
    yield from consent_checks(
        rules["consent"], facts.consents, plan, facts.policy, place.candidates, now
    )
    yield from age_checks(rules["consent_age"], facts.consents, plan, now)
    yield from reassigned_checks(rules["reassigned"], facts, plan, now)
    yield from register_checks(rules["register"], facts, plan, now)
    for rule in rules["emergency"]:
        until = end_of_day(rule.effective_to, place.zones)
        yield failed(rule, "emergency", Verdict.BLOCK, "emergency_ban", until=until)
    yield from _place_checks(place, facts.policy.regions)
    yield from _zone_data_checks(rules["time_zone_data"], pack, release)
    yield from _hours_checks(rules["hours"], facts, plan, pack, place, now)
    yield from cap_checks(rules["frequency"], facts, plan, place.zones, now)
    yield from cooldown_checks(rules["cooldown"], facts, plan, place.zones, now)
    yield from recording_checks(rules["recording"], plan.recording)
    yield from disclosure_checks(rules["disclosure"], plan.slots)
    quarantine = plan.caller.quarantined_until if plan.caller else None
    is_quarantined = quarantine is not None and quarantine > now
    yield from caller_checks(rules["caller_id"], plan.caller, is_quarantined)
    of_campaign = plan.campaign_id is not None
    yield from abandonment_checks(
        rules["abandonment"], facts.abandonment, now, of_campaign=of_campaign
    )


@lru_cache(_MOST_CACHED)
def _number_checks(rules: tuple[Rule, ...], number: NumberFacts) -> tuple[Check, ...]:
    if not number.is_number:
        reason = "number_invalid"
        return (Check("number", _NUMBER, Result.UNKNOWN, Verdict.REVIEW, reason),)
    observed = {"kind": number.kind, "country": number.country}
    if not number.is_assigned and number.kind == "unknown":
        reason = "number_not_assigned"
        return (Check("number", _NUMBER, Result.FAIL, Verdict.BLOCK, reason, "", observed),)
    return tuple(
        failed(rule, "number", Verdict.BLOCK, "not_dialable_kind", observed)
        if isinstance(rule.value, NumberKinds) and number.kind in rule.value.blocked
        else passed(rule, "number", observed)
        for rule in rules
    )


@lru_cache(_MOST_CACHED)
def _place_checks(place: Whereabouts, regions: tuple[str, ...]) -> tuple[Check, Check]:
    """Where somebody may be: known, with rules, and in `regions`, where the account has any."""
    sources = {"sources": list(place.sources)}
    law = Check("jurisdiction", "product.jurisdiction", Result.PASS, observed=sources)
    unknown, fail, review = Result.UNKNOWN, Result.FAIL, Verdict.REVIEW
    if not place.candidates or place.uncovered:
        told = {**sources, "uncovered": list(place.uncovered)}
        reason = "rules_missing"
        law = law._replace(result=unknown, verdict=review, reason=reason, observed=told)
    elif regions and not all(_is_within(one, regions) for one in place.candidates):
        told = {**sources, "regions": list(regions)}
        reason = "region_not_called"
        law = law._replace(result=fail, verdict=Verdict.BLOCK, reason=reason, observed=told)
    clock = Check("zone", "product.zone", Result.PASS, observed={"zones": list(place.zones)})
    if not place.zones:
        clock = clock._replace(result=unknown, verdict=review, reason="zone_unknown")
    return law, clock


def _is_within(candidate: str, regions: tuple[str, ...]) -> bool:
    return candidate in regions or candidate.partition("-")[0] in regions


@lru_cache(_MOST_CACHED)
def _zone_data_checks(
    rules: tuple[Rule, ...], pack: RulePack, release: _Release
) -> tuple[Check, ...]:
    """Zone data that is the packaged one, young enough, and right where the law was changed."""
    age = pack.releases.age_days(release.name, release.today)
    observed = {"release": release.name, "age_days": age}
    limit = pack.releases.refuse_after_days
    reason, late = "time_zone_data_old", Verdict.DEFER
    found = Check(
        "time_zone_data",
        "product.time_zone_data",
        Result.PASS,
        observed=observed,
        required={"max_age_days": limit},
        status="product",
    )
    if age is None or age > limit:
        found = found._replace(result=Result.FAIL, verdict=late, reason=reason)
    checks = [found]
    for rule in rules:
        assert isinstance(rule.value, ZoneData)
        required = {"at_least": rule.value.at_least}
        if age is None or release.name < rule.value.at_least:
            checks.append(failed(rule, "time_zone_data", late, reason, observed, required))
        else:
            checks.append(passed(rule, "time_zone_data", observed, required))
    return tuple(checks)


def _hours_checks(
    rules: tuple[Rule, ...],
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    place: Whereabouts,
    now: datetime,
) -> Iterator[Check]:
    if not place.zones:
        return
    lifting = lifts_hours(facts.consents, plan, now)
    if lifting is not None:
        for rule in rules:
            if _may_lift(rule):
                yield passed(rule, "hours", {"lifted_by": lifting.kind.value}, ids=(lifting.id,))
        rules = tuple(rule for rule in rules if not _may_lift(rule))
    second = now.timestamp()
    later = second + plan.ring_timeout_seconds + ANSWER_SECONDS
    yield from _book(pack).checks(rules, place.zones, int(second // 60), int(later // 60))


def _may_lift(rule: Rule) -> bool:
    return isinstance(rule.value, Hours) and rule.value.lift


@lru_cache(8)
def _book(pack: RulePack) -> HoursBook:
    return HoursBook(pack.calendars)


def _alarms(checks: tuple[Check, ...]) -> tuple[str, ...]:
    told = [one.reason for one in checks if one.reason]
    return tuple(dict.fromkeys(reason for reason in told if reason in ALARMS))


def _worst(checks: tuple[Check, ...]) -> Check | None:
    """The first check that asks for the verdict, of those that defer one that waiting does not
    satisfy before one that it does; None where every one is fine."""
    failing = [one for one in checks if one.verdict is not _FINE]
    if not failing:
        return None
    worst = min((one.verdict for one in failing), key=_ORDER.index)
    asking = [one for one in failing if one.verdict is worst]
    if worst is Verdict.DEFER:
        return next((one for one in asking if one.until is None), asking[0])
    return asking[0]


def _next(
    facts: Facts,
    plan: Plan,
    pack: RulePack,
    now: datetime,
    checks: tuple[Check, ...],
    release: _Release,
) -> datetime | None:
    """When all that defers is over, found step by step: each check says until when it holds, and
    none of them is over sooner."""
    moment = now
    for _ in range(_STEPS):
        failing = [one for one in checks if one.verdict is not _FINE]
        if not failing:
            return moment
        ends = [one.until for one in failing if one.verdict is Verdict.DEFER]
        if len(ends) < len(failing) or None in ends:
            return None
        moment = max(end for end in ends if end is not None)
        number = number_facts.number_facts(facts.contact.number)
        place = whereabouts(facts.contact, number, pack, moment)
        checks = tuple(_checks(facts, plan, pack, moment, number, place, release))
    return None


@lru_cache(16)
def versions(pack: RulePack, release: str) -> Versions:
    """What decides: by these rules, with this release of the zone data."""
    return Versions(
        pack.version,
        pack.hash,
        ENGINE,
        release,
        number_facts.VERSION,
        holiday_calendars.VERSION,
    )
