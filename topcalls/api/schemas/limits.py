"""Limits and budgets of an account."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.account import BalanceSchema
from topcalls.core.budgets import MOST_CALLS, MOST_MINUTES, Measure, told
from topcalls.core.rates import AMOUNT_PATTERN
from topcalls.services.budgets import BudgetsView, BudgetView

_NULLABLE: dict[str, Any] = {"required": True, "allow_none": True}


class GaugeSchema(ma.Schema):
    """A limit, and how far it is used up."""

    limit = fields.Whole(required=True)
    used = fields.Whole(required=True)
    left = fields.Whole(required=True)
    when_reached = fields.Choice(
        "wait",
        "refuse",
        required=True,
        metadata={"description": "Calls beyond it wait in the queue, or are refused with 429."},
    )
    frees_at = fields.Timestamp(
        **_NULLABLE,
        metadata={"description": "When there is room again. Null: there is, or a call must end."},
    )


def _gauge(text: str, *, nullable: bool = False) -> ma.fields.Nested:
    about = {"description": text}
    return ma.fields.Nested(GaugeSchema, required=True, allow_none=nullable, metadata=about)


class AccountLimitsSchema(ma.Schema):
    """What the account may do."""

    concurrent_calls = _gauge("Live calls, those that came in included.")
    inbound_reserve = fields.Whole(
        required=True, metadata={"description": "Places kept for calls that come in."}
    )
    calls_per_minute = _gauge("Calls whose dialling began within a minute.")
    requests_per_second = fields.Whole(
        **_NULLABLE, metadata={"description": "Of all keys together. Null: no such limit."}
    )
    minutes = ma.fields.Nested(BalanceSchema, required=True)


class KeyLimitsSchema(ma.Schema):
    """What the key of this request may do. Null: it has no such limit of its own."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    concurrent_calls = _gauge("Live calls that it created.", nullable=True)
    new_calls_per_minute = _gauge("Calls that it created within a minute.", nullable=True)
    requests_per_second = fields.Whole(**_NULLABLE)


class BudgetSchema(ma.Schema):
    """The most of each; null or left out: no limit."""

    minutes = fields.Number(
        allow_none=True,
        metadata={"description": "Minutes of talk.", "minimum": 0, "maximum": MOST_MINUTES},
    )
    calls = fields.Whole(
        allow_none=True,
        metadata={
            "description": "Calls that are dialled or come in.",
            "minimum": 0,
            "maximum": MOST_CALLS,
        },
    )
    cost = fields.Text(
        allow_none=True,
        metadata={
            "description": "US dollars, as decimal text.",
            "pattern": AMOUNT_PATTERN,
            "example": "25.00",
        },
    )


class BudgetsChangeSchema(ma.Schema):
    """An account's budgets. A period that is null or left out has none."""

    day = ma.fields.Nested(BudgetSchema, allow_none=True)
    month = ma.fields.Nested(BudgetSchema, allow_none=True)


def _limit(kind: type[ma.fields.Field[Any]]) -> ma.fields.Field[Any]:
    return kind(**_NULLABLE, metadata={"description": "Null: no limit."})


def _spent(kind: type[ma.fields.Field[Any]]) -> ma.fields.Field[Any]:
    return kind(required=True, metadata={"description": "By calls that are over."})


def _held(kind: type[ma.fields.Field[Any]]) -> ma.fields.Field[Any]:
    about = "For calls that wait or run, by what they may need at most."
    return kind(required=True, metadata={"description": about})


def _left(kind: type[ma.fields.Field[Any]]) -> ma.fields.Field[Any]:
    about = "What a new call may need at most. Null: no limit."
    return kind(**_NULLABLE, metadata={"description": about})


class BudgetMinutesSchema(ma.Schema):
    """Minutes of talk."""

    limit, spent = _limit(fields.Number), _spent(fields.Number)
    held, left = _held(fields.Number), _left(fields.Number)


class BudgetCallsSchema(ma.Schema):
    """Calls that are dialled or come in."""

    limit, spent = _limit(fields.Whole), _spent(fields.Whole)
    held, left = _held(fields.Whole), _left(fields.Whole)


class BudgetCostSchema(ma.Schema):
    """US dollars, as decimal text."""

    limit, spent = _limit(fields.Text), _spent(fields.Text)
    held, left = _held(fields.Text), _left(fields.Text)


class BudgetViewSchema(ma.Schema):
    """One period's budget, and how far it went."""

    starts_at = fields.Timestamp(required=True)
    frees_at = fields.Timestamp(required=True, metadata={"description": "When it is full again."})
    minutes = ma.fields.Nested(BudgetMinutesSchema, required=True)
    calls = ma.fields.Nested(BudgetCallsSchema, required=True)
    cost = ma.fields.Nested(BudgetCostSchema, required=True)


class BudgetsSchema(ma.Schema):
    """The account's budgets of this day and of this month."""

    time_zone = fields.Text(
        required=True, metadata={"description": "In which days and months begin."}
    )
    day = ma.fields.Nested(BudgetViewSchema, required=True)
    month = ma.fields.Nested(BudgetViewSchema, required=True)

    @ma.pre_dump
    def shown(self, view: BudgetsView, **_: Any) -> dict[str, Any]:
        """The view by period and measure."""
        periods = {str(period): _budget(view.periods[period]) for period in view.periods}
        return {"time_zone": view.time_zone, **periods}


class LimitsSchema(ma.Schema):
    """Everything that limits what the key of this request may do."""

    account = ma.fields.Nested(AccountLimitsSchema, required=True)
    key = ma.fields.Nested(KeyLimitsSchema, required=True)
    budgets = ma.fields.Nested(BudgetsSchema, required=True)


def _budget(view: BudgetView) -> dict[str, Any]:
    purse = view.purse
    shown: dict[str, Any] = {"starts_at": view.starts_at, "frees_at": purse.frees_at}
    for measure in Measure:
        amounts = {
            "limit": purse.budget.of(measure),
            "spent": purse.spent.of(measure),
            "held": purse.held.of(measure),
            "left": purse.left(measure),
        }
        shown[measure] = {
            name: None if amount is None else told(measure, amount)
            for name, amount in amounts.items()
        }
    return shown
