"""Examples of calls counted."""

from __future__ import annotations

from typing import Any

_SPREAD = {"answers": 188, "p50": 812, "p95": 1_390, "p99": 1_844}
_TALLY: dict[str, Any] = {
    "calls": 52,
    "dialled": 50,
    "answered": 41,
    "completed": 41,
    "answer_rate": 0.82,
    "completion_rate": 0.7885,
    "minutes": 61.5,
    "average_seconds": 90.0,
    "outcomes": {
        "call_status": {"completed": 41, "busy": 3, "no-answer": 6, "cancelled": 2},
        "disposition": {"confirmed": 30},
    },
    "latency": {"endpointing": None, "provider": None, "gateway": None, "ear": _SPREAD},
    "input_tokens": 218_400,
    "output_tokens": 39_150,
    "cost": "4.2713",
    "calls_of_unknown_cost": 0,
}
ANALYTICS: dict[str, Any] = {
    "time_zone": "America/New_York",
    "currency": "USD",
    "group_by": "day",
    "data": [{"group": "2026-11-23", "name": None, **_TALLY}],
    "total": _TALLY,
}
USAGE: dict[str, Any] = {
    "time_zone": "America/New_York",
    "currency": "USD",
    "data": [
        {
            "day": "2026-11-23",
            "calls": 52,
            "answered": 41,
            "minutes": 61.5,
            "input_tokens": 218_400,
            "output_tokens": 39_150,
            "cost": "4.2713",
            "calls_of_unknown_cost": 0,
        }
    ],
}
