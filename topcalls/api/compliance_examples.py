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

_CALL_ID = "3f6c1d1e-8a44-4f0e-9d55-6d2b1a3c4e5f"
TERMS_BODY: dict[str, Any] = {
    "purposes": {"appointment_reminder": "informational", "offers": "telemarketing"},
    "seller": "Bright Smile Dental",
    "policy": {"most_per_day": 1, "regions": ["US"]},
    "pre_dial": {"url": "https://example.com/may-we-call", "timeout_seconds": 2},
    "retention": {"transcript_days": 180},
}
TERMS: dict[str, Any] = {
    "enforcement": None,
    "effective": "enforce",
    "consent_required": False,
    "category": "telemarketing",
    "purposes": TERMS_BODY["purposes"],
    "seller": "Bright Smile Dental",
    "slots": None,
    "said": {},
    "opt_out_question": True,
    "policy": {
        "most_per_day": 1,
        "most_per_30_days": None,
        "hours_apart": None,
        "caps_by_subject": False,
        "oral_consent_5th_circuit": False,
        "gb_ai_is_live_call": False,
        "allow_no_data": False,
        "require_scrubs": True,
        "require_reassigned": False,
        "regions": ["US"],
    },
    "pre_dial": {
        "url": "https://example.com/may-we-call",
        "timeout_seconds": 2.0,
        "on_failure": "defer",
    },
    "retention": {"transcript_days": 180, "lead_days": None},
}
ELIGIBILITY_BODY = {"phone_number": "+13055550123", "at": "2026-12-02T01:30:00Z"}
_VERSIONS = {
    "pack": "2026.11.23",
    "pack_hash": "0f343b0931126a20f133d67c2b018a3b0f343b0931126a20f133d67c2b018a3b",
    "engine": "2",
    "tz": "2026f",
    "phones": "9.0.43",
    "holidays": "0.109",
}
_CHECK: dict[str, Any] = {
    "check": "hours",
    "rule_id": "US-FL.hours.501-616",
    "jurisdiction": "US-FL",
    "result": "fail",
    "verdict": "defer",
    "reason": "outside_hours",
    "status": "read",
    "until": "2026-12-02T13:00:00Z",
    "observed": {"America/New_York": "Tue 20:30"},
    "required": {"windows": [["08:00", "20:00"]]},
    "evidence_ids": [],
}
ELIGIBILITY: dict[str, Any] = {
    "verdict": "defer",
    "rule_id": _CHECK["rule_id"],
    "reason": "outside_hours",
    "until": "2026-12-02T13:00:00Z",
    "would_dial": False,
    "jurisdictions": ["US-FL", "US"],
    "zones": ["America/New_York"],
    "alarms": [],
    "versions": _VERSIONS,
    "checks": [_CHECK],
}
DECISION: dict[str, Any] = {
    "id": _ID,
    "call_id": _CALL_ID,
    "campaign_id": None,
    "stage": "claim",
    "verdict": "allow",
    "rule_id": "",
    "decided_at": "2026-11-23T14:32:11.020000Z",
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "seq": 4711,
    "chain": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
    "erased": False,
    "detail": {
        "phone_number": "+12025550100",
        "purpose": "unspecified",
        "enforced": True,
        "versions": _VERSIONS,
        "zones": ["America/New_York"],
        "checks": [],
    },
}
DECISION_PAGE = {"data": [DECISION], "next_cursor": None}
VERIFICATION: dict[str, Any] = {
    "account_id": "8a5f0c9e-3b0a-4c58-8d35-0a5be2f1c9d7",
    "records": 4711,
    "head": DECISION["chain"],
    "unsealed": 0,
    "faults": [],
}
RECEIPT: dict[str, Any] = {
    "id": _ID,
    "fingerprint": "#5e884898da28047151d0e56f8dc62927",
    "requested_by": "key 6d5c8f9e-6a57-4b8e-9f0a-0e6a1c2d3b4f",
    "erased": {"call": 2, "transcript_turn": 31, "lead": 1, "decision": 4, "recording": 2},
    "at": "2026-11-23T14:40:00Z",
}
PERSON: dict[str, Any] = {
    "phone_number": "+12025550112",
    "calls": [],
    "of_calls": {},
    "rows": {"lead": [], "consent": [], "do_not_call_entry": [], "number_check": []},
    "recordings": [],
    "decisions": [],
    "erasures": [RECEIPT],
}

_NUMBER_CHECK: dict[str, Any] = {
    "phone_number": "+12025550112",
    "kind": "scrub",
    "register": "US",
    "answer": "clear",
    "checked_at": "2026-11-20T06:00:00Z",
    "version_at": "2026-11-15T00:00:00Z",
    "provider": "Scrub Inc.",
    "receipt": "batch 4711",
}
NUMBER_CHECK_BODY = {"checks": [_NUMBER_CHECK]}
NUMBER_CHECK_REPORT = {"inserted": 1}
NUMBER_CHECK_PAGE: dict[str, Any] = {
    "data": [{"id": _ID, "asked_about": None, "expires_at": None, **_NUMBER_CHECK}],
    "next_cursor": None,
}
