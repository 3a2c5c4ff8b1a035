"""Which disposition a call gets by its `outcome_mapping`: the first rule that matches wins.

A condition compares one field with one value, or joins conditions by `all` and `any`. A field is a
name in the analysis (`agreed`, `address.city`, `objections.0`), or `call.` and a fact of the call.
What is null or missing is null: it equals null and nothing else, and is neither more nor less than
anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from topcalls.core.strict_nodes import same

FACTS: Final = {
    "status": "`status` of the call.",
    "call_status": "`call_status` of the call.",
    "direction": "`outbound` or `inbound`.",
    "answered_by": "What answered it.",
    "end_reason": "Why it ended.",
    "ended_by": "Who ended it.",
    "duration": "Minutes talked.",
    "transferred": "It was handed over to a person.",
    "sentiment": "The caller's mood over the whole call, where it was judged.",
    "success": "The call reached what it was for, where that was judged.",
}
"""What `call.` may be followed by."""

CALL: Final = "call"


class Decision(NamedTuple):
    """`rule` is the index of the rule that matched; None where none did."""

    disposition: str | None
    rule: int | None


def decide(rules: Sequence[Mapping[str, Any]], analysis: Any, facts: Mapping[str, Any]) -> Decision:
    """The first rule that matches. `rules` must be right by `core.outcome_rules`."""
    for index, rule in enumerate(rules):
        if matches(rule["when"], analysis, facts):
            return Decision(rule["outcome"], index)
    return Decision(None, None)


def matches(condition: Mapping[str, Any], analysis: Any, facts: Mapping[str, Any]) -> bool:
    """Whether one condition holds."""
    for word, joined in (("all", all), ("any", any)):
        if word in condition:
            return joined(matches(part, analysis, facts) for part in condition[word])
    found = value_of(condition["field"], analysis, facts)
    return _OPERATORS[condition["op"]](found, condition["value"])


def value_of(field: str, analysis: Any, facts: Mapping[str, Any]) -> Any:
    """What a field holds. A name that stands in the analysis goes before a fact of the call."""
    found = _within(analysis, field)
    head, _, tail = field.partition(".")
    if found is None and head == CALL and not (isinstance(analysis, Mapping) and CALL in analysis):
        return facts.get(tail)
    return found


def _within(value: Any, path: str) -> Any:
    """By the whole name first: names may hold dots."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    head, dot, tail = path.partition(".")
    if isinstance(value, Mapping):
        inner = value.get(head)
    elif isinstance(value, list) and head.isdecimal() and int(head) < len(value):
        inner = value[int(head)]
    else:
        return None
    return _within(inner, tail) if dot else inner


def _equal(one: Any, other: Any) -> bool:
    """As JSON has it: true is not 1, whatever it stands in."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return same(one, other)


def _is_in(found: Any, values: Any) -> bool:
    return any(_equal(found, value) for value in values)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Numbers with numbers and texts with texts: dates compare as they are written."""

    def holds(found: Any, value: Any) -> bool:
        both_texts = isinstance(found, str) and isinstance(value, str)
        return (both_texts or (_is_number(found) and _is_number(value))) and compare(found, value)

    return holds


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _contains(found: Any, value: Any) -> bool:
    """Part of a text, in whatever case, or a member of a list."""
    if isinstance(found, str) and isinstance(value, str):
        return value.casefold() in found.casefold()
    return isinstance(found, list) and _is_in(value, found)


_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "eq": _equal,
    "ne": lambda found, value: not _equal(found, value),
    "in": _is_in,
    "not_in": lambda found, values: not _is_in(found, values),
    "gt": _ordered(lambda found, value: found > value),
    "gte": _ordered(lambda found, value: found >= value),
    "lt": _ordered(lambda found, value: found < value),
    "lte": _ordered(lambda found, value: found <= value),
    "contains": _contains,
    "exists": lambda found, value: (found is not None) is bool(value),
}
