"""A customer's dictionary: words to expect from the caller, and how the agent says words.

An account, an agent and a call each may have both; they add up, and what is nearer to the call goes
first. `say` is another spelling, that any voice reads; `ipa` is for models that can be told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

MOST_KEYWORDS = 100
KEYWORD_LENGTH = 50
MOST_PRONUNCIATIONS = 200
WORD_LENGTH = 60
SAY_LENGTH = 120
_LENGTHS = {"word": WORD_LENGTH, "say": SAY_LENGTH, "ipa": SAY_LENGTH}


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How a word is said: spelt otherwise, or in the International Phonetic Alphabet."""

    word: str
    say: str | None = None
    ipa: str | None = None


def keyword_faults(value: object, path: str = "keywords") -> Iterator[FieldError]:
    """What is wrong with a list of keywords."""
    if not isinstance(value, list | tuple):
        yield FieldError(path, "Must be a list of words.", "invalid_type")
        return
    if len(value) > MOST_KEYWORDS:
        yield FieldError(path, f"Must be at most {MOST_KEYWORDS} words.", "too_many")
    for index, word in enumerate(value[:MOST_KEYWORDS]):
        yield from _text_faults(word, f"{path}.{index}", KEYWORD_LENGTH)


def pronunciation_faults(value: object, path: str = "pronunciations") -> Iterator[FieldError]:
    """What is wrong with a list of pronunciations."""
    if not isinstance(value, list | tuple):
        yield FieldError(path, "Must be a list of objects.", "invalid_type")
        return
    if len(value) > MOST_PRONUNCIATIONS:
        yield FieldError(path, f"Must be at most {MOST_PRONUNCIATIONS} entries.", "too_many")
    seen: set[str] = set()
    for index, entry in enumerate(value[:MOST_PRONUNCIATIONS]):
        yield from _entry_faults(entry, f"{path}.{index}", seen)


def _entry_faults(entry: object, path: str, seen: set[str]) -> Iterator[FieldError]:
    if not isinstance(entry, Mapping):
        yield FieldError(path, "Must be an object with 'word', and 'say' or 'ipa'.", "invalid_type")
        return
    given = {key: value for key, value in entry.items() if value is not None}
    for key in given.keys() - _LENGTHS.keys():
        hint = did_you_mean(str(key), _LENGTHS)
        yield FieldError(f"{path}.{key}", f"Is not known here.{hint}", "unknown")
    for key in given.keys() & _LENGTHS.keys():
        yield from _text_faults(given[key], f"{path}.{key}", _LENGTHS[key])
    if "word" not in given:
        yield FieldError(f"{path}.word", "Say which word this is about.", "required")
    elif isinstance(given["word"], str):
        if given["word"].lower() in seen:
            yield FieldError(f"{path}.word", "Is in the list already.", "repeated")
        seen.add(given["word"].lower())
    if not given.keys() & {"say", "ipa"}:
        message = "Say how: spelt otherwise in 'say', or in 'ipa'."
        yield FieldError(f"{path}.say", message, "required")


def _text_faults(value: object, path: str, longest: int) -> Iterator[FieldError]:
    if not isinstance(value, str):
        yield FieldError(path, "Must be text.", "invalid_type")
    elif not value.strip() or len(value) > longest:
        yield FieldError(path, f"Must be 1 to {longest} characters, and no blank.", "length")
    elif not value.isprintable():
        yield FieldError(path, "Must be one line of plain text.", "invalid_character")


def pronunciations_of(entries: Iterable[Mapping[str, Any]]) -> tuple[Pronunciation, ...]:
    """Entries without faults, as values."""
    return tuple(
        Pronunciation(entry["word"].strip(), entry.get("say"), entry.get("ipa"))
        for entry in entries
    )


def merged_keywords(*lists: Iterable[str]) -> list[str]:
    """Every keyword once, those of the first list first."""
    found: dict[str, str] = {}
    for word in (word for words in lists for word in words):
        found.setdefault(word.lower(), word)
    return list(found.values())


def merged_pronunciations(*lists: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """One entry for each word, that of the first list that has it."""
    found: dict[str, Mapping[str, Any]] = {}
    for entry in (entry for entries in lists for entry in entries):
        found.setdefault(entry["word"].strip().lower(), entry)
    return list(found.values())


def told(entries: Sequence[Pronunciation]) -> list[str]:
    """What a model is told of them, an entry a line."""
    return [f'Say "{entry.word}" {_how(entry)}.' for entry in entries]


def _how(entry: Pronunciation) -> str:
    if entry.say is None:
        return f"as /{entry.ipa}/ (IPA)"
    return f'like "{entry.say}"' + (f", /{entry.ipa}/ (IPA)" if entry.ipa else "")


def matcher(entries: Sequence[Pronunciation]) -> re.Pattern[str] | None:
    """Finds the words that are said otherwise, the longest first; None where there are none.

    A word is found whole, whatever its case, but in scripts that do not part words.
    """
    words = sorted({entry.word for entry in entries if entry.say}, key=len, reverse=True)
    if not words:
        return None
    return re.compile("|".join(map(_whole, words)), re.IGNORECASE)


def _whole(word: str) -> str:
    before = r"(?<!\w)" if _parts_words(word[0]) else ""
    after = r"(?!\w)" if _parts_words(word[-1]) else ""
    return f"{before}{re.escape(word)}{after}"


def _parts_words(char: str) -> bool:
    return char.isalnum() and unicodedata.category(char) != "Lo"
