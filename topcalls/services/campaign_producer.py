"""Makes the calls of campaigns that run: a few ahead of what can be dialled, in one plan for all.

Each call is made in a transaction of its own, together with the attempt that it is and the place of
its contact: whoever dies at any line leaves all three or none, and whoever looks next, or at the
same time, finds what is left. A contact that may not be called now waits until it may, or is held
until what is missing has arrived; one that must not be called is left out, with the rule. Each is
written in the transaction that decided, with the contact locked, so that nothing arrives between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from topcalls.clock import Clock
from topcalls.core.call_request import CallRequest
from topcalls.core.campaign_call import SPECIMEN_NUMBER
from topcalls.core.campaign_holds import NUMBERS, Fate
from topcalls.core.campaign_production import Turn
from topcalls.core.campaign_schedule import is_over, opens_at
from topcalls.core.campaign_state import CampaignState, ContactState
from topcalls.core.number_pool import NoNumber, free_at
from topcalls.core.pre_dial import Answer
from topcalls.errors import (
    InsufficientQuota,
    InvalidRequest,
    RateLimited,
    StoreUnavailable,
)
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.calls import Calls, CampaignPlace
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.services.campaign_numbers import number_for
from topcalls.services.campaign_plans import CampaignPlan, CampaignPlans
from topcalls.services.campaign_questions import CampaignQuestions
from topcalls.services.campaign_requests import CampaignRequests, Unfilled
from topcalls.services.campaign_rounds import (
    Round,
    as_agreed,
    no_number_words,
    shown_by,
    why_paused,
)
from topcalls.services.campaign_shares import shares
from topcalls.services.eligibility import Eligibility, record_refusal
from topcalls.services.judgements import NotAllowed
from topcalls.services.keys import Principal
from topcalls.services.lead_zones import holidays_of, zones_of
from topcalls.services.pre_dial import AnswerNeeded, Question
from topcalls.store import campaign_contacts, campaign_production, campaigns, leads
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Campaign, CampaignContact, Lead

MOST_LOOKS = 400
"""Contacts that one round looks at for one campaign, called or not."""

AGAIN_AFTER = timedelta(minutes=15)
"""When a contact is looked at again of which this software could make no call by its own fault."""

_LEASE_SPARE = timedelta(seconds=30)
"""For what comes after an answer."""

MOST_REASON = 500
_FREE: Mapping[str, None] = {"lease_owner": None, "lease_until": None}
_DAY = timedelta(days=1)
log = get_logger("campaigns")


class Made(Enum):
    """What became of a contact that was due. `ASKED`: the account's own server is asked about them.
    `HELD`: something is missing that no time brings. `HALT`: nobody of the campaign can be called
    now."""

    CALL = "call"
    ASKED = "asked"
    LATER = "later"
    HELD = "held"
    NEVER = "never"
    NOTHING = "nothing"
    HALT = "halt"


@dataclass(frozen=True, slots=True)
class Said:
    """What the account's server answered about a contact that was leased for it."""

    lease: str
    answer: Answer


