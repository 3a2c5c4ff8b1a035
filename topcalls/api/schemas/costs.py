"""What calls cost, and what carriers charge."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import rates
from topcalls.core.costs import CURRENCY, Component


def _amount(text: str, *, nullable: bool = False) -> fields.Text:
    return fields.Text(
        required=True,
        allow_none=nullable,
        metadata={"description": text, "example": "0.0213"},
    )


def _price(text: str) -> fields.Text:
    return fields.Text(
        allow_none=True, metadata={"description": text, "pattern": rates.AMOUNT_PATTERN}
    )


def _seconds(text: str) -> fields.Whole:
    least, most = rates.SECONDS
    about = {"minimum": least, "maximum": most, "default": rates.DEFAULT_SECONDS}
    return fields.Whole(allow_none=True, metadata={"description": text, **about})


class RateSchema(ma.Schema):
    """What a carrier charges for answered calls. Amounts are decimal text; what is left out is not
    known, and neither is then what such calls cost."""

    per_minute = _price("Of calls to numbers that `prefixes` says nothing of.")
    inbound_per_minute = _price("Of calls that come in.")
    per_call = _price("On top, once for each call. 0 if left out.")
    minimum_seconds = _seconds("The least that is charged.")
    increment_seconds = _seconds("What is charged beyond, each begun one whole.")
    currency = fields.Text(
        allow_none=True,
        metadata={
            "description": "ISO 4217. Another one than dollars needs an exchange rate in the "
            "installation's price list.",
            "default": rates.DOLLAR,
            "pattern": rates.CURRENCY_PATTERN,
        },
    )
    prefixes = fields.ObjectOf(
        allow_none=True,
        metadata={
            "description": "Minute prices by how a number begins; the longest wins: "
            '`{"+1": "0.007", "+44": "0.012"}`.',
            "additionalProperties": {"type": "string", "pattern": rates.AMOUNT_PATTERN},
        },
    )


class CostItemSchema(ma.Schema):
    """So much of something, at its price."""

    item = fields.Text(required=True, metadata={"example": "audio_output"})
    quantity = fields.Whole(
        required=True, metadata={"description": "Tokens, milliseconds or characters."}
    )
    unit_price = fields.Text(required=True)
    unit = fields.Text(required=True, metadata={"example": "1M tokens"})
    as_of = fields.Text(
        required=True, allow_none=True, metadata={"description": "When the price was read."}
    )


class CostComponentSchema(ma.Schema):
    """A part of a cost."""

    component = fields.Choice(*Component, required=True)
    name = fields.Text(required=True, metadata={"description": "The carrier, or the model."})
    amount = _amount("Null: not known, see `reason`.", nullable=True)
    reason = fields.Text(required=True, allow_none=True)
    items = fields.ListOf(ma.fields.Nested(CostItemSchema), required=True)


class CostSchema(ma.Schema):
    """A cost by its parts."""

    total = _amount("Null where a part is not known.", nullable=True)
    known = _amount("The sum of the parts that are known.")
    components = fields.ListOf(ma.fields.Nested(CostComponentSchema), required=True)


class ForecastSchema(CostSchema):
    """What a call of so many minutes costs."""

    minutes = fields.Number(required=True)


class PredictedCostSchema(ma.Schema):
    """What the call was thought to cost when it was created."""

    at_most = ma.fields.Nested(
        ForecastSchema,
        required=True,
        metadata={"description": "If it is talked for as long as `max_duration` lets it."},
    )
    expected = ma.fields.Nested(
        ForecastSchema,
        required=True,
        allow_none=True,
        metadata={
            "description": "If it is talked for as long as the account's last calls were on "
            "average. Null: none was."
        },
    )


class CallCostSchema(ma.Schema):
    """What a call costs."""

    currency = fields.Choice(CURRENCY, required=True)
    predicted = ma.fields.Nested(
        PredictedCostSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null for calls that came in."},
    )
    actual = ma.fields.Nested(
        CostSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Null until the work after the call is done."},
    )


def cost_field() -> Any:
    """Of a call."""
    return ma.fields.Nested(
        CallCostSchema,
        required=True,
        metadata={"description": "By carrier, models and voice: what is known, and what is not."},
    )
