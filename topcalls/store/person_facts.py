"""Everything that is known of somebody who is to be called, by one query.

It is asked for every call twice, so it is one statement over the indexes of numbers, each part of
which finds no row for most people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from topcalls.core.answer_verdict import Answerer
from topcalls.core.call_state import LIVE_STATES
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Consent,
    ConsentKind,
    PastAttempt,
    Reassigned,
    Reassignment,
    Scope,
    Scrub,
    Suppression,
)
from topcalls.core.leads import LeadStatus
from topcalls.store import rows
from topcalls.store.fields import from_microseconds, to_microseconds

LOOK_BACK: Final = timedelta(days=62)
"""The longest rule on frequency looks at 60 full days (FR.cool.refusal60)."""

MOST_CALLS: Final = 500
_ACTIVE: Final = "active"
MOST_CHECKS: Final = 50
_AI_VOICE, _DEVICE, _HOURS, _WORDING = 1, 2, 4, 8
_LIVE: Final = ", ".join(f"'{state}'" for state in sorted(LIVE_STATES))
_NO_TEXT, _NO_NUMBER = "CAST(NULL AS TEXT)", "CAST(NULL AS BIGINT)"
SUPPRESSION_COLUMNS: Final = f"""
  d.id, d.scope, d.subject, d.source, {_NO_TEXT}, d.created_at, d.expires_at, {_NO_NUMBER}"""
CONSENT_COLUMNS: Final = f"""
  c.id, c.kind, c.purposes, c.sellers,
  CAST((CASE WHEN c.names_ai_voice THEN {_AI_VOICE} ELSE 0 END)
    + (CASE WHEN c.device_agreement THEN {_DEVICE} ELSE 0 END)
    + (CASE WHEN c.lifts_hours THEN {_HOURS} ELSE 0 END)
    + (CASE WHEN c.wording IS NOT NULL THEN {_WORDING} ELSE 0 END) AS TEXT),
  c.captured_at, c.expires_at, c.revoked_at"""
CHECK_COLUMNS: Final = f"""
  n.id, n.register, n.answer, {_NO_TEXT}, {_NO_TEXT},
  n.checked_at, n.expires_at, COALESCE(n.asked_about, n.version_at)"""
ATTEMPT_COLUMNS: Final = f"""
  a.id, a.end_reason, a.answered_by, a.campaign_id, a.from_number, a.claimed_at, a.answered_at,
  CASE WHEN a.dialled_at IS NOT NULL OR a.state IN ({_LIVE}) THEN 1 ELSE 0 END"""
LEAD_COLUMNS: Final = f"""
  l.id, l.region, l.time_zone, l.status, {_NO_TEXT}, l.updated_at, {_NO_NUMBER}, {_NO_NUMBER}"""
_CALLER_COLUMNS: Final = f"""
  p.number, CASE WHEN p.account_id = ? THEN p.status ELSE 'foreign' END,
  {_NO_TEXT}, {_NO_TEXT}, {_NO_TEXT},
  (SELECT r.rests_until FROM number_rest r
    WHERE r.account_id = p.account_id AND r.number = p.number), {_NO_NUMBER}, {_NO_NUMBER}"""
_GONE_COLUMNS: Final = f"""
  g.number, g.why, {_NO_TEXT}, {_NO_TEXT}, {_NO_TEXT}, {_NO_NUMBER}, {_NO_NUMBER}, {_NO_NUMBER}"""
_CONSENT: Final = f"SELECT 'consent', {CONSENT_COLUMNS} FROM consent c WHERE c.account_id = ?"
_FACTS: Final = f"""
SELECT 'suppression', {SUPPRESSION_COLUMNS}
  FROM do_not_call_entry d WHERE d.account_id = ? AND d.phone_number IN (?, ?)
UNION ALL {_CONSENT} AND c.phone_number IN (?, ?)
UNION ALL SELECT * FROM (
  SELECT n.kind, {CHECK_COLUMNS}
    FROM number_check n WHERE n.account_id = ? AND n.phone_number = ?
    ORDER BY n.checked_at DESC LIMIT {MOST_CHECKS}) AS checks
UNION ALL SELECT * FROM (
  SELECT 'attempt', {ATTEMPT_COLUMNS}
    FROM call a WHERE a.account_id = ? AND a.phone_number = ? AND a.claimed_at >= ?
      AND a.direction = 'outbound'
    ORDER BY a.claimed_at DESC LIMIT {MOST_CALLS}) AS attempts
