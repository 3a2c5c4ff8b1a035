"""By which of its numbers a campaign calls somebody.

Whoever was called before sees the same number again, as long as it can be used. Otherwise a number
of the person's own area may come first (`local_presence`): in North America never one that shares
its first six digits with the person's, which is the mark of spoofed "neighbour" calls. The load is
spread. New numbers are warmed up, because analytics services take a sudden load
for spam.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

ROTATIONS: Final = ("least_used", "in_turn")
WARM_UP: Final = (20, 30, 50)
"""Calls a day in the first, second and third week of a number. Providers of number reputation name
10 to 20 a day for the first week, and a risk above 75 to 100 a day for any number."""


class Unusable(StrEnum):
    """Why a number may not be shown, whatever a campaign says: switched off, being bought, not got
    or taken back, given back to the carrier, deleted here, or another account's."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FAILED = "failed"
    RELEASED = "released"
    DELETED = "deleted"
    FOREIGN = "foreign"


UNUSABLE_WORDS: Final[Mapping[Unusable, str]] = {
    Unusable.INACTIVE: "is switched off: set its status to active by PATCH /v1/phone-numbers/{id}",
    Unusable.PENDING: "is being bought: wait until its status is active",
    Unusable.FAILED: "was not got from the carrier: buy another one",
    Unusable.RELEASED: "was given back to the carrier: buy another one",
    Unusable.DELETED: "was deleted from your numbers: add it again by POST /v1/phone-numbers",
    Unusable.FOREIGN: "belongs to another account: name one of your own",
}
"""What each means, and what can be done."""

MOST_NAMED: Final = 5
"""So many numbers that cannot be used are told one by one."""

_WEEK: Final = timedelta(days=7)
_NANP: Final = "+1"
_AREA: Final = 5
"""`+1` and the area code."""

_EXCHANGE: Final = 8
"""`+1`, area code and exchange."""


@dataclass(frozen=True, slots=True)
class NumberPool:
    """`per_number_daily`: calls of one number within 24 hours, None without a limit; `warm_up`: new
    numbers have fewer (`WARM_UP`)."""

    numbers: tuple[str, ...] = ()
    local_presence: bool = False
    rotation: str = "least_used"
    per_number_daily: int | None = None
    warm_up: bool = False


@dataclass(frozen=True, slots=True)
class NumberUse:
    """What a number was used for: calls of the last 24 hours, the first of these and the last call
    at all, since when it calls, and until when it rests. `unusable`: why it may not be shown."""

    number: str
    today: int = 0
    oldest_today: datetime | None = None
    last_at: datetime | None = None
    first_at: datetime | None = None
    rests_until: datetime | None = None
    unusable: Unusable | None = None


class Lack(StrEnum):
    """Why no number may call somebody: each had its calls of the day or rests; none can be used at
    all; none is of the series that must be shown where they are; each looks like a neighbour's."""

    FULL = "no_number"
    UNUSABLE = "numbers_unusable"
    SERIES = "number_series"
    NEIGHBOUR = "number_neighbour"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`why`: same | local | rotation."""

    number: str
    why: str


@dataclass(frozen=True, slots=True)
class NoNumber:
    """None may call before `until`; None: none ever will, by this pool as it is. `why` is for
    people."""

    until: datetime | None
    lack: Lack
    why: str


def pool_of(section: Mapping[str, Any] | None) -> NumberPool:
    """The pool in a campaign's `from_numbers`, found right before."""
    given = section or {}
    return NumberPool(
        tuple(given.get("numbers") or ()),
        bool(given.get("local_presence")),
        given.get("rotation") or "least_used",
        given.get("per_number_daily"),
        bool(given.get("warm_up")),
    )


