"""Text that arrives in pieces, cut where a voice may take a breath.

The first piece of a reply is cut early, at the end of its first clause, because the caller hears
nothing until it is spoken; later ones are whole sentences, which sound better. Joined, the pieces
are the text that came in, but for its white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

FIRST_WORDS: Final = 3  # fewer are no clause: "Well," alone sounds cut off
LONGEST: Final = 160  # characters without an end of sentence: then a comma, or a space, will do

_WIDE_END = "。！？…؟।"
_SENTENCE: Final = re.compile(rf"[.!?…]+[\"'”’)\]]*(?=\s)|[{_WIDE_END}]+[”’」』)]*|\n+")
_CLAUSE: Final = re.compile(r"[,;:–—](?=\s)|[，、；：]")
_WORD: Final = re.compile(r"\w+")
_ABBREVIATION: Final = re.compile(
    r"(?:^|\s)(?:mr|mrs|ms|dr|prof|st|no|vs|etc|approx|e\.g|i\.e|[ap]\.m|z\.b|bzw|nr|tel|str|ca"
    r"|inc|ltd|[a-z]|\d+)\.$",
    re.IGNORECASE,
)
_MARKUP: Final = re.compile(r"\*\*|__|`+|^#{1,6}\s+|^\s*[-*]\s+(?=\S)", re.MULTILINE)


def speakable(text: str) -> str:
    """`text` without the marks that a model writes for eyes: emphasis, headings, bullets."""
    return _MARKUP.sub("", text)


@dataclass
class ClauseSplitter:
    """Cuts one reply. Feed it what comes, speak what it gives, and `flush` at the end."""

    first_words: int = FIRST_WORDS
    longest: int = LONGEST
    _rest: str = ""
    _given: int = field(default=0)

    def feed(self, text: str) -> list[str]:
        """More text; what can be spoken now, in order."""
        self._rest += text
        return list(self._cuts())

    def flush(self) -> list[str]:
        """The text is complete: all that is left."""
        rest, self._rest = speakable(self._rest).strip(), ""
        return [rest] if _WORD.search(rest) else []

    def _cuts(self) -> Iterator[str]:
        while (end := self._end()) is not None:
            piece = speakable(self._rest[:end]).strip()
            self._rest = self._rest[end:]
            if _WORD.search(piece):
                self._given += 1
                yield piece

    def _end(self) -> int | None:
        for found in _SENTENCE.finditer(self._rest):
            if not self._is_abbreviation(found):
                return self._first_clause(found.end()) or found.end()
        return self._first_clause(len(self._rest)) or self._too_long()

    def _is_abbreviation(self, found: re.Match[str]) -> bool:
        """Whether a full stop belongs to a title, an initial or a number: Dr. Miller, 3. May."""
        return found.group() == "." and bool(_ABBREVIATION.search(self._rest[: found.end()]))

    def _first_clause(self, limit: int) -> int | None:
        """Where the first clause of the reply ends, before `limit`."""
        if self._given:
            return None
        for found in _CLAUSE.finditer(self._rest, 0, limit):
            if len(_WORD.findall(self._rest, 0, found.end())) >= self.first_words:
                return found.end()
        return None

    def _too_long(self) -> int | None:
        if len(self._rest) <= self.longest:
            return None
        clauses = [found.end() for found in _CLAUSE.finditer(self._rest, 0, self.longest)]
        space = self._rest.rfind(" ", 0, self.longest)
        return clauses[-1] if clauses else (space if space > 0 else self.longest)
