"""Examples of analyses of past calls in the reference."""

from __future__ import annotations

from typing import Any

_CALL_ID = "b7c1f3c2-5d0e-4a55-9d5b-0d6f2a7f6f10"
_MAPPING = [
    {"when": {"field": "confirmed", "op": "eq", "value": True}, "outcome": "confirmed"},
    {"when": {"field": "call.sentiment", "op": "eq", "value": "negative"}, "outcome": "unhappy"},
]
_FILTER = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
_SCHEMA = {
    "type": "object",
    "properties": {"confirmed": {"type": "boolean", "description": "The person will come."}},
}
_OUTCOMES = [
    {"before": "confirmed", "after": "confirmed", "calls": 181},
    {"before": None, "after": "unhappy", "calls": 9},
]

PREVIEW_BODY: dict[str, Any] = {"outcome_mapping": _MAPPING, "filter": _FILTER, "limit": 500}
PREVIEW: dict[str, Any] = {
    "calls": 190,
    "changed": 9,
    "without_analysis": 2,
    "unmatched": 0,
    "rules": [
        {"rule": 0, "outcome": "confirmed", "calls": 181},
        {"rule": 1, "outcome": "unhappy", "calls": 9},
    ],
    "outcomes": _OUTCOMES,
    "changes": [{"call_id": _CALL_ID, "before": None, "after": "unhappy", "rule": 1}],
}
RUN_BODY: dict[str, Any] = {
    "name": "Ask for confirmation in one field",
    "filter": _FILTER,
    "analysis_schema": _SCHEMA,
    "outcome_mapping": _MAPPING,
    "apply": False,
    "limit": 1000,
}
RUN: dict[str, Any] = {
    "id": "0f4c1d8e-7a61-4f3b-8f0e-6b7c8d9e0f1a",
    "name": "Ask for confirmation in one field",
    "status": "done",
    "apply": False,
    "calls": 190,
    "waiting": 0,
    "done": 190,
    "failed": 0,
    "changed": 9,
    "outcomes": _OUTCOMES,
    "filter": _FILTER,
    "request": {"analysis_schema": _SCHEMA, "outcome_mapping": _MAPPING},
    "created_at": "2026-12-01T08:00:00.000000Z",
    "finished_at": "2026-12-01T08:06:12.000000Z",
    "applied_at": None,
}
CHANGES: dict[str, Any] = {
    "data": [
        {
            "call_id": _CALL_ID,
            "status": "done",
            "changes": [
                {"field": "disposition", "before": None, "after": "unhappy"},
                {"field": "analysis.confirmed", "before": None, "after": False},
            ],
            "rule": 1,
            "errors": {},
            "unsupported": [],
            "applied": False,
        }
    ],
    "next_cursor": None,
}
