"""Has somebody said that they do not want to be called, or is the number on a list of such people?

An account's own list holds at once and for good. How far a revocation goes beyond the purpose that
it was said of, and by when it has to be carried out, are dated rules. Registers and the register of
reassigned numbers are asked by others: here it is judged what they said and how old that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from topcalls.core.consent_rules import in_use, months_after, usable
from topcalls.core.do_not_call import RULE as DO_NOT_CALL
from topcalls.core.eligibility_facts import (
    Check,
    Consent,
    ConsentKind,
    Decision,
    Facts,
    Plan,
    Reassigned,
    Reassignment,
    Result,
    Scope,
    Scrub,
    Suppression,
    Verdict,
)
from topcalls.core.rule_checks import failed, not_asked, passed, unknown
from topcalls.core.rule_pack import Rule
from topcalls.core.rule_values import ReassignedNumbers, Register, Revocation

_WEEKEND = (5, 6)
_NOT_LISTED: Final = Check("suppression", DO_NOT_CALL, Result.PASS)


def suppression_check(suppressions: tuple[Suppression, ...], plan: Plan, now: datetime) -> Check:
    """The account's own list. `until`: the last entry ends then, where each has an end."""
    found = [one for one in suppressions if _is_active(one, now) and _is_about(one, plan)]
    if not found:
        return _NOT_LISTED
    ends = [one.expires_at for one in found if one.expires_at is not None]
    told = [
        {"scope": one.scope.value, "source": one.source, "since": one.since.isoformat()}
        for one in found
    ]
    return Check(
        "suppression",
        DO_NOT_CALL,
        Result.FAIL,
        Verdict.BLOCK,
        "suppressed",
        observed={"entries": told},
        evidence_ids=tuple(one.id for one in found),
        until=max(ends) if len(ends) == len(found) else None,
    )


def suppression_of(decision: Decision) -> Check | None:
    """The check by which somebody is on the account's own list, for such a call at its moment: that
    holds under any policy. None where they are not."""
    found = (one for one in decision.checks if one.rule_id == DO_NOT_CALL)
    return next((one for one in found if one.verdict is not Verdict.ALLOW), None)


