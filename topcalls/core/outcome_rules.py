"""The rules by which a call gets its disposition, as customers bring them: are they right?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.errors import FieldError

MAX_OUTCOMES = 100
MAX_CONDITION_DEPTH = 5
OPERATORS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "exists")
OUTCOME_PATTERN = r"^[a-z0-9_]{1,64}$"


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
    if condition["op"] in ("in", "not_in") and not isinstance(condition["value"], list):
        message = f"Must be a list for '{condition['op']}'."
        yield FieldError(f"{path}.value", message, "invalid_condition")
