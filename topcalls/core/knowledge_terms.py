"""What is compared in a full-text search: words brought to one form, alike on every database.

A word is folded (case, accents) and reduced to its stem in the base's language; identifiers such as
`A-1042` are found whole and in parts; scripts without spaces are cut into pairs of characters. A
value of a field of data is one more term, made of both, so that a row is found by it exactly.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final

import snowballstemmer

from topcalls.core.knowledge_words import STOP_WORDS

STEMMERS: Final[Mapping[str, str]] = {
    "ar": "arabic",
    "ca": "catalan",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
"""Languages whose words are reduced to stems; in others they are compared as they stand."""

DEFAULT_LANGUAGE = "en"
MOST_QUERY_TERMS = 32
LONGEST_TERM = 64

_WORD = re.compile(r"[^\W_]+(?:['’.,/-][^\W_]+)*")  # noqa: RUF001 - the apostrophe that is printed
_INNER = re.compile(r"['’.,/-]")  # noqa: RUF001
_PAIRED = re.compile(r"[぀-ヿ㐀-鿿豈-﫿฀-๿]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_SPOKEN_CODE = re.compile(r"\b([^\W\d_]{1,3})\s+(\d{2,})\b")


def terms_of(text: str, language: str) -> list[str]:
    """The terms of a passage, in order."""
    return [term for word in _WORD.findall(text) for term in _terms(word, language)]


def query_terms(text: str, languages: Iterable[str]) -> list[str]:
    """The terms that a question asks for, each once: in each of these languages, without words that
    say nothing, unless there are no others."""
    found: dict[str, None] = {}
    for language in dict.fromkeys(languages):
        stop = STOP_WORDS.get(language, frozenset())
        words = _WORD.findall(text)
        telling = [word for word in words if folded(word) not in stop] or words
        for word in telling:
            found |= dict.fromkeys(_terms(word, language))
        for letters, digits in _SPOKEN_CODE.findall(text):
            found[folded(letters + digits)] = None
    return list(found)[:MOST_QUERY_TERMS]


def field_term(name: str, value: str) -> str:
    """The term of a field's value; spelling and punctuation make no difference."""
    meaning = f"{_bare(name)}={_bare(value)}"
    return "fv" + hashlib.blake2b(meaning.encode(), digest_size=10).hexdigest()


def field_terms(fields: Mapping[str, str]) -> list[str]:
    """The terms of a row's fields."""
    return [field_term(name, value) for name, value in fields.items() if _bare(value)]


def language_of(text: str) -> str:
    """The language that `text` is most probably in, of those whose little words are known."""
    words = [folded(word) for word in _WORD.findall(text[:20_000])]
    if not words:
        return DEFAULT_LANGUAGE
    counts = {tag: sum(word in stop for word in words) for tag, stop in STOP_WORDS.items()}
    best = max(counts, key=lambda tag: counts[tag])
    return best if counts[best] >= len(words) * 0.08 else DEFAULT_LANGUAGE


@lru_cache(maxsize=50_000)
def folded(word: str) -> str:
    """`word` without case and accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", plain))


def _bare(text: str) -> str:
    return "".join(char for char in folded(text) if char.isalnum())


@lru_cache(maxsize=50_000)
def _terms(word: str, language: str) -> tuple[str, ...]:
    if _PAIRED.search(word):
        return tuple(_pairs(word))
    parts = [part for part in _INNER.split(word) if part]
    terms = [_stem(part, language) for part in parts]
    if len(parts) > 1:
        terms.append(folded("".join(parts)))
    return tuple(bare[:LONGEST_TERM] for bare in map(_bare, terms) if bare)


def _pairs(word: str) -> Iterable[str]:
    for run in _PAIRED.findall(word):
        yield from (run[at : at + 2] for at in range(max(1, len(run) - 1)))
    for rest in _PAIRED.split(word):
        bare = _bare(rest)
        if bare:
            yield bare


def _stem(word: str, language: str) -> str:
    lowered = word.casefold()
    if word.isalpha():
        stemmer = _stemmer(language.lower().split("-")[0])
        if stemmer is not None:
            lowered = stemmer.stemWord(lowered)
    return folded(lowered)


@cache
def _stemmer(language: str) -> Any:
    name = STEMMERS.get(language)
    return snowballstemmer.stemmer(name) if name else None
