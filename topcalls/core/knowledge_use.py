"""How a call uses knowledge bases: which, when, and how much of them the model is told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from topcalls.core.knowledge import MOST_PER_CALL, Hit, SearchResult
from topcalls.core.suggestions import did_you_mean
from topcalls.core.tools import ToolSpec
from topcalls.errors import FieldError

KnowledgeBook = Callable[[Collection[str]], Sequence[str]]
"""Tells which of these ids are no bases of the account."""

DEFAULT_TOKENS = 1_500
TOKENS = (200, 8_000)
LONGEST_QUESTION = 500
MOST_NAMED_FIELDS = 40
TOOL: Final = "search_knowledge"


@dataclass(frozen=True)
class KnowledgeUse:
    """`at_start`: passages that fit the task are told before the first word. `per_turn`: those that
    fit what the other person says are told with it. `max_tokens`: of all passages that one search
    tells."""

    at_start: bool = True
    per_turn: bool = False
    max_tokens: int = DEFAULT_TOKENS


@dataclass(frozen=True)
class KnowledgePlan:
    """What is looked up in a conversation without the model's asking: `start_query` before the
    first word ("": nothing), and with `per_turn` what the other person says."""

    start_query: str = ""
    per_turn: bool = False
    max_tokens: int = DEFAULT_TOKENS


LookUp = Callable[[str], SearchResult]
"""Finds what fits a text in the bases of a call. May block its greenlet; whatever it raises, there
is nothing."""


@dataclass(frozen=True)
class BaseOutline:
    """What the model is told of a base: its name, what it is about, and the fields of its rows."""

    name: str
    description: str = ""
    fields: tuple[str, ...] = ()


def knowledge_faults(body: Mapping[str, Any], book: KnowledgeBook | None) -> Iterator[FieldError]:
    """What is wrong with the knowledge of a call. Without a `book` no base is looked for."""
    ids = body.get("knowledge_base_ids", ())
    if not isinstance(ids, list | tuple) or any(not isinstance(item, str) for item in ids):
        yield FieldError("knowledge_base_ids", "Must be a list of ids.", "invalid_type")
    elif len(ids) > MOST_PER_CALL:
        message = f"Must be at most {MOST_PER_CALL}. Put sources together in one base."
        yield FieldError("knowledge_base_ids", message, "too_many")
    else:
        missing = set(book(ids)) if book is not None and ids else set()
        for index, item in enumerate(ids):
            path = f"knowledge_base_ids.{index}"
            if item in missing:
                yield FieldError(path, "Is no knowledge base of this account.", "unknown")
            elif ids.index(item) != index:
                yield FieldError(path, "Is listed twice.", "duplicate")
    yield from _use_faults(body.get("knowledge", {}))


def _use_faults(section: Any) -> Iterator[FieldError]:
    if isinstance(section, KnowledgeUse):
        section = vars(section)
    if not isinstance(section, Mapping):
        yield FieldError("knowledge", "Must be an object.", "invalid_type")
        return
    known = tuple(item.name for item in fields(KnowledgeUse))
    least, most = TOKENS
    for name, value in section.items():
        path = f"knowledge.{name}"
        if name not in known:
            message = f"Is not a field of knowledge.{did_you_mean(name, known)}"
            yield FieldError(path, message, "unknown")
        elif value is None:
            continue
        elif name != "max_tokens":
            if not isinstance(value, bool):
                yield FieldError(path, "Must be true or false.", "invalid_type")
        elif isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            yield FieldError(path, f"Must be a whole number from {least} to {most}.", "range")


def tool_spec(bases: Iterable[BaseOutline]) -> ToolSpec:
    """What the model is told of the search."""
    outlines = list(bases)
    about = "; ".join(
        f"{base.name}: {base.description}" if base.description else base.name for base in outlines
    )
    names = list(dict.fromkeys(name for base in outlines for name in base.fields))
    properties: dict[str, Any] = {
        "query": {
            "type": "string",
            "maxLength": LONGEST_QUESTION,
            "description": "What you want to know, as a short question or in key words, in the "
            "language of the knowledge.",
        }
    }
    if names:
        properties["fields"] = {
            "type": "object",
            "properties": {name: {"type": "string"} for name in names[:MOST_NAMED_FIELDS]},
            "additionalProperties": False,
            "description": "Exact values that you know, such as a number or a name, to find the "
            "one entry that has them.",
        }
    return ToolSpec(
        TOOL,
        "Look something up in what your side knows. Use it before you answer a question whose "
        "answer you have not been told, and say nothing that it does not tell."
        + (f" There is: {about}" if about else ""),
        {
            "type": "object",
            "properties": properties,
            "required": ["query"],
            "additionalProperties": False,
        },
    )


def plan_of(
    base_ids: Collection[str], use: KnowledgeUse, task: str, first_sentence: str | None
) -> KnowledgePlan:
    """What is looked up in a call with these bases by itself."""
    if not base_ids:
        return KnowledgePlan()
    query = f"{task}\n{first_sentence or ''}".strip() if use.at_start else ""
    return KnowledgePlan(query, use.per_turn, use.max_tokens)


def told(hits: Iterable[Hit]) -> str:
    """Passages as the model reads them: data, each with where it comes from."""
    return "\n\n".join(f"[{_source(hit)}]\n{hit.text}" for hit in hits)


def _source(hit: Hit) -> str:
    parts = [hit.title, hit.heading]
    if hit.place.page is not None:
        parts.append(f"page {hit.place.page}")
    if hit.place.row is not None:
        parts.append(f"row {hit.place.row}")
    return " · ".join(" ".join(part.split()) for part in parts if part)
