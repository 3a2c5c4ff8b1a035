"""Whether a call may be made: everything that is known is gathered, decided, and recorded.

It is decided when a call is created and again when it is claimed to be dialled, each time in the
transaction of what depends on it and with the account locked, so that two calls to one person never
both take the last place under a cap. What the rules say is `core/eligibility.py`; here is only
what they are told, and what becomes of their answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from topcalls.core import consents, do_not_call, eligibility, pre_dial
from topcalls.core.call_request import CallRequest
from topcalls.core.compliance import DEFAULT_PURPOSE, Enforcement, Terms, terms_of
from topcalls.core.eligibility import refused_by
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Category,
    Consent,
    Contact,
    Decision,
    Facts,
    Plan,
    Policy,
    Recorded,
    Scope,
    Suppression,
)
from topcalls.core.opening_text import Beginning, has_number, unsaid
from topcalls.core.pre_dial import Server
from topcalls.core.refusal_words import words_of
from topcalls.core.rule_pack import RulePack
from topcalls.core.rule_values import SLOTS
from topcalls.core.suppression_rules import suppression_of
from topcalls.services import registers as register_questions
from topcalls.services.abandonments import Abandonments
from topcalls.services.decision_records import About, record_of
from topcalls.services.judgements import Judgement, Meant, NotAllowed
from topcalls.services.person_keys import PersonKeys
from topcalls.services.registers import Registers
from topcalls.store import decisions, dispatch, person_facts
from topcalls.store import do_not_call as do_not_call_rows
from topcalls.store.person_facts import CampaignSubject, LeadFacts, PersonFacts

_EVERY_SLOT: Final = frozenset(SLOTS)
_NO_SLOT: Final[frozenset[str]] = frozenset()
Decide = Callable[[Facts, Plan, RulePack, datetime], Decision]


class Eligibility:
    """Decides about calls. Its methods are parts of a verb: the account is locked by then.

    `default`: the policy of accounts that chose none. `registers`: those that calls wait for.
    """

    def __init__(
        self,
        people: PersonKeys,
        pack: RulePack,
        decide: Decide,
        *,
        default: Enforcement,
        registers: Registers | None = None,
    ) -> None:
        self._people = people
        self._registers = registers or Registers()
        self._pack = pack
        self._abandonment = Abandonments(pack)
        self._decide = decide
        self._default = default

    def is_enforced(self, terms: Terms) -> bool:
        """Whether a call is not made that is not allowed."""
        return (terms.enforcement or self._default) is Enforcement.ENFORCE

    def is_named_on_the_list(self, account_id: str, number: str) -> bool:
        """Whether the account's do-not-call list has any entry of a number, whatever it is for."""
        return do_not_call_rows.has_any(account_id, self._people.names(account_id, number))

    def plan_of_campaign(
        self, account_id: str, campaign_id: str, request: CallRequest, now: datetime
    ) -> tuple[Plan, bool]:
        """What calls of a campaign are, and whether one is not made that is not allowed. `request`:
        any of them."""
        terms = parsed(dispatch.compliance_of(account_id))
        meant = Meant(account_id, request, now, "create", campaign_id=campaign_id)
        return plan_of(meant, terms), self.is_enforced(terms)

    def caller_series(
        self, contact: Contact, plan: Plan, now: datetime
    ) -> tuple[tuple[str, ...], ...]:
        """Of each of these, the number that somebody is shown has to begin with one."""
        return eligibility.caller_series(contact, plan, self._pack, now)

    def judge(self, call: Meant, terms_text: str | None, now: datetime) -> Judgement:
        """Decide about a call. `terms_text`: the account's terms as they are stored."""
        terms = parsed(terms_text)
        known = person_facts.of_person(
            call.account_id,
            self._people.names(call.account_id, call.request.phone_number),
            now,
            caller=call.request.from_number,
            campaign_id=call.campaign_id,
            but_call=call.call_id,
        )
        subject = _subject(call)
        plan = _plan(call, subject, terms, known.caller)
        facts = replace(
            _facts(call, terms, known, now),
            abandonment=self._abandonment.of(
                call.account_id, call.campaign_id, subject.running_since, now
            ),
        )
        decision = self._decide(facts, plan, self._pack, call.planned_at)
        enforced = self.is_enforced(terms)
        about = About(
            account_id=call.account_id,
            stage=call.stage,
            planned_at=call.planned_at,
            enforced=enforced,
            call_id=call.call_id,
            campaign_id=call.campaign_id,
            asked_by=call.asked_by,
        )
        server = _server(subject, terms)
        judged = Judgement(decision, facts, plan, about, server=server)
        rule = refused_by(decision, enforced=enforced)
        if rule is None:
            return judged
        if rule == do_not_call.RULE:
            return replace(judged, refused_by=rule, words=_words_of(decision))
        words = words_of(rule, decision.reason)
        asked = self._registers.awaited(call.account_id, decision, facts, plan, now)
        return replace(judged, refused_by=rule, words=words, asked=asked)


def record_refusal(refused: NotAllowed, now: datetime) -> str:
    """Write into the ledger why a call was not created, in a transaction of its own; its id."""
    about = replace(refused.judged.about, call_id=None)
    return record(replace(refused.judged, about=about), now)


def record(judged: Judgement, now: datetime) -> str:
    """Write a decision into the ledger, in the transaction of what it is about, and have the
    registers asked that it waits for; its id."""
    if judged.asked is not None:
        number = judged.facts.contact.number
        register_questions.ask(judged.about.account_id, number, judged.asked, now)
    written = record_of(judged.decision, judged.facts.contact, judged.plan, judged.about, now)
    decisions.insert(written, judged.facts.contact.number, now)
    return written.id


