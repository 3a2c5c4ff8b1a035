"""What the API's document shows of consents, decisions and people's data."""

from __future__ import annotations

from typing import Any

_ID = "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
CONSENT_BODY: dict[str, Any] = {
    "phone_number": "+12025550112",
    "kind": "express_written",
    "purposes": ["appointment_reminder"],
    "source": "web form",
    "captured_at": "2026-10-02T09:12:00Z",
    "wording": "I agree that Bright Smile Dental calls me about my appointments, also by an "
    "artificial voice.",
    "proof": {"page": "https://example.com/appointments", "form_version": 7},
    "names_ai_voice": True,
}
CONSENT: dict[str, Any] = {
    "id": _ID,
    "list_id": None,
    "campaign_id": None,
    "sellers": [],
    "expires_at": None,
    "revoked_at": None,
    "revoked_by": None,
    "device_agreement": False,
    "lifts_hours": False,
    "created_by": "key 6d5c8f9e-6a57-4b8e-9f0a-0e6a1c2d3b4f",
    "created_at": "2026-11-23T14:32:10.104233Z",
    **CONSENT_BODY,
    "captured_at": "2026-10-02T09:12:00Z",
}
CONSENT_PAGE = {"data": [CONSENT], "next_cursor": None}
CONSENT_BULK = {"consents": [CONSENT_BODY]}
CONSENT_BULK_REPORT = {"inserted": 1}
REVOCATION = {"by": "letter of 20 November", "revoked_at": "2026-11-21T08:00:00Z"}
REVOKED = {**CONSENT, "revoked_by": REVOCATION["by"], "revoked_at": REVOCATION["revoked_at"]}