def revocation_checks(
    rules: tuple[Rule, ...], suppressions: tuple[Suppression, ...], plan: Plan, now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `revocation`. A deadline that has passed stops a call only
    where the suppression is about it; it is an alarm in any case."""
    revoked = [one for one in suppressions if one.is_revocation and _is_active(one, now)]
    if not revoked:
        yield from _nothing_revoked(rules)
        return
    for rule in rules:
        value = rule.value
        assert isinstance(value, Revocation)
        if value.scope is not None:
            ids = tuple(one.id for one in revoked)
            yield failed(rule, "revocation", Verdict.BLOCK, "revoked_for_all", ids=ids)
            continue
        late = [one for one in revoked if one.applied_at is None and _deadline(value, one) < now]
        required = {"business_days": value.business_days, "days": value.days}
        if not late:
            yield passed(rule, "revocation", required=required)
        else:
            is_meant = any(_is_about(one, plan) for one in late)
            verdict = Verdict.BLOCK if is_meant else Verdict.ALLOW
            ids, since = tuple(one.id for one in late), min(one.since for one in late)
            observed = {"since": since.isoformat()}
            reason = "revocation_overdue"
            yield failed(rule, "revocation", verdict, reason, observed, required, ids)


def register_checks(
    rules: tuple[Rule, ...], facts: Facts, plan: Plan, now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `register`, by the newest answer of each list."""
    for rule in rules:
        value = rule.value
        assert isinstance(value, Register)
        scrubs = [one for one in facts.scrubs if one.list == value.list and one.scrubbed_at <= now]
        scrub = max(scrubs, key=lambda one: one.scrubbed_at, default=None)
        lifting = _lifting(value, facts.consents, plan, now)
        is_excused = lifting is not None and not facts.policy.require_scrubs
        yield _register_check(rule, value, scrub, lifting, is_excused, now)


def reassigned_checks(
    rules: tuple[Rule, ...], facts: Facts, plan: Plan, now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `reassigned`, of the consent in use."""
    consent = in_use(facts.consents, plan, now)
    for rule in rules:
        value = rule.value
        assert isinstance(value, ReassignedNumbers)
        if consent is None:
            yield not_asked(rule, "reassigned")
            continue
        answers = [
            one for one in facts.reassigned if _tells(one, consent) and one.checked_at <= now
        ]
        newest = max(answers, key=lambda one: one.checked_at, default=None)
        if newest is not None:
            yield _reassigned_check(rule, value, newest, consent, facts.policy.allow_no_data, now)
        elif facts.policy.require_reassigned:
            yield unknown(rule, "reassigned", "reassigned_missing")
        else:
            yield not_asked(rule, "reassigned")


@lru_cache(1024)
def _nothing_revoked(rules: tuple[Rule, ...]) -> tuple[Check, ...]:
    return tuple(passed(rule, "revocation") for rule in rules)


def _is_active(one: Suppression, now: datetime) -> bool:
    """From when it is known on, whatever the clock of whoever wrote it says."""
    return one.expires_at is None or one.expires_at > now


def _is_about(one: Suppression, plan: Plan) -> bool:
    """Whether it keeps such a call back. A purpose is named as the account calls it, or by what the
    law asks of it (`telemarketing`)."""
    if one.scope is Scope.PURPOSE:
        return one.purpose in (plan.purpose, plan.category.value)
    if one.scope is Scope.CAMPAIGN:
        return one.campaign_id is not None and one.campaign_id == plan.campaign_id
    return True


def _deadline(value: Revocation, one: Suppression) -> datetime:
    """Business days are all but weekends: a holiday that is taken for one makes it too early."""
    if value.days is not None:
        return one.since + timedelta(days=value.days)
    moment, left = one.since, value.business_days or 0
    while left:
        moment += timedelta(days=1)
        left -= moment.weekday() not in _WEEKEND
    return moment


def _lifting(
    value: Register, consents: tuple[Consent, ...], plan: Plan, now: datetime
) -> Consent | None:
    """The consent, or the business done, that lifts a register. A warranty is of the consent that
    the law asks for, so it lifts what that consent lifts."""
    for one in consents:
        if not usable(one, plan, now):
            continue
        if one.kind in value.lifted_by or one.kind is ConsentKind.WARRANTY:
            return one
        months = value.lifted_months.get(one.kind)
        if months is not None and months_after(one.captured_at, months) > now:
            return one
    return None


def _register_check(
    rule: Rule,
    value: Register,
    scrub: Scrub | None,
    lifting: Consent | None,
    is_excused: bool,
    now: datetime,
) -> Check:
    required = {"list": value.list, "max_age_days": value.max_age_days}
    ids = tuple(one.id for one in (scrub, lifting) if one is not None and one.id)
    if scrub is None:
        reason = "state_list_missing" if "-" in value.list else "scrub_missing"
        verdict = Verdict.ALLOW if is_excused else None
        return unknown(rule, "register", reason, None, required, verdict)
    made = min(scrub.version_at or scrub.scrubbed_at, scrub.scrubbed_at)
    age = now - made
    observed = {
        "listed": scrub.listed,
        "version": made.isoformat(),
        "age_days": age.days,
        "lifted_by": lifting.id if lifting else None,
    }
    if scrub.listed and lifting is None:
        return failed(rule, "register", Verdict.BLOCK, "listed", observed, required, ids)
    is_over = scrub.expires_at is not None and scrub.expires_at <= now
    if (age.days > value.max_age_days or is_over) and not is_excused:
        return failed(rule, "register", Verdict.DEFER, "scrub_stale", observed, required, ids)
    return passed(rule, "register", observed, required, ids)


def _tells(answer: Reassigned, consent: Consent) -> bool:
    """Whether an answer says something of a consent of that date: who held the number since an
    earlier day also held it since a later one, and the other way round for a new holder."""
    asked, given = answer.consent_at.date(), consent.captured_at.date()
    if answer.answer is Reassignment.YES:
        return given <= asked
    return asked <= given


def _reassigned_check(
    rule: Rule,
    value: ReassignedNumbers,
    answer: Reassigned,
    consent: Consent,
    allow_no_data: bool,
    now: datetime,
) -> Check:
    age = (now - answer.checked_at).days
    observed = {
        "answer": answer.answer.value,
        "asked_about": answer.consent_at.date().isoformat(),
        "age_days": age,
    }
    required = {"max_age_days": value.max_age_days}
    ids = tuple(one for one in (answer.id, consent.id) if one)
    if answer.answer is Reassignment.YES:
        return failed(rule, "reassigned", Verdict.BLOCK, "reassigned", observed, required, ids)
    if age > value.max_age_days:
        reason = "reassigned_stale"
        return failed(rule, "reassigned", Verdict.DEFER, reason, observed, required, ids)
    old = months_after(consent.captured_at, value.no_data_review_months) <= now
    if answer.answer is Reassignment.NO_DATA and old and not allow_no_data:
        return failed(rule, "reassigned", Verdict.REVIEW, "no_data", observed, required, ids)
    return passed(rule, "reassigned", observed, required, ids)
