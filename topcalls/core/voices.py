"""Is this a voice that a call may have? What is known of voices comes from a `VoiceBook`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Protocol

from topcalls.core.languages import LANGUAGE_PATTERN, LanguageRules
from topcalls.errors import FieldError

LISTED = "GET /v1/voices/builtin lists the voices."
_CLOSE = 0.6
_MOST_HINTS = 3


@dataclass(frozen=True, slots=True)
class KnownVoice:
    """`voice_id` is what its provider calls it."""

    provider: str
    voice_id: str

    @property
    def address(self) -> str:
        """Both in one, as `address_of` reads it."""
        return f"{self.provider}:{self.voice_id}"


class VoiceBook(Protocol):
    """The voices that one account's calls may have."""

    def find(self, name: str, mode: str) -> KnownVoice | None:
        """The voice that a call of this mode means by a name; None where there is none."""

    def absence(self, name: str, mode: str) -> str:
        """Why there is none, in words, where more is known than that; else ""."""

    def names(self, mode: str) -> Mapping[str, str]:
        """What calls of this mode may name, by what people may call it."""


@dataclass(frozen=True)
class FixedVoices:
    """A book of a few names, by mode; a mode that is absent takes any."""

    voices: Mapping[str, Sequence[str]]
    provider: str = "openai"

    def find(self, name: str, mode: str) -> KnownVoice | None:
        known = self.voices.get(mode)
        return KnownVoice(self.provider, name) if known is None or name in known else None

    def absence(self, name: str, mode: str) -> str:
        others = (other for other, names in self.voices.items() if name in names)
        return next((f"Is a voice of mode '{other}'." for other in others), "")

    def names(self, mode: str) -> Mapping[str, str]:
        return {name: name for name in self.voices.get(mode, ())}


def speech_faults(
    voice: object, language: object, mode: str, book: VoiceBook, languages: LanguageRules
) -> Iterator[FieldError]:
    """What is wrong with the voice and the language of a call, as far as they have the form of such
    things at all."""
    known = None
    if isinstance(voice, str):
        yield from voice_faults(voice, mode, book)
        known = book.find(voice, mode)
    if isinstance(language, str) and re.fullmatch(LANGUAGE_PATTERN, language):
        yield from languages.faults(language, mode, known.provider if known else None)


def voice_faults(name: str, mode: str, book: VoiceBook) -> Iterator[FieldError]:
    """What is wrong with the voice that a call names."""
    if book.find(name, mode) is None:
        why = book.absence(name, mode) or "Is not a known voice."
        hint = _hint(name, book.names(mode))
        yield FieldError("voice", f"{why}{hint} {LISTED}", "unknown_voice")


def address_of(address: str) -> KnownVoice:
    """The voice behind `KnownVoice.address`."""
    provider, _, voice_id = address.partition(":")
    return KnownVoice(provider, voice_id)


def _hint(name: str, names: Mapping[str, str]) -> str:
    """The nearest names, best first, as a sentence that starts with a space; "" for none."""
    labels = {label.lower(): label for label in names}
    close = get_close_matches(name[:100].lower(), labels, n=_MOST_HINTS, cutoff=_CLOSE)
    found = {names[labels[label]]: labels[label] for label in close}
    if not found:
        return ""
    shown = [
        f"'{one}'" + (f" ({label})" if label.lower() != one else "") for one, label in found.items()
    ]
    return f" Did you mean {' or '.join(shown)}?"
