"""Plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from topcalls.core.knowledge import Section
from topcalls.documents.reading import Reading

ABOVE = " > "
"""Stands between the headings of a section."""

_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"\s{0,3}(```|~~~)")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def decoded(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, or else in the code page that Windows used in the West."""
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_text(data: bytes) -> Reading:
    """Plain text: one section."""
    return Reading(sections=(Section(decoded(data)),))


def read_markdown(data: bytes) -> Reading:
    """Markdown: a section for each heading, named by it and those above it."""
    sections = tuple(markdown_sections(decoded(data)))
    tops = {section.heading.partition(ABOVE)[0] for section in sections}
    return Reading(tops.pop() if len(tops) == 1 else "", sections)


def markdown_sections(text: str, *, has_lines: bool = True) -> Iterator[Section]:
    """Sections of Markdown. Without `has_lines` their lines mean nothing to a reader."""
    path: dict[int, str] = {}
    lines: list[str] = []
    first, fenced = 1, False
    for number, line in enumerate(text.split("\n"), 1):
        fenced ^= bool(_FENCE.match(line))
        found = None if fenced else _HEADING.match(line)
        if found is None:
            lines.append(line)
            continue
        yield from _section(lines, path, first if has_lines else 0)
        depth = len(found[1])
        path = {level: name for level, name in path.items() if level < depth}
        path[depth] = found[2]
        lines, first = [], number + 1
    yield from _section(lines, path, first if has_lines else 0)


def _section(lines: list[str], path: dict[int, str], first: int) -> Iterator[Section]:
    text = "\n".join(lines)
    if text.strip():
        heading = ABOVE.join(path[level] for level in sorted(path))
        yield Section(text, heading, line=first)