class CampaignProducer:
    """See the module's text. Any number may run; one at a time does the work of all."""

    def __init__(
        self,
        db: Database,
        calls: Calls,
        requests: CampaignRequests,
        moves: CampaignMoves,
        questions: CampaignQuestions,
        eligibility: Eligibility,
        clock: Clock,
    ) -> None:
        self._db = db
        self._calls = calls
        self._requests = requests
        self._moves = moves
        self.questions = questions
        self._eligibility = eligibility
        self._clock = clock
        self._plans = CampaignPlans()

    def produce(self, now: datetime) -> int:
        """One round: make the calls that can be dialled soon; how many were made."""
        rows = {row.id: row for row in self._db.read(campaigns.running)}
        self._plans.forget_others(rows)
        if not rows:
            return 0
        wanted = self._db.read(shares, self._plans, rows, now)
        return sum(
            self._produce(rows[key], count - len(self.questions.greenlets(key)), now)
            for key, count in wanted.items()
        )

    # --- one campaign

    def _produce(self, row: Campaign, count: int, now: datetime) -> int:
        rules = self._plans.of(row)
        if count < 1 or is_over(rules.schedule, now) or not self.questions.has_room(row.id):
            return 0
        turns = self._db.read(campaign_production.due, row.id, now, count)
        if not turns:
            return 0
        try:
            current = self._round(row, rules, now)
        except InvalidRequest as error:
            self._pause(row.id, "configuration", str(error), now)
            return 0
        if not self._any_number(current):
            return 0
        return self._call_in_turn(current, turns, count)

    def _call_in_turn(self, current: Round, turns: list[Turn], count: int) -> int:
        """Until `count` calls were made, or nobody is due, or enough were looked at."""
        made = looked = asked = 0
        while turns:
            for turn in turns:
                became = self._call_safely(current, turn)
                if became is Made.HALT:
                    return made
                made += became is Made.CALL
                asked += became is Made.ASKED
            looked += len(turns)
            left = min(count - made - asked, MOST_LOOKS - looked)
            if left < 1:
                return made
            turns = self._db.read(campaign_production.due, current.row.id, current.now, left)
        return made

    def _round(self, row: Campaign, rules: CampaignPlan, now: datetime) -> Round:
        def verb() -> Round:
            body = self._requests.body(row)
            request = CallRequest.from_mapping({**body, "phone_number": SPECIMEN_NUMBER})
            calls = self._eligibility.plan_of_campaign(row.account_id, row.id, request, now)
            numbers = shown_by(rules, body)
            found = campaign_production.number_uses(row.account_id, numbers, now - _DAY, now)
            return Round(row, rules, body, now, *calls, {use.number: use for use in found})

        return self._db.read(verb)

    def _any_number(self, current: Round) -> bool:
        """Whether any of the campaign's numbers may call now. It pauses where none can be used at
        all: nobody is to blame who would be called."""
        numbers, now = current.numbers, current.now
        usable = [use for use in numbers if use.unusable is None]
        if numbers and not usable:
            self._pause(current.row.id, NUMBERS, no_number_words(numbers), now)
            return False
        pool = current.plan.pool
        return not pool.numbers or any(free_at(pool, use, now) <= now for use in usable)

    # --- one contact

    def _call_safely(self, current: Round, turn: Turn, said: Said | None = None) -> Made:
        """A fault of this software at one contact keeps nobody else from being called. `said`: by
        the account's server about this contact."""
        try:
            return self._call(current, turn, said)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.exception(
                "No call could be made for a contact",
                campaign_id=current.row.id,
                lead_id=turn.lead_id,
                why=repr(error),
            )
            later = current.now + AGAIN_AFTER
            return self._db.run(self._postpone, current, turn, later, "internal_error")

    def _call(self, current: Round, turn: Turn, said: Said | None) -> Made:
        try:
            return self._db.run(self._make, current, turn, said)
        except AnswerNeeded as needed:
            return self._ask(current, turn, needed.question, said)
        except Unfilled as error:
            return self._db.run(self._leave_out, current, turn, error.reason)
        except InsufficientQuota as error:
            self._short_of(current, error)
            return Made.HALT
        except RateLimited:
            return Made.HALT
        except InvalidRequest as error:
            self._pause(current.row.id, "configuration", str(error), current.now)
            return Made.HALT

    def _ask(self, current: Round, turn: Turn, question: Question, said: Said | None) -> Made:
        """Lease the contact, and go on with it when its answer is there; should this process die
        meanwhile, it is due again when the lease is over."""
        if not self.questions.has_room(current.row.id):
            return Made.HALT
        lease = new_id()
        until = current.now + timedelta(seconds=question.server.timeout_seconds) + _LEASE_SPARE

        def verb() -> bool:
            lock_account(current.row.account_id)
            if _due(current, turn, said) is None:
                return False
            held = {"lease_owner": lease, "lease_until": until}
            campaign_contacts.change(current.row.id, turn.lead_id, current.now, **held)
            return True

        if not self._db.run(verb):
            return Made.NOTHING
        self.questions.ask(
            current.row.id,
            question,
            lambda answer: self._answered(current.row.id, turn, Said(lease, answer)),
        )
        return Made.ASKED

    def _answered(self, campaign_id: str, turn: Turn, said: Said) -> Made:
        """Everything is looked at again: the campaign may have been changed or paused meanwhile."""
        row = self._db.read(campaigns.found, campaign_id)
        if row is None or row.state != CampaignState.RUNNING:
            return Made.NOTHING
        current = self._round(row, self._plans.of(row), self._clock.now())
        return self._call_safely(current, turn, said)

    def _make(self, current: Round, turn: Turn, said: Said | None) -> Made:
        """Part of a verb: the call, its attempt and the contact's place, or what keeps it back."""
        row, rules, now = current.row, current.plan, current.now
        lock_account(row.account_id)
        contact = _due(current, turn, said)
        lead = leads.get(row.account_id, turn.lead_id) if contact is not None else None
        if contact is None or lead is None:
            return Made.NOTHING
        zones = zones_of(lead.phone_number, lead.time_zone)
        holidays = holidays_of(lead.phone_number, lead.region)
        opens = opens_at(rules.schedule, zones, now, holidays)
        if opens is None:
            return self._leave_out(current, turn, "schedule")
        if opens > now:
            return self._postpone(current, turn, opens, "schedule")
        from_number = number_for(current, contact, lead, self._eligibility)
        if isinstance(from_number, NoNumber):
            if from_number.until is not None:
                return self._postpone(current, turn, from_number.until, from_number.lack)
            return self._hold(current, turn, f"{from_number.lack}: {from_number.why}")
        answer = said.answer if said is not None else None
        try:
            self._place(current, contact, lead, from_number, answer)
        except NotAllowed as refused:
            return self._refused(current, turn, refused)
        return Made.CALL

    def _place(
        self,
        current: Round,
        contact: CampaignContact,
        lead: Lead,
        from_number: str | None,
        answer: Answer | None,
    ) -> None:
        row, now = current.row, current.now
        request = self._requests.of_lead(current.body, current.plan, lead, from_number)
        request = as_agreed(request, contact)
        owner = Principal(row.account_id, "", "", frozenset(), "live")
        place = CampaignPlace(current.plan.budget, lead.id)
        call = self._calls.create(owner, request, now, place, answer)
        number = contact.attempts + 1
        campaign_contacts.insert_attempt(
            account=row.account_id,
            campaign=row.id,
            lead_id=lead.id,
            number=number,
            call_id=call.id,
            from_number=call.from_phone_number,
            created_at=now,
        )
        campaign_contacts.change(
            row.id,
            lead.id,
            now,
            state=ContactState.IN_FLIGHT,
            attempts=number,
            reason=None,
            **_FREE,
        )
        if from_number is not None:
            current.used(from_number)

    # --- whoever is not called now

    def _refused(self, current: Round, turn: Turn, refused: NotAllowed) -> Made:
        """Part of the verb in which it was decided."""
        judged = refused.judged
        record_refusal(refused, current.now)
        place, rule = judged.place, str(judged.refused_by)
        if place.fate is Fate.PAUSE:
            self._pause(current.row.id, place.why, why_paused(judged), current.now)
            return Made.HALT
        if place.fate is Fate.HOLD:
            return self._hold(current, turn, rule)
        if place.until is not None:
            return self._postpone(current, turn, place.until, rule)
        return self._leave_out(current, turn, rule)

    def _postpone(self, current: Round, turn: Turn, until: datetime, reason: str) -> Made:
        campaign_contacts.change(
            current.row.id, turn.lead_id, current.now, next_at=until, reason=reason, **_FREE
        )
        return Made.LATER

    def _hold(self, current: Round, turn: Turn, reason: str) -> Made:
        self._keep_back(current, turn, ContactState.HELD, reason)
        return Made.HELD

    def _leave_out(self, current: Round, turn: Turn, reason: str) -> Made:
        self._keep_back(current, turn, ContactState.SKIPPED, reason)
        return Made.NEVER

    def _keep_back(self, current: Round, turn: Turn, state: ContactState, reason: str) -> None:
        columns = {"state": state, "reason": reason[:MOST_REASON], **_FREE}
        campaign_contacts.change(current.row.id, turn.lead_id, current.now, **columns)

    # --- the campaign as a whole

    def _short_of(self, current: Round, error: InsufficientQuota) -> None:
        """What calls that wait or run hold comes back when they end, and a day's budget the next
        day; what is used up for good does not."""
        if error.extra.get("exhausted", True) and error.extra.get("frees_at") is None:
            code = str(error.extra.get("limit") or error.code)
            self._pause(current.row.id, code, str(error), current.now)

    def _pause(self, campaign_id: str, code: str, detail: str, now: datetime) -> None:
        def verb() -> None:
            row = campaigns.found(campaign_id, lock=True)
            if row is not None and row.state == CampaignState.RUNNING:
                self._moves.pause(row, code, detail, now)

        self._db.run(verb)


def _due(current: Round, turn: Turn, said: Said | None = None) -> CampaignContact | None:
    """The contact, locked, if it is still due, and leased for nothing but what was `said` of it;
    and its campaign still runs, as it was read."""
    contact = campaign_contacts.get(current.row.id, turn.lead_id, lock=True)
    if contact is None or contact.state != ContactState.WAITING:
        return None
    is_leased = contact.lease_until is not None and contact.lease_until > current.now
    own = said.lease if said is not None else None
    if (is_leased or own is not None) and contact.lease_owner != own:
        return None
    row = campaigns.found(current.row.id)
    if row is None or row.state != CampaignState.RUNNING or row.revision != current.row.revision:
        return None
    return contact if contact.next_at <= current.now else None
