"""A decision as the ledger keeps it: what may stay for ever, and what tells of the person."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from topcalls.core import ledger
from topcalls.core.eligibility_facts import Check, Contact, Decision, Plan, Verdict, Versions
from topcalls.core.ledger import Record
from topcalls.ids import ordered_ids
from topcalls.store.decisions import microseconds

_SALT_BYTES: Final = 16
_CHECK: Final = (
    *("check", "rule_id", "jurisdiction", "result", "verdict", "reason", "status", "until"),
    "required",
)
_FINE: Final = 4
"""Of a check that asks for nothing the record keeps what was asked and how it went: what the rule
wants stands in the rules, whose hash is kept, and there is no more to explain."""


@dataclass(frozen=True, slots=True)
class About:
    """What a decision is about. `stage`: `create`, `claim`, or `dial` where a claim was too long
    ago; `planned_at`: when the call was to be dialled; `enforced`: the call is made only if it is
    allowed. `asked_by`: the key that asked for the call, and by that warranted what it did not
    show."""

    account_id: str
    stage: str
    planned_at: datetime
    enforced: bool
    call_id: str | None = None
    campaign_id: str | None = None
    asked_by: str | None = None


def record_of(
    decision: Decision, contact: Contact, plan: Plan, about: About, now: datetime
) -> Record:
    """The record of a decision, not sealed yet."""
    content = orjson.dumps(_content(decision, plan, about)).decode()
    personal = orjson.dumps(_personal(decision, contact, about)).decode()
    salt = secrets.token_hex(_SALT_BYTES)
    (record_id,) = ordered_ids(now, 1)
    record = Record(
        id=record_id,
        account_id=about.account_id,
        call_id=about.call_id,
        campaign_id=about.campaign_id,
        stage=about.stage,
        verdict=decision.verdict,
        rule_id=decision.rule_id,
        at=microseconds(now),
        content=content,
        personal=personal,
        salt=salt,
        personal_digest=ledger.personal_digest(salt, personal),
        digest="",
    )
    return replace(record, digest=ledger.digest(record))


@lru_cache(16)
def _told(versions: Versions) -> dict[str, str]:
    return {name: getattr(versions, name) for name in versions.__slots__}


def shown(record: Record) -> dict[str, Any]:
    """A record as people read it: both parts together, checks with their names."""
    content = orjson.loads(record.content)
    personal = {} if record.personal is None else orjson.loads(record.personal)
    checks = [_named(check) for check in content.pop("checks")]
    seen = personal.pop("observed", [{}] * len(checks))
    evidence = personal.pop("evidence", [[]] * len(checks))
    for check, observed, ids in zip(checks, seen, evidence, strict=True):
        check |= {"observed": observed, "evidence_ids": ids}
    return {**content, **personal, "checks": checks}


def _content(decision: Decision, plan: Plan, about: About) -> dict[str, Any]:
    versions = decision.versions
    return {
        "planned_at": about.planned_at,
        "enforced": about.enforced,
        "reason": decision.reason,
        "until": decision.until,
        "valid_until": decision.valid_until,
        "purpose": plan.purpose,
        "category": plan.category,
        "voice": plan.voice,
        "alarms": decision.alarms,
        "versions": _told(versions),
        "checks": [_check(check) for check in decision.checks],
    }


def _check(check: Check) -> list[Any]:
    fine = [check.check, check.rule_id, check.jurisdiction, check.result]
    if check.verdict is Verdict.ALLOW:
        return fine
    return [*fine, check.verdict, check.reason, check.status, check.until, check.required]


def _named(check: list[Any]) -> dict[str, Any]:
    fine: list[Any] = [Verdict.ALLOW, "", "", None, None]
    return dict(zip(_CHECK, [*check, *fine[len(check) - _FINE :]], strict=True))


def _personal(decision: Decision, contact: Contact, about: About) -> dict[str, Any]:
    return {
        "phone_number": contact.number,
        "lead_id": contact.id,
        "asked_by": about.asked_by,
        "jurisdictions": decision.jurisdictions,
        "zones": decision.zones,
        "observed": [check.observed for check in decision.checks],
        "evidence": [check.evidence_ids for check in decision.checks],
    }
