"""Which passages an answer rests on.

A model does not say where it has something from. What it says shows it: an answer that repeats the
figures, or several of the rarer words, of a passage that it was given shortly before rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from topcalls.core.knowledge_terms import DEFAULT_LANGUAGE, query_terms, terms_of

Citations = dict[int, list[dict[str, Any]]]
"""By the id of a turn of the agent: the passages that it rests on, each a `Hit.cited()`."""

Trigger = Literal["start", "turn", "tool"]
TRIGGERS = ("start", "turn", "tool")

LEAST_SHARED = 2
LEAST_SHARE = 0.25
"""An answer rests on a passage that holds so many of its terms, or this part of them, a figure
counting as two."""


@dataclass(frozen=True)
class Lookup:
    """What was looked up in a call, and what was found: `passages` are `Hit.cited()` with `text`.
    `at_ms` is when the model was given them, in milliseconds since the answer; `took_ms` how long
    they were looked for. `method`: `hybrid` or `full_text`."""

    trigger: Trigger
    query: str
    at_ms: int
    took_ms: int
    method: str
    passages: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Said:
    """A turn of the transcript."""

    id: int
    is_agent: bool
    text: str
    started_ms: int


def cited(
    turns: Sequence[Said], lookups: Iterable[Lookup], language: str | None = None
) -> Citations:
    """What the agent's turns rest on, of the passages that it had been given."""
    tag = (language or DEFAULT_LANGUAGE).lower().split("-")[0]
    known = sorted(lookups, key=lambda lookup: lookup.at_ms)
    found: Citations = {}
    for turn in turns:
        if not turn.is_agent:
            continue
        given = [item for look in known if look.at_ms <= turn.started_ms for item in look.passages]
        resting = [item for item in _once(given) if _rests(turn.text, str(item["text"]), tag)]
        if resting:
            found[turn.id] = [_without_text(item) for item in resting]
    return found


def described(citation: Mapping[str, Any]) -> str:
    """A citation in words, for people: title, heading, place and address, as far as it has them."""
    place = citation["page"] and f"page {citation['page']}"
    if citation["row"] is not None:
        place = f"row {citation['row']}"
    elif not place and citation["line_from"] is not None:
        place = f"lines {citation['line_from']}-{citation['line_to']}"
    parts = (citation["title"], citation["heading"], place, citation["url"])
    return ", ".join(" ".join(str(part).split()) for part in parts if part)


def _once(passages: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({(item["document_id"], item["passage"]): item for item in passages}.values())


def _rests(said: str, passage: str, language: str) -> bool:
    wanted = query_terms(said, [language])
    there = set(terms_of(passage, language))
    weights = {term: 2 if any(char.isdigit() for char in term) else 1 for term in wanted}
    shared = sum(weight for term, weight in weights.items() if term in there)
    return shared >= LEAST_SHARED and shared >= LEAST_SHARE * sum(weights.values())


def _without_text(item: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "text"}
