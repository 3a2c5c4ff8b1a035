"""Examples of agents in the reference; see `examples`."""

from __future__ import annotations

from typing import Any

_AGENT_ID = "0f6d3c1e-7a54-4b8e-9c2d-5e1f8a7b6c40"
_ACCOUNT_ID = "9a2c8f4e-0b57-4b5e-9f0b-3a4f8d1c2e61"
_CONFIGURATION = {
    "task": "You are Rachel from Bright Smile Dental. Confirm the appointment of {{patient}} on "
    "{{day|Tuesday}}, or offer another time.",
    "first_sentence": "Hi {{patient}}, this is Rachel from Bright Smile Dental.",
    "voice": "coral",
    "max_duration": 5,
    "request_data": {"clinic": "Main Street 12"},
}

AGENT_BODIES: dict[str, Any] = {
    "reminder": {
        "summary": "Reminds of appointments",
        "value": {"name": "Appointment reminder", "configuration": _CONFIGURATION},
    }
}
EDIT_BODIES: dict[str, Any] = {
    "voice": {
        "summary": "Another voice, no limit of our own",
        "value": {"configuration": {"voice": "verse", "max_duration": None}},
    }
}
_DRAFT = {
    "number": 1,
    "state": "draft",
    "configuration": _CONFIGURATION,
    "variables": ["patient"],
    "created_at": "2026-11-23T14:30:00.104233Z",
    "updated_at": "2026-11-23T14:30:00.104233Z",
    "published_at": None,
}
VERSION = {**_DRAFT, "state": "published", "published_at": "2026-11-23T14:31:12.000410Z"}
_NEXT = {
    **_DRAFT,
    "number": 2,
    "configuration": {
        **{key: value for key, value in _CONFIGURATION.items() if key != "max_duration"},
        "voice": "verse",
    },
    "created_at": "2026-11-23T15:02:41.700125Z",
    "updated_at": "2026-11-23T15:02:41.700125Z",
}
_AGENT = {
    "id": _AGENT_ID,
    "account_id": _ACCOUNT_ID,
    "name": "Appointment reminder",
    "description": None,
    "status": "active",
    "created_at": "2026-11-23T14:30:00.104233Z",
    "archived_at": None,
}
_AS_DRAFTED = {
    "revision": 1,
    "published_version": None,
    "draft_version": 1,
    "updated_at": "2026-11-23T14:30:00.104233Z",
}
_AS_PUBLISHED = {
    "revision": 2,
    "published_version": 1,
    "draft_version": None,
    "updated_at": "2026-11-23T14:31:12.000410Z",
}
_AS_EDITED = {
    "revision": 3,
    "published_version": 1,
    "draft_version": 2,
    "updated_at": "2026-11-23T15:02:41.700125Z",
}
_NONE: dict[str, list[str]] = {"warnings": []}
DRAFTED = {**_AGENT, **_AS_DRAFTED, **_NONE, "published": None, "draft": _DRAFT}
PUBLISHED = {**_AGENT, **_AS_PUBLISHED, **_NONE, "published": VERSION, "draft": None}
EDITED = {**_AGENT, **_AS_EDITED, **_NONE, "published": VERSION, "draft": _NEXT}
AGENT_PAGE = {"data": [{**_AGENT, **_AS_EDITED}], "next_cursor": None}
VERSION_PAGE = {"data": [_NEXT, VERSION], "next_cursor": None}
DIFF = {
    "from_version": 1,
    "to_version": 2,
    "changes": [
        {"path": "max_duration", "kind": "removed", "before": 5, "after": None},
        {"path": "voice", "kind": "changed", "before": "coral", "after": "verse"},
    ],
}
CHAT_BODY = {
    "messages": [
        {"role": "assistant", "text": "Hi, this is Rachel from Bright Smile Dental."},
        {"role": "user", "text": "Hello. What is it about?"},
    ],
    "request_data": {"patient": "Ann"},
}
CHAT_ANSWER = {
    "version": 2,
    "text": "I am calling about your appointment on Tuesday at ten. Does that still suit you?",
    "tool_calls": [],
    "model": "gpt-6-luna",
    "cut_off": False,
}
