"""The minutes of an account."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields


def _minutes(text: str) -> fields.Number:
    return fields.Number(required=True, metadata={"description": text})


class BalanceSchema(ma.Schema):
    """Minutes, counted at this moment."""

    unit = fields.Choice("call_minutes", required=True)
    minutes_remaining = _minutes("Left of plan and bonus, reserved ones included.")
    minutes_available = _minutes("What a new call can reserve.")
    plan_minutes = _minutes("Granted to the plan, without the bonus.")
    total_minutes = _minutes("Granted to the plan, and what is left of the bonus.")
    minutes_used = _minutes("Used of the plan.")
    minutes_reserved = _minutes("Set aside for calls that wait or run.")
    bonus_minutes_used = _minutes("Used of the welcome bonus.")
    bonus_minutes_remaining = _minutes("Left of the welcome bonus.")
    unlimited = fields.Flag(
        required=True, metadata={"description": "Minutes are counted but never refused."}
    )