UNION ALL SELECT 'lead', {LEAD_COLUMNS}
  FROM lead l WHERE l.account_id = ? AND l.phone_number = ?
UNION ALL SELECT 'caller', {_CALLER_COLUMNS}
  FROM phone_number p WHERE p.number = ?
UNION ALL SELECT 'gone', {_GONE_COLUMNS}
  FROM gone_number g WHERE g.account_id = ? AND g.number = ?
"""
_CALLERS: Final = f"""
SELECT {_GONE_COLUMNS}
  FROM gone_number g WHERE g.account_id = ? AND g.number IN ({{numbers}})
    AND NOT EXISTS (SELECT 1 FROM phone_number t WHERE t.number = g.number)
UNION ALL SELECT {_CALLER_COLUMNS}
  FROM phone_number p WHERE p.number IN ({{numbers}})
"""
_OF_LISTS: Final = f"""
UNION ALL {_CONSENT} AND c.list_id IN (
  SELECT s.list_id FROM lead_list_assignment s JOIN lead m ON m.id = s.lead_id
  WHERE m.account_id = ? AND m.phone_number = ?)
"""
_OF_CAMPAIGN: Final = f"UNION ALL {_CONSENT} AND c.campaign_id = ?"
_SUBJECTS: Final = "SELECT id, subject_key FROM campaign WHERE account_id = ? AND id IN ({marks})"


class LeadFacts(NamedTuple):
    """What a lead says of where somebody lives, and when that was last looked at. `unsubscribed`:
    it has the status that says so."""

    id: str
    region: str | None
    time_zone: str | None
    noted_at: datetime
    unsubscribed: bool = False


class PersonFacts(NamedTuple):
    """What is stored of somebody, in the words of `core/eligibility_facts.py`. `caller`: the number
    that would be shown, where it is or was one of the account's."""

    lead: LeadFacts | None = None
    suppressions: tuple[Suppression, ...] = ()
    consents: tuple[Consent, ...] = ()
    scrubs: tuple[Scrub, ...] = ()
    reassigned: tuple[Reassigned, ...] = ()
    attempts: tuple[PastAttempt, ...] = ()
    caller: CallerNumber | None = None


def of_person(
    account_id: str,
    names: tuple[str, str],
    now: datetime,
    *,
    caller: str | None = None,
    campaign_id: str | None = None,
    but_call: str | None = None,
) -> PersonFacts:
    """Everything about the person whom an account knows by these names, their number first.
    `caller`: the number that would be shown. `but_call`: the call that is being decided about,
    which is no attempt yet."""
    number, since = names[0], to_microseconds(now - LOOK_BACK)
    values: list[Any] = [account_id, *names, account_id, *names, account_id, number]
    values += [account_id, number, since, account_id, number, account_id, caller]
    values += [account_id, caller]
    text = _FACTS + _OF_LISTS
    values += [account_id, account_id, number]
    if campaign_id is not None:
        text += _OF_CAMPAIGN
        values += [account_id, campaign_id]
    found: dict[str, list[Any]] = {}
    for kind, *row in rows.select(text, *values):
        if row[0] != but_call:
            found.setdefault(kind, []).append(READ[kind](row))
    return facts_of(found, subjects_of(account_id, found.get("attempt", ())))


def facts_of(
    found: Mapping[str, Sequence[Any]], subjects: Mapping[str | None, str | None]
) -> PersonFacts:
    """What was read of somebody, by its kind, with what the campaigns of attempts are about."""
    return PersonFacts(
        lead=next(iter(found.get("lead", ())), None),
        suppressions=tuple(found.get("suppression", ())),
        consents=tuple(found.get("consent", ())),
        scrubs=tuple(found.get("scrub", ())),
        reassigned=tuple(found.get("reassigned", ())),
        attempts=tuple(_with_subject(one, subjects) for one in found.get("attempt", ())),
        caller=next(iter((*found.get("caller", ()), *found.get("gone", ()))), None),
    )


def callers_of(account_id: str, numbers: Sequence[str]) -> dict[str, CallerNumber]:
    """Those of the numbers that are or were the account's, as a decision looks at what is shown."""
    if not numbers:
        return {}
    text = _CALLERS.format(numbers=", ".join("?" * len(numbers)))
    found = map(_caller, rows.select(text, account_id, *numbers, account_id, *numbers))
    return {one.number: one for one in found}


class CampaignSubject(NamedTuple):
    """The purpose of a campaign's calls, what they are about, and what it says for itself beside
    the account's terms (`compliance` of `core.campaign_sections`). `running_since`: it was last
    started or resumed."""

    purpose: str
    subject_key: str | None
    compliance: Mapping[str, Any]
    running_since: datetime | None = None