def choose(
    pool: NumberPool,
    uses: Collection[NumberUse],
    callee: str,
    before: str | None,
    now: datetime,
    region_of: Callable[[str], str | None] = lambda number: None,
    series: Sequence[tuple[str, ...]] = (),
) -> Chosen | NoNumber:
    """The number by which `callee` is called now. `before`: the one that they were called by.

    `uses` of numbers that were never used may be missing. `region_of` tells the country of a
    number, for local presence outside North America. `series`: of each of these, the number has to
    begin with one.
    """
    known = {use.number: use for use in uses}
    every = [known.get(number, NumberUse(number)) for number in pool.numbers]
    usable = [use for use in every if use.unusable is None]
    if not usable:
        return NoNumber(None, Lack.UNUSABLE, unusable_words(every))
    of_series = [use for use in usable if all(use.number.startswith(one) for one in series)]
    if not of_series:
        begins = " and ".join(" or ".join(one) for one in series)
        return NoNumber(None, Lack.SERIES, f"no usable number begins with {begins}")
    fitting = [
        use for use in of_series if not (pool.local_presence and _is_neighbour(use.number, callee))
    ]
    if not fitting:
        why = "every usable number shares its first six digits with the person's"
        return NoNumber(None, Lack.NEIGHBOUR, why)
    free = [use for use in fitting if free_at(pool, use, now) <= now]
    if not free:
        until = min(free_at(pool, use, now) for use in fitting)
        return NoNumber(until, Lack.FULL, "every number has had its calls of the day, or rests")
    if any(use.number == before for use in free):
        return Chosen(str(before), "same")
    for near in _nearer(callee, region_of) if pool.local_presence else ():
        local = [use for use in free if near(use.number)]
        if local:
            return Chosen(_next(pool, local), "local")
    return Chosen(_next(pool, free), "rotation")


def unusable_words(uses: Collection[NumberUse]) -> str:
    """Which of these numbers cannot be used, why, and what can be done about each; empty where all
    can."""
    bad = [use for use in uses if use.unusable is not None]
    told = [
        f"{use.number} {UNUSABLE_WORDS[use.unusable]}"
        for use in bad[:MOST_NAMED]
        if use.unusable is not None
    ]
    more = len(bad) - len(told)
    return "; ".join([*told, f"and {more} more"] if more > 0 else told)


def free_at(pool: NumberPool, use: NumberUse, now: datetime) -> datetime:
    """When a number may call next; `now` for at once."""
    at = max(now, use.rests_until or now)
    most = daily_limit(pool, use, now)
    if most is None or use.today < most:
        return at
    return max(at, (use.oldest_today or now) + timedelta(days=1))


def daily_limit(pool: NumberPool, use: NumberUse, now: datetime) -> int | None:
    """Calls within 24 hours by a number; None without a limit."""
    limits = [] if pool.per_number_daily is None else [pool.per_number_daily]
    if pool.warm_up:
        weeks = (now - use.first_at) // _WEEK if use.first_at is not None else 0
        limits += WARM_UP[weeks : weeks + 1]
    return min(limits) if limits else None


def _nearer(callee: str, region_of: Callable[[str], str | None]) -> Sequence[Callable[[str], bool]]:
    """From the nearest on: of the same area code, then of the same country."""
    country = region_of(callee)

    def is_of_country(number: str) -> bool:
        return country is not None and region_of(number) == country

    def is_of_area(number: str) -> bool:
        return callee.startswith(_NANP) and number[:_AREA] == callee[:_AREA]

    return is_of_area, is_of_country


def _is_neighbour(number: str, callee: str) -> bool:
    return callee.startswith(_NANP) and number[:_EXCHANGE] == callee[:_EXCHANGE]


def _next(pool: NumberPool, uses: Sequence[NumberUse]) -> str:
    """`least_used` by today's calls, `in_turn` by the last call; then in the pool's order."""
    place = {number: index for index, number in enumerate(pool.numbers)}

    def turn(use: NumberUse) -> tuple[float, float, int]:
        last = use.last_at.timestamp() if use.last_at is not None else 0.0
        load = use.today if pool.rotation == "least_used" else 0
        return load, last, place[use.number]

    return min(uses, key=turn).number
