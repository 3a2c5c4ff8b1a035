"""Did somebody agree to be called, for this, by a voice like this, and is the proof at hand?

A consent counts for the purposes and sellers that it names, from when it was given until it ends
or is taken back. Business done with somebody is none. Every rule that holds where they may be has
to be satisfied, each by whichever consent does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from topcalls.core.eligibility_facts import (
    Check,
    Consent,
    ConsentKind,
    Plan,
    Policy,
    Verdict,
)
from topcalls.core.rule_checks import failed, not_asked, passed
from topcalls.core.rule_pack import Rule
from topcalls.core.rule_values import ConsentAge, ConsentNeeded

BUSINESS: Final = frozenset({ConsentKind.EBR_PURCHASE, ConsentKind.EBR_INQUIRY})
_MISSING = {"wording": "consent_proof_incomplete", "device_agreement": "live_voice_required"}


@lru_cache(16_384)
def months_after(moment: datetime, months: int) -> datetime:
    """The same day of the month so many months later, or the month's last."""
    later: datetime = moment + relativedelta(months=months)
    return later


def usable(consent: Consent, plan: Plan, now: datetime) -> bool:
    """Whether a consent counts for a call at a moment."""
    is_over = consent.expires_at is not None and consent.expires_at <= now
    is_revoked = consent.revoked_at is not None and consent.revoked_at <= now
    return consent.captured_at <= now and not is_over and not is_revoked and _is_for(consent, plan)


def in_use(consents: tuple[Consent, ...], plan: Plan, now: datetime) -> Consent | None:
    """The newest consent that counts and is no mere business done."""
    found = [one for one in consents if one.kind not in BUSINESS and usable(one, plan, now)]
    return max(found, key=lambda one: one.captured_at, default=None)


def lifts_hours(consents: tuple[Consent, ...], plan: Plan, now: datetime) -> Consent | None:
    """The consent to be called at other hours than those of the law."""
    return next((one for one in consents if one.lifts_hours and usable(one, plan, now)), None)


def consent_checks(
    rules: tuple[Rule, ...],
    consents: tuple[Consent, ...],
    plan: Plan,
    policy: Policy,
    candidates: tuple[str, ...],
    now: datetime,
) -> Iterator[Check]:
    """One check of each rule of topic `consent`. `candidates`: the narrowest jurisdictions."""
    for rule in rules:
        value = rule.value
        assert isinstance(value, ConsentNeeded)
        if not plan.consent_needed or (
            value.unless_policy and getattr(policy, value.unless_policy)
        ):
            waived = "account" if not plan.consent_needed else value.unless_policy
            yield not_asked(rule, "consent", {"waived_by": waived})
            continue
        accepts = _accepted(value, policy, candidates)
        fit = [one for one in consents if one.kind in accepts]
        good = [one for one in fit if usable(one, plan, now) and not _lacks(one, value)]
        required = {"accepts": list(accepts), "needs": list(value.needs)}
        if good:
            best = max(good, key=lambda one: one.captured_at)
            yield passed(rule, "consent", _seen([best]), required, (best.id,))
        else:
            reason, seen = _why(consents, fit, value, plan, now)
            told, ids = _seen(seen), _ids(seen)
            yield failed(rule, "consent", Verdict.BLOCK, reason, told, required, ids)


def age_checks(
    rules: tuple[Rule, ...], consents: tuple[Consent, ...], plan: Plan, now: datetime
) -> Iterator[Check]:
    """One check of each rule of topic `consent_age`, of the consent in use."""
    consent = in_use(consents, plan, now)
    for rule in rules:
        value = rule.value
        assert isinstance(value, ConsentAge)
        required = {"months": value.months}
        if consent is None or not plan.consent_needed:
            yield not_asked(rule, "consent_age")
            continue
        told, ids = _seen([consent]), (consent.id,)
        if months_after(consent.captured_at, value.months) > now:
            yield passed(rule, "consent_age", told, required, ids)
        else:
            reason = "consent_expired" if value.verdict is Verdict.BLOCK else "consent_reconfirm"
            yield failed(rule, "consent_age", value.verdict, reason, told, required, ids)


def _is_for(consent: Consent, plan: Plan) -> bool:
    purposes, sellers = consent.purposes, consent.sellers
    is_meant = not purposes or plan.purpose in purposes or plan.category.value in purposes
    return is_meant and (not sellers or plan.seller in sellers)


def _accepted(value: ConsentNeeded, policy: Policy, candidates: tuple[str, ...]) -> tuple[str, ...]:
    lowered = value.lowered
    if lowered is None or not getattr(policy, lowered.policy):
        return value.accepts
    if not candidates or not set(candidates) <= set(lowered.regions):
        return value.accepts
    return value.accepts + lowered.accepts


def _lacks(consent: Consent, value: ConsentNeeded) -> str | None:
    has = {"wording": consent.has_wording, "device_agreement": consent.device_agreement}
    return next((need for need in value.needs if not has[need]), None)


def _why(
    consents: tuple[Consent, ...],
    fit: list[Consent],
    value: ConsentNeeded,
    plan: Plan,
    now: datetime,
) -> tuple[str, tuple[Consent, ...]]:
    """Why no consent satisfies a rule, and the ones that come nearest."""
    lacking = [one for one in fit if usable(one, plan, now)]
    if lacking:
        need = _lacks(lacking[0], value)
        return _MISSING[need or value.needs[0]], tuple(lacking)
    for reason, moment in (("consent_revoked", "revoked_at"), ("consent_expired", "expires_at")):
        over = [one for one in fit if (end := getattr(one, moment)) and end <= now]
        if over:
            return reason, tuple(over)
    if fit:
        return "consent_for_another_purpose", tuple(fit)
    others = [one for one in consents if one.kind not in BUSINESS and usable(one, plan, now)]
    return ("consent_insufficient", tuple(others)) if others else ("consent_missing", ())


def _seen(consents: Iterable[Consent]) -> dict[str, Any]:
    """The consents as they stand in the record."""
    told = [
        {"kind": one.kind.value, "captured_at": one.captured_at.isoformat()} for one in consents
    ]
    return {"consents": told}


def _ids(consents: Iterable[Consent]) -> tuple[str, ...]:
    return tuple(one.id for one in consents)
