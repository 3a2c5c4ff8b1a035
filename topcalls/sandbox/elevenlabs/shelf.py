"""The double's voices: the list of an account, page by page, as `GET /v2/voices` gives it, and each
by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
        self._gone: set[str] = set()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(list(self._voices))

    @property
    def own(self) -> int:
        """How many voices the account has made."""
        return sum(voice["is_owner"] for voice in self._voices)

    def add(self, voice: dict[str, Any]) -> None:
        """A voice was made."""
        self._voices.append(voice)

    def find(self, voice_id: str) -> dict[str, Any] | None:
        """One voice, as `GET /v1/voices/{voice_id}` gives it."""
        return next((voice for voice in self if voice["voice_id"] == voice_id), None)

    def remove(self, voice_id: str) -> None:
        """A voice was deleted."""
        self._voices = [voice for voice in self if voice["voice_id"] != voice_id]
        self._gone.add(voice_id)

    def verify(self, voice_id: str) -> None:
        """Its owner has proved who they are."""
        voice = self.find(voice_id)
        if voice is not None:
            voice["voice_verification"]["is_verified"] = True

    def can_speak(self, voice_id: str) -> bool:
        """Whether texts are spoken with it: voices of other accounts are, unless they begin with
        `no`."""
        if not voice_id or voice_id.startswith("no") or voice_id in self._gone:
            return False
        proof = (self.find(voice_id) or {}).get("voice_verification") or {}
        return not proof.get("requires_verification") or bool(proof.get("is_verified"))

    def page(self, query: Mapping[str, str]) -> dict[str, Any]:
        """`GET /v2/voices`. Raises `BadQuery`."""
        size = _number(query.get("page_size", "10"))
        if not 1 <= size <= LARGEST_PAGE:
            raise BadQuery("page_size")
        wanted = [voice for voice in self if _holds(voice, query.get("search", ""))]
        start = _start(wanted, query.get("next_page_token", ""))
        shown = wanted[start : start + size]
        more = start + size < len(wanted)
        counted = query.get("include_total_count", "true") != "false"
        return {
            "voices": shown,
            "has_more": more,
            "total_count": len(wanted) if counted else 0,
            "next_page_token": shown[-1]["voice_id"] if more else None,
        }


def _holds(voice: Mapping[str, Any], text: str) -> bool:
    """The service searches names, descriptions, labels and categories."""
    labels = voice["labels"].values()
    told = (voice["name"], voice["description"] or "", voice["category"], *labels)
    return any(text.lower() in item.lower() for item in told)


def _start(voices: Sequence[Mapping[str, Any]], token: str) -> int:
    if not token:
        return 0
    ids = [voice["voice_id"] for voice in voices]
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
