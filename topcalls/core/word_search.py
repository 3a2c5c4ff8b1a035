"""Texts found by words in them, in any case and any script."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def sought(text: str) -> tuple[str, ...]:
    """The words that are looked for, each once."""
    return tuple(dict.fromkeys(text.casefold().split()))


def holds(texts: Iterable[str], words: Sequence[str]) -> bool:
    """Whether each of these words stands in one of the texts, if only as a part of another word.

    `words` are `sought`; without any, every text is what was looked for.
    """
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words)
