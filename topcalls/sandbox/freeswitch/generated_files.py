"""Files that the controllers write for the switch, read as it reads them: variables of its own are
replaced first, then comes the XML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from topcalls.log import get_logger

_VARIABLE = re.compile(r"\$\$\{[^}]*\}")

log = get_logger("sandbox.files")


def elements(directory: Path | None, tag: str) -> Iterator[ElementTree.Element]:
    """Every element of that name in the files of a directory. A file that is broken is left out."""
    if directory is None or not directory.is_dir():
        return
    for path in sorted(directory.glob("*.xml")):
        try:
            text = _VARIABLE.sub("", path.read_text(encoding="utf-8"))
            root = ElementTree.fromstring(text)
        except (OSError, ElementTree.ParseError) as error:
            log.error("A generated file cannot be read", file=str(path), why=str(error))
            continue
        yield from root.iter(tag)


def pairs(element: ElementTree.Element, tag: str) -> dict[str, str]:
    """The names and values of `<param/>` or `<variable/>` below an element."""
    return {item.get("name", ""): item.get("value", "") for item in element.iter(tag)}
