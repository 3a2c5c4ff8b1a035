"""Who waits in a rehearsal, who is due, and how many may be called: see `rehearsal.py`."""

from __future__ import annotations

import bisect
import heapq
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from topcalls.core import fair_share, pacing
from topcalls.core.campaign_production import Turn, order
from topcalls.core.campaign_schedule import IsHoliday, Schedule
from topcalls.core.campaign_state import Rank
from topcalls.core.circuit_breaker import Breaker
from topcalls.core.eligibility_facts import CallerNumber, Facts, Plan
from topcalls.core.fair_share import Lane
from topcalls.core.number_facts import NumberFacts, number_facts
from topcalls.core.number_pool import NumberPool, NumberUse
from topcalls.core.pacing import BUSY_SECONDS, Limits, Pacing, Window
from topcalls.core.rehearsal_callees import Callees
from topcalls.core.retry_policy import RetryPolicy, Tried
from topcalls.core.rule_pack import RulePack

LOOK_AGAIN: Final = timedelta(seconds=BUSY_SECONDS)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the campaign would call. `zones` and `is_holiday`: for its hours.
    `missing`: what their call's texts name and they bring no value for. `covered`: the registers,
    by kind and name, that would be asked about them. The rest: what was tried before."""

    lead_id: str
    facts: Facts
    zones: tuple[str, ...]
    due_at: datetime
    rank: Rank = Rank.FRESH
    tried: Tried = field(default_factory=Tried)
    dials: int = 0
    from_number: str | None = None
    missing: str = ""
    is_holiday: IsHoliday | None = None
    covered: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Setup:
    """What is rehearsed, and with what.

    `concurrent`, `per_minute`: what the account's campaigns may do together; `lane` and `beside`:
    this campaign and those that run at its side and want all that they may have. `enforced` False:
    rules but do-not-call are counted and stop nothing, as the account's policy has it. `days`: the
    rehearsal ends after so many. `callers`: numbers that the account has, as a decision looks at
    them; `from_number`: that of calls without a pool. `asks_server`: the account's own server would
    be asked before each call.
    """

    schedule: Schedule
    pacing: Pacing
    retry: RetryPolicy
    pool: NumberPool
    breaker: Breaker
    plan: Plan
    pack: RulePack
    callees: Callees
    seed: int
    begins: datetime
    days: float
    concurrent: int
    per_minute: int
    lane: Lane
    beside: tuple[Lane, ...] = ()
    enforced: bool = True
    tz_version: str | None = None
    uses: tuple[NumberUse, ...] = ()
    callers: Mapping[str, CallerNumber] = field(default_factory=dict)
    from_number: str | None = None
    asks_server: bool = False


class Contact:
    """A person, and how far the campaign has come with them."""

    __slots__ = ("before", "dials", "due_at", "facts", "number", "person", "rank", "tried")

    def __init__(self, person: Person) -> None:
        self.person = person
        self.facts = person.facts
        self.due_at, self.rank = person.due_at, person.rank
        self.tried, self.dials = person.tried, person.dials
        self.before = person.from_number
        self.number: NumberFacts = number_facts(person.facts.contact.number)


class Line:
    """Who waits for their time, and who is due, in the order of production."""

    def __init__(self, contacts: Iterable[Contact]) -> None:
        self._waiting: list[tuple[datetime, str, Contact]] = [
            (one.due_at, one.person.lead_id, one) for one in contacts
        ]
        heapq.heapify(self._waiting)
        self._due: list[tuple[tuple[int, datetime, str], Contact]] = []

    def put(self, contact: Contact, due_at: datetime) -> None:
        """Let somebody wait until a moment."""
        contact.due_at = due_at
        heapq.heappush(self._waiting, (due_at, contact.person.lead_id, contact))

    def wake(self, now: datetime) -> None:
        """Whose time has come is due."""
        while self._waiting and self._waiting[0][0] <= now:
            due_at, lead_id, contact = heapq.heappop(self._waiting)
            heapq.heappush(self._due, (order(Turn(contact.rank, due_at, lead_id)), contact))

    def take(self) -> Contact | None:
        """Whoever is first of those who are due."""
        return heapq.heappop(self._due)[1] if self._due else None

    def give_back(self, contact: Contact) -> None:
        """Whoever was taken in vain is due as before."""
        turn = Turn(contact.rank, contact.due_at, contact.person.lead_id)
        heapq.heappush(self._due, (order(turn), contact))

    @property
    def any_due(self) -> bool:
        return bool(self._due)

    @property
    def next_at(self) -> datetime | None:
        return self._waiting[0][0] if self._waiting else None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._due)


class Pace:
    """How many calls run, and how many were dialled lately."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        shared = fair_share.shares((setup.lane, *setup.beside), setup.concurrent)
        self._places = max(1, shared.get(setup.lane.key, 0))
        part = self._places / max(1, sum(shared.values()))
        self._account = Window(60.0, max(1, math.floor(setup.per_minute * part)))
        self._dialled: list[float] = []
        self._busy: deque[float] = deque()
        self._held: tuple[tuple[float, float], Limits] | None = None
        self.live = 0

    def dialled(self, now: datetime) -> None:
        self.live += 1
        self._dialled.append(now.timestamp())

    def found_no_line(self, now: datetime) -> None:
        self._busy.append(now.timestamp())

    def room(self, now: datetime) -> int:
        """How many more calls may start now."""
        held = self._limits(now)
        counts = [self._since(now.timestamp() - window.seconds) for window in held.windows]
        return pacing.room(held, self.live, counts) or 0

    def frees_at(self, now: datetime) -> datetime:
        """When to look again, where there was no room: once the windows that are full have let a
        dial go, or the limits may have changed. Ends of calls come by themselves."""
        held, second = self._limits(now), now.timestamp()
        latest = 0.0
        for window in held.windows:
            if self._since(second - window.seconds) >= window.most:
                latest = max(latest, self._dialled[-window.most] + window.seconds)
        soon = datetime.fromtimestamp(latest, UTC) if latest > second else now + LOOK_AGAIN
        return min(soon, now + LOOK_AGAIN)

    def _limits(self, now: datetime) -> Limits:
        """They change with the ramp-up and with lines that are busy, and not else."""
        busy = now.timestamp() - BUSY_SECONDS
        while self._busy and self._busy[0] <= busy:
            self._busy.popleft()
        own, running_for = self._setup.pacing, now - self._setup.begins
        speed = pacing.eased(len(self._busy))
        part = pacing.ramped(own.ramp_up, running_for)
        if self._held is None or self._held[0] != (speed, part):
            self._held = (speed, part), self._found(pacing.limits(own, running_for, speed))
        return self._held[1]

    def _found(self, own: Limits) -> Limits:
        most = self._places if own.concurrent is None else min(own.concurrent, self._places)
        return Limits(most, (*own.windows, self._account))

    def _since(self, second: float) -> int:
        return len(self._dialled) - bisect.bisect_right(self._dialled, second)
