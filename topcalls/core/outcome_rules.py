"""Structures that customers bring with a call: JSON Schemas, tools, outcome rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from topcalls.core import web_addresses
from topcalls.errors import FieldError

MAX_SCHEMA_BYTES = 32_768
MAX_TOOLS = 32
MAX_OUTCOMES = 100
MAX_CONDITION_DEPTH = 5
RESERVED_TOOLS = frozenset(
    {"end_call", "send_dtmf", "transfer_call", "pause_recording", "resume_recording"}
)
OPERATORS = ("eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "exists")
OUTCOME_PATTERN = r"^[a-z0-9_]{1,64}$"
TOOL_NAME_PATTERN = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
_TOOL_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "description": (str,),
    "parameters": (Mapping,),
    "url": (str,),
    "headers": (Mapping,),
    "timeout_seconds": (int, float),
    "speak_while_waiting": (str,),
    "async": (bool,),
}


def schema_faults(schema: object, path: str) -> Iterator[FieldError]:
    """Faults of a JSON Schema (draft 2020-12) that describes an object."""
    if not isinstance(schema, Mapping):
        yield FieldError(path, "Must be a JSON Schema object.", "invalid_schema")
        return
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        yield FieldError(path, f"Is larger than {MAX_SCHEMA_BYTES} bytes.", "too_large")
        return
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        where = ".".join([path, *(str(part) for part in error.absolute_path)])
        yield FieldError(
            where, f"Is not valid JSON Schema: {error.message[:200]}", "invalid_schema"
        )
        return
    if schema.get("type") != "object":
        message = 'Must describe an object. Set "type": "object" and list its properties.'
        yield FieldError(f"{path}.type", message, "invalid_schema")
    if any(not reference.startswith("#") for reference in _references(schema)):
        message = 'Must not refer to another document. Use "$ref" with "#/..." only.'
        yield FieldError(path, message, "remote_reference")


def _references(node: object) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def tool_faults(
    tools: object, path: str = "tools", *, allow_private: bool = False
) -> Iterator[FieldError]:
    """Faults of a list of tool definitions."""
    if not isinstance(tools, list | tuple) or len(tools) > MAX_TOOLS:
        yield FieldError(path, f"Must be a list of at most {MAX_TOOLS} tools.", "invalid_tools")
        return
    names: set[str] = set()
    for index, tool in enumerate(tools):
        here = f"{path}.{index}"
        if not isinstance(tool, Mapping):
            yield FieldError(here, "Must be an object.", "invalid_tool")
            continue
        yield from _tool_type_faults(tool, here)
        yield from _tool_name_faults(tool.get("name"), names, f"{here}.name")
        if "parameters" in tool:
            yield from schema_faults(tool["parameters"], f"{here}.parameters")
        if "url" in tool:
            wrong = web_addresses.fault(tool["url"], f"{here}.url", allow_private=allow_private)
            yield from [wrong] if wrong else []


def _tool_type_faults(tool: Mapping[str, Any], path: str) -> Iterator[FieldError]:
    for key, value in tool.items():
        kinds = _TOOL_TYPES.get(key)
        if kinds is None:
            known = ", ".join(_TOOL_TYPES)
            yield FieldError(f"{path}.{key}", f"Is not a field of a tool: {known}.", "unknown")
        elif not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield FieldError(f"{path}.{key}", "Has the wrong type.", "invalid_type")
    if not tool.get("description"):
        message = "Say what the tool does, so that the model knows when to use it."
        yield FieldError(f"{path}.description", message, "required")


def _tool_name_faults(name: object, names: set[str], path: str) -> Iterator[FieldError]:
    if not isinstance(name, str) or not re.fullmatch(TOOL_NAME_PATTERN, name):
        message = "Must be 1 to 64 letters, digits, '_' or '-', and not begin with a digit."
        yield FieldError(path, message, "invalid_name")
    elif name in RESERVED_TOOLS:
        yield FieldError(path, f"'{name}' is built in. Choose another name.", "reserved")
    elif name in names:
        yield FieldError(path, f"Two tools are named '{name}'. Rename one.", "duplicate")
    else:
        names.add(name)


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
