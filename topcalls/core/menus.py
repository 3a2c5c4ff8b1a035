"""A walk through an automatic menu: which prompts were heard before, and how often one has tried.

A prompt is written down differently each time ("press one", "press 1"), and in part when a key cuts
it short. So prompts are compared by their words, those of a shorter one with the longer. What is
heard while one waits in a queue is no prompt, however often it comes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

from topcalls.core import answer_phrases as phrases

MOST_LOOPS: Final = 3
"""How often the same prompt may be heard: once more, and the walk goes in a circle."""

_ALIKE: Final = 0.8  # of the words of the shorter one
_FEWEST_WORDS: Final = 4
_TELLING_LETTERS: Final = 4  # shorter words are of any menu
_STEM_LETTERS: Final = 6
_OF_ANY_MENU: Final = (
    *("press", "please", "speak", "your", "have", "with", "drucken", "wahlen", "bitte", "oder"),
    *("para", "pulse", "marque", "oprima", "pour", "appuyez", "tapez", "touche", "prema"),
    *("premere", "digitare", "digite", "tecle", "pressione", "toets", "kies", "voor"),
)
_NUMERALS: Final = (
    "zero one two three four five six seven eight nine",
    "null eins zwei drei vier funf sechs sieben acht neun",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero un deux trois quatre cinq six sept huit neuf",
    "zero uno due tre quattro cinque sei sette otto nove",
    "zero um dois tres quatro cinco seis sete oito nove",
    "nul een twee drie vier vijf zes zeven acht negen",
)
_DIGITS: Final = {
    word: str(digit) for row in _NUMERALS for digit, word in enumerate(row.split())
} | {"oh": "0", "ein": "1", "eine": "1", "una": "1", "une": "1", "uma": "1", "zwo": "2"}


class Prompt(Enum):
    """What a prompt says about the walk."""

    FIRST = "first"
    AGAIN = "again"
    LOOP = "loop"


@dataclass
class _Known:
    """A prompt that was heard: all of its words, and those that were heard the last time."""

    words: Counter[str]
    lately: Counter[str]
    times: int = 1


class MenuWalk:
    """`steps`: how many choices may be made. A choice is a press of keys, or, where the menu is
    spoken to, what is said to one prompt."""

    def __init__(self, steps: int) -> None:
        self._steps = self._left = steps
        self._known: list[_Known] = []
        self._asked = False  # the last words from the far end ask for a choice
        self._spoke = self._counted = False  # since they began

    @property
    def is_over_budget(self) -> bool:
        """More choices were made than may be."""
        return self._left < 0

    @property
    def has_pressed(self) -> bool:
        """Keys were pressed since the last words from the far end began."""
        return self._counted and not self._spoke

    def enter(self) -> None:
        """It is known now that this is a menu. What was said to it before is no choice."""
        self._left = self._steps - (1 if self.has_pressed else 0)
        self._spoke, self._counted = False, self.has_pressed

    def speech_began(self) -> None:
        """The far end begins to speak."""
        self._asked = self._spoke = self._counted = False

    def heard(self, plain: str) -> Prompt | None:
        """The far end has said this (made `answer_phrases.plain`). None: it is no prompt, or goes
        on with the one before."""
        words = _words(plain)
        if words.total() < _FEWEST_WORDS or is_queue(plain):
            return None
        known = next((item for item in self._known if _alike(words, item.words)), None)
        self._asked = known is not None or asks(plain)
        self._settle()
        if known is None:
            self._known.append(_Known(words, words))
            return Prompt.FIRST
        known.words = max(words, known.words, key=Counter.total)
        if not _alike(words, known.lately):
            known.lately = known.lately + words
            return None
        known.lately = words
        known.times += 1
        return Prompt.LOOP if known.times > MOST_LOOPS else Prompt.AGAIN

    def pressed(self) -> None:
        """Keys were pressed. With words said to the same prompt they are one choice."""
        if not (self._counted and self._spoke):
            self._left -= 1
        self._counted, self._spoke = True, False

    def spoke(self) -> None:
        """Our agent speaks."""
        self._spoke = not self._counted
        self._settle()

    def _settle(self) -> None:
        """Words said to what is no prompt are no choice, and what it is may be known later."""
        if self._asked and self._spoke and not self._counted:
            self._left -= 1
            self._counted = True


def asks(plain: str) -> bool:
    """A choice is asked for."""
    return phrases.weight_of(phrases.CHOICES, plain) > 0


def is_queue(plain: str) -> bool:
    """Somebody is asked to wait, and nothing else."""
    return phrases.weight_of(phrases.QUEUE, plain) > 0 and not asks(plain)


def _words(plain: str) -> Counter[str]:
    return Counter(_stem(_DIGITS.get(word, word)) for word in plain.split())


def _stem(word: str) -> str:
    """Without most of what inflection and mishearing change."""
    return word.rstrip("s")[:_STEM_LETTERS] or word


def _alike(one: Counter[str], other: Counter[str]) -> bool:
    """Of all words, and of those that menus do not have in common, most are in both."""
    return all(
        _shared(a, b) >= _ALIKE * min(a.total(), b.total())
        for a, b in ((one, other), (_telling(one), _telling(other)))
    )


def _shared(one: Counter[str], other: Counter[str]) -> int:
    return (one & other).total()


def _telling(words: Counter[str]) -> Counter[str]:
    kept = {word: count for word, count in words.items() if _tells(word)}
    return Counter(kept)


def _tells(word: str) -> bool:
    return len(word) >= _TELLING_LETTERS and word not in _STEMS_OF_ANY_MENU


_STEMS_OF_ANY_MENU: Final = frozenset(_stem(word) for word in _OF_ANY_MENU)
