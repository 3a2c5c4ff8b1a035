"""From several lists of candidates to the passages that are told: fused, and within a budget."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import TypeVar

from topcalls.core.knowledge import Hit, tokens_of

Key = TypeVar("Key", bound=Hashable)

SMOOTHING = 60
"""The constant of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)."""

LEAST_SHARE = 0.6
SURE = 1
"""See `telling`; measured by `benchmarks/knowledge.py`."""

OVERHEAD = 20
"""Tokens that naming its source adds to a passage."""


def fused(lists: Iterable[Sequence[Key]]) -> list[tuple[Key, float]]:
    """Everything in these rankings, best first, with its score: each list votes by rank alone, so
    that their own scores need not be comparable."""
    scores: dict[Key, float] = {}
    for ranking in lists:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (SMOOTHING + rank)
    return sorted(scores.items(), key=lambda item: -item[1])


def telling(found: Sequence[tuple[Key, frozenset[str]]], terms: Collection[str]) -> list[Key]:
    """Those of a ranking by words that may vote beside one by meaning: the best, and all that hold
    most of the question's terms. A passage that shares a word with a question in other words than
    its own tells nothing."""
    least = LEAST_SHARE * len(terms)
    return [key for place, (key, held) in enumerate(found) if place < SURE or len(held) >= least]


def within(hits: Iterable[Hit], budget: int, limit: int) -> list[Hit]:
    """The best `limit` hits whose texts together have at most `budget` tokens. What says the same
    as one before it is left out, and one that is too long makes room for those after it."""
    taken: list[Hit] = []
    seen: set[str] = set()
    left = budget
    for hit in hits:
        meaning = "".join(hit.text.casefold().split())
        cost = tokens_of(hit.text) + OVERHEAD
        if meaning in seen or cost > left:
            continue
        seen.add(meaning)
        taken.append(hit)
        left -= cost
        if len(taken) == limit:
            break
    return taken
