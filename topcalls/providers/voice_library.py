"""What a vendor's library of voices can do, in words no vendor owns. Errors: `ProviderError`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from topcalls.core.voice_clones import Sample


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


@dataclass(frozen=True, slots=True)
class CloneWish:
    """What a voice shall be called, and what is known of it."""

    name: str
    description: str
    language: str | None = None
    gender: str | None = None
    remove_background_noise: bool = False


@dataclass(frozen=True, slots=True)
class Clone:
    """A voice that was made. Until it is `verified` its vendor lets nobody use it."""

    voice_id: str
    verified: bool = True


class VoiceCloner(Protocol):
    """Makes voices of recordings, in one account at a vendor."""

    def clone(self, wish: CloneWish, samples: Sequence[Sample]) -> Clone:
        """Make a voice. An error whose `extra["may_have_happened"]` is true may have made it."""

    def find(self, mark: str) -> Clone | None:
        """The voice whose description holds this text."""

    def look(self, voice_id: str) -> Clone | None:
        """How it stands with a voice; None: there is none."""

    def delete(self, voice_id: str) -> None:
        """Have the vendor forget a voice; one that it does not know is forgotten already."""