def subject_of(campaign_id: str) -> CampaignSubject | None:
    """What a campaign's calls are about; None: there is no such campaign."""
    text = "SELECT purpose, subject_key, settings, running_since FROM campaign WHERE id = ?"
    for purpose, subject, settings, since in rows.select(text, campaign_id):
        own = orjson.loads(settings).get("compliance") or {}
        return CampaignSubject(purpose, subject, own, _moment(since))
    return None


def subjects_of(
    account_id: str, attempts: Iterable[PastAttempt]
) -> Mapping[str | None, str | None]:
    """What the campaigns of attempts are about."""
    wanted = sorted({one.campaign_id for one in attempts if one.campaign_id is not None})
    if not wanted:
        return {}
    text = _SUBJECTS.format(marks=", ".join("?" * len(wanted)))
    return dict(rows.select(text, account_id, *wanted))


def _with_subject(one: PastAttempt, subjects: Mapping[str | None, str | None]) -> PastAttempt:
    subject = subjects.get(one.campaign_id)
    return one if subject is None else replace(one, subject_key=subject)


def _suppression(row: Sequence[Any]) -> Suppression:
    entry_id, scope, subject, source, _, since, until, _ = row
    return Suppression(
        id=entry_id,
        scope=Scope(scope),
        since=from_microseconds(since),
        source=source,
        purpose=subject if scope == Scope.PURPOSE else None,
        campaign_id=subject if scope == Scope.CAMPAIGN else None,
        is_revocation=source in ("agent", "key", "transcript"),
        applied_at=from_microseconds(since),
        expires_at=_moment(until),
    )


def _consent(row: Sequence[Any]) -> Consent:
    consent_id, kind, purposes, sellers, said, captured, expires, revoked = row
    flags = int(said)
    return Consent(
        id=consent_id,
        kind=ConsentKind(kind),
        captured_at=from_microseconds(captured),
        purposes=tuple(orjson.loads(purposes)),
        sellers=tuple(orjson.loads(sellers)),
        expires_at=_moment(expires),
        revoked_at=_moment(revoked),
        has_wording=bool(flags & _WORDING),
        names_ai_voice=bool(flags & _AI_VOICE),
        device_agreement=bool(flags & _DEVICE),
        lifts_hours=bool(flags & _HOURS),
    )


def _scrub(row: Sequence[Any]) -> Scrub:
    check_id, register, answer, _, _, checked, expires, version = row
    return Scrub(
        list=register,
        listed=answer == "listed",
        scrubbed_at=from_microseconds(checked),
        id=check_id,
        version_at=_moment(version),
        expires_at=_moment(expires),
    )


def _reassigned(row: Sequence[Any]) -> Reassigned:
    check_id, _, answer, _, _, checked, _, asked_about = row
    return Reassigned(
        answer=Reassignment(answer),
        consent_at=from_microseconds(asked_about),
        checked_at=from_microseconds(checked),
        id=check_id,
    )


def _attempt(row: Sequence[Any]) -> PastAttempt:
    call_id, end_reason, answered_by, campaign_id, caller, claimed, answered, counted = row
    return PastAttempt(
        at=from_microseconds(claimed),
        id=call_id,
        counted=bool(counted),
        answered=answered is not None,
        conversation=answered is not None and answered_by in (None, Answerer.HUMAN),
        outcome=end_reason or "",
        campaign_id=campaign_id,
        caller_number=caller,
    )


def _caller(row: Sequence[Any]) -> CallerNumber:
    """That the account has the number is what proves that it may use it; another's is nobody's to
    show."""
    number, status, _, _, _, rests_until, *_ = row
    is_active = status == _ACTIVE
    return CallerNumber(number, right_to_use=is_active, quarantined_until=_moment(rests_until))


def _lead(row: Sequence[Any]) -> LeadFacts:
    lead_id, region, time_zone, status, _, noted_at, *_ = row
    unsubscribed = status == LeadStatus.UNSUBSCRIBED
    return LeadFacts(lead_id, region, time_zone, from_microseconds(noted_at), unsubscribed)


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else from_microseconds(stored)


READ: Final[Mapping[str, Callable[[Sequence[Any]], Any]]] = {
    "suppression": _suppression,
    "consent": _consent,
    "scrub": _scrub,
    "reassigned": _reassigned,
    "attempt": _attempt,
    "lead": _lead,
    "caller": _caller,
    "gone": _caller,
}
