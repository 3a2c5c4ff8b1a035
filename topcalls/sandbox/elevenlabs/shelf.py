"""The double's voices: the list of an account, page by page, as `GET /v2/voices` gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGEST_PAGE = 100
_STOCK = (
    ("21m00Tcm4TlvDq8ikWAM", "Rachel - Calm, Warm", "female", "american", ("en-US",)),
    ("EXAVITQu4vr4xnSDxMaL", "Bella - Soft, Gentle", "female", "american", ("en-US", "de-DE")),
    ("pNInz6obpgDQGcFmaJgB", "Adam - Deep, Narrating", "male", "american", ("en-US",)),
    ("JBFqnCBsd6RMkjVDRZzb", "George - Warm, Captivating", "male", "british", ("en-GB",)),
    ("XB0fDUnXU5powFXDhCwa", "Charlotte - Clear, Composed", "female", "swedish", ("sv-SE",)),
    ("SAz9YHcvj6GT2YYXdXww", "River - Relaxed, Informative", "neutral", "american", ("en-US",)),
)


class BadQuery(Exception):
    """A parameter that the service refuses with 422."""


class VoiceShelf:
    """The voices of the account, oldest first."""

    def __init__(self) -> None:
        self._voices = [_stock(*voice) for voice in _STOCK]

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """`GET /v2/voices`. Raises `BadQuery`."""
        size = _number(query.get("page_size", "10"))
        if not 1 <= size <= LARGEST_PAGE:
            raise BadQuery("page_size")
        start = self._start(query.get("next_page_token", ""))
        shown = self._voices[start : start + size]
        more = start + size < len(self._voices)
        counted = query.get("include_total_count", "true") != "false"
        return {
            "voices": shown,
            "has_more": more,
            "total_count": len(self._voices) if counted else 0,
            "next_page_token": shown[-1]["voice_id"] if more else None,
        }

    def _start(self, token: str) -> int:
        if not token:
            return 0
        ids = [voice["voice_id"] for voice in self._voices]
        if token not in ids:
            raise BadQuery("next_page_token")
        return ids.index(token) + 1


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1


def _stock(
    voice_id: str, name: str, gender: str, accent: str, locales: tuple[str, ...]
) -> dict[str, Any]:
    return {
        "voice_id": voice_id,
        "name": name,
        "samples": None,
        "category": "premade",
        "labels": {"accent": accent, "gender": gender, "age": "middle_aged"},
        "description": None,
        "preview_url": f"https://storage.example/eleven-public/{voice_id}.mp3",
        "available_for_tiers": [],
        "settings": None,
        "verified_languages": [
            {
                "language": locale.partition("-")[0],
                "model_id": "eleven_multilingual_v2",
                "accent": accent,
                "locale": locale,
                "preview_url": None,
            }
            for locale in locales
        ],
        "is_owner": False,
    }
