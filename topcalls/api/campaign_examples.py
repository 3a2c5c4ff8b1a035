"""Examples of campaigns. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

_CAMPAIGN_ID = "3d7a9c52-2b6e-4f0d-8c1a-7e5b4f9d2a60"
_ACCOUNT_ID = "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61"
_LIST_ID = "6f1f6f0e-3c58-4a55-9f30-64a0b7d3b0a4"
_LEAD_ID = "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
_CALL_ID = "b8f3d2a1-4c6e-4b7a-9d0f-1e2c3a4b5d6f"

_CALL = {
    "task": "Confirm the appointment of {{name}} on {{appointment_date}}, or offer another time.",
    "first_sentence": "Hi {{name}}, this is Rachel from Bright Smile Dental, calling with an AI "
    "voice.",
    "voice": "coral",
    "max_duration": 5,
}
_BODY: dict[str, Any] = {
    "name": "Spring check-ups",
    "list_ids": [_LIST_ID],
    "call": _CALL,
    "purpose": "appointment_reminder",
    "compliance": {"category": "service", "slots": ["registered_name", "ai_voice"]},
    "schedule": {
        "windows": [
            {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "17:30"}
        ],
        "time_zone": "lead",
        "holidays": "skip",
        "blackout_dates": ["2030-04-19"],
    },
    "pacing": {
        "max_concurrent": 20,
        "calls_per_minute": 60,
        "ramp_up": {"from": 10, "minutes": 15},
    },
    "retry": {
        "max_attempts": 4,
        "stop_on_dispositions": ["not_interested"],
        "outcomes": {"busy": {"max": 2, "delays_minutes": [20, 60]}},
    },
    "from_numbers": {"numbers": ["+12025550198", "+12025550199"], "local_presence": True},
    "conversion_outcomes": ["confirmed", "booked_callback"],
    "webhook_url": "https://example.com/hooks/topcalls",
    "webhook_events": ["campaign.completed", "campaign.paused", "call.completed"],
    "budget": {"minutes": 1500, "cost": "250.00"},
}
BODIES: dict[str, Any] = {
    "least": {
        "summary": "The least that can be started",
        "value": {
            "name": "Spring check-ups",
            "list_ids": [_LIST_ID],
            "call": {"task": "Ask whether {{name|you}} would like an appointment in April."},
        },
    },
    "whole": {"summary": "With hours, pace, retries and a budget", "value": _BODY},
}
EDITS: dict[str, Any] = {
    "pace": {
        "summary": "Slower, and without a limit by the minute",
        "value": {"pacing": {"max_concurrent": 5, "calls_per_minute": None}},
    },
    "words": {
        "summary": "Other words for calls from now on",
        "value": {"call": {"first_sentence": "Good morning {{name}}, this is Rachel."}},
    },
}
_CAMPAIGN: dict[str, Any] = {
    **_BODY,
    "id": _CAMPAIGN_ID,
    "account_id": _ACCOUNT_ID,
    "description": None,
    "subject_key": None,
    "weight": 1,
    "priority": 5,
    "missing_variables": "refuse",
    "variable_defaults": {},
    "circuit_breaker": {},
    "created_at": "2030-03-29T09:30:00.000000Z",
    "archived_at": None,
}
DRAFT: dict[str, Any] = {
    **_CAMPAIGN,
    "status": "draft",
    "revision": 1,
    "enrolling": False,
    "paused_for": None,
    "ended_for": None,
    "updated_at": "2030-03-29T09:30:00.000000Z",
    "started_at": None,
    "paused_at": None,
    "ended_at": None,
}
PAGE: dict[str, Any] = {"data": [DRAFT], "next_cursor": None}
STATISTICS: dict[str, Any] = {
    "at": "2030-04-01T14:05:00.000000Z",
    "contacts": {
        "total": 1200,
        "waiting": 871,
        "held": 2,
        "in_flight": 12,
        "done": 288,
        "given_up": 9,
        "skipped": 18,
        "removed": 3,
    },
    "held_for": {"product.consent.reconfirm": 2},
    "calls": {
        "total": 529,
        "open": 12,
        "dialled": 511,
        "answered": 340,
        "connected": 292,
        "by_outcome": {
            "busy": 31,
            "completed": 284,
            "deferred": 6,
            "no_answer": 140,
            "opted_out": 4,
            "short_talk": 4,
            "voicemail": 48,
        },
    },
    "conversions": 201,
    "opted_out": 4,
    "answer_rate": 0.6654,
    "connection_rate": 0.5714,
    "completion_rate": 0.2625,
    "conversion_rate": 0.6884,
    "average_duration": 1.72,
    "minutes_talked": 584.8,
    "cost": {"currency": "USD", "known": "61.37", "calls": 515, "calls_unknown": 0},
    "forecast": {
        "ends_at": "2030-04-02T15:40:00.000000Z",
        "reason": None,
        "calls_per_minute": 8.4,
        "expected_calls": 1436,
    },
}
DETAILS: dict[str, Any] = {
    **_CAMPAIGN,
    "status": "paused",
    "revision": 3,
    "enrolling": False,
    "paused_for": {
        "code": "carrier_failures",
        "detail": "62 % of 40 calls by carrier Main failed.",
    },
    "ended_for": None,
    "updated_at": "2030-04-01T14:04:10.000000Z",
    "started_at": "2030-04-01T13:00:00.000000Z",
    "paused_at": "2030-04-01T14:04:10.000000Z",
    "ended_at": None,
    "statistics": {
        **STATISTICS,
        "forecast": {
            "ends_at": None,
            "reason": "not_running",
            "calls_per_minute": 0.0,
            "expected_calls": 0,
        },
    },
}
STARTED: dict[str, Any] = {"ok": True, "status": "running"}
PAUSED: dict[str, Any] = {"ok": True, "status": "paused"}
STOPPED: dict[str, Any] = {"ok": True, "status": "cancelled"}
UNREADY: dict[str, Any] = {
    "ready": False,
    "problems": [
        {
            "path": "list_ids",
            "message": "There is nobody to call: the lists are empty. Put leads on one of them.",
            "code": "empty",
        }
    ],
    "warnings": [],
}
PREVIEW: dict[str, Any] = {
    "changes": [
        {
            "path": "pacing.max_concurrent",
            "kind": "changed",
            "before": 20,
            "after": 5,
            "takes_effect": "at_once",
        }
    ],
    "errors": [],
    "contacts_added": 0,
    "contacts_removed": 0,
    "calls_open": 12,
}
_CONTACT: dict[str, Any] = {
    "lead_id": _LEAD_ID,
    "name": "Ann Archer",
    "phone_number": "+12025550112",
    "status": "waiting",
    "next_at": "2030-04-01T16:40:12.000000Z",
    "attempts": 1,
    "counted_attempts": 1,
    "last_outcome": "no_answer",
    "disposition": None,
    "converted": False,
    "reason": None,
    "list_id": _LIST_ID,
    "enrolled_at": "2030-04-01T13:00:00.000000Z",
    "updated_at": "2030-04-01T13:40:12.000000Z",
}
CONTACTS: dict[str, Any] = {"data": [_CONTACT], "next_cursor": None}
ADD: dict[str, Any] = {"lead_ids": [_LEAD_ID]}
ADDED: dict[str, Any] = {"added": 1, "already": 0}
REMOVED: dict[str, Any] = {
    **_CONTACT,
    "status": "removed",
    "next_at": None,
    "reason": "by_request",
}


def _entry(at: str, what: str, attempt: int | None = None, detail: str | None = None) -> Any:
    call_id = None if attempt is None else _CALL_ID
    return {"at": at, "what": what, "attempt": attempt, "call_id": call_id, "detail": detail}


CONTACT: dict[str, Any] = {
    "contact": _CONTACT,
    "attempts": [
        {
            "number": 1,
            "call_id": _CALL_ID,
            "decision_id": None,
            "from_number": "+12025550198",
            "outcome": "no_answer",
            "counted": True,
            "disposition": None,
            "status": "failed",
            "call_status": "no-answer",
            "answered_by": None,
            "talk_seconds": 0,
            "created_at": "2030-04-01T13:39:41.000000Z",
            "dialled_at": "2030-04-01T13:39:42.000000Z",
            "answered_at": None,
            "ended_at": "2030-04-01T13:40:12.000000Z",
        }
    ],
    "timeline": [
        _entry("2030-04-01T13:00:00.000000Z", "enrolled"),
        _entry("2030-04-01T13:39:41.000000Z", "call_created", 1),
        _entry("2030-04-01T13:39:42.000000Z", "dialled", 1),
        _entry("2030-04-01T13:40:12.000000Z", "call_ended", 1, "no_answer"),
        _entry("2030-04-01T16:40:12.000000Z", "call_again"),
    ],
}
