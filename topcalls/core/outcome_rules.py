"""The rules by which a call gets its disposition, as customers bring them: are they right?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.core.dispositions import CALL, FACTS
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

MAX_OUTCOMES = 100
MAX_CONDITION_DEPTH = 5
OPERATORS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "exists")
OUTCOME_PATTERN = r"^[a-z0-9_]{1,64}$"


def mapping_faults(given: Mapping[str, Any], *, knows_schema: bool) -> Iterator[FieldError]:
    """Everything wrong with `outcome_mapping`, beside its `analysis_schema`. Not `knows_schema`:
    one may be added yet, as to an agent by a call."""
    rules, schema = given.get("outcome_mapping", []), given.get("analysis_schema")
    faults = list(outcome_faults(rules))
    yield from faults
    if not faults and (schema is not None or knows_schema):
        yield from name_faults(rules, schema)


def outcome_faults(rules: object, path: str = "outcome_mapping") -> Iterator[FieldError]:
    """Faults of an ordered list of `{when, outcome}`; the first rule that matches wins."""
    if not isinstance(rules, list | tuple) or len(rules) > MAX_OUTCOMES:
        message = f"Must be a list of at most {MAX_OUTCOMES} rules."
        yield FieldError(path, message, "invalid_outcomes")
        return
    for index, rule in enumerate(rules):
        here = f"{path}.{index}"
        if not isinstance(rule, Mapping) or rule.keys() != {"when", "outcome"}:
            message = "Must be an object of exactly 'when' and 'outcome'."
            yield FieldError(here, message, "invalid_outcome")
            continue
        outcome = rule["outcome"]
        if not isinstance(outcome, str) or not re.fullmatch(OUTCOME_PATTERN, outcome):
            message = "Must be lower-case letters, digits and '_', as in booked_callback."
            yield FieldError(f"{here}.outcome", message, "invalid_outcome")
        yield from _condition_faults(rule["when"], f"{here}.when", MAX_CONDITION_DEPTH)


def name_faults(
    rules: object, schema: object, path: str = "outcome_mapping"
) -> Iterator[FieldError]:
    """Fields that no analysis by this schema will have. `schema` None: there is no analysis."""
    if not isinstance(rules, list | tuple):
        return
    known = _top_names(schema)
    for index, rule in enumerate(rules):
        when = rule.get("when") if isinstance(rule, Mapping) else None
        for here, name in _fields_of(when, f"{path}.{index}.when", MAX_CONDITION_DEPTH):
            yield from _name_faults(name, known, here)


def _name_faults(name: str, known: frozenset[str] | None, path: str) -> Iterator[FieldError]:
    head, _, tail = name.partition(".")
    if known is None or name in known or head in known:
        return
    if head == CALL:
        if tail not in FACTS:
            facts = ", ".join(f"{CALL}.{fact}" for fact in FACTS)
            yield FieldError(path, f"Is no fact of a call. There are {facts}.", "unknown_field")
        return
    hint = did_you_mean(head, known)
    message = f"Is no field of the analysis_schema, nor a fact as in {CALL}.answered_by.{hint}"
    yield FieldError(path, message, "unknown_field")


def _top_names(schema: object) -> frozenset[str] | None:
    """The names that an analysis may have; None where that is open."""
    if schema is None:
        return frozenset()
    if not isinstance(schema, Mapping) or not isinstance(schema.get("properties", {}), Mapping):
        return None
    is_plain = not schema.keys() & {"allOf", "anyOf", "oneOf", "$ref", "patternProperties"}
    has_names = bool(schema.get("properties")) or schema.get("additionalProperties") is False
    return frozenset(schema.get("properties", {})) if is_plain and has_names else None


def _fields_of(condition: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Where conditions name fields, and which."""
    if not isinstance(condition, Mapping) or depth == 0:
        return
    for word in ("all", "any"):
        parts = condition.get(word)
        for index, part in enumerate(parts if isinstance(parts, list) else ()):
            yield from _fields_of(part, f"{path}.{word}.{index}", depth - 1)
    if isinstance(condition.get("field"), str) and condition["field"]:
        yield f"{path}.field", condition["field"]


def _condition_faults(condition: object, path: str, depth: int) -> Iterator[FieldError]:
    if depth == 0:
        message = f"Is nested deeper than {MAX_CONDITION_DEPTH} levels."
        yield FieldError(path, message, "too_deep")
    elif not isinstance(condition, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_condition")
    elif condition.keys() in ({"all"}, {"any"}):
        word, parts = next(iter(condition.items()))
        if not isinstance(parts, list) or not parts:
            message = "Must be a list of at least one condition."
            yield FieldError(f"{path}.{word}", message, "invalid_condition")
            return
        for index, part in enumerate(parts):
            yield from _condition_faults(part, f"{path}.{word}.{index}", depth - 1)
    else:
        yield from _comparison_faults(condition, path)


def _comparison_faults(condition: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    if condition.keys() != {"field", "op", "value"}:
        message = "Must hold 'field', 'op' and 'value', or one of 'all' and 'any'."
        yield FieldError(path, message, "invalid_condition")
        return
    if not isinstance(condition["field"], str) or not condition["field"]:
        yield FieldError(f"{path}.field", "Must name a field of the analysis.", "invalid_condition")
    if condition["op"] not in OPERATORS:
        message = f"Must be one of {', '.join(OPERATORS)}."
        yield FieldError(f"{path}.op", message, "invalid_condition")
    if condition["op"] == "exists" and not isinstance(condition["value"], bool):
        yield FieldError(f"{path}.value", "Must be true or false.", "invalid_condition")
    if condition["op"] in ("in", "not_in") and not isinstance(condition["value"], list):
        message = f"Must be a list for '{condition['op']}'."
        yield FieldError(f"{path}.value", message, "invalid_condition")
