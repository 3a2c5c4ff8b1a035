"""How a number is bought or given back: states, waiting times, and what a price may be.

A purchase is asked for once. From `SENT` on it may have happened, so nothing but looking it up is
done about it; a carrier that knows nothing of it after `GRACE` never got it.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

TRIES = 240
"""Looks at one order: about nine days, for those that wait for documents."""

GRACE = timedelta(minutes=10)
"""Longer than any request to a carrier, and any clerk of its, takes."""

_FIRST_DELAY = timedelta(seconds=1)
_LONGEST_DELAY = timedelta(hours=1)
_DOUBLINGS = 12


class Kind(StrEnum):
    """What an order is about."""

    PURCHASE = "purchase"
    RELEASE = "release"


class State(StrEnum):
    """`WAITING`: nothing was asked of the carrier yet. `SENT`: it may have been. `PLACED`: the
    carrier has it. `UNKNOWN`: given up, and a person has to look."""

    WAITING = "waiting"
    SENT = "sent"
    PLACED = "placed"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


OPEN = (State.WAITING, State.SENT, State.PLACED)


def delay(tries_left: int) -> timedelta:
    """How long to wait for the next look."""
    doublings = min(max(TRIES - tries_left - 1, 0), _DOUBLINGS)
    grown: timedelta = _FIRST_DELAY * 2**doublings
    return min(grown, _LONGEST_DELAY)


def price_fault(
    monthly: Decimal | None,
    upfront: Decimal | None,
    currency: str,
    limit: Decimal,
    limit_currency: str,
) -> str | None:
    """Why a number is not bought at this price; None when it is."""
    if currency != limit_currency:
        return f"It is sold in {currency}, and the limit is in {limit_currency}."
    if monthly is None:
        return "The carrier tells no price for it."
    if monthly > limit:
        return f"It costs {plain(monthly)} {currency} a month; the limit is {plain(limit)}."
    if upfront is not None and upfront > limit:
        return f"It costs {plain(upfront)} {currency} to set up; the limit is {plain(limit)}."
    return None


def plain(price: Decimal) -> str:
    """A price with two decimals or as many as it has: 1.00000 is 1.00."""
    rounded = price.quantize(Decimal("0.01"))
    return str(rounded if rounded == price else price.normalize())
