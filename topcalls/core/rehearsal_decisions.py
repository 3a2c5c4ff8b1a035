"""Whether a call of a rehearsal may be made: decided as calls are, and what cannot be known told.

The facts, the plan with the number that is shown, the decision and what the account's policy makes
of it are those of production. What others would have to be asked is taken as the answer that lets
the call be made, and counted: registers that would be asked say nothing against anybody, and the
account's own server allows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NamedTuple

from topcalls.core import eligibility, zones
from topcalls.core.campaign_holds import Place, place_of
from topcalls.core.eligibility_facts import (
    CallerNumber,
    Decision,
    Facts,
    Plan,
    Reassigned,
    Reassignment,
    Scrub,
    Verdict,
)
from topcalls.core.number_checks import SCRUB
from topcalls.core.refusal_words import words_of
from topcalls.core.register_questions import RegisterQuestion, may_follow, open_questions
from topcalls.core.rehearsal_line import Contact, Setup
from topcalls.core.rehearsal_tally import Closest, Tally
from topcalls.core.zones import Whereabouts

HOURS: Final = "hours"
PRE_DIAL: Final = "pre_dial"
CALLER_NUMBER: Final = "caller_number"
_Group = tuple[tuple[str, ...], tuple[str, ...]]


class Refusal(NamedTuple):
    """The rule by which somebody is not called now, in `words`, and what becomes of them."""

    rule: str
    place: Place
    words: str


class Decisions:
    """See the module's text."""

    def __init__(self, setup: Setup, tally: Tally) -> None:
        self._setup = setup
        self._tally = tally
        self._today = setup.begins.astimezone(UTC).date()
        self._closed: dict[_Group, datetime] = {}
        self._plans: dict[tuple[str | None, datetime | None], Plan] = {}

    def place(self, contact: Contact, now: datetime) -> Whereabouts:
        """Where somebody may be."""
        return zones.whereabouts(contact.facts.contact, contact.number, self._setup.pack, now)

    def closed_until(self, contact: Contact, place: Whereabouts, now: datetime) -> datetime | None:
        """When the hours begin for somebody, where others of the same places were told so."""
        closed = self._closed.get((place.jurisdictions, place.zones))
        if closed is None or closed <= now or _lifts_hours(contact.facts):
            return None
        return closed

    def refusal(
        self,
        contact: Contact,
        shown: str | None,
        rests_until: datetime | None,
        place: Whereabouts,
        now: datetime,
    ) -> Refusal | None:
        """Why somebody is not called now; None where they are. `shown`: the number that is, which
        networks block until `rests_until`."""
        plan = self._plan(shown, rests_until)
        decision = self._decide(contact, plan, place, now)
        questions = self._questions(contact, decision, plan, now)
        if questions:
            contact.facts = _answered(contact.facts, questions, now)
            for question in questions:
                self._tally.not_known(f"register:{question.register}")
            decision = self._decide(contact, plan, place, now)
        enforced = self._setup.enforced
        rule = eligibility.refused_by(decision, enforced=enforced)
        if rule is not None:
            return self._refused(contact, rule, decision, place)
        if decision.verdict is Verdict.ALLOW:
            self._note_margin(contact, plan, place, now)
        else:
            self._tally.not_enforced(decision.rule_id)
        return None

    def dialled(self, shown: str | None) -> None:
        """A call is made, of which this much is not known."""
        if self._setup.asks_server:
            self._tally.not_known(PRE_DIAL)
        if shown is None or shown not in self._setup.callers:
            self._tally.not_known(CALLER_NUMBER)

    def _plan(self, shown: str | None, rests_until: datetime | None) -> Plan:
        """The plan of a call that shows this number, where the account has it."""
        found = self._plans.get((shown, rests_until))
        if found is None:
            caller: CallerNumber | None = self._setup.callers.get(shown or "")
            if caller is not None:
                rests = [one for one in (rests_until, caller.quarantined_until) if one is not None]
                caller = replace(caller, quarantined_until=max(rests, default=None))
            found = replace(self._setup.plan, caller=caller)
            self._plans[shown, rests_until] = found
        return found

    def _decide(self, contact: Contact, plan: Plan, place: Whereabouts, now: datetime) -> Decision:
        return eligibility.decide(
            contact.facts,
            plan,
            self._setup.pack,
            now,
            tz_version=self._setup.tz_version,
            today=self._today,
            number=contact.number,
            place=place,
        )

    def _questions(
        self, contact: Contact, decision: Decision, plan: Plan, now: datetime
    ) -> tuple[RegisterQuestion, ...]:
        """What registers would be asked before the call, if they could be asked for all of it."""
        covered = contact.person.covered
        if not covered or not self._setup.enforced or decision.verdict is Verdict.ALLOW:
            return ()
        questions = open_questions(decision, contact.facts, plan, now)
        is_all = all((one.kind, one.register) in covered for one in questions)
        return questions if is_all and may_follow(decision, now) is not None else ()

    def _refused(
        self, contact: Contact, rule: str, decision: Decision, place: Whereabouts
    ) -> Refusal:
        waits = decision.verdict is Verdict.DEFER and rule == decision.rule_id
        until = decision.until if waits else None
        if until is not None and not _lifts_hours(contact.facts):
            self._note_closed((place.jurisdictions, place.zones), decision)
        return Refusal(rule, place_of(rule, decision, until), words_of(rule, decision.reason))

    def _note_closed(self, group: _Group, decision: Decision) -> None:
        """Hours are the same for everybody of the same places: the others need not ask."""
        opening = [
            check.until
            for check in decision.checks
            if check.check == HOURS and check.until is not None
        ]
        if opening:
            self._closed[group] = max(opening)

    def _note_margin(self, contact: Contact, plan: Plan, place: Whereabouts, now: datetime) -> None:
        left = eligibility.hours_left(contact.facts, plan, self._setup.pack, now, place=place)
        if left is not None:
            lead_id = contact.person.lead_id
            self._tally.margin(Closest(left, lead_id, now, place.zones, place.candidates))


def _answered(facts: Facts, questions: tuple[RegisterQuestion, ...], now: datetime) -> Facts:
    """As if the registers had said nothing against a call."""
    scrubs = tuple(Scrub(one.register, False, now) for one in questions if one.kind == SCRUB)
    same = tuple(
        Reassigned(Reassignment.NO, one.asked_about, now)
        for one in questions
        if one.asked_about is not None
    )
    return replace(facts, scrubs=scrubs + facts.scrubs, reassigned=same + facts.reassigned)


def _lifts_hours(facts: Facts) -> bool:
    return any(consent.lifts_hours for consent in facts.consents)
