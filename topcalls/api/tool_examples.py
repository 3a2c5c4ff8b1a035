"""Examples of what the agent did in a call."""

from __future__ import annotations

from typing import Any

APPOINTMENTS: list[dict[str, Any]] = [
    {
        "reference": "K7QX2M4P",
        "status": "booked",
        "book": "salon",
        "kind": None,
        "starts_at": "2026-11-24T20:30:00Z",
        "ends_at": "2026-11-24T21:00:00Z",
        "time_zone": "America/New_York",
        "contact": {
            "name": "Sam Miller",
            "phone_number": "+12025550100",
            "email": None,
            "notes": None,
        },
        "booked_at": "2026-11-23T14:32:31.204000Z",
    }
]
TOOL_CALLS: list[dict[str, Any]] = [
    {
        "id": "6d1c7d0e-0f2b-4d8e-8f5e-3a1d0c4b9e77",
        "name": "look_up_order",
        "is_builtin": False,
        "arguments": {"order": 7},
        "result": {"status": "shipped", "arrives": "2026-11-24"},
        "status": "succeeded",
        "error": None,
        "http_status": 200,
        "attempts": 1,
        "called_ms": 21_480,
        "duration_ms": 312,
        "called_at": "2026-11-23T14:31:57.480000Z",
        "finished_at": "2026-11-23T14:31:57.792000Z",
    }
]
CASSETTE: dict[str, Any] = {
    "version": 1,
    "call_id": "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10",
    "calls": [
        {
            "name": "look_up_order",
            "arguments": {"order": 7},
            "result": {"status": "shipped", "arrives": "2026-11-24"},
            "status": "succeeded",
            "error": None,
            "http_status": 200,
            "duration_ms": 312,
        }
    ],
    "left_out": 0,
}
