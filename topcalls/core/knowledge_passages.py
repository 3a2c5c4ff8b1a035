"""Cutting documents into passages: pieces that answer a question alone, and not much more.

A passage never crosses a heading or a page, ends between paragraphs where it can and between
sentences where it must. The same document is cut alike every time: work that was interrupted goes
on where it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from topcalls.core.knowledge import Draft, Place, Row, Section, tokens_of

TARGET = 180
"""Tokens of a passage: about what is said in half a minute."""

LONGEST = 260
"""No passage has more tokens."""

SHORTEST = 30
"""What is shorter joins the passage before it, where there is room."""

MOST_FIELD = 2_000
"""Characters of one field of a row that are kept."""

_BLANK = re.compile(r"\n[ \t]*\n+")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"')\]]*\s+|(?<=[。！？])")  # noqa: RUF001 - CJK's full stops


@dataclass(frozen=True)
class _Piece:
    text: str
    first: int  # line
    last: int
    begins_paragraph: bool

    @property
    def size(self) -> int:
        return tokens_of(self.text)


def passages_of(sections: Iterable[Section]) -> Iterator[Draft]:
    """The passages of a text, in order."""
    for section in sections:
        yield from _passages(section)


def rows_as_passages(rows: Iterable[Row]) -> Iterator[Draft]:
    """A passage for each row: its fields by name; more than one where a row is long."""
    for row in rows:
        place = Place(row=row.number)
        lines = [f"{name}: {value[:MOST_FIELD]}" for name, value in row.fields.items() if value]
        for text in _packed_lines(lines):
            yield Draft(text, place=place, fields=row.fields)


def _packed_lines(lines: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for part in (part for line in lines for part in _words_packed(line)):
        if held and size + tokens_of(part) > LONGEST:
            yield "\n".join(held)
            held, size = [], 0
        held.append(part)
        size += tokens_of(part) + 1
    if held:
        yield "\n".join(held)


def _passages(section: Section) -> Iterator[Draft]:
    groups: list[list[_Piece]] = []
    for piece in _pieces(section):
        if groups and _fits(groups[-1], piece):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    if len(groups) > 1 and _size(groups[-1]) < SHORTEST:
        tail = groups[-1]
        if _size(groups[-2]) + _size(tail) <= LONGEST:
            groups[-2:] = [groups[-2] + tail]
    for group in groups:
        lines = (group[0].first, group[-1].last) if section.line else None
        place = Place(section.page, lines)
        yield Draft(_joined(group), section.heading, place)


def _fits(group: list[_Piece], piece: _Piece) -> bool:
    size = _size(group)
    if size < SHORTEST:
        return size + piece.size <= LONGEST
    return size + piece.size <= TARGET


def _size(group: list[_Piece]) -> int:
    return sum(piece.size for piece in group)


def _joined(group: list[_Piece]) -> str:
    text = group[0].text
    for piece in group[1:]:
        text += ("\n" if piece.begins_paragraph else " ") + piece.text
    return text


def _pieces(section: Section) -> Iterator[_Piece]:
    """Paragraphs; where one is too long, its sentences; where one is too long, its words."""
    at = 0
    for paragraph in [*_BLANK.split(section.text)]:
        found = section.text.index(paragraph, at) if paragraph else at
        at = found + len(paragraph)
        if not paragraph.strip():
            continue
        found += len(paragraph) - len(paragraph.lstrip())
        first = section.line + section.text.count("\n", 0, found)
        whole = _one_line(paragraph)
        if tokens_of(whole) <= TARGET:
            last = first + paragraph.strip().count("\n")
            yield _Piece(whole, first, last, True)
        else:
            yield from _sentences(paragraph.strip(), first)


def _sentences(paragraph: str, line: int) -> Iterator[_Piece]:
    begins = True
    at = 0
    for sentence in _SENTENCE.split(paragraph):
        if not sentence or not sentence.strip():
            continue
        found = paragraph.index(sentence, at)
        at = found + len(sentence)
        first = line + paragraph.count("\n", 0, found)
        last = first + sentence.count("\n")
        for text in _words_packed(_one_line(sentence)):
            yield _Piece(text, first, last, begins)
            begins = False


def _words_packed(text: str) -> Iterator[str]:
    """`text` in parts of at most `TARGET` tokens, cut between words, or within one that has no
    end."""
    if tokens_of(text) <= TARGET:
        yield text
        return
    held = ""
    for word in text.split(" "):
        for part in _parts(word):
            if held and tokens_of(f"{held} {part}") > TARGET:
                yield held
                held = part
            else:
                held = f"{held} {part}" if held else part
    if held:
        yield held


def _parts(word: str) -> Iterator[str]:
    if tokens_of(word) <= TARGET:
        yield word
        return
    step = TARGET  # of characters of up to four bytes
    for at in range(0, len(word), step):
        yield word[at : at + step]


def _one_line(text: str) -> str:
    return " ".join(text.split())
