"""Does the beginning of a call say what it is stated to say?

The words are looked for in what is spoken as it stands: the announcement and the first sentence. A
name or a number is found by itself; that an AI speaks, how to stop the calls and that it is
recorded by words of the language, or by those that the caller names (`said`). What a call is about
cannot be told from words, so it needs a beginning that is fixed, and the statement. In a language
whose words are not here the statement counts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from topcalls.core.languages import primary

FIELD: Final = "first_sentence"
_PHRASES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "ai_voice": {
        "en": (
            "ai",
            "a i",
            "artificial",
            "automated",
            "virtual assistant",
            "virtual agent",
            "digital assistant",
            "voice assistant",
            "bot",
            "robot",
            "synthetic",
            "computer voice",
        ),
        "es": ("ia", "artificial", "asistente virtual", "asistente digital", "automa*", "robot"),
        "fr": ("ia", "artificiel*", "assistant* virtuel*", "automati*", "robot", "synthese"),
        "de": (
            "ki",
            "kunstlich*",
            "virtuell* assistent*",
            "digital* assistent*",
            "sprachassistent*",
            "automati*",
            "computerstimme",
            "roboter",
        ),
        "it": (
            "ia",
            "artificiale",
            "assistente virtuale",
            "assistente digitale",
            "automa*",
            "robot",
        ),
        "pt": ("artificial", "assistente virtual", "assistente digital", "automa*", "robo"),
        "nl": (
            "ai",
            "kunstmatig*",
            "virtuele assistent*",
            "digitale assistent*",
            "*automatis*",
            "robot",
        ),
        "pl": ("ai", "sztuczn*", "wirtualn* asystent*", "automat*", "bot", "robot"),
        "ro": ("artificial*", "asistent* virtual*", "automat*", "robot"),
    },
    "opt_out": {
        "en": ("stop", "nine", "9", "opt out", "unsubscribe", "no more calls", "not be called"),
        "es": ("stop", "nueve", "9", "baja", "parar", "no * llam*", "dejar de"),
        "fr": ("stop", "neuf", "9", "desinscri*", "ne plus"),
        "de": ("stop", "stopp", "neun", "9", "abmelden", "keine * anrufe", "nicht mehr"),
        "it": ("stop", "nove", "9", "basta", "non * chiam*"),
        "pt": ("stop", "nove", "9", "parar", "pare", "nao * lig*", "sair"),
        "nl": ("stop", "negen", "9", "afmelden", "niet meer"),
        "pl": ("stop", "dziewiec", "dziewiatk*", "9", "rezygn*", "nie dzwon*"),
        "ro": ("stop", "9", "dezabon*", "nu * mai"),
    },
    "recording": {
        "en": ("record*",),
        "es": ("grab*",),
        "fr": ("enregistr*",),
        "de": ("aufgezeichnet", "aufzeichn*", "aufnahme", "aufgenommen", "mitgeschnitten"),
        "it": ("registra*",),
        "pt": ("grava*",),
        "nl": ("opgenomen", "opname*", "opnemen"),
        "pl": ("nagryw*", "nagran*"),
        "ro": ("inregistr*",),
    },
}
"""Without accents, in small letters; `*` stands for the rest of a word, or by itself for up to
three words."""

_NUMBER = re.compile(r"[0-9](?:[ ().-]*[0-9]){6,}")
_MARK = "{{"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is spoken as it stands at the beginning of a call, and by whom.

    `text`: announcement and first sentence, empty where the model makes the beginning up.
    `number_later`: what the model is told for the rest of the call has a number, which may be said
    during it (47 CFR 64.1200(b)(2)). `language`: BCP 47, None where the call has none. `recorded`:
    the call is, and nobody is told by an announcement. `said`: words by which a slot is said, named
    by the caller.
    """

    text: str
    number_later: bool = False
    seller: str | None = None
    language: str | None = None
    recorded: bool = False
    said: tuple[tuple[str, str], ...] = ()


def has_number(text: str) -> bool:
    """Whether a telephone number stands in a text, or a place where one may be filled in."""
    return _MARK in text or _NUMBER.search(text) is not None


def unsaid(slots: Iterable[str], beginning: Beginning) -> tuple[str, ...]:
    """Those of these slots (`core.rule_values.SLOTS`) that are stated and cannot be found. What is
    filled in with what a lead brings may be anything, so it counts as found."""
    return _unsaid(tuple(sorted(slots)), beginning)


@lru_cache(4096)
def _unsaid(slots: tuple[str, ...], beginning: Beginning) -> tuple[str, ...]:
    text = _plain(beginning.text)
    return tuple(slot for slot in slots if not text or not _says(slot, text, beginning))


def _says(slot: str, text: str, beginning: Beginning) -> bool:
    named = dict(beginning.said).get(slot)
    if named is not None:
        return _plain(named) in text
    if slot == "registered_name":
        is_open = _MARK in beginning.text
        return is_open or beginning.seller is None or _plain(beginning.seller) in text
    if slot == "callback_number":
        return beginning.number_later or has_number(beginning.text)
    if slot == "recording" and not beginning.recorded:
        return True
    if slot == "go_on":
        return "?" in beginning.text or "？" in beginning.text
    patterns = _compiled(slot, beginning.language)
    return not patterns or any(one.search(text) for one in patterns)


@lru_cache(256)
def _compiled(slot: str, language: str | None) -> tuple[re.Pattern[str], ...]:
    """Of a call without a language those of every one; none where there are none."""
    known = _PHRASES.get(slot, {})
    if language is None:
        every = dict.fromkeys(one for words in known.values() for one in words)
        return tuple(map(_pattern, every))
    return tuple(map(_pattern, known.get(primary(language), ())))


def _pattern(phrase: str) -> re.Pattern[str]:
    parts = (
        r"(?:\w+ ){0,3}" if word == "*" else re.escape(word).replace(r"\*", r"\w*") + " "
        for word in phrase.split()
    )
    return re.compile(rf"(?<!\w){''.join(parts).rstrip()}(?!\w)")


def _plain(text: str) -> str:
    """Small letters without accents, words with one space between them."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = (one if one.isalnum() else " " for one in parts if not unicodedata.combining(one))
    return " ".join("".join(kept).split())
