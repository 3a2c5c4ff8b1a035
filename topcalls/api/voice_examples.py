"""Examples of voices in the reference. A test loads and dumps every one of them with its schema."""

from __future__ import annotations

from typing import Any

VOICE: dict[str, Any] = {
    "id": "3f8a1c52-6b7d-4e90-8a1f-2c4d6e8f0a13",
    "name": "Anna from reception",
    "description": None,
    "language": "en-GB",
    "gender": "female",
    "provider": "elevenlabs",
    "state": "ready",
    "error": None,
    "consent": "I, Anna Meier, agree that Bright Smile Dental lets its telephone agent speak with "
    "a copy of my voice.",
    "consent_by": "Anna Meier",
    "consented_at": "2026-11-23T12:00:00.000000Z",
    "samples": [
        {
            "name": "anna.wav",
            "bytes": 2880044,
            "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        }
    ],
    "created_at": "2026-11-23T12:00:00.000000Z",
    "updated_at": "2026-11-23T12:00:08.000000Z",
}
VOICES = {"data": [VOICE]}
DELETING = VOICE | {"state": "deleting"}
CREATING = VOICE | {"state": "creating"}
