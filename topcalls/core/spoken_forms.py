"""What a voice is given to say where a text holds figures, or words that are said otherwise.

A transcript keeps the text as it is written. So that what was heard of it can be told, a text is
read in pieces that know both: what is written, and what is said for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from topcalls.core.figures import figures_of
from topcalls.core.pronunciation import Pronunciation, matcher

_CLOSING = ".,;:!?…)]}\"'”’»"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and what is said for it."""

    written: str
    spoken: str

    @property
    def is_plain(self) -> bool:
        """It is said as it is written."""
        return self.written == self.spoken


class SpokenForms:
    """Reads texts of one language. `tag` None: figures are left to the voice."""

    def __init__(
        self, tag: str | None = None, pronunciations: Sequence[Pronunciation] = ()
    ) -> None:
        self._says = {entry.word.lower(): entry.say for entry in pronunciations if entry.say}
        self._words = matcher(pronunciations)
        self._figures = figures_of(tag) if tag else None

    def read(self, text: str) -> Reading:
        """The text in its pieces, which together are the text."""
        pieces: list[Piece] = []
        for piece in self._said_otherwise(text):
            pieces += self._with_figures(piece.written) if piece.is_plain else [piece]
        return Reading(tuple(pieces))

    def _said_otherwise(self, text: str) -> Iterator[Piece]:
        matches = self._words.finditer(text) if self._words else ()
        said = ((match, self._says.get(match.group().lower())) for match in matches)
        return _cut(text, ((m.start(), m.end(), word or m.group()) for m, word in said))

    def _with_figures(self, text: str) -> Iterator[Piece]:
        return _cut(text, self._figures.found(text) if self._figures else iter(()))


def _cut(text: str, found: Iterator[tuple[int, int, str]]) -> Iterator[Piece]:
    """The text with what was found in it said otherwise. The marks that follow a figure go with
    it, so that they are told with it too."""
    at = 0
    ahead = list(found)
    for index, (start, end, said) in enumerate(ahead):
        if start > at:
            yield Piece(text[at:start], text[at:start])
        following = ahead[index + 1][0] if index + 1 < len(ahead) else len(text)
        at = end
        while at < following and text[at] in _CLOSING:
            at += 1
        yield Piece(text[start:at], said + text[end:at])
    if at < len(text):
        yield Piece(text[at:], text[at:])


class Reading:
    """A text that is being said: what is written where so much of it was spoken.

    Only letters and digits count: who speaks may lay out and punctuate otherwise.
    """

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        self.pieces = pieces
        self._left = list(pieces)
        self._done = 0  # letters spoken of the first piece left

    @property
    def spoken(self) -> str:
        """What the voice is given."""
        return "".join(piece.spoken for piece in self.pieces)

    @property
    def written(self) -> str:
        """The text."""
        return "".join(piece.written for piece in self.pieces)

    @property
    def is_plain(self) -> bool:
        """It is said as it is written."""
        return all(piece.is_plain for piece in self.pieces)

    def take(self, words: str) -> str:
        """The next part of the written text, for the next spoken words. A figure is told with its
        first sound."""
        count, told = _letters(words), ""
        while self._left and (count > 0 or _letters(self._left[0].spoken) == 0):
            piece = self._left[0]
            size = _letters(piece.spoken)
            step = min(count, size - self._done)
            if piece.is_plain:
                told += _between(piece.written, self._done, self._done + step)
            elif self._done == 0:
                told += piece.written
            self._done += step
            count -= step
            if self._done >= size:
                self._left.pop(0)
                self._done = 0
        return told


class Echo:
    """An exact text, from what a model says that it said: as written, for as long as it keeps to
    the words that it was given."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._expected = _sounds(reading.spoken)
        self._heard = 0
        self._strayed = False

    def delta(self, text: str) -> str:
        """The written words for a further piece of its transcript."""
        sounds = _sounds(text)
        end = self._heard + len(sounds)
        self._strayed = self._strayed or self._expected[self._heard : end] != sounds
        self._heard = end
        return text if self._strayed else self._reading.take(text)

    def whole(self, text: str) -> str:
        """The same for all of its transcript."""
        return self._reading.written if _sounds(text) == self._expected else text


def _sounds(text: str) -> str:
    return "".join(char for char in text if char.isalnum()).casefold()


def _letters(text: str) -> int:
    return sum(char.isalnum() for char in text)


def _between(text: str, start: int, end: int) -> str:
    """The part that holds these of its letters; what stands between letters goes with the one
    before, and at the beginning with the first."""
    seen, kept = 0, []
    for char in text:
        if char.isalnum():
            seen += 1
            if seen > end:
                break
        if seen > start or start == 0:
            kept.append(char)
    return "".join(kept)
