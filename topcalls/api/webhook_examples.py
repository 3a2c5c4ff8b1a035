"""Examples of webhooks. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

_WEBHOOK_ID = "3e8f1b52-6c0d-4a57-9b1e-7d2f4c8a9e10"
_RECEIVER_ID = "b7c2d9e4-1f3a-4e6b-8c5d-0a9b8c7d6e5f"
_DELIVERY_ID = "c1b9a5f2-4b7d-4b8a-9c51-6d3e2f1a0b94"
_MESSAGE_ID = "4f0f8a6e-9d0e-4d5b-8d3a-1e2b3c4d5e6f"
_CALL_ID = "53e35988-9ad9-4bfc-816b-f2d2e55ca88c"
_URL = "https://example.com/hooks/topcalls"
_BODY = '{"event":"call.completed","sequence":3,"call_id":"53e35988-9ad9-4bfc-816b-f2d2e55ca88c"}'

WEBHOOK_BODIES: dict[str, Any] = {
    "all": {
        "summary": "Every completed call",
        "value": {"event": "call.completed", "url": _URL},
    },
    "some": {
        "summary": "Those of one disposition, and only some of them",
        "value": {
            "event": "call.completed.booked_callback",
            "url": _URL,
            "filters": {"phone_number": "+1555%", "answered_by": ["human", "voicemail"]},
        },
    },
}
OK: dict[str, Any] = {
    "id": None,
    "url": _URL,
    "status": "ok",
    "failing_since": None,
    "given_up": 0,
    "last_error": None,
    "disabled_at": None,
    "remedy": None,
}
WEBHOOK: dict[str, Any] = {
    "id": _WEBHOOK_ID,
    "account_id": "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61",
    "event": "call.completed",
    "url": _URL,
    "filters": {"phone_number": "+1555%"},
    "enabled": True,
    "receiver": OK,
    "created_by_api_key_id": "6a1d0f39-0b7a-4c0e-8f1c-2b3d4e5f6a7b",
    "created_at": "2026-11-23T14:30:00.000000Z",
    "deleted_at": None,
}
WEBHOOKS: dict[str, Any] = {"data": [WEBHOOK]}
CHANGES: dict[str, Any] = {
    "filters": {
        "summary": "Other filters",
        "value": {"filters": {"disposition": ["booked_callback", "confirmed"]}},
    },
    "again": {"summary": "Send again", "value": {"enabled": True}},
}
DISABLED: dict[str, Any] = OK | {
    "id": _RECEIVER_ID,
    "status": "disabled",
    "failing_since": "2026-11-20T09:00:00.000000Z",
    "given_up": 12,
    "last_error": "No connection to the receiver. Check that it runs and that its firewall lets "
    "TopCalls in.",
    "disabled_at": "2026-11-23T09:00:12.000000Z",
    "remedy": f"Mend the receiver, then POST /v1/webhooks/receivers/{_RECEIVER_ID}/enable and "
    "replay what it missed.",
}
RECEIVERS: dict[str, Any] = {"data": [DISABLED]}
ENABLED: dict[str, Any] = OK | {"id": _RECEIVER_ID}
TESTED: dict[str, Any] = {"message_id": _MESSAGE_ID}
ROTATE: dict[str, Any] = {"overlap_hours": 24}
ROTATED: dict[str, Any] = {
    "secret": "whsec_EXAMPLEEXAMPLEEXAMPLEEXAMPLE",
    "previous_valid_until": "2026-11-24T14:30:00.000000Z",
}
DELIVERY: dict[str, Any] = {
    "id": _DELIVERY_ID,
    "message_id": _MESSAGE_ID,
    "event": "call.completed",
    "call_id": _CALL_ID,
    "webhook_id": None,
    "sequence": 3,
    "url": _URL,
    "status": "delivered",
    "attempts": 1,
    "last_status": 200,
    "last_error": None,
    "log": [
        {
            "number": 1,
            "at": "2026-11-23T14:32:56.002000Z",
            "status": 200,
            "error": None,
            "duration_ms": 61,
            "response": "ok",
        }
    ],
    "created_at": "2026-11-23T14:32:55.870000Z",
    "next_attempt_at": None,
    "finished_at": "2026-11-23T14:32:56.002000Z",
}
DELIVERIES: dict[str, Any] = {"data": [DELIVERY]}
DELIVERY_PAGE: dict[str, Any] = DELIVERIES | {"next_cursor": None}
DELIVERY_DETAILS: dict[str, Any] = DELIVERY | {
    "request": {
        "url": _URL,
        "headers": {
            "content-type": "application/json",
            "webhook-id": _MESSAGE_ID,
            "topcalls-event": "call.completed",
            "topcalls-sequence": "3",
            "topcalls-follows": "2",
        },
        "body": _BODY,
    }
}
REPLAY_RANGE: dict[str, Any] = {
    "from": "2026-11-20T09:00:00Z",
    "to": "2026-11-23T09:30:00Z",
    "status": "dead",
}
REPLAYED: dict[str, Any] = {"replayed": 12, "go_on_from": None}
REPLAYED_ONE: dict[str, Any] = {"delivery_id": _DELIVERY_ID}
EVENTS: dict[str, Any] = {
    "data": [
        {
            "sequence": 3,
            "message_id": _MESSAGE_ID,
            "event": "call.completed",
            "created_at": "2026-11-23T14:32:55.870000Z",
            "body": _BODY,
        }
    ]
}
LISTENER: dict[str, Any] = {
    "id": "d2a7c6b1-5e4f-4d3c-9b8a-7f6e5d4c3b2a",
    "secret": "whsec_EXAMPLEEXAMPLEEXAMPLEEXAMPLE",
    "cursor": "1795444200000000.",
    "expires_at": "2026-11-23T14:32:00.000000Z",
}
MESSAGES: dict[str, Any] = {
    "data": [
        {
            "id": _MESSAGE_ID,
            "event": "call.completed",
            "call_id": _CALL_ID,
            "headers": {"webhook-id": _MESSAGE_ID, "topcalls-event": "call.completed"},
            "body": _BODY,
        }
    ],
    "next_cursor": f"1795444375870000.{_MESSAGE_ID}",
}
