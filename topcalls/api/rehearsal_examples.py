"""Examples of rehearsals. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

BODIES: dict[str, Any] = {
    "usual": {"summary": "From now on, with callees as they usually are", "value": {}},
    "own": {
        "summary": "A week in December, with callees of your own",
        "value": {
            "seed": 7,
            "starts_at": "2026-12-01T14:00:00Z",
            "days": 5,
            "callees": {
                "human_percent": 42,
                "talk_seconds": 140,
                "carrier_outages": [{"after_minutes": 90, "minutes": 20}],
            },
            "dials": 1,
        },
    },
}
REPORT: dict[str, Any] = {
    "calls": {
        "by_attempt": {"1": 40, "2": 28, "3": 20, "4": 9},
        "outcomes": {
            "busy": 7,
            "completed": 32,
            "no_answer": 9,
            "rejected": 3,
            "short_talk": 4,
            "unreachable": 4,
            "voicemail": 38,
        },
        "peak_at": "2026-12-02T17:00:00Z",
        "peak_concurrent": 10,
        "total": 97,
    },
    "campaign": {"id": "3d7a9c52-2b6e-4f0d-8c1a-7e5b4f9d2a60", "revision": 1, "status": "draft"},
    "closest_call": None,
    "contacts": {
        "done": 32,
        "done_by_reason": {"completed": 32},
        "given_up": 6,
        "given_up_by_reason": {"max_attempts": 6},
        "held": 0,
        "held_by_rule": {},
        "left": 2,
        "skipped": 0,
        "skipped_by_rule": {},
    },
    "dials": [
        {
            "at": "2026-12-01T14:00:00Z",
            "attempt": 1,
            "from_number": "+13055550198",
            "lead_id": "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61",
            "outcome": "rejected",
            "talk_seconds": 0,
        }
    ],
    "ends": "time_over",
    "ends_at": "2026-12-05T13:00:00Z",
    "first_call_at": "2026-12-01T14:00:00Z",
    "hours": [
        {"answered": 26, "at": "2026-12-01T14:00:00Z", "calls": 40},
        {"answered": 11, "at": "2026-12-01T18:00:00Z", "calls": 13},
    ],
    "last_call_at": "2026-12-04T22:00:48Z",
    "not_enforced_by_rule": {},
    "not_known": {"caller_number": 97},
    "paused": None,
    "people": 40,
    "postponed_by_rule": {"product.frequency.day": 2, "product.frequency.gap": 11, "schedule": 10},
    "rates": {
        "answer_rate": 0.7629,
        "average_talk_seconds": 54.9,
        "completion_rate": 0.8,
        "connection_rate": 0.3711,
        "conversion_rate": 0.0833,
    },
    "spent": {"calls": 97, "cost": None, "minutes": 67.7333},
    "starts_at": "2026-12-01T14:00:00Z",
    "versions": {
        "engine": "2",
        "holidays": "0.109",
        "pack": "2026.11.30",
        "pack_hash": "851dacbbc28657bf78b27ad1b2e71b30d83a364972c8edda83ba3f01d5ff891e",
        "phones": "9.0.43",
        "tz": "2026f",
    },
    "wishes": {
        "callees": {
            "busy_percent": 5.0,
            "callback_percent": 2.0,
            "carrier_failure_percent": 0.5,
            "carrier_outages": [{"after_minutes": 90, "minutes": 20}],
            "converted_percent": 8.0,
            "human_percent": 42,
            "invalid_percent": 1.0,
            "opt_out_percent": 1.0,
            "rejected_percent": 2.0,
            "ring_seconds": 12.0,
            "short_talk_percent": 10.0,
            "talk_seconds": 140,
            "unreachable_percent": 5.0,
            "voicemail_percent": 35.0,
            "voicemail_seconds": 25.0,
        },
        "days": 5,
        "dials": 1,
        "seed": 7,
        "starts_at": "2026-12-01T14:00:00Z",
    },
}
