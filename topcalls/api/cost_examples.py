"""Examples of what calls cost."""

from __future__ import annotations

from typing import Any

_TELEPHONY: dict[str, Any] = {
    "component": "telephony",
    "name": "Telnyx",
    "amount": "0.00425",
    "reason": None,
    "items": [],
}
_MODEL: dict[str, Any] = {
    "component": "model",
    "name": "gpt-realtime-2.1-mini",
    "amount": "0.00822",
    "reason": None,
    "items": [
        {
            "item": "audio_output",
            "quantity": 411,
            "unit_price": "20.00",
            "unit": "1M tokens",
            "as_of": "2026-11-23",
        }
    ],
}
_UNKNOWN: dict[str, Any] = {
    "component": "transcription",
    "name": "my-own-ears",
    "amount": None,
    "reason": "The price list does not have this model.",
    "items": [],
}
COST: dict[str, Any] = {
    "currency": "USD",
    "predicted": {
        "at_most": {
            "minutes": 10.0,
            "total": None,
            "known": "0.49",
            "components": [_TELEPHONY | {"amount": "0.085"}, _MODEL | {"amount": "0.405"}],
        },
        "expected": None,
    },
    "actual": {
        "total": None,
        "known": "0.01247",
        "components": [_TELEPHONY, _MODEL, _UNKNOWN],
    },
}
