"""What a campaign has come to by now, and when it may be over.

Rates are of the calls that were dialled; calls that a rule, its campaign or a missing line kept
from being dialled are told apart. A forecast is what the last minutes' pace makes of those who are
left, within the hours of the schedule: a guess, which says what it rests on.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from topcalls.core.campaign_outcomes import ANSWERED, PERSON, Outcome
from topcalls.core.campaign_schedule import Schedule, opens_at
from topcalls.core.campaign_state import CONTACTS_LEFT, ContactState

NOT_DIALLED: Final = frozenset(
    {
        Outcome.DEFERRED,
        Outcome.NOT_CALLABLE,
        Outcome.DISPATCH_TIMEOUT,
        Outcome.WITHDRAWN,
    }
)
"""Calls that never left the queue."""

PACE_WINDOW: Final = timedelta(minutes=15)
"""The pace of a campaign is that of its calls within this time."""

LEAST_FINISHED: Final = 10
"""From so many contacts on, how many calls one takes is told by those that are done."""

FARTHEST: Final = timedelta(days=90)
_FINE, _COARSE = timedelta(minutes=15), timedelta(hours=1)
_FINE_FOR = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Ended:
    """So many calls that ended with an outcome (None: not over) and a disposition, and how long
    was talked in them."""

    outcome: str | None
    disposition: str | None
    calls: int
    talk_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Forecast:
    """`ends_at` None: nobody can tell, by `reason`. `calls_per_minute` lately, `expected_calls`
    that are still to be made."""

    ends_at: datetime | None
    reason: str | None = None
    calls_per_minute: float = 0.0
    expected_calls: int = 0


@dataclass(frozen=True)
class Figures:
    """See the module's text. `contacts`: by state. `outcomes`: calls that are over, by outcome."""

    contacts: Mapping[str, int]
    outcomes: Mapping[str, int] = field(default_factory=dict)
    open_calls: int = 0
    dialled: int = 0
    answered: int = 0
    connected: int = 0
    conversions: int = 0
    opted_out: int = 0
    talk_seconds: int = 0

    @property
    def total(self) -> int:
        """All contacts but those that were taken out."""
        return sum(self.contacts.values()) - self.contacts[ContactState.REMOVED]

    @property
    def left(self) -> int:
        """Contacts with which the campaign is not done."""
        return sum(self.contacts[state] for state in CONTACTS_LEFT)

    @property
    def held(self) -> int:
        """Contacts that wait for what no time brings."""
        return self.contacts[ContactState.HELD]

    @property
    def calls(self) -> int:
        """All calls that were made, over or not."""
        return sum(self.outcomes.values()) + self.open_calls

    @property
    def answer_rate(self) -> float | None:
        """Calls that were answered, by whatever."""
        return _share(self.answered, self.dialled)

    @property
    def connection_rate(self) -> float | None:
        """Calls in which a person picked up."""
        return _share(self.connected, self.dialled)

    @property
    def completion_rate(self) -> float | None:
        """Contacts with which the campaign is done."""
        return _share(self.total - self.left, self.total)

    @property
    def conversion_rate(self) -> float | None:
        """Conversions, of the calls in which a person picked up."""
        return _share(self.conversions, self.connected)

    @property
    def average_seconds(self) -> float | None:
        """Talked, in a call that was answered."""
        return round(self.talk_seconds / self.answered, 1) if self.answered else None


def figures(
    contacts: Mapping[str, int], ended: Iterable[Ended], conversions: Collection[str]
) -> Figures:
    """The figures of a campaign; `conversions` are the dispositions that count as such."""
    outcomes: dict[str, int] = {}
    open_calls = converted = seconds = 0
    for one in ended:
        if one.outcome is None:
            open_calls += one.calls
            continue
        outcomes[one.outcome] = outcomes.get(one.outcome, 0) + one.calls
        seconds += one.talk_seconds
        if one.disposition is not None and one.disposition in conversions:
            converted += one.calls

    def count(names: Collection[str]) -> int:
        return sum(outcomes.get(name, 0) for name in names)

    return Figures(
        contacts=contacts,
        outcomes=outcomes,
        open_calls=open_calls,
        dialled=sum(outcomes.values()) - count(NOT_DIALLED),
        answered=count(ANSWERED),
        connected=count(PERSON),
        conversions=converted,
        opted_out=count([Outcome.OPTED_OUT]),
        talk_seconds=seconds,
    )


def forecast(
    now_is: Figures,
    lately: int,
    running_for: timedelta,
    schedule: Schedule,
    zone: str,
    now: datetime,
) -> Forecast:
    """When a campaign that runs may be over. `lately`: calls that it made within `PACE_WINDOW`;
    `zone`: whose clock stands for everybody's, where the schedule goes by the leads' own."""
    expected = math.ceil((now_is.left - now_is.held) * _calls_per_contact(now_is))
    if expected == 0:
        return Forecast(None, "held") if now_is.held else Forecast(now)
    minutes = max(1.0, min(running_for, PACE_WINDOW).total_seconds() / 60)
    pace = round(lately / minutes, 2)
    if pace <= 0:
        return Forecast(None, "no_calls_lately", 0.0, expected)
    ends_at = _after_open(schedule, zone, now, timedelta(minutes=expected / pace))
    if ends_at is None:
        over = schedule.end_at is not None and schedule.end_at - now < FARTHEST
        return Forecast(None, "not_by_its_end" if over else "too_far_ahead", pace, expected)
    return Forecast(ends_at, None, pace, expected)


def _calls_per_contact(now_is: Figures) -> float:
    finished = now_is.total - now_is.left
    if finished < LEAST_FINISHED:
        return 1.0
    return max(1.0, now_is.dialled / finished)


def _after_open(schedule: Schedule, zone: str, now: datetime, needed: timedelta) -> datetime | None:
    """When the schedule has been open for so long; None: not within `FARTHEST`."""
    at, last = now, now + FARTHEST
    while at < last:
        opened = opens_at(schedule, [zone], at)
        if opened is None:
            return None
        at = max(at, opened)
        step = _FINE if at - now < _FINE_FOR else _COARSE
        if needed <= step:
            return at + needed
        needed -= step
        at += step
    return None


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole > 0 else None
