"""What a call costs, by component: telephony, model, transcription and voice.

Money is a decimal number of US dollars. What is not known is None, with the reason; a total is
known only where all of its parts are. `of_call` counts what a call took; `forecast` is in
`core/cost_forecast.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from topcalls.core.prices import Price, PriceBook
from topcalls.core.rates import DOLLAR, Rate
from topcalls.core.token_usage import TokenUsage

MICRO = Decimal("0.000001")
CURRENCY = DOLLAR


class Component(StrEnum):
    """What is paid for."""

    TELEPHONY = "telephony"
    MODEL = "model"
    TRANSCRIPTION = "transcription"
    VOICE = "voice"


@dataclass(frozen=True)
class Item:
    """So much of something, at the price of one unit."""

    item: str
    quantity: int
    price: Price


@dataclass(frozen=True)
class Line:
    """One part of a cost, by its carrier's or model's `name`. `amount` None: not known, and why."""

    component: Component
    name: str
    amount: Decimal | None
    reason: str | None = None
    items: tuple[Item, ...] = ()


@dataclass(frozen=True)
class Trunk:
    """By whom a call was carried, and at which rate, if it is known."""

    name: str
    rate: Rate | None = None


@dataclass(frozen=True)
class Talk:
    """What is charged by a carrier: how long, with whom, in which direction. `trunk` None: by
    nobody, as the call was never dialled."""

    number: str
    seconds: int
    inbound: bool = False
    trunk: Trunk | None = field(default=None)


@dataclass(frozen=True)
class Prediction:
    """What a call will cost, `told` as JSON, and at most: `micros`, millionths of a dollar. None:
    not known, because of `unknown`."""

    told: Mapping[str, Any]
    micros: int | None
    unknown: str = ""


def of_call(talk: Talk, usages: Mapping[str, TokenUsage], book: PriceBook) -> tuple[Line, ...]:
    """Everything that a call took; `usages` by model."""
    lines = [telephony(talk, book)] if talk.trunk is not None else []
    for model, usage in sorted(usages.items()):
        lines += model_lines(model, usage, book)
    return tuple(lines)


def telephony(talk: Talk, book: PriceBook) -> Line:
    """What the carrier charges. A call that nobody answered costs nothing, whatever the rate."""
    assert talk.trunk is not None
    name, rate = talk.trunk.name, talk.trunk.rate
    line = Line(Component.TELEPHONY, name, None)
    if talk.seconds <= 0:
        return _with(line, Decimal(0))
    if rate is None:
        return _without(line, "The carrier has no rate.")
    charge = rate.charge(talk.number, talk.seconds, inbound=talk.inbound)
    if charge is None:
        what = "calls that come in" if talk.inbound else "this destination"
        return _without(line, f"The carrier's rate says nothing of {what}.")
    dollars = book.dollars(charge, rate.currency)
    if dollars is None:
        return _without(line, f"The price list has no exchange rate of {rate.currency}.")
    return _with(line, dollars)


def model_lines(model: str, usage: TokenUsage, book: PriceBook) -> Iterator[Line]:
    """What a model took: its tokens, the sound that it heard, the characters that it spoke."""
    prices = book.of(model)
    for component, quantities in (
        (Component.MODEL, _tokens(usage)),
        (Component.TRANSCRIPTION, {"audio_input": (usage.heard_ms, ("minute", "hour"))}),
        (Component.VOICE, {"text_input": (usage.voice_characters, ("1K characters",))}),
    ):
        taken = {name: given for name, given in quantities.items() if given[0]}
        if taken:
            yield _line(Line(component, model, None), taken, prices)


_TOKENS = ("1M tokens",)
Quantities = dict[str, tuple[int, tuple[str, ...]]]


def _tokens(usage: TokenUsage) -> Quantities:
    """By item, how many tokens are charged, and in which units. What was cached is a part of what
    was read."""
    cached_audio = min(usage.input_cached_audio, usage.input_audio)
    cached_text = min(max(0, usage.input_cached - cached_audio), usage.input_text)
    counted = {
        "text_input": usage.input_text - cached_text,
        "text_cached_input": cached_text,
        "text_output": usage.output_text,
        "audio_input": usage.input_audio - cached_audio,
        "audio_cached_input": cached_audio,
        "audio_output": usage.output_audio,
    }
    return {item: (count, _TOKENS) for item, count in counted.items()}


def _line(line: Line, taken: Quantities, prices: Sequence[Price]) -> Line:
    if not prices:
        return _without(line, "The price list does not have this model.")
    items = []
    for item, (quantity, units) in taken.items():
        price = _price(item, units, prices)
        if price is None:
            return _without(line, f"The price list has no price of {item} of this model.")
        items.append(Item(item, quantity, price))
    amount = sum((one.price.of(one.quantity) for one in items), Decimal(0))
    return _with(line, amount, tuple(items))


def _price(item: str, units: Iterable[str], prices: Sequence[Price]) -> Price | None:
    """Of this item. What has no price of its own when it is cached costs what it costs fresh."""
    for name in (item, item.replace("_cached", "")):
        for price in prices:
            if price.item == name and price.unit in units:
                return price
    return None


def _with(line: Line, amount: Decimal, items: tuple[Item, ...] = ()) -> Line:
    return Line(line.component, line.name, rounded(amount), None, items)


def _without(line: Line, reason: str) -> Line:
    return Line(line.component, line.name, None, reason)


# --- sums


def rounded(amount: Decimal) -> Decimal:
    """To a millionth of a dollar."""
    return amount.quantize(MICRO, ROUND_HALF_UP)


def total(lines: Iterable[Line]) -> Decimal | None:
    """None where any part is not known."""
    amounts = [line.amount for line in lines]
    if any(amount is None for amount in amounts):
        return None
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def known(lines: Iterable[Line]) -> Decimal:
    """The sum of what is known."""
    return sum((line.amount for line in lines if line.amount is not None), Decimal(0))


def first_unknown(lines: Iterable[Line]) -> str:
    """Of which part the cost is not known, and why; empty where all of it is."""
    return next((f"{line.name}: {line.reason}" for line in lines if line.amount is None), "")


def micros(amount: Decimal) -> int:
    """Millionths of a dollar."""
    return int(rounded(amount) / MICRO)


def told(lines: Sequence[Line]) -> dict[str, Any]:
    """A cost as JSON: amounts are decimal text."""
    whole = total(lines)
    return {
        "total": None if whole is None else text(whole),
        "known": text(known(lines)),
        "components": [
            {
                "component": str(line.component),
                "name": line.name,
                "amount": None if line.amount is None else text(line.amount),
                "reason": line.reason,
                "items": [_item(one) for one in line.items],
            }
            for line in lines
        ],
    }


def text(amount: Decimal) -> str:
    """`0.0213`: no exponent, no zeros at the end but two digits after the point."""
    digits = f"{rounded(amount):f}".rstrip("0")
    whole, _, fraction = digits.partition(".")
    return f"{whole}.{fraction:0<2}"


def _item(item: Item) -> dict[str, Any]:
    price = item.price
    return {
        "item": item.item,
        "quantity": item.quantity,
        "unit_price": price.usd,
        "unit": price.unit,
        "as_of": price.as_of.isoformat() if price.as_of else None,
    }
