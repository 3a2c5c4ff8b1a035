"""A whole campaign on a virtual clock: the rules that run it, against people who are simulated.

What decides here is what decides in production: who is due in which order (`campaign_production`),
the campaign's hours, pace, numbers and budgets, the share it has beside other campaigns, whether a
call may be made at all (`eligibility`), what a call came to, and when it is made again. Only the
telephone network and the people behind it are made up, by `rehearsal_callees`.

Time moves from one second in which something can happen to the next. Nothing is read from outside
but the arguments, so the same ones give the same report.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from topcalls.core import circuit_breaker, eligibility
from topcalls.core.campaign_holds import Fate
from topcalls.core.campaign_outcomes import Outcome, is_counted, outcome_of
from topcalls.core.campaign_schedule import is_over, opens_at
from topcalls.core.circuit_breaker import NUMBER_RESTS, Action, Ending
from topcalls.core.eligibility_facts import PastAttempt
from topcalls.core.number_pool import (
    Lack,
    NoNumber,
    NumberUse,
    choose,
    free_at,
    unusable_words,
)
from topcalls.core.pacing import BUSY_SECONDS
from topcalls.core.phone_numbers import region
from topcalls.core.rehearsal_callees import Simulated, simulated
from topcalls.core.rehearsal_decisions import HOURS, Decisions, Refusal
from topcalls.core.rehearsal_line import Contact, Line, Pace, Person, Setup
from topcalls.core.rehearsal_money import Money
from topcalls.core.rehearsal_tally import Dial, Tally
from topcalls.core.retry_policy import Done, Ended, RetryAt, decide

_SECOND: Final = timedelta(seconds=1)
_LOOK_AGAIN: Final = timedelta(seconds=BUSY_SECONDS)
_JUDGED_EVERY: Final = timedelta(seconds=15)
"""Production looks at a campaign after each second in which calls ended; a little later is told
here, and costs a tenth."""

_DAY: Final = timedelta(days=1)
_CARRIER: Final = "simulated"


@dataclass(frozen=True, slots=True)
class _Live:
    """A call that runs: who, since when, by which number, and what will come of it."""

    contact: Contact
    dialled_at: datetime
    from_number: str | None
    sim: Simulated


def rehearse(setup: Setup, people: Sequence[Person], money: Money, tally: Tally) -> None:
    """Run the campaign to its end, its pause, or the end of the rehearsal's days; what happened is
    in `tally`."""
    _Run(setup, people, money, tally).run()


class _Run:
    def __init__(self, setup: Setup, people: Sequence[Person], money: Money, tally: Tally) -> None:
        self._setup = setup
        self._money = money
        self._tally = tally
        self._now = setup.begins
        self._decisions = Decisions(setup, tally)
        self._line = Line(Contact(person) for person in people)
        self._pace = Pace(setup)
        self._ends: list[tuple[datetime, str, _Live]] = []
        self._uses = {use.number: use for use in setup.uses}
        self._recent: dict[str, deque[datetime]] = {}
        self._endings: deque[Ending] = deque(maxlen=max(1, setup.breaker.health_calls))
        self._halted_until: datetime | None = None
        self._judged_at = setup.begins
        self._is_over = False

    def run(self) -> None:
        last = self._setup.begins + timedelta(days=self._setup.days)
        moment: datetime | None = self._now
        while moment is not None and not self._is_over:
            self._now = moment
            self._step(last)
            moment = self._next(last)
        while self._ends:  # calls that ran when it was paused go on
            self._now = max(self._now, self._ends[0][0])
            self._end_calls()
        self._tally.left(len(self._line))
        self._tally.ended(self._now, self._money)

    def _step(self, last: datetime) -> None:
        if self._end_calls() and self._now >= self._judged_at + _JUDGED_EVERY:
            self._judge()
        self._line.wake(self._now)
        if not self._is_over and self._runs(last):
            self._halted_until = None
            self._dial()

    def _runs(self, last: datetime) -> bool:
        """Whether calls may still be made."""
        return self._now < last and not is_over(self._setup.schedule, self._now)

    def _next(self, last: datetime) -> datetime | None:
        """The next second in which something can happen; None: nothing more will."""
        moments = []
        if self._runs(last):
            waking = self._line.next_at
            moments += [] if waking is None else [waking]
            if self._line.any_due:
                moments.append(self._halted_until or self._pace.frees_at(self._now))
        moments = [one for one in moments if one <= last]
        moments += [self._ends[0][0]] if self._ends else []
        if not moments:
            return None
        soonest: datetime = max(min(moments), self._now + _SECOND)
        return soonest if not soonest.microsecond else soonest.replace(microsecond=0) + _SECOND

    # --- dialling

    def _dial(self) -> None:
        """As many as may start in this second."""
        room = self._pace.room(self._now) if self._any_number() else 0
        while room > 0:
            contact = self._line.take()
            if contact is None:
                return
            if self._call(contact):
                room -= 1
            elif self._halted_until is not None or self._is_over:
                self._line.give_back(contact)
                return

    def _call(self, contact: Contact) -> bool:
        """Whether somebody was called; if not, they wait, or are left out, or everybody waits."""
        if contact.person.missing:
            return self._leave_out(contact, f"missing_variables: {contact.person.missing}")
        opens = opens_at(
            self._setup.schedule, contact.person.zones, self._now, contact.person.is_holiday
        )
        if opens is None:
            return self._leave_out(contact, "schedule")
        if opens > self._now:
            return self._postpone(contact, opens, "schedule")
        place = self._decisions.place(contact, self._now)
        closed = self._decisions.closed_until(contact, place, self._now)
        if closed is not None:
            return self._postpone(contact, closed, HOURS)
        number = self._number(contact)
        if isinstance(number, NoNumber):
            if number.until is None:
                return self._hold(contact, number.lack)
            return self._postpone(contact, number.until, number.lack)
        shown = number or self._setup.from_number
        rests = self._use_of(number).rests_until if number is not None else None
        refusal = self._decisions.refusal(contact, shown, rests, place, self._now)
        if refusal is None:
            return self._place(contact, number, shown)
        return self._keep_back(contact, refusal)

    def _keep_back(self, contact: Contact, refusal: Refusal) -> bool:
        rule, place = refusal.rule, refusal.place
        if place.fate is Fate.PAUSE:
            self._pause(place.why, refusal.words)
            return False
        if place.fate is Fate.HOLD:
            return self._hold(contact, rule)
        if place.until is None:
            return self._leave_out(contact, rule)
        return self._postpone(contact, place.until, rule)

    def _place(self, contact: Contact, number: str | None, shown: str | None) -> bool:
        shortage = self._money.shortage(self._now)
        if shortage is not None:
            if shortage.is_final:
                self._pause(shortage.limit, shortage.words)
            self._halted_until = shortage.frees_at or self._now + _DAY
            return False
        self._money.hold(self._now)
        contact.dials += 1
        sim = simulated(
            self._setup.callees,
            self._setup.seed,
            contact.facts.contact.number,
            contact.dials,
            self._setup.plan.ring_timeout_seconds,
            self._now - self._setup.begins,
            self._now,
        )
        live = _Live(contact, self._now, number, sim)
        ends_at = self._now + timedelta(seconds=math.ceil(sim.seconds))
        heapq.heappush(self._ends, (ends_at, contact.person.lead_id, live))
        self._pace.dialled(self._now)
        if number is not None:
            self._use(number)
        self._tally.dialled(self._now, self._pace.live)
        self._decisions.dialled(shown)
        return True

    # --- numbers

    def _any_number(self) -> bool:
        pool = self._setup.pool
        if not pool.numbers:
            return True
        uses = [self._use_of(number) for number in pool.numbers]
        usable = [use for use in uses if use.unusable is None]
        if not usable:
            self._pause(Lack.UNUSABLE, unusable_words(uses))
            return False
        frees = [free_at(pool, use, self._now) for use in usable]
        if min(frees) <= self._now:
            return True
        self._halted_until = min(frees)
        return False

    def _number(self, contact: Contact) -> str | NoNumber | None:
        pool = self._setup.pool
        if not pool.numbers:
            return None
        uses = [self._use_of(number) for number in pool.numbers]
        callee = contact.facts.contact.number
        who, plan, pack = contact.facts.contact, self._setup.plan, self._setup.pack
        series = eligibility.caller_series(who, plan, pack, self._now)
        found = choose(pool, uses, callee, contact.before, self._now, region, series)
        if isinstance(found, NoNumber) and found.lack is Lack.SERIES and not self._setup.enforced:
            found = choose(pool, uses, callee, contact.before, self._now, region)
        return found if isinstance(found, NoNumber) else found.number

    def _use_of(self, number: str) -> NumberUse:
        """What a number was used for in the last day."""
        use = self._uses.get(number)
        if use is None:
            use = self._uses[number] = NumberUse(number)
        if use.oldest_today is None or use.oldest_today > self._now - _DAY:
            return use
        dials = self._recent.get(number, deque())
        while dials and dials[0] <= self._now - _DAY:
            dials.popleft()
        oldest = dials[0] if dials else None
        use = self._uses[number] = replace(use, today=len(dials), oldest_today=oldest)
        return use

    def _use(self, number: str) -> None:
        use, now = self._use_of(number), self._now
        dials = self._recent.get(number)
        if dials is None:  # what came before the rehearsal was as late as it may have been
            dials = self._recent[number] = deque([use.oldest_today or now] * use.today)
        dials.append(now)
        self._uses[number] = replace(
            use,
            today=use.today + 1,
            oldest_today=use.oldest_today or now,
            last_at=now,
            first_at=use.first_at or now,
        )

    def _rests(self, number: str) -> bool:
        until = self._use_of(number).rests_until
        return until is not None and until > self._now

    def _rest(self, number: str | None) -> None:
        if number is not None:
            known = self._uses.get(number, NumberUse(number))
            self._uses[number] = replace(known, rests_until=self._now + NUMBER_RESTS)

    # --- ends of calls

    def _end_calls(self) -> int:
        """How many calls end by now."""
        ended = 0
        while self._ends and self._ends[0][0] <= self._now:
            self._end(*heapq.heappop(self._ends)[::2])
            ended += 1
        return ended

    def _end(self, at: datetime, live: _Live) -> None:
        contact, sim = live.contact, live.sim
        outcome, counted = outcome_of(sim.end), is_counted(sim.end)
        self._pace.live -= 1
        if outcome is Outcome.TRUNK_BUSY:
            self._pace.found_no_line(at)
        if outcome is Outcome.BLOCKED_BY_NETWORK:
            self._rest(live.from_number)
        cost = self._money.settle(live.dialled_at, sim.end.talk_seconds)
        contact.before = live.from_number or contact.before
        attempt = PastAttempt(
            at=live.dialled_at,
            id=f"{contact.person.lead_id}:{contact.dials}",
            counted=True,
            answered=sim.end.answered,
            conversation=sim.end.answered and sim.end.answered_by == "human",
            outcome=outcome,
            subject_key=self._setup.plan.subject_key,
            campaign_id=self._setup.plan.campaign_id,
            caller_number=live.from_number,
        )
        contact.facts = replace(contact.facts, attempts=(attempt, *contact.facts.attempts))
        self._endings.appendleft(
            Ending(outcome, at, _CARRIER, live.from_number, talk_seconds=sim.end.talk_seconds)
        )
        self._tally.call_ended(
            Dial(
                live.dialled_at,
                contact.person.lead_id,
                contact.dials,
                outcome,
                sim.end.talk_seconds,
                live.from_number,
                sim.is_conversion,
            ),
            cost,
        )
        self._follow(contact, outcome, counted, sim, at)

    def _follow(
        self, contact: Contact, outcome: Outcome, counted: bool, sim: Simulated, at: datetime
    ) -> None:
        zone = ZoneInfo(contact.person.zones[0]) if contact.person.zones else UTC
        until = sim.end.callback_at
        ended = Ended(outcome, at, zone, contact.rank, counted, until=until)
        following = decide(self._setup.retry, contact.tried, ended)
        contact.tried = following.tried
        if isinstance(following, RetryAt):
            contact.rank = following.rank
            self._line.put(contact, following.at)
        else:
            is_done = isinstance(following, Done) or outcome is Outcome.OPTED_OUT
            self._tally.settled("done" if is_done else "given_up", following.why)

    def _judge(self) -> None:
        """What stops a campaign by itself."""
        self._judged_at = self._now
        usable = [one for one in self._setup.pool.numbers if not self._rests(one)]
        for found in circuit_breaker.findings(
            self._setup.breaker, self._endings, self._now, usable=usable
        ):
            if found.action is Action.REST_NUMBER:
                self._rest(found.key)
            else:
                self._pause(found.reason, found.words)
                return

    # --- whoever is not called

    def _postpone(self, contact: Contact, until: datetime, rule: str) -> bool:
        self._tally.postponed(rule)
        self._line.put(contact, until)
        return False

    def _hold(self, contact: Contact, rule: str) -> bool:
        """They wait for what no time brings, which a rehearsal does not either."""
        self._tally.settled("held", rule)
        return False

    def _leave_out(self, contact: Contact, rule: str) -> bool:
        self._tally.settled("skipped", rule)
        return False

    def _pause(self, code: str, words: str) -> None:
        self._tally.paused(self._now, code, words)
        self._is_over = True
