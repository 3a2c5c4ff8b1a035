"""Examples of the do-not-call list."""

from __future__ import annotations

from typing import Any

_CALL_ID = "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10"

LISTED_BODY = {"phone_number": "+12025550112", "reason": "Asked by e-mail."}
LISTED = {
    "id": "5c1f9a50-0f6a-4a57-9d3b-7a8f3c2b1e64",
    "phone_number": "+12025550112",
    "scope": "account",
    "purpose": None,
    "campaign_id": None,
    "reason": "Please do not call me again.",
    "source": "agent",
    "call_id": _CALL_ID,
    "created_at": "2026-11-23T14:32:40.100000Z",
    "expires_at": None,
}
LISTED_PAGE = {"data": [LISTED], "next_cursor": None}
LISTED_BULK = {"numbers": [LISTED_BODY, {"phone_number": "+12025550113", "purpose": "offers"}]}
LISTED_IMPORT = {"inserted": 2, "existed": 0}
LISTED_FILE: dict[str, Any] = {
    "rows": 3,
    "inserted": 2,
    "existed": 0,
    "refused": 1,
    "refusals": [
        {
            "line": 3,
            "errors": [
                {
                    "path": "phone_number",
                    "message": "Is no telephone number that exists.",
                    "code": "impossible_number",
                }
            ],
        }
    ],
}
