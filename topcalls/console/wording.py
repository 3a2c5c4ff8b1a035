"""How pages write times, durations, numbers, money and shares."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from topcalls.core.phone_numbers import mask
from topcalls.log import mask_numbers

NOTHING: Final = "–"
"""Where there is no value."""


def moment(text: str | None, zone: str) -> str:
    """A time of the API, as it is in a zone: `2026-11-23 09:32:10`."""
    if not text:
        return NOTHING
    return parsed(text).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def clock(text: str | None, zone: str) -> str:
    """The time of day alone: `09:32:10`."""
    return moment(text, zone).partition(" ")[2] or NOTHING


def parsed(text: str) -> datetime:
    """A time of the API; without an offset it is UTC."""
    value = datetime.fromisoformat(text)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def minutes(value: float | None) -> str:
    """Minutes as `m:ss`."""
    return NOTHING if value is None else seconds(value * 60)


def seconds(value: float | None) -> str:
    """Seconds as `m:ss`, or `h:mm:ss`."""
    if value is None:
        return NOTHING
    whole = round(value)
    hours, rest = divmod(whole, 3600)
    start = f"{hours}:{rest // 60:02d}" if hours else str(rest // 60)
    return f"{start}:{rest % 60:02d}"


def share(value: float | None) -> str:
    """A part of one as `82 %`."""
    return NOTHING if value is None else f"{value * 100:.0f} %"


def count(value: float | None) -> str:
    """A number with its thousands apart: `12,408`; parts of one only where there are some."""
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def money(value: Any, currency: str = "USD") -> str:
    """An amount, to the cent; smaller ones to what they have."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return NOTHING
    digits = 2 if amount == 0 or abs(amount) >= Decimal("0.1") else 4
    return f"{amount:,.{digits}f} {currency}"


def words(name: str | None) -> str:
    """A name of the API as words: `no_answer` is `no answer`."""
    return NOTHING if not name else name.replace("_", " ").replace("-", " ")


def hidden_number(number: str | None) -> str:
    """A telephone number without the digits that tell whose it is."""
    return NOTHING if not number else mask(number)


def without_numbers(text: str, *numbers: str | None) -> str:
    """A text in which telephone numbers are hidden: all that are written with a `+`, and these
    ones, however they are written."""
    for number in numbers:
        digits = (number or "").removeprefix("+")
        if len(digits) > 4:
            text = re.sub(rf"(?<!\d){re.escape(digits)}(?!\d)", mask(digits), text)
    return mask_numbers(text)
