"""How one question of a decision is written down: with the rule that asked it, and its source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from topcalls.core.eligibility_facts import Check, Result, Verdict
from topcalls.core.rule_pack import Rule


def passed(
    rule: Rule,
    name: str,
    observed: Mapping[str, Any] | None = None,
    required: Mapping[str, Any] | None = None,
    ids: tuple[str, ...] = (),
) -> Check:
    """The rule is kept."""
    return _of(rule, name, Result.PASS, Verdict.ALLOW, "", observed, required, ids, None)


def not_asked(rule: Rule, name: str, observed: Mapping[str, Any] | None = None) -> Check:
    """The rule is not about such a call, or nothing is needed for it."""
    return _of(rule, name, Result.NOT_APPLICABLE, Verdict.ALLOW, "", observed, None, (), None)


def failed(
    rule: Rule,
    name: str,
    verdict: Verdict,
    reason: str,
    observed: Mapping[str, Any] | None = None,
    required: Mapping[str, Any] | None = None,
    ids: tuple[str, ...] = (),
    until: datetime | None = None,
) -> Check:
    """The rule is not kept."""
    return _of(rule, name, Result.FAIL, verdict, reason, observed, required, ids, until)


def unknown(
    rule: Rule,
    name: str,
    reason: str,
    observed: Mapping[str, Any] | None = None,
    required: Mapping[str, Any] | None = None,
    verdict: Verdict | None = None,
) -> Check:
    """What it takes to know is missing; the rule says what becomes of the call then."""
    asked = rule.on_unknown if verdict is None else verdict
    return _of(rule, name, Result.UNKNOWN, asked, reason, observed, required, (), None)


def _of(
    rule: Rule,
    name: str,
    result: Result,
    verdict: Verdict,
    reason: str,
    observed: Mapping[str, Any] | None,
    required: Mapping[str, Any] | None,
    ids: tuple[str, ...],
    until: datetime | None,
) -> Check:
    return Check(
        name,
        rule.id,
        result,
        verdict,
        reason,
        rule.jurisdiction,
        observed,
        required,
        ids,
        until,
        rule.status,
        rule.source,
        rule.checked_on,
    )
