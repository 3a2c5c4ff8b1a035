"""HTML, by trafilatura: what a page says, without what stands around it."""

from __future__ import annotations

import logging
from typing import Any

from topcalls.core.knowledge import Failure
from topcalls.documents.plain import markdown_sections
from topcalls.documents.reading import DocumentFault, Reading

try:
    import lxml.html
    import trafilatura
except ImportError:  # the extra is not installed
    trafilatura = None  # type: ignore[assignment]


def read_html(data: bytes, *, is_page: bool = False) -> Reading:
    """The text under its headings. `is_page`: of the web; its author may forbid its use in it, or
    that of its links."""
    if trafilatura is None:
        raise DocumentFault(Failure.READER_MISSING, "trafilatura")
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    try:
        tree = trafilatura.load_html(data)
        if tree is None:
            raise DocumentFault(Failure.EMPTY)
        rules = _rules(tree) if is_page else set()
        if rules & {"noindex", "none"}:
            raise DocumentFault(Failure.ROBOTS, "The page says so itself.")
        links = () if rules & {"nofollow", "none"} or not is_page else _links(tree)
        title = " ".join(tree.findtext(".//title", default="").split())
        text = trafilatura.extract(
            tree,
            output_format="markdown",
            include_tables=True,
            deduplicate=False,
        )
    except DocumentFault:
        raise
    except (MemoryError, RecursionError):
        raise DocumentFault(Failure.TOO_SLOW) from None
    except Exception as error:  # noqa: BLE001 - a damaged page fails in as many ways as there are
        raise DocumentFault(Failure.BROKEN, type(error).__name__) from None
    sections = tuple(markdown_sections(text or "", has_lines=False))
    return Reading(title, sections, links=links)


def _rules(tree: Any) -> set[str]:
    """What the page tells robots."""
    told = tree.xpath("//meta[translate(@name,'ROBTS','robts')='robots']/@content")
    return {word.strip().lower() for text in told for word in str(text).split(",")}


def _links(tree: lxml.html.HtmlElement) -> tuple[str, ...]:
    base = tree.xpath("string(//base/@href)")
    found = (
        str(link.get("href"))
        for link in tree.iter("a")
        if link.get("href") and "nofollow" not in (link.get("rel") or "")
    )
    links = tuple(dict.fromkeys(found))
    return tuple(f"{base}{link}" if base and "://" not in link else link for link in links)
