"""Figures in what was said, whether a recogniser wrote them as figures or as words.

A run is what is read out one after the other: `415-555 01 99`, `four one five, double five`. Words
are those of English, German, French, Spanish, Italian, Portuguese and Dutch together: a run of
several is told from a lone word that means something else in another language by its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_WORDS: Final = (
    "zero one two three four five six seven eight nine",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero uno due tre quattro cinque sei sette otto nove",
    "zero um dois três quatro cinco seis sete oito nove",
    "nul een twee drie vier vijf zes zeven acht negen",
)
_DIGIT_OF: Final = {
    **{word: str(digit) for row in _WORDS for digit, word in enumerate(row.split())},
    "oh": "0",
    "o": "0",
    "zwo": "2",
    "nil": "0",
    "meia": "6",
    "één": "1",
}
_TEENS: Final = {
    word: str(number)
    for number, word in enumerate(
        (
            *("ten", "eleven", "twelve", "thirteen", "fourteen"),
            *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        ),
        10,
    )
}
_TENS: Final = {
    word: str(number)
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2
    )
}
_TIMES: Final = {"double": 2, "triple": 3, "doppel": 2}
_TOKEN: Final = re.compile(r"\d+|[^\W\d_]+", re.UNICODE)
_BETWEEN: Final = re.compile(r"[\s().,;:/\\\-\u2010-\u2015+]{0,4}")
_FILLERS: Final = frozenset(["uh", "um", "er", "äh", "ähm", "euh", "eh", "and", "und"])


@dataclass(frozen=True)
class Run:
    """`digits` as they were read out between two places of a text."""

    start: int
    end: int
    digits: str


@dataclass
class _Open:
    start: int
    reach: int  # where the next figure has to follow: the end, with fillers behind it
    end: int = 0
    digits: str = ""
    times: int = 1
    open_ten: bool = False

    def take(self, word: str, end: int) -> None:
        """One more word of figures."""
        self.reach = end
        if word in _TIMES:
            self.times = _TIMES[word]
            return
        self.end = end
        if word in _TENS:
            self.digits += f"{_TENS[word]}0"
            self.open_ten = True
            return
        digit = word if word.isdecimal() else _DIGIT_OF.get(word) or _TEENS[word]
        if self.open_ten and len(digit) == 1 and digit != "0":
            self.digits = self.digits[:-1] + digit
        else:
            self.digits += digit * self.times
        self.times, self.open_ten = 1, False


def runs_in(text: str) -> Iterator[Run]:
    """Every run of at least two figures, from left to right."""
    run: _Open | None = None
    for token in _TOKEN.finditer(text):
        word = token.group().lower()
        if run is not None and not _BETWEEN.fullmatch(text, run.reach, token.start()):
            yield from _closed(run)
            run = None
        if _is_figure(word):
            run = run or _Open(token.start(), token.start())
            run.take(word, token.end())
        elif run is not None and word in _FILLERS:
            run.reach = token.end()
        elif run is not None:
            yield from _closed(run)
            run = None
    if run is not None:
        yield from _closed(run)


def _is_figure(word: str) -> bool:
    return word.isdecimal() or any(word in table for table in (_DIGIT_OF, _TEENS, _TENS, _TIMES))


def _closed(run: _Open) -> Iterator[Run]:
    if len(run.digits) >= 2:
        yield Run(run.start, run.end, run.digits)
