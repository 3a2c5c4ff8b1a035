"""How long a caller who has fallen silent may stay so before the turn counts as over.

Pure: the words so far and what the agent asked for, in; milliseconds of silence, out. A sentence
that has ended is answered soon. One that leads on ("my number is"), a number that is being read
out, a word that is spelt and an e-mail address are waited for. Where a model has listened to how it
was said, a voice that wants to go on is waited for as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final

from topcalls.core.endpointing_data import HESITATING, LANGUAGES, Lists
from topcalls.core.languages import primary

SHORTEST_MS: Final = (100, 2000)
LONGEST_MS: Final = (500, 10_000)
"""The least and the most that `Endpointing.min_ms` and `max_ms` may be."""

UNMARKED_MS: Final = 150  # more than the least: words, but no mark that ends the sentence
UNHEARD_MS: Final = 80  # the same: no words yet
LEADING_ON_MS: Final = 1200
READING_OUT_MS: Final = 1300
SPELLING_MS: Final = 1300
LONG_NUMBER_MS: Final = 900
ADDRESS_MS: Final = 1800
NAME_MS: Final = 900
MENU_MS: Final = 1500
UNFINISHED_MS: Final = 1500  # by its sound
DOUBTFUL_MS: Final = 900  # the same, less surely
RHYTHM_MS: Final = 300  # more than the caller has paused in this turn already
LONGEST_PAUSE_MS: Final = 1500  # of somebody who goes on; after a longer one they begin again
GOES_ON_BELOW: Final = 0.1  # how likely a turn is over that sounds like one that goes on
DOUBT_BELOW: Final = 0.3
_LONG_NUMBER: Final = 10  # digits: few numbers that people read out have more
_SENTENCE_WORDS: Final = 4  # fewer, even with a full stop, may be the beginning of an answer

_END: Final = re.compile(r"[.!?。！？।؟]['\"”’)\]]*$")
_QUESTION: Final = re.compile(r"[?？؟]['\"”’)\]]*$")
_TRAILING_OFF: Final = re.compile(r"(?:[,;:、，；：–—-]|\.\.\.|…)$")
_SENTENCES: Final = re.compile(r"(?<=[.!?。！？])\s*")
_ADDRESS: Final = re.compile(r"\S@\S")
_WHOLE_ADDRESS: Final = re.compile(r"\S@\S+\.[a-z]{2,}\W*$")
_ALSO_PREPOSITIONS: Final = frozenset({"at", "et"})
_SIGNS: Final = frozenset(
    ("underscore", "unterstrich", "understreck", "understrek", "sublinhado", "trattino", "tiret")
)
_LETTER: Final = re.compile(r"[^\W\d_]")
_AS_IN: Final = re.compile(r"\b[^\W\d_] (?:as in|wie|for|like|comme|come|como|de) \w+\W*$")
_WORD: Final = re.compile(r"[\w'’@.+-]*[\w@]")


class Wanted(Enum):
    """What the agent has asked for, as far as it matters for how it is answered."""

    ANYTHING = "anything"
    NUMBER = "number"
    EMAIL = "email"
    NAME = "name"


@dataclass(frozen=True)
class Endpointing:
    """The silence that ends a turn is never below `min_ms` and never above `max_ms`.

    `by_model`: the vendor's ears judge what was said, and their word counts at once.
    """

    min_ms: int = 400
    max_ms: int = 2500
    by_model: bool = False

    @property
    def ears_ms(self) -> int:
        """The silence after which ears should say that the caller is quiet: the rest is ours."""
        return max(200, min(self.min_ms - 100, 500))


@dataclass(frozen=True)
class Heard:
    """What is known when the caller falls silent: what the agent said last, the words of this turn
    so far, whether the latest of them are among these, and whether they only say "I listen".

    `in_menu`: an automatic menu is speaking, which pauses between its choices. `paused_ms`: the
    longest pause in this turn that the caller has ended by going on. `finished`: how likely the
    caller has finished, by the sound of it; None: nobody has listened, or can tell yet.
    """

    agent: str = ""
    caller: str = ""
    complete: bool = False
    acknowledges: bool = False
    in_menu: bool = False
    paused_ms: int = 0
    finished: float | None = None


@dataclass(frozen=True)
class Patience:
    """The rule of one call. `language` is a BCP 47 tag; None: only marks and figures tell."""

    plan: Endpointing = Endpointing()
    language: str | None = None

    def milliseconds(self, heard: Heard) -> int:
        """How long the caller may be silent now."""
        if self.plan.by_model:
            return 0
        wished = max(self._wished(heard), self._by_sound(heard))
        return max(self.plan.min_ms, min(wished, self.plan.max_ms))

    def _by_sound(self, heard: Heard) -> int:
        """What a voice that wants to go on is given at least. It only ever adds: one that sounds
        finished may still be between two digits. A question that is written down is one."""
        asks = heard.complete and _QUESTION.search(heard.caller.strip())
        if heard.finished is None or asks or heard.acknowledges:
            return 0
        if heard.finished < GOES_ON_BELOW:
            return UNFINISHED_MS
        return DOUBTFUL_MS if heard.finished < DOUBT_BELOW else 0

    def _wished(self, heard: Heard) -> int:
        words = _words_of(self.language)
        if heard.in_menu and not (heard.complete and _QUESTION.search(heard.caller.strip())):
            return MENU_MS
        wanted = words.wanted(heard.agent)
        if wanted is Wanted.ANYTHING:
            wanted = words.wanted(heard.caller)
        if not heard.complete:
            usual = words.before_words[wanted] or self.plan.min_ms + UNHEARD_MS
            dictating = words.dictating(heard.caller.strip(), wanted, self.plan.min_ms) or 0
            return max(usual, dictating, _rhythm(heard))
        judged = words.judge(heard.caller.strip(), wanted, heard.acknowledges, self.plan.min_ms)
        return max(self.plan.min_ms + UNMARKED_MS, _rhythm(heard)) if judged is None else judged


_NOTHING_KNOWN: Final = Lists("", "", "", "", "", "", "", "")


class _Words:
    """The words of one language."""

    before_words: Final = {
        Wanted.ANYTHING: None,
        Wanted.NUMBER: READING_OUT_MS,
        Wanted.EMAIL: ADDRESS_MS,
        Wanted.NAME: NAME_MS,
    }

    def __init__(self, lists: Lists | None) -> None:
        known = lists or _NOTHING_KNOWN
        self._unspaced = known.unspaced
        self._leading_on = _entries(known.leading_on) | _entries(HESITATING)
        self._rarely_last = _entries(known.rarely_last)
        self._digits = _entries(known.digits)
        self._dots, self._ats = _entries(known.dot), _entries(known.at)
        self._asking = {
            Wanted.EMAIL: _any_of(known.email, whole_words=not known.unspaced),
            Wanted.NUMBER: _any_of(known.number, whole_words=not known.unspaced),
            Wanted.NAME: _any_of(known.name, whole_words=not known.unspaced),
        }

    def wanted(self, text: str) -> Wanted:
        """What the last sentence of a text asks for, or announces."""
        sentences = [part for part in _SENTENCES.split(text.strip()) if part]
        last = sentences[-1].casefold() if sentences else ""
        found = (wanted for wanted, phrases in self._asking.items() if phrases.search(last))
        return next(found, Wanted.ANYTHING)

    def judge(self, text: str, wanted: Wanted, acknowledges: bool, least: int) -> int | None:
        """The patience for words that are known; None: they tell nothing."""
        tokens = _tokens(text)
        if not tokens or (acknowledges and wanted is not Wanted.ANYTHING):
            return LEADING_ON_MS  # "sure", and the number is yet to come
        ended = _is_sentence(text)
        answered = ended and len(tokens) >= _SENTENCE_WORDS
        if (dictating := self.dictating(text, wanted, least)) is not None:
            return dictating
        if self._leads_on(text, tokens, ended):
            return LEADING_ON_MS
        if wanted is Wanted.NUMBER and not answered:
            return LEADING_ON_MS
        if wanted is Wanted.NAME and not answered:
            return NAME_MS
        return least if ended else None

    def dictating(self, text: str, wanted: Wanted, least: int) -> int | None:
        """The patience for an address, a number or a word that is spelt; None: it is none."""
        tokens = _tokens(text)
        if not tokens:
            return None
        answered = _is_sentence(text) and len(tokens) >= _SENTENCE_WORDS
        if self._is_address(text, tokens, wanted) and not (answered and not self._has_sign(tokens)):
            return self._address(text, tokens, least)
        if (digits := self._reading_out(tokens, wanted)) is not None:
            return LONG_NUMBER_MS if digits >= _LONG_NUMBER else READING_OUT_MS
        return SPELLING_MS if self._is_spelling(text, tokens) else None

    # --- e-mail addresses

    def _is_address(self, text: str, tokens: list[str], wanted: Wanted) -> bool:
        at, dot = self._ats.intersection(tokens), self._dots.intersection(tokens)
        said = (at and dot) or at - _ALSO_PREPOSITIONS or "dot" in dot or _SIGNS & {*tokens}
        return wanted is Wanted.EMAIL or bool(said) or bool(_ADDRESS.search(text))

    def _has_sign(self, tokens: list[str]) -> bool:
        return any("@" in token or token in self._ats | self._dots | _SIGNS for token in tokens)

    def _address(self, text: str, tokens: list[str], least: int) -> int:
        spoken = len(tokens) > 2 and tokens[-2] in self._dots and 2 <= len(tokens[-1]) <= 6
        at = next((index for index, token in enumerate(tokens) if token in self._ats), None)
        if _WHOLE_ADDRESS.search(text.casefold()) or (spoken and at is not None):
            return least + UNMARKED_MS
        return ADDRESS_MS

    # --- numbers, and words that are spelt

    def _reading_out(self, tokens: list[str], wanted: Wanted) -> int | None:
        """How many digits the number has so far that is being read out; None if none is."""
        groups = 0
        digits = 0
        for token in reversed(tokens):
            figures = sum(char.isnumeric() for char in token)
            if not figures and token not in self._digits:
                break
            groups += 1
            digits += figures or 1
        if not groups:
            return None
        return digits if wanted is Wanted.NUMBER or groups >= 3 or digits >= 5 else None

    def _is_spelling(self, text: str, tokens: list[str]) -> bool:
        letters = [token for token in tokens[-2:] if _LETTER.fullmatch(token)]
        spelt = re.fullmatch(r"(?:[^\W\d_][.-])+[^\W\d_]", tokens[-1])
        return len(letters) == 2 or bool(spelt) or bool(_AS_IN.search(text.casefold()))

    # --- sentences that lead on

    def _leads_on(self, text: str, tokens: list[str], ended: bool) -> bool:
        if _TRAILING_OFF.search(text):
            return True
        if _QUESTION.search(text):
            return False
        plain = text.casefold().rstrip(".!。！ ")
        endings = self._leading_on if ended else self._leading_on | self._rarely_last
        if self._unspaced:
            return any(plain.endswith(ending) for ending in endings)
        return any(" ".join(tokens[-n:]) in endings for n in (1, 2, 3))


def _rhythm(heard: Heard) -> int:
    """The patience with somebody who has paused before."""
    return heard.paused_ms + RHYTHM_MS if heard.paused_ms else 0


def _tokens(text: str) -> list[str]:
    return [token.casefold() for token in _WORD.findall(text)]


def _is_sentence(text: str) -> bool:
    """Whether it ends like one."""
    return bool(_END.search(text)) and not text.endswith(("...", "…"))


def _entries(text: str) -> frozenset[str]:
    return frozenset(entry.strip() for entry in text.split(",")) - {""}


def _any_of(text: str, *, whole_words: bool) -> re.Pattern[str]:
    """Finds one of the entries; without any, nothing."""
    entries = "|".join(re.escape(entry) for entry in sorted(_entries(text))) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{entries})(?!\w)" if whole_words else entries)


@cache
def _words_of(language: str | None) -> _Words:
    return _Words(LANGUAGES.get(primary(language)) if language else None)
