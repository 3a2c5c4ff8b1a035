"""What happened in a rehearsal, and the report of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from topcalls.core.campaign_outcomes import ANSWERED, PERSON, Outcome
from topcalls.core.rehearsal_money import Money, told

MOST_DIALS_TOLD: Final = 200_000
_SETTLED: Final = ("done", "given_up", "skipped", "held")


@dataclass(frozen=True, slots=True)
class Dial:
    """One call of the rehearsal. `number`: which dial to this person it was, from 1."""

    at: datetime
    lead_id: str
    number: int
    outcome: Outcome
    talk_seconds: int
    from_number: str | None = None
    is_conversion: bool = False


@dataclass(frozen=True, slots=True)
class Closest:
    """A call and the `seconds` by which it was legal: its last answer would come so long before the
    strictest hours end."""

    seconds: float
    lead_id: str
    at: datetime
    zones: tuple[str, ...]
    jurisdictions: tuple[str, ...]


class Tally:
    """Counts. `dials_told`: how many of the calls the report lists one by one, the first ones."""

    def __init__(self, people: int, begins: datetime, dials_told: int = 0) -> None:
        self._people = people
        self._begins = begins
        self._most = dials_told
        self._dials: list[Dial] = []
        self._outcomes: Counter[str] = Counter()
        self._settled: Counter[tuple[str, str]] = Counter()
        self._postponed: Counter[str] = Counter()
        self._not_enforced: Counter[str] = Counter()
        self._not_known: Counter[str] = Counter()
        self._by_hour: Counter[datetime] = Counter()
        self._answered_by_hour: Counter[datetime] = Counter()
        self._by_attempt: Counter[int] = Counter()
        self._count = self._conversions = self._talk = 0
        self._peak, self._peak_at = 0, begins
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._closest: Closest | None = None
        self._pause: Mapping[str, Any] | None = None
        self._left = 0
        self._ended_at = begins
        self._money: Money | None = None

    # --- what happens

    def dialled(self, now: datetime, live: int) -> None:
        """A call begins; with it so many run."""
        self._count += 1
        self._by_hour[_hour(now)] += 1
        self._first = self._first or now
        self._last = now
        if live > self._peak:
            self._peak, self._peak_at = live, now

    def call_ended(self, dial: Dial, cost: int | None) -> None:
        """A call is over."""
        self._outcomes[dial.outcome] += 1
        self._by_attempt[dial.number] += 1
        self._talk += dial.talk_seconds
        self._conversions += dial.is_conversion
        if dial.outcome in ANSWERED:
            self._answered_by_hour[_hour(dial.at)] += 1
        if len(self._dials) < self._most:
            self._dials.append(dial)

    def settled(self, state: str, why: str) -> None:
        """Somebody is called no more: `done`, `given_up`, `skipped` by a rule, or `held` until what
        it misses arrives."""
        self._settled[state, why] += 1

    def postponed(self, rule: str) -> None:
        """A rule had somebody wait."""
        self._postponed[rule] += 1

    def not_enforced(self, rule: str) -> None:
        """A rule would have kept a call back, and the account's policy does not let it."""
        self._not_enforced[rule] += 1

    def not_known(self, what: str) -> None:
        """Something would have to be asked of others, and was taken to let a call be made."""
        self._not_known[what] += 1

    def margin(self, closest: Closest) -> None:
        """How legal a call was; the closest one is kept."""
        if self._closest is None or closest.seconds < self._closest.seconds:
            self._closest = closest

    def paused(self, now: datetime, code: str, words: str) -> None:
        """The campaign stopped by itself."""
        self._pause = {"at": _told(now), "code": code, "detail": words}

    def left(self, people: int) -> None:
        """So many were still to be called at the end."""
        self._left = people

    def ended(self, now: datetime, money: Money) -> None:
        """The rehearsal is over."""
        self._ended_at, self._money = now, money

    # --- the report

    def report(self) -> dict[str, Any]:
        """Everything, JSON-ready; times are UTC."""
        assert self._money is not None
        ends = "paused" if self._pause else ("time_over" if self._left else self._finished())
        return {
            "people": self._people,
            "ends": ends,
            "paused": self._pause,
            "starts_at": _told(self._begins),
            "ends_at": _told(self._ended_at),
            "first_call_at": _told(self._first),
            "last_call_at": _told(self._last),
            "calls": {
                "total": self._count,
                "outcomes": _sorted(self._outcomes),
                "by_attempt": {str(n): self._by_attempt[n] for n in sorted(self._by_attempt)},
                "peak_concurrent": self._peak,
                "peak_at": _told(self._peak_at) if self._peak else None,
            },
            "contacts": {
                **{state: self._of(state) for state in _SETTLED},
                "left": self._left,
                "skipped_by_rule": self._whys("skipped"),
                "held_by_rule": self._whys("held"),
                "given_up_by_reason": self._whys("given_up"),
                "done_by_reason": self._whys("done"),
            },
            "postponed_by_rule": _sorted(self._postponed),
            "not_enforced_by_rule": _sorted(self._not_enforced),
            "not_known": _sorted(self._not_known),
            "rates": self._rates(),
            "spent": told(self._money.total, self._money.is_priced),
            "closest_call": self._told_closest(),
            "hours": [
                {"at": _told(hour), "calls": count, "answered": self._answered_by_hour[hour]}
                for hour, count in sorted(self._by_hour.items())
            ],
            "dials": [_told_dial(dial) for dial in self._dials],
        }

    def _finished(self) -> str:
        """Whoever is held keeps it from being completed."""
        return "held" if self._of("held") else "completed"

    def _of(self, state: str) -> int:
        return sum(count for (one, _), count in self._settled.items() if one == state)

    def _whys(self, state: str) -> dict[str, int]:
        return _sorted({why: n for (one, why), n in self._settled.items() if one == state})

    def _rates(self) -> dict[str, float | None]:
        over = sum(self._outcomes.values())
        answered = sum(self._outcomes[one] for one in ANSWERED)
        persons = sum(self._outcomes[one] for one in PERSON)
        reached = sum(
            count
            for (state, why), count in self._settled.items()
            if state == "done" and why != Outcome.OPTED_OUT
        )
        return {
            "answer_rate": _share(answered, over),
            "connection_rate": _share(persons, over),
            "completion_rate": _share(reached, self._people),
            "conversion_rate": _share(self._conversions, persons),
            "average_talk_seconds": round(self._talk / answered, 1) if answered else None,
        }

    def _told_closest(self) -> dict[str, Any] | None:
        found = self._closest
        if found is None:
            return None
        return {
            "margin_seconds": round(found.seconds),
            "lead_id": found.lead_id,
            "at": _told(found.at),
            "local_times": {
                zone: found.at.astimezone(ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M")
                for zone in found.zones
            },
            "jurisdictions": list(found.jurisdictions),
        }


def _told_dial(dial: Dial) -> dict[str, Any]:
    return {
        "at": _told(dial.at),
        "lead_id": dial.lead_id,
        "attempt": dial.number,
        "outcome": dial.outcome.value,
        "talk_seconds": dial.talk_seconds,
        "from_number": dial.from_number,
    }


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, then by name."""
    return {
        str(key): counts[key]
        for key in sorted(counts, key=lambda key: (-counts[key], str(key)))
        if counts[key]
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
