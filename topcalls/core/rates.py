"""What a carrier charges for calls: by the minute, in increments, by destination.

Amounts are decimal numbers, written as text: binary fractions do not hold a cent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

DOLLAR = "USD"
DEFAULT_SECONDS = 60
AMOUNT_PATTERN = r"^[0-9]{1,6}(\.[0-9]{1,8})?$"
CURRENCY_PATTERN = r"^[A-Z]{3}$"
PREFIX_PATTERN = r"^\+[1-9][0-9]{0,14}$"
SECONDS = (1, 3_600)
MOST_PREFIXES = 2_000
FIELDS = (
    "per_minute",
    "inbound_per_minute",
    "per_call",
    "minimum_seconds",
    "increment_seconds",
    "currency",
    "prefixes",
)
_AMOUNTS = ("per_minute", "inbound_per_minute", "per_call")

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class Rate:
    """Per answered call and started increment. `prefixes`: minute prices of calls out by how a
    number begins, the longest wins; `per_minute` for all others. None: not known."""

    per_minute: Decimal | None = None
    inbound_per_minute: Decimal | None = None
    per_call: Decimal = Decimal(0)
    minimum_seconds: int = DEFAULT_SECONDS
    increment_seconds: int = DEFAULT_SECONDS
    currency: str = DOLLAR
    prefixes: Mapping[str, Decimal] = field(default_factory=dict)

    def minute_price(self, number: str, *, inbound: bool) -> Decimal | None:
        """Of a call to this number, or of one that came in."""
        if inbound:
            return self.inbound_per_minute
        for length in range(len(number), 1, -1):
            if number[:length] in self.prefixes:
                return self.prefixes[number[:length]]
        return self.per_minute

    def charged_seconds(self, seconds: int) -> int:
        """What is charged for a call that was talked for so long; nothing for one that was not."""
        if seconds <= 0:
            return 0
        beyond = max(0, seconds - self.minimum_seconds)
        return self.minimum_seconds + -(-beyond // self.increment_seconds) * self.increment_seconds

    def charge(self, number: str, seconds: int, *, inbound: bool) -> Decimal | None:
        """In the rate's currency; None where no price is known for such calls."""
        price = self.minute_price(number, inbound=inbound)
        if price is None:
            return None
        charged = self.charged_seconds(seconds)
        return price * charged / 60 + (self.per_call if charged else 0)


def rate_of(section: Mapping[str, Any]) -> Rate:
    """A rate that `rate_faults` found right."""
    given = {key: value for key, value in section.items() if value is not None}
    amounts = {name: Decimal(given[name]) for name in _AMOUNTS if name in given}
    prefixes = {prefix: Decimal(price) for prefix, price in given.get("prefixes", {}).items()}
    return Rate(
        amounts.get("per_minute"),
        amounts.get("inbound_per_minute"),
        amounts.get("per_call", Decimal(0)),
        given.get("minimum_seconds", DEFAULT_SECONDS),
        given.get("increment_seconds", DEFAULT_SECONDS),
        given.get("currency", DOLLAR),
        prefixes,
    )


def rate_faults(section: object, path: str = "rate") -> Faults:
    """Everything wrong with a rate."""
    if not isinstance(section, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    given = {key: value for key, value in section.items() if value is not None}
    for key in given.keys() - set(FIELDS):
        message = f"Is not a field of a rate.{did_you_mean(str(key), FIELDS)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    for name in _AMOUNTS:
        yield from _amount_faults(given.get(name, "0"), f"{path}.{name}")
    for name in ("minimum_seconds", "increment_seconds"):
        value = given.get(name, DEFAULT_SECONDS)
        if isinstance(value, bool) or not isinstance(value, int):
            yield FieldError(f"{path}.{name}", "Must be a whole number.", "invalid_type")
        elif not SECONDS[0] <= value <= SECONDS[1]:
            message = f"Must be from {SECONDS[0]} to {SECONDS[1]}."
            yield FieldError(f"{path}.{name}", message, "range")
    if not _matches(CURRENCY_PATTERN, given.get("currency", DOLLAR)):
        message = "Must be a currency of ISO 4217, as in 'USD'."
        yield FieldError(f"{path}.currency", message, "invalid_currency")
    prefixes = given.get("prefixes", {})
    if not isinstance(prefixes, Mapping) or len(prefixes) > MOST_PREFIXES:
        message = f"Must be an object of at most {MOST_PREFIXES} prefixes and their minute prices."
        yield FieldError(f"{path}.prefixes", message, "invalid_prefixes")
        return
    for prefix, price in prefixes.items():
        if not _matches(PREFIX_PATTERN, prefix):
            message = "Must be the beginning of a number in E.164, as in '+4420'."
            yield FieldError(f"{path}.prefixes.{prefix}", message, "invalid_prefix")
        yield from _amount_faults(price, f"{path}.prefixes.{prefix}")


def _amount_faults(value: object, path: str) -> Faults:
    if not _matches(AMOUNT_PATTERN, value):
        yield FieldError(path, "Must be an amount as text, as in '0.0085'.", "invalid_amount")


def _matches(pattern: str, value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