@lru_cache(1024)
def parsed(text: str | None) -> Terms:
    """Terms as they are stored."""
    return terms_of(None if text is None else orjson.loads(text))


def facts_of(
    number: str, known: PersonFacts, policy: Policy, warranty: tuple[Consent, ...] = ()
) -> Facts:
    """What is known of somebody as a decision looks at it."""
    lead = known.lead
    return Facts(
        contact=contact_of(number, lead),
        attempts=known.attempts,
        consents=known.consents + warranty,
        suppressions=known.suppressions + _unsubscribed(lead),
        scrubs=known.scrubs,
        reassigned=known.reassigned,
        policy=_warranted_policy(policy) if warranty else policy,
    )


def _words_of(decision: Decision) -> str:
    """Whether the list keeps them from being called, or the status of their lead alone."""
    found = suppression_of(decision)
    entries = (found.observed or {}).get("entries", ()) if found is not None else ()
    is_lead = all(one["source"] == do_not_call.LEAD for one in entries)
    return do_not_call.UNSUBSCRIBED_WORDS if is_lead else do_not_call.WORDS


def contact_of(number: str, lead: LeadFacts | None) -> Contact:
    """Who has a number, by what their lead says."""
    if lead is None:
        return Contact(number)
    regions = (lead.region,) if lead.region else ()
    return Contact(number, regions, lead.time_zone, lead.noted_at, id=lead.id)


def _unsubscribed(lead: LeadFacts | None) -> tuple[Suppression, ...]:
    """A lead that is `Unsubscribed` is not called, whoever set that status: as if it were on the
    do-not-call list."""
    if lead is None or not lead.unsubscribed:
        return ()
    since = lead.noted_at
    return (Suppression(lead.id, Scope.ACCOUNT, since, do_not_call.LEAD, applied_at=since),)


def _facts(call: Meant, terms: Terms, known: PersonFacts, now: datetime) -> Facts:
    return facts_of(call.request.phone_number, known, terms.policy, _warranty(call, terms, now))


@lru_cache(256)
def _warranted_policy(policy: Policy) -> Policy:
    """Who warrants a consent warrants that no register says otherwise: it lifts them."""
    return replace(policy, require_scrubs=False)


def _warranty(call: Meant, terms: Terms, now: datetime) -> tuple[Consent, ...]:
    """Who asks for a single call warrants that its callee agreed, unless the account wants it
    shown; campaigns show it, or state it of a list or of themselves."""
    if call.campaign_id is not None or terms.consent_required:
        return ()
    by = f"key {call.asked_by}" if call.asked_by is not None else f"call {call.call_id}"
    return (consents.warranted(by, now),)


def plan_of(call: Meant, terms: Terms) -> Plan:
    """Part of a verb: a call as a decision looks at it."""
    return _plan(call, _subject(call), terms)


def server_of(call: Meant, terms: Terms) -> Server | None:
    """Part of a verb: the account's own server that is asked before such a call is created."""
    return _server(_subject(call), terms)


def _server(subject: CampaignSubject, terms: Terms) -> Server | None:
    return pre_dial.server_of(subject.compliance.get("pre_dial")) or terms.pre_dial


def _plan(
    call: Meant, subject: CampaignSubject, terms: Terms, caller: CallerNumber | None = None
) -> Plan:
    request = call.request
    stated = _EVERY_SLOT if call.campaign_id is None else _NO_SLOT
    own = subject.compliance
    slots = own.get("slots")
    if slots is None:
        slots = terms.slots
    seller = own.get("seller") or terms.seller
    return Plan(
        purpose=subject.purpose,
        category=Category(own.get("category") or terms.category_of(subject.purpose)),
        campaign_id=call.campaign_id,
        subject_key=subject.subject_key,
        seller=seller,
        ring_timeout_seconds=request.ring_timeout_seconds,
        recording=_recorded(request),
        slots=stated if slots is None else _found(slots, request, seller, own, terms),
        caller=caller,
    )


def _found(
    slots: Iterable[str],
    request: CallRequest,
    seller: str | None,
    own: Mapping[str, Any],
    terms: Terms,
) -> frozenset[str]:
    """What the beginning of a call is stated to say, as far as it is found there."""
    said = own.get("said")
    beginning = beginning_of(request, seller, terms.said if said is None else said)
    return frozenset(slots) - frozenset(unsaid(slots, beginning))


def beginning_of(request: CallRequest, seller: str | None, said: Mapping[str, str]) -> Beginning:
    """What is spoken as it stands at the beginning of a call."""
    recording = request.recording
    announcement = recording.announcement if recording.enabled else None
    later = (request.task, request.instructions)
    return Beginning(
        text=" ".join(one for one in (announcement, request.first_sentence) if one),
        number_later=any(has_number(one) for one in later if one),
        seller=seller,
        language=request.language,
        recorded=recording.enabled and announcement is None,
        said=tuple(sorted(said.items())),
    )


def _subject(call: Meant) -> CampaignSubject:
    """The purpose of a call, what it is about, and what its campaign says for itself."""
    found = None
    if call.campaign_id is not None:
        found = person_facts.subject_of(call.campaign_id)
    return found or CampaignSubject(
        call.request.purpose or call.purpose or DEFAULT_PURPOSE, None, {}
    )


def _recorded(request: CallRequest) -> Recorded:
    if not request.recording.enabled:
        return Recorded.OFF
    return Recorded.ANNOUNCE if request.recording.announcement else Recorded.SILENT
