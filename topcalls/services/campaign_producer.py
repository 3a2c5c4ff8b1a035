"""Makes the calls of campaigns that run: a few ahead of what can be dialled, in one plan for all.

Each call is made in a transaction of its own, together with the attempt that it is and the place of
its contact: whoever dies at any line leaves all three or none, and whoever looks next, or at the
same time, finds what is left. A contact that may not be called now waits until it may; one that
must not be called is left out, with the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from topcalls.core import pacing
from topcalls.core.campaign_production import AccountAhead, Producing, Turn, plan
from topcalls.core.campaign_schedule import is_over, opens_at
from topcalls.core.campaign_state import CampaignState, ContactState
from topcalls.core.number_pool import NoNumber, NumberUse, choose, free_at
from topcalls.core.pacing import AHEAD_SECONDS, Limits, Window
from topcalls.core.phone_numbers import region
from topcalls.errors import (
    InsufficientQuota,
    InvalidRequest,
    NotCallable,
    RateLimited,
    StoreUnavailable,
)
from topcalls.log import get_logger
from topcalls.services.calls import Calls, CampaignPlace
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.services.campaign_plans import CampaignPlan, CampaignPlans, running_for
from topcalls.services.campaign_requests import CampaignRequests, Unfilled
from topcalls.services.eligibility import NotAllowed, record_refusal
from topcalls.services.keys import Principal
from topcalls.services.lead_zones import holidays_of, zones_of
from topcalls.store import campaign_contacts, campaign_production, campaigns, dispatch, leads
from topcalls.store.campaign_production import OpenCalls
from topcalls.store.database import Database
from topcalls.store.dispatch import Load
from topcalls.store.locking import lock_account
from topcalls.store.models import Campaign, CampaignContact, Lead

MOST_LOOKS = 400
"""Contacts that one round looks at for one campaign, called or not."""

AGAIN_AFTER = timedelta(minutes=15)
"""When a contact is looked at again of which this software could make no call by its own fault."""

_DAY = timedelta(days=1)
log = get_logger("campaigns")


class Made(Enum):
    """What became of a contact that was due. `HALT`: nobody of the campaign can be called now."""

    CALL = "call"
    LATER = "later"
    NEVER = "never"
    NOTHING = "nothing"
    HALT = "halt"


@dataclass
class Round:
    """One campaign in one round: its numbers as they are used up."""

    row: Campaign
    plan: CampaignPlan
    body: Mapping[str, Any]
    now: datetime
    uses: dict[str, NumberUse] = field(default_factory=dict)

    def used(self, number: str) -> None:
        """A call was made by this number."""
        before = self.uses.get(number, NumberUse(number))
        self.uses[number] = NumberUse(
            number,
            before.today + 1,
            before.oldest_today or self.now,
            self.now,
            before.first_at or self.now,
            before.rests_until,
        )


class CampaignProducer:
    """See the module's text. Any number may run; one at a time does the work of all."""

    def __init__(
        self,
        db: Database,
        calls: Calls,
        requests: CampaignRequests,
        moves: CampaignMoves,
    ) -> None:
        self._db = db
        self._calls = calls
        self._requests = requests
        self._moves = moves
        self._plans = CampaignPlans()

    def produce(self, now: datetime) -> int:
        """One round: make the calls that can be dialled soon; how many were made."""
        rows = {row.id: row for row in self._db.read(campaigns.running)}
        self._plans.forget_others(rows)
        if not rows:
            return 0
        wanted = self._db.read(self._shares, rows, now)
        return sum(
            self._produce(rows[campaign_id], count, now) for campaign_id, count in wanted.items()
        )

    # --- how many

    def _shares(self, rows: Mapping[str, Campaign], now: datetime) -> Mapping[str, int]:
        """How many calls each campaign may make now."""
        opened = campaign_production.open_calls()
        lately = {key: self._lately(key, now) for key in rows}
        producing = [self._producing(row, opened, lately, now) for row in rows.values()]
        account_ids = sorted({row.account_id for row in rows.values()})
        ahead = [
            _account_ahead(load, producing, lately) for load in dispatch.loads(account_ids, now)
        ]
        return plan(ahead, producing)

    def _lately(self, campaign_id: str, now: datetime) -> int:
        since = now - timedelta(seconds=AHEAD_SECONDS)
        return campaign_production.dialled_since(campaign_id, [since])[0]

    def _producing(
        self,
        row: Campaign,
        opened: Mapping[str, OpenCalls],
        lately: Mapping[str, int],
        now: datetime,
    ) -> Producing:
        rules = self._plans.of(row)
        held = pacing.limits(rules.pacing, running_for(row, now), row.speed)
        mine = opened.get(row.id, OpenCalls(row.account_id))
        return Producing(
            row.id,
            row.account_id,
            mine.live,
            mine.queued,
            pacing.ahead(held, mine.live, lately[row.id]),
            rules.weight,
            rules.priority,
        )

    # --- one campaign

    def _produce(self, row: Campaign, count: int, now: datetime) -> int:
        rules = self._plans.of(row)
        if is_over(rules.schedule, now):
            return 0
        turns = self._db.read(campaign_production.due, row.id, now, count)
        if not turns:
            return 0
        try:
            current = self._round(row, rules, now)
        except InvalidRequest as error:
            self._pause(row.id, "configuration", str(error), now)
            return 0
        if not _any_number(current):
            return 0
        return self._call_in_turn(current, turns, count)

    def _call_in_turn(self, current: Round, turns: list[Turn], count: int) -> int:
        """Until `count` calls were made, or nobody is due, or enough were looked at."""
        made = looked = 0
        while turns:
            for turn in turns:
                became = self._call_safely(current, turn)
                if became is Made.HALT:
                    return made
                made += became is Made.CALL
            looked += len(turns)
            left = min(count - made, MOST_LOOKS - looked)
            if left < 1:
                return made
            turns = self._db.read(campaign_production.due, current.row.id, current.now, left)
        return made

    def _round(self, row: Campaign, rules: CampaignPlan, now: datetime) -> Round:
        def verb() -> Round:
            body = self._requests.body(row)
            numbers = rules.pool.numbers
            found = campaign_production.number_uses(row.account_id, numbers, now - _DAY, now)
            return Round(row, rules, body, now, {use.number: use for use in found})

        return self._db.read(verb)

    # --- one contact

    def _call_safely(self, current: Round, turn: Turn) -> Made:
        """A fault of this software at one contact keeps nobody else from being called."""
        try:
            return self._call(current, turn)
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

    def _call(self, current: Round, turn: Turn) -> Made:
        try:
            return self._db.run(self._make, current, turn)
        except NotCallable as error:
            return self._db.run(self._refused, current, turn, error)
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

    def _make(self, current: Round, turn: Turn) -> Made:
        """Part of a verb: the call, its attempt and the contact's place, or what keeps it back."""
        row, rules, now = current.row, current.plan, current.now
        lock_account(row.account_id)
        contact = _due(current, turn)
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
        from_number = self._number(current, contact, lead)
        if isinstance(from_number, NoNumber):
            if from_number.until is None:
                return self._leave_out(current, turn, "no_number")
            return self._postpone(current, turn, from_number.until, "no_number")
        self._place(current, contact, lead, from_number)
        return Made.CALL

    def _place(
        self, current: Round, contact: CampaignContact, lead: Lead, from_number: str | None
    ) -> None:
        row, now = current.row, current.now
        request = self._requests.of_lead(current.body, current.plan, lead, from_number)
        owner = Principal(row.account_id, "", "", frozenset(), "live")
        place = CampaignPlace(current.plan.budget, lead.id)
        call = self._calls.create(owner, request, now, place)
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
            lease_owner=None,
            lease_until=None,
        )
        if from_number is not None:
            current.used(from_number)

    def _number(
        self, current: Round, contact: CampaignContact, lead: Lead
    ) -> str | NoNumber | None:
        """None: the number of the campaign's call, or of the installation."""
        if not current.plan.pool.numbers:
            return None
        tried = campaign_contacts.attempts(current.row.id, [lead.id]) if contact.attempts else []
        before = tried[-1].from_number if tried else None
        uses = list(current.uses.values())
        found = choose(current.plan.pool, uses, lead.phone_number, before, current.now, region)
        return found if isinstance(found, NoNumber) else found.number

    # --- whoever is not called now

    def _refused(self, current: Round, turn: Turn, error: NotCallable) -> Made:
        until = _moment(error.extra.get("until"))
        rule = str(error.extra.get("rule") or "not_callable")
        lock_account(current.row.account_id)
        if _due(current, turn) is None:
            return Made.NOTHING
        if isinstance(error, NotAllowed):
            record_refusal(error, current.now)
        if until is None:
            return self._leave_out(current, turn, rule)
        return self._postpone(current, turn, until, rule)

    def _postpone(self, current: Round, turn: Turn, until: datetime, reason: str) -> Made:
        campaign_contacts.change(
            current.row.id, turn.lead_id, current.now, next_at=until, reason=reason
        )
        return Made.LATER

    def _leave_out(self, current: Round, turn: Turn, reason: str) -> Made:
        campaign_contacts.change(
            current.row.id,
            turn.lead_id,
            current.now,
            state=ContactState.SKIPPED,
            reason=reason,
        )
        return Made.NEVER

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


