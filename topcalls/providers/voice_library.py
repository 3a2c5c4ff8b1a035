"""What a vendor's library of voices can do, in words no vendor owns. Errors: `ProviderError`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class OfferedVoice:
    """A voice as its vendor lists it. `languages` are BCP 47 tags it vouches for; what is None the
    vendor does not tell."""

    voice_id: str
    name: str
    gender: str | None = None
    accent: str | None = None
    languages: tuple[str, ...] = ()
    category: str | None = None
    description: str | None = None
    preview_url: str | None = None


class VoiceLibrary(Protocol):
    """The voices of one account at a vendor."""

    def voices(self) -> Iterator[OfferedVoice]:
        """Every voice that the account may use; asks page by page."""
