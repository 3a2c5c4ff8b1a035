"""Examples of limits and budgets in the API's document."""

from __future__ import annotations

from typing import Any

BUDGETS_CHANGE = {"day": {"minutes": 600, "cost": "25.00"}, "month": {"cost": "400.00"}}

BUDGETS: dict[str, Any] = {
    "time_zone": "America/New_York",
    "day": {
        "starts_at": "2026-11-23T05:00:00Z",
        "frees_at": "2026-11-24T05:00:00Z",
        "minutes": {"limit": 600.0, "spent": 212.35, "held": 30.0, "left": 357.65},
        "calls": {"limit": None, "spent": 188, "held": 3, "left": None},
        "cost": {"limit": "25.00", "spent": "8.7431", "held": "1.035156", "left": "15.221744"},
    },
    "month": {
        "starts_at": "2026-11-01T04:00:00Z",
        "frees_at": "2026-12-01T05:00:00Z",
        "minutes": {"limit": None, "spent": 4108.2, "held": 30.0, "left": None},
        "calls": {"limit": None, "spent": 3610, "held": 3, "left": None},
        "cost": {"limit": "400.00", "spent": "171.2044", "held": "1.035156", "left": "227.760444"},
    },
}

LIMITS: dict[str, Any] = {
    "account": {
        "concurrent_calls": {
            "limit": 10,
            "used": 3,
            "left": 7,
            "when_reached": "wait",
            "frees_at": None,
        },
        "inbound_reserve": 2,
        "calls_per_minute": {
            "limit": 60,
            "used": 60,
            "left": 0,
            "when_reached": "wait",
            "frees_at": "2026-11-23T14:32:41.104233Z",
        },
        "requests_per_second": None,
        "minutes": {
            "unit": "call_minutes",
            "minutes_remaining": 787.65,
            "minutes_available": 757.65,
            "plan_minutes": 1000.0,
            "total_minutes": 1000.0,
            "minutes_used": 212.35,
            "minutes_reserved": 30.0,
            "bonus_minutes_used": 0.0,
            "bonus_minutes_remaining": 0.0,
            "unlimited": False,
        },
    },
    "key": {
        "id": "6f1c7f7e-1b0a-4c43-9f8e-2f4c0b9a7d11",
        "concurrent_calls": None,
        "new_calls_per_minute": {
            "limit": 30,
            "used": 4,
            "left": 26,
            "when_reached": "refuse",
            "frees_at": None,
        },
        "requests_per_second": None,
    },
    "budgets": BUDGETS,
}
