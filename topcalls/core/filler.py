"""Words that fill the wait for an answer: `filler` of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from topcalls.core.filler_phrases import phrases_of
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

AFTER_MS: Final = (500, 15_000)
"""The least and the most that `after_ms` may be."""

DEFAULT_AFTER_MS: Final = 2500
MOST_PHRASES: Final = 10
LONGEST_PHRASE: Final = 120
MOST_IN_A_ROW: Final = 3
"""Fillers within one wait: a caller who hears more of them loses faith."""

_NAME: Final = "filler"


@dataclass(frozen=True)
class FillerRequest:
    """`filler` as a call asks for it. `after_ms` None: the usual. No `phrases`: those of the call's
    language."""

    enabled: bool = True
    after_ms: int | None = None
    phrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "phrases", tuple(self.phrases))

    def plan(self, language: str | None) -> FillerPlan:
        """What a call of this language does."""
        if not self.enabled:
            return FillerPlan()
        phrases = self.phrases or phrases_of(language)
        return FillerPlan(phrases, self.after_ms or DEFAULT_AFTER_MS)


@dataclass(frozen=True)
class FillerPlan:
    """One of `phrases` is said after so much silence; without any, nothing is."""

    phrases: tuple[str, ...] = ()
    after_ms: int = DEFAULT_AFTER_MS

    def wait_ms(self, said: int) -> int | None:
        """How long a caller waits before they hear the next one, who has heard `said` in this wait;
        None: there is none. Each wait is longer than the one before."""
        if not self.phrases or said >= MOST_IN_A_ROW or (said and len(set(self.phrases)) == 1):
            return None
        return self.after_ms * (said + 1)

    def next_phrase(self, last: str) -> str:
        """In turn, and never twice in a row the same if there is another."""
        if last not in self.phrases:
            return self.phrases[0]
        at = self.phrases.index(last)
        others = (*self.phrases[at + 1 :], *self.phrases[:at])
        return next((phrase for phrase in others if phrase != last), last)


def filler_faults(given: Mapping[str, Any]) -> Iterator[FieldError]:
    """Everything wrong with the section of a call."""
    section = given.get(_NAME, {})
    if not isinstance(section, Mapping):
        yield FieldError(_NAME, "Must be an object.", "invalid_type")
        return
    known = tuple(item.name for item in fields(FillerRequest))
    for key, value in section.items():
        path = f"{_NAME}.{key}"
        if key not in known:
            message = f"Is not a field of {_NAME}.{did_you_mean(str(key), known)}"
            yield FieldError(path, message, "unknown")
        elif key == "enabled":
            if not isinstance(value, bool):
                yield FieldError(path, "Must be true or false.", "invalid_type")
        elif value is not None:
            yield from _after(path, value) if key == "after_ms" else _phrases(path, value)


def _after(path: str, value: Any) -> Iterator[FieldError]:
    least, most = AFTER_MS
    if not isinstance(value, int) or isinstance(value, bool):
        yield FieldError(path, "Must be a whole number.", "invalid_type")
    elif not least <= value <= most:
        yield FieldError(path, f"Must be from {least} to {most} milliseconds.", "range")


def _phrases(path: str, value: Any) -> Iterator[FieldError]:
    if not isinstance(value, list | tuple):
        yield FieldError(path, "Must be a list of phrases.", "invalid_type")
    elif len(value) > MOST_PHRASES:
        yield FieldError(path, f"Must be {MOST_PHRASES} phrases at most.", "too_many")
    else:
        for index, phrase in enumerate(value):
            if not isinstance(phrase, str) or not 0 < len(phrase.strip()) <= LONGEST_PHRASE:
                message = f"Must be text of 1 to {LONGEST_PHRASE} characters."
                yield FieldError(f"{path}.{index}", message, "invalid_phrase")
