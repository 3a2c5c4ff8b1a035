"""Examples of API keys in the API's document."""

from __future__ import annotations

from typing import Any

_ID = "6f1c7f7e-1b0a-4c43-9f8e-2f4c0b9a7d11"

KEY_BODY: dict[str, Any] = {
    "name": "dialler of the clinic",
    "scopes": ["calls:read", "calls:write"],
    "expires_at": "2027-11-23T00:00:00Z",
}

KEY: dict[str, Any] = {
    "id": _ID,
    "name": "dialler of the clinic",
    "kind": "live",
    "prefix": "tc_live_Yk3vQ0aB",
    "scopes": ["calls:read", "calls:write"],
    "limits": {
        "max_concurrent_calls": None,
        "max_new_calls_per_minute": 30,
        "max_requests_per_second": None,
    },
    "created_at": "2026-11-23T14:32:10.104233Z",
    "expires_at": "2027-11-23T00:00:00Z",
    "revoked_at": None,
    "last_used_at": None,
}
KEYS = {"data": [KEY]}
KEY_MADE = {**KEY, "token": "tc_live_Yk3vQ0aB…"}

AUDIT: dict[str, Any] = {
    "data": [
        {
            "id": "019ab1c2-6a58-7d11-8c1e-5a0f3b2c1d4e",
            "at": "2026-11-23T15:02:41.871002Z",
            "api_key_id": _ID,
            "api_key_name": "front desk",
            "action": "number_shown",
            "subject_id": "b7c1a9f2-3c55-4d0e-9a55-0d1f6f1f2a11",
        }
    ],
    "next_cursor": None,
}

OWN_KEY: dict[str, Any] = {
    "id": _ID,
    "account_id": "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61",
    "account_name": "Bright Smile Dental",
    "kind": "live",
    "scopes": ["calls:read", "calls:write"],
}
