"""Price lists: what vendors charge for their models, each price dated and with its source.

A list is a mapping as TOML files hold it:

    [exchange]                      # US dollars for one of another currency
    EUR = "1.08"
    [telephony]                     # the installation's own trunk: as a carrier's `rate`
    per_minute = "0.0085"
    [[price]]
    models = ["nova-3"]
    as_of = 2026-11-23
    source = "https://…"
    per = "minute"                  # or "hour", "1M tokens", "1K characters"
    audio_input = "0.0048"
    confirmed = false               # not read at the vendor's own page; true if left out
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from topcalls.core.rates import AMOUNT_PATTERN, CURRENCY_PATTERN, DOLLAR, Rate, rate_faults, rate_of
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

UNITS = {
    "1M tokens": Decimal(1_000_000),
    "1K characters": Decimal(1_000),
    "minute": Decimal(60_000),
    "hour": Decimal(3_600_000),
}
"""How much of what is counted one unit is: tokens, characters, milliseconds."""

ITEMS = tuple(
    f"{medium}_{kind}"
    for medium in ("text", "audio")
    for kind in ("input", "cached_input", "output")
)
SECTIONS = ("price", "telephony", "exchange")
ENTRY = ("models", "as_of", "source", "per", "confirmed", *ITEMS)

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class Price:
    """US dollars, as decimal text, for one `unit` of an `item`; read on a day at its source.
    `confirmed`: that is whoever charges it, and not what others say of them."""

    item: str
    unit: str
    usd: str
    as_of: date | None = None
    source: str = ""
    confirmed: bool = True

    def of(self, quantity: int) -> Decimal:
        """For so many tokens, characters or milliseconds."""
        return Decimal(self.usd) * quantity / UNITS[self.unit]


@dataclass(frozen=True)
class PriceBook:
    """What is known of prices. `telephony`: of the installation's own trunk."""

    models: Mapping[str, tuple[Price, ...]] = field(default_factory=dict)
    telephony: Rate | None = None
    exchange: Mapping[str, Decimal] = field(default_factory=dict)

    def of(self, model: str) -> tuple[Price, ...]:
        """The prices of a model; none where none are known."""
        return self.models.get(model, ())

    def dollars(self, amount: Decimal, currency: str) -> Decimal | None:
        """An amount of another currency; None where its rate is not known."""
        if currency == DOLLAR:
            return amount
        rate = self.exchange.get(currency)
        return None if rate is None else amount * rate

    def over(self, other: PriceBook) -> PriceBook:
        """The other book, with what this one says instead."""
        return PriceBook(
            {**other.models, **self.models},
            self.telephony or other.telephony,
            {**other.exchange, **self.exchange},
        )

    def without(self, models: set[str]) -> PriceBook:
        """As if the prices of these models were not known."""
        kept = {name: prices for name, prices in self.models.items() if name not in models}
        return replace(self, models=kept)


def price_book(content: Mapping[str, Any]) -> PriceBook:
    """A list that `price_faults` found right."""
    found: dict[str, list[Price]] = {}
    for entry in content.get("price", ()):
        items = [item for item in ITEMS if item in entry]
        read = (entry["as_of"], entry["source"], entry.get("confirmed", True))
        prices = [Price(item, entry["per"], entry[item], *read) for item in items]
        for model in entry["models"]:
            found.setdefault(model, []).extend(prices)
    telephony = content.get("telephony")
    return PriceBook(
        {model: tuple(prices) for model, prices in found.items()},
        rate_of(telephony) if telephony else None,
        {name: Decimal(usd) for name, usd in content.get("exchange", {}).items()},
    )


def price_faults(content: Mapping[str, Any]) -> Faults:
    """Everything wrong with a price list."""
    for key in content.keys() - set(SECTIONS):
        message = f"Is no section of a price list.{did_you_mean(str(key), SECTIONS)}"
        yield FieldError(str(key), message, "unknown")
    if "telephony" in content:
        yield from rate_faults(content["telephony"], "telephony")
    exchange = content.get("exchange", {})
    if not isinstance(exchange, Mapping):
        yield FieldError("exchange", "Must be a table.", "invalid_type")
        exchange = {}
    for name, usd in exchange.items():
        if not re.fullmatch(CURRENCY_PATTERN, str(name)) or not _is_amount(usd):
            message = "Must be a currency and its price in US dollars as text, as in EUR = '1.08'."
            yield FieldError(f"exchange.{name}", message, "invalid_rate")
    entries = content.get("price", [])
    if not isinstance(entries, list):
        yield FieldError("price", "Must be a list of tables: [[price]].", "invalid_type")
        entries = []
    for index, entry in enumerate(entries):
        yield from _entry_faults(entry, f"price.{index}")


def _entry_faults(entry: object, path: str) -> Faults:
    if not isinstance(entry, Mapping):
        yield FieldError(path, "Must be a table.", "invalid_type")
        return
    for key in entry.keys() - set(ENTRY):
        message = f"Is no field of a price.{did_you_mean(str(key), ENTRY)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    models = entry.get("models")
    if not isinstance(models, list) or not models or any(not isinstance(m, str) for m in models):
        yield FieldError(f"{path}.models", "Must be a list of names of models.", "invalid_models")
    if not isinstance(entry.get("as_of"), date):
        message = "Say when it was read, as in 2026-11-23, without quotes."
        yield FieldError(f"{path}.as_of", message, "invalid_date")
    if not isinstance(entry.get("source"), str) or not entry["source"]:
        yield FieldError(f"{path}.source", "Say where it was read.", "required")
    if not isinstance(entry.get("confirmed", True), bool):
        yield FieldError(f"{path}.confirmed", "Must be true or false.", "invalid_type")
    if entry.get("per") not in UNITS:
        yield FieldError(f"{path}.per", f"Must be one of {', '.join(UNITS)}.", "choice")
    items = [item for item in ITEMS if item in entry]
    if not items:
        yield FieldError(path, f"Give a price of {', '.join(ITEMS)}.", "required")
    for item in items:
        if not _is_amount(entry[item]):
            message = "Must be an amount as text, as in '0.0077'."
            yield FieldError(f"{path}.{item}", message, "invalid_amount")


def _is_amount(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(AMOUNT_PATTERN, value) is not None