def _due(current: Round, turn: Turn) -> CampaignContact | None:
    """The contact, locked, if it is still due; and its campaign still runs."""
    contact = campaign_contacts.get(current.row.id, turn.lead_id, lock=True)
    if contact is None or contact.state != ContactState.WAITING:
        return None
    row = campaigns.found(current.row.id)
    runs = row is not None and row.state == CampaignState.RUNNING
    return contact if runs and contact.next_at <= current.now else None


def _any_number(current: Round) -> bool:
    pool, now = current.plan.pool, current.now
    if not pool.numbers:
        return True
    uses = (current.uses.get(number, NumberUse(number)) for number in pool.numbers)
    return any(free_at(pool, use, now) <= now for use in uses)


def _account_ahead(
    load: Load, producing: list[Producing], lately: Mapping[str, int]
) -> AccountAhead:
    own = [one for one in producing if one.account_id == load.account_id]
    per_minute = Window(60.0, max(1, load.max_per_minute))
    most = pacing.without_reserve(load.max_concurrent, load.inbound_reserve)
    held = Limits(most, (per_minute,))
    recent = sum(lately[one.campaign_id] for one in own)
    ahead = pacing.ahead(held, load.live, recent)
    return AccountAhead(load.account_id, load.live, sum(one.queued for one in own), ahead)


def _moment(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else _as_moment(value)


def _as_moment(value: object) -> datetime | None:
    return value if isinstance(value, datetime) else None
