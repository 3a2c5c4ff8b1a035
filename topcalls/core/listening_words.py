"""Which of a caller's words mean "I am listening", and which of them take the floor.

An acknowledgement ("mm-hm", "okay", "d'accord") lets the agent go on, in the language of the call;
a word like "stop" interrupts by itself. Words are counted as the language writes them: between
spaces, or by the length of the text where it writes none (Chinese, Japanese, Thai).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from math import ceil
from typing import Final

from topcalls.core.languages import primary
from topcalls.core.listening_data import EVERYWHERE, LANGUAGES

MOST_OWN: Final = 50
LONGEST_OWN: Final = 60
"""Of the acknowledgements that a call adds: how many, and characters of each."""

_UNSPACED: Final = re.compile(
    "[\u0e00-\u0e7f\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+"
)
_PER_WORD: Final = ((0x0E7F, 4), (0x31FF, 3), (0xFFFF, 2))  # characters of Thai, kana, Han
_SOUND: Final = re.compile(r"[hm]*m[hm]*|[uao]+h+|h+u+h+|e+h+m*|ä+h*m*|ö+h*m*|a{2,}|o{2,}")
_REMARK: Final = re.compile(r"[\[(（【][^\])）】]*[\])）】]")
_KEPT: Final = frozenset("'")
_LONGEST_PHRASE: Final = 5

Phrase = tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """How many words are known of an utterance, and how many of them are more than "I listen".

    `stops`: it begins with a word that takes the floor by itself.
    """

    meaningful: int = 0
    total: int = 0
    stops: bool = False

    @property
    def acknowledges(self) -> bool:
        """Words are known, and all of them let the speaker go on."""
        return self.total > 0 and self.meaningful == 0


NO_WORDS: Final = Words()


@dataclass(frozen=True)
class ListeningWords:
    """The words of one call. `language` is a BCP 47 tag; None: any language may be spoken.
    `own`: further acknowledgements, words or phrases."""

    language: str | None = None
    own: tuple[str, ...] = ()
    _going_on: frozenset[Phrase] = field(init=False, repr=False, compare=False)
    _stopping: frozenset[Phrase] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        going_on, stopping = _lists(self.language)
        own = frozenset(_phrase(text) for text in self.own) - {()}
        object.__setattr__(self, "_going_on", going_on | own)
        object.__setattr__(self, "_stopping", stopping - own)

    def count(self, text: str) -> Words:
        """What the words of `text` amount to; remarks in brackets ("[cough]") are no words."""
        meaningful = total = 0
        stops = False
        rest = _phrase(_REMARK.sub(" ", text))
        while rest:
            length, stop = self._acknowledged(rest), _match(rest, self._stopping)
            if stop >= length:
                stops = stops or (stop > 0 and not meaningful)
                length = stop or _unit(rest)
                meaningful += _size(rest[:length])
            total += _size(rest[:length])
            rest = rest[length:]
        return Words(meaningful, total, stops)

    def _acknowledged(self, rest: Phrase) -> int:
        """How many parts at the beginning of `rest` are an acknowledgement."""
        return _match(rest, self._going_on) or int(bool(_SOUND.fullmatch(_shortened(rest[0]))))


@cache
def _lists(language: str | None) -> tuple[frozenset[Phrase], frozenset[Phrase]]:
    """The phrases of a language that let go on, and those that stop.

    Where the language is not known, a word that stops in one language acknowledges in none.
    """
    everywhere = _phrases(EVERYWHERE)
    if language:
        lists = LANGUAGES.get(primary(language))
        if lists is None:
            return everywhere, frozenset()
        stopping = _phrases(lists.stopping)
        return (everywhere | _phrases(lists.going_on)) - stopping, stopping
    stopping = frozenset[Phrase]().union(*(_phrases(one.stopping) for one in LANGUAGES.values()))
    going_on = everywhere.union(*(_phrases(one.going_on) for one in LANGUAGES.values()))
    return going_on - stopping, stopping - going_on | _phrases(LANGUAGES["en"].stopping)


def _phrases(text: str) -> frozenset[Phrase]:
    return frozenset(_phrase(item) for item in text.split(",")) - {()}


def _phrase(text: str) -> Phrase:
    """The parts of a text: words, and the single characters of scripts without spaces."""
    return tuple(_parts(unicodedata.normalize("NFC", text).casefold()))


def _parts(text: str) -> Iterator[str]:
    plain = text.replace("’", "'").replace("i̇", "i")
    spaced = "".join(char if _belongs(char) else " " for char in plain)
    for word in spaced.split():
        word = word.strip("'")
        at = 0
        for run in _UNSPACED.finditer(word):
            yield from filter(None, (word[at : run.start()],))
            yield from run.group()
            at = run.end()
        yield from filter(None, (word[at:],))


def _belongs(char: str) -> bool:
    """Whether a character is part of a word: letters, digits and the marks on them."""
    return char in _KEPT or unicodedata.category(char)[0] in "LMN"


def _match(rest: Phrase, phrases: frozenset[Phrase]) -> int:
    """The length of the longest phrase that `rest` begins with; 0 for none."""
    unspaced = bool(_UNSPACED.fullmatch(rest[0]))
    longest = min(len(rest), 16 if unspaced else _LONGEST_PHRASE)
    return next((n for n in range(longest, 0, -1) if rest[:n] in phrases), 0)


def _unit(rest: Phrase) -> int:
    """How many parts belong together that nothing is known of: a word, or a run of characters."""
    if not _UNSPACED.fullmatch(rest[0]):
        return 1
    return next((n for n, part in enumerate(rest) if not _UNSPACED.fullmatch(part)), len(rest))


def _size(parts: Phrase) -> int:
    """How many words these are."""
    if not _UNSPACED.fullmatch(parts[0]):
        return len(parts)
    words = sum(_share_of_a_word(part) for part in parts)
    return max(1, ceil(round(words, 3)))


def _share_of_a_word(character: str) -> float:
    if unicodedata.category(character)[0] == "M":
        return 0.0
    return 1 / next(size for last, size in _PER_WORD if ord(character) <= last)


def _shortened(word: str) -> str:
    """A drawled sound as it is usually written: "mmmm" as "mm"."""
    return re.sub(r"(.)\1{2,}", r"\1\1", word)


def own_faults(words: Iterable[object]) -> Iterator[tuple[int, str]]:
    """What is wrong with a call's own acknowledgements, by their place in the list."""
    for index, word in enumerate(words):
        if not isinstance(word, str):
            yield index, "Must be text."
        elif not _phrase(word) or len(word) > LONGEST_OWN:
            yield index, f"Must be a word or a few, in 1 to {LONGEST_OWN} characters."
        elif len(_phrase(word)) > _LONGEST_PHRASE and not _UNSPACED.search(word):
            yield index, f"Must be {_LONGEST_PHRASE} words at most."
