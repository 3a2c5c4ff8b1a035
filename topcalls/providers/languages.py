"""BCP 47 tags as vendors spell languages."""

from __future__ import annotations

from collections.abc import Container

_SPELT = {"nb": "no", "nn": "no", "fil": "tl", "iw": "he", "in": "id"}


def language_code(tag: str | None) -> str:
    """The language without its region; "" for none."""
    primary = (tag or "").partition("-")[0].lower()
    return _SPELT.get(primary, primary)


def with_known_region(tag: str | None, regional: Container[str]) -> str:
    """The whole tag where the vendor knows it, else the language alone; "" for none."""
    return tag if tag and tag in regional else language_code(tag)
