"""When, within an utterance, each word is spoken: estimated from its pauses and word lengths."""

from __future__ import annotations

import re

import numpy as np

_SHORTEST_PAUSE = 2


def word_spans(text: str, voiced: np.ndarray) -> list[tuple[str, int, int]]:
    """(word, first block, block after the last) for every word; `voiced` tells of each block.

    Punctuation is taken for the longest pauses. Between pauses a word takes time by its letters.
    """
    for marks in (r"(?<=[.,;:!?])\s+", r"(?<=[.!?])\s+"):
        phrases = re.split(marks, text.strip())
        pauses = _longest_pauses(voiced, len(phrases) - 1)
        if pauses is not None:
            break
    else:
        phrases, pauses = [text], []
    bounds = [0, *pauses, len(voiced)]
    spans: list[tuple[str, int, int]] = []
    for phrase, begin, end in zip(phrases, bounds[:-1], bounds[1:], strict=True):
        spans += _spread(phrase.split(), voiced, begin, end)
    return spans


def _longest_pauses(voiced: np.ndarray, count: int) -> list[int] | None:
    """The middles of the `count` longest pauses, in order; None if there are fewer."""
    padded = np.concatenate(([True], voiced, [True])).astype(int)
    begins, ends = np.flatnonzero(np.diff(padded) < 0), np.flatnonzero(np.diff(padded) > 0)
    inner = [
        (end - begin, (begin + end) // 2)
        for begin, end in zip(begins, ends, strict=True)
        if begin > 0 and end < len(voiced) and end - begin >= _SHORTEST_PAUSE
    ]
    if len(inner) < count:
        return None
    return sorted(int(middle) for _, middle in sorted(inner, reverse=True)[:count])


def _spread(
    words: list[str], voiced: np.ndarray, begin: int, end: int
) -> list[tuple[str, int, int]]:
    """Words of one phrase over its voiced blocks."""
    blocks = begin + np.flatnonzero(voiced[begin:end])
    if not words or not len(blocks):
        return [(word, begin, end) for word in words]
    ends = np.cumsum([len(word) + 1 for word in words])
    places = np.concatenate(([0], ends)) * len(blocks) / ends[-1]
    spans = []
    for word, first, last in zip(words, places[:-1], places[1:], strict=True):
        start = min(int(first), len(blocks) - 1)
        stop = min(max(start, round(float(last)) - 1), len(blocks) - 1)
        spans.append((word, int(blocks[start]), int(blocks[stop]) + 1))
    return spans
