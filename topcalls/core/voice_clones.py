"""Cloned voices: what a wish for one must hold, and how one comes and goes.

A voice is cloned only with the consent of whom it belongs to, which is kept with the digests of the
samples; the samples themselves are not.
"""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

GENDERS = ("female", "male", "neutral")
TEXTS = {
    "name": (1, 100),
    "description": (0, 500),
    "consent": (20, 2_000),
    "consent_by": (2, 200),
}
REQUIRED = {
    "name": "Say what the voice is to be called.",
    "consent": "Quote the statement by which the person whose voice it is has agreed.",
    "consent_by": "Name the person who gave the consent.",
}
FIELDS = (*TEXTS, "language", "gender", "remove_background_noise", "samples")
MOST_SAMPLES = 10
MOST_SAMPLE_BYTES = 10_000_000
MOST_BYTES = 25_000_000
LEAST_SECONDS = 5.0
"""Of sound in all, where that can be told without decoding it."""

GRACE = timedelta(minutes=10)
"""Longer than any request to a vendor takes: what is still being made by then is looked for."""

LOOK_AGAIN = timedelta(hours=1)
"""Between two looks whether a vendor has verified a voice."""

_FIRST_DELAY, _LONGEST_DELAY = timedelta(seconds=5), timedelta(hours=1)
_MOST_DOUBLINGS = 12
MARK = "topcalls:"
_MARKED = re.compile(rf"\[{MARK}([0-9a-f-]{{36}})\]")


class State(StrEnum):
    """`CREATING`: the vendor was asked, and has not answered. `UNVERIFIED`: it is there, and its
    vendor wants its owner to prove who they are. `DELETING`: nobody can use it any more, and its
    vendor has not forgotten it yet."""

    CREATING = "creating"
    UNVERIFIED = "unverified"
    READY = "ready"
    FAILED = "failed"
    DELETING = "deleting"
    DELETED = "deleted"


OPEN = (State.CREATING, State.UNVERIFIED, State.DELETING)
"""Something is still to be done about these."""

COUNTED = (*OPEN, State.READY)
"""These count against an account's limit: they are, or may be, at the vendor."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recording of the voice. `media_type` is told by its content, not by its name."""

    name: str
    content: bytes
    media_type: str


_MAGIC = (
    (0, b"RIFF", "audio/wav"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf2", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "audio/webm"),
    (4, b"ftyp", "audio/mp4"),
)


def media_type(content: bytes) -> str | None:
    """What kind of sound this is; None where it is none that vendors take."""
    for at, magic, kind in _MAGIC:
        if content[at : at + len(magic)] == magic:
            return None if kind == "audio/wav" and content[8:12] != b"WAVE" else kind
    return None


def wish_faults(wish: Mapping[str, Any]) -> list[FieldError]:
    """Everything wrong with a wish for a voice. `samples` are names and contents of files."""
    samples = wish.get("samples") or ()
    return [*_text_faults(wish), *_choice_faults(wish), *_sample_faults(samples)]


def _text_faults(wish: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in wish.keys() - set(FIELDS):
        yield FieldError(name, f"Is not known here.{did_you_mean(name, FIELDS)}", "unknown")
    for name, (least, most) in TEXTS.items():
        value = wish.get(name)
        if value is None:
            if name in REQUIRED:
                yield FieldError(name, REQUIRED[name], "required")
        elif not isinstance(value, str):
            yield FieldError(name, "Must be text.", "invalid_type")
        elif not least <= len(value.strip()) <= len(value) <= most:
            words = f"Must be {least} to {most} characters, not counting space around it."
            yield FieldError(name, words, "length")
        elif "\0" in value:
            yield FieldError(name, "Must not hold a NUL character.", "invalid_character")


def _choice_faults(wish: Mapping[str, Any]) -> Iterator[FieldError]:
    language, gender = wish.get("language"), wish.get("gender")
    if language is not None and not (
        isinstance(language, str) and re.fullmatch(LANGUAGE_PATTERN, language)
    ):
        message = "Must be a BCP 47 language tag, as in 'en' or 'pt-BR'."
        yield FieldError("language", message, "invalid_language")
    if gender is not None and gender not in GENDERS:
        yield FieldError("gender", f"Must be one of {', '.join(GENDERS)}.", "choice")
    if wish.get("remove_background_noise") not in (None, True, False):
        yield FieldError("remove_background_noise", "Must be true or false.", "choice")


def _sample_faults(samples: Sequence[tuple[str, bytes]]) -> Iterator[FieldError]:
    if not samples:
        yield FieldError("samples", "Send at least one recording of the voice.", "required")
    if len(samples) > MOST_SAMPLES:
        yield FieldError("samples", f"Send at most {MOST_SAMPLES} recordings.", "too_many")
    if sum(len(content) for _, content in samples) > MOST_BYTES:
        yield FieldError("samples", f"Send at most {MOST_BYTES} bytes in all.", "too_large")
    seen: set[bytes] = set()
    for index, (_, content) in enumerate(samples):
        wrong = _content_fault(content, f"samples.{index}")
        if wrong is None and content in seen:
            wrong = FieldError(f"samples.{index}", "Is the same as another one.", "repeated")
        if wrong is not None:
            yield wrong
        seen.add(content)
    lengths = [seconds(content) for _, content in samples]
    known = [length for length in lengths if length is not None]
    if lengths and len(known) == len(lengths) and sum(known) < LEAST_SECONDS:
        held = f"Hold {sum(known):.1f} s of sound."
        message = f"{held} Send at least {LEAST_SECONDS:g} s; a minute or two is good."
        yield FieldError("samples", message, "too_short")


def _content_fault(content: bytes, path: str) -> FieldError | None:
    if not content:
        return FieldError(path, "Is empty.", "empty")
    if len(content) > MOST_SAMPLE_BYTES:
        return FieldError(path, f"Is larger than {MOST_SAMPLE_BYTES} bytes.", "too_large")
    if media_type(content) is None:
        message = "Is no sound that can be used: send WAV, MP3, M4A, FLAC, OGG or WebM."
        return FieldError(path, message, "not_audio")
    return None


def seconds(content: bytes) -> float | None:
    """How long a WAV file sounds; None for one of another kind, or one that is broken."""
    try:
        with wave.open(io.BytesIO(content)) as sound:
            length: float = sound.getnframes() / sound.getframerate()
            return length
    except (wave.Error, EOFError, ZeroDivisionError):
        return None


def described(description: str | None, voice_id: str) -> str:
    """What a vendor is told of a voice. By its mark it is found again if the answer is lost."""
    return f"{description or ''} [{MARK}{voice_id}]".strip()


def marked(description: str | None) -> str | None:
    """The voice of ours that a vendor's description names."""
    found = _MARKED.search(description or "")
    return found[1] if found else None


def delay(tries: int) -> timedelta:
    """How long to wait after so many tries that failed."""
    grown: timedelta = _FIRST_DELAY * 2 ** min(tries, _MOST_DOUBLINGS)
    return min(grown, _LONGEST_DELAY)
