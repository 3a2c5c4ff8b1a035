"""Examples of leads and lists. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

_LIST_ID = "6f1f6f0e-3c58-4a55-9f30-64a0b7d3b0a4"
_ACCOUNT_ID = "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61"
_LEAD_ID = "01937a2b-6c00-7d11-8a2b-5a4f8d1c2e61"
BODY: dict[str, Any] = {
    "name": "Ann Archer",
    "phone_number": "+12025550112",
    "list_id": _LIST_ID,
    "email": "ann@example.com",
    "tags": ["spring"],
    "metadata": {"appointment_date": "Tuesday at ten"},
    "time_zone": "America/New_York",
    "region": "US-DC",
}
LEAD: dict[str, Any] = {
    "id": _LEAD_ID,
    "account_id": _ACCOUNT_ID,
    "name": "Ann Archer",
    "phone_number": "+12025550112",
    "email": "ann@example.com",
    "status": "New",
    "notes": None,
    "tags": ["spring"],
    "metadata": {"appointment_date": "Tuesday at ten"},
    "time_zone": "America/New_York",
    "region": "US-DC",
    "list_ids": [_LIST_ID],
    "converted_at": None,
    "created_at": "2030-01-31T09:30:00.000000Z",
    "updated_at": "2030-01-31T09:30:00.000000Z",
}
SENT = LEAD | {"existed": False}
CHANGE: dict[str, Any] = {"status": "Contacted", "notes_append": "Wants to be called in May."}
PAGE: dict[str, Any] = {"items": [LEAD], "has_more": False, "next_cursor": None}
LIST_BODY: dict[str, Any] = {"name": "Spring check-ups", "description": "Due in April."}
LIST: dict[str, Any] = {
    "id": _LIST_ID,
    "account_id": _ACCOUNT_ID,
    "name": "Spring check-ups",
    "description": "Due in April.",
    "lead_count": 1200,
    "created_at": "2030-01-31T09:00:00.000000Z",
    "updated_at": "2030-01-31T09:00:00.000000Z",
}
LISTS: dict[str, Any] = {"data": [LIST | {"lead_count": None}], "next_cursor": None}

IMPORT: dict[str, Any] = {
    "list_id": _LIST_ID,
    "leads": [
        {"phone_number": "+12025550112", "name": "Ann Archer", "tags": ["spring"]},
        {"phone_number": "+442079460123", "metadata": {"order_number": "A-17"}},
    ],
    "mode": "merge",
}
IMPORTED: dict[str, Any] = {
    "success": True,
    "inserted": 1,
    "updated": 1,
    "duplicates": 0,
    "total_processed": 2,
    "duration_ms": 12,
}
DELETION: dict[str, Any] = {"filter": {"list_id": _LIST_ID, "status": "Unsubscribed"}}
DELETED: dict[str, Any] = {"kind": "sync", "deleted": 17, "skipped": 0, "skipped_payload": []}
JOB: dict[str, Any] = {
    "id": "0f5c3f1e-5b0a-4a83-8d0e-7d2f0a7f9b11",
    "kind": "upload",
    "status": "completed",
    "list_id": _LIST_ID,
    "total_leads": 1201,
    "chunks_total": 6,
    "chunks_done": 6,
    "progress": 1.0,
    "deleted": 0,
    "inserted": 1180,
    "updated": 19,
    "duplicates": 0,
    "refused": 2,
    "error": None,
    "created_at": "2030-01-31T09:30:00.000000Z",
    "finished_at": "2030-01-31T09:30:04.000000Z",
}
UPLOAD = JOB | {
    "status": "pending",
    "chunks_done": 0,
    "progress": 0.0,
    "inserted": 0,
    "updated": 0,
    "refused": 0,
    "finished_at": None,
}
REFUSALS: dict[str, Any] = {
    "data": [
        {
            "line": 17,
            "errors": [
                {
                    "path": "phone_number",
                    "message": "Is no telephone number that exists.",
                    "code": "impossible_number",
                }
            ],
        }
    ],
    "next_cursor": None,
}
