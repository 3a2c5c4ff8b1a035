"""JSON Schemas that customers bring: may they be used, and does a value fit?

Both are asked in processes that carry calls, so neither may take long, whatever the schema: a
pattern is tried for a moment only, and a look at a value has so many steps. Only references within
the schema are followed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, NamedTuple
from urllib.parse import unquote

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend

from topcalls.errors import FieldError

MAX_SCHEMA_BYTES = 32_768
MAX_STEPS = 5_000
"""How many keywords of a schema may be applied in one look at a value: about 0.1 s."""

PATTERN_SECONDS = 0.02
"""How long one pattern may be tried on one text."""

LONGEST_PROBLEM = 200
_MAPS = ("$defs", "definitions", "properties", "patternProperties", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = (
    "additionalProperties",
    "contains",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
)
_REFUSED = {
    "$id": 'Leave it out, and refer to parts with "$ref": "#/$defs/...".',
    "$anchor": 'Leave it out, and refer to parts with "$ref": "#/$defs/...".',
    "$dynamicAnchor": 'Leave it out, and refer to parts with "$ref": "#/$defs/...".',
    "$dynamicRef": 'Use "$ref".',
    "unevaluatedItems": 'Use "items".',
    "unevaluatedProperties": 'Use "additionalProperties".',
}
"""What is not needed to describe a value, and would have to be bounded too."""

Schema = Mapping[str, Any]


class Problem(NamedTuple):
    """Where a value does not fit its schema (`items.0.count`; "" is the whole), and how."""

    path: str
    message: str


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
        message = f"Is not valid JSON Schema: {error.message[:LONGEST_PROBLEM]}"
        yield FieldError(where, message, "invalid_schema")
        return
    if schema.get("type") != "object":
        message = 'Must describe an object. Set "type": "object" and list its properties.'
        yield FieldError(f"{path}.type", message, "invalid_schema")
    yield from _part_faults(schema, path)


def _part_faults(schema: Schema, path: str) -> Iterator[FieldError]:
    parts = list(_parts(schema, path))
    known = {id(part) for _, part in parts}
    for here, part in parts:
        for key in _REFUSED.keys() & part.keys():
            message = f"'{key}' is not supported. {_REFUSED[key]}"
            yield FieldError(f"{here}.{key}", message, "unsupported_keyword")
        if "$ref" in part:
            yield from _reference_faults(schema, part["$ref"], f"{here}.$ref", known)
        for key, pattern in _patterns(part):
            if not _compiles(pattern):
                message = "Is not a regular expression."
                yield FieldError(f"{here}.{key}", message, "invalid_pattern")


def _reference_faults(
    schema: Schema, reference: str, path: str, known: set[int]
) -> Iterator[FieldError]:
    if not reference.startswith("#"):
        message = 'Must not refer to another document. Use "$ref" with "#/..." only.'
        yield FieldError(path, message, "remote_reference")
    elif id(target_of(schema, reference)) not in known:
        message = f"'{reference[:100]}' leads to no schema here."
        yield FieldError(path, message, "unknown_reference")


def target_of(schema: Schema, reference: str) -> object:
    """What a reference within a schema (`#/$defs/name`) leads to; None if to nothing."""
    found: Any = schema
    for step in unquote(reference[1:]).split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found if reference == "#" or reference.startswith("#/") else None


def _parts(schema: Any, path: str) -> Iterator[tuple[str, Schema]]:
    """The schema and every schema in it, each with its path."""
    if not isinstance(schema, Mapping):  # true and false are schemas too
        return
    yield path, schema
    for key in _MAPS:
        for name, part in schema.get(key, {}).items():
            yield from _parts(part, f"{path}.{key}.{name}")
    for key in _LISTS:
        for index, part in enumerate(schema.get(key, ())):
            yield from _parts(part, f"{path}.{key}.{index}")
    for key in _SINGLE:
        yield from _parts(schema.get(key), f"{path}.{key}")


def _patterns(part: Schema) -> Iterator[tuple[str, str]]:
    if "pattern" in part:
        yield "pattern", part["pattern"]
    for name in part.get("patternProperties", {}):
        yield f"patternProperties.{name}", name


def _compiles(pattern: str) -> bool:
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError):
        return False
    return True


class Checker:
    """Compares values with one schema, in which `schema_faults` found nothing.

    `null_is_unknown`: a property that is null counts as present, and as right, whatever its schema.
    """

    def __init__(self, schema: Schema, *, null_is_unknown: bool = False) -> None:
        self._validator = (_TolerantValidator if null_is_unknown else _Validator)(dict(schema))

    def problems(self, value: Any, most: int = 5) -> list[Problem]:
        """What does not fit, up to `most`; nothing if all does."""
        found: list[Problem] = []
        token = _steps.set([MAX_STEPS])
        try:
            for error in self._validator.iter_errors(value):
                found.append(_problem(error))
                if len(found) == most:
                    break
        except (_TooMuch, RecursionError):
            found.append(Problem("", "cannot be checked: the schema is too complicated"))
        finally:
            _steps.reset(token)
        return found


class _TooMuch(Exception):
    """The schema asks for more than may be done."""


_steps: ContextVar[list[int]] = ContextVar("steps")
"""How many are left in the look under way."""


def _problem(error: ValidationError) -> Problem:
    path = ".".join(str(part) for part in error.absolute_path)
    return Problem(path, error.message[:LONGEST_PROBLEM])


Keyword = Callable[[Any, Any, Any, Schema], Iterable[ValidationError] | None]


def _counted(keyword: Keyword) -> Keyword:
    def step(
        validator: Any, wanted: Any, value: Any, schema: Schema
    ) -> Iterable[ValidationError] | None:
        left = _steps.get()
        left[0] -= 1
        if left[0] < 0:
            raise _TooMuch
        return keyword(validator, wanted, value, schema)

    return step


def _pattern(validator: Any, pattern: str, value: Any, _: Schema) -> Iterator[ValidationError]:
    if validator.is_type(value, "string") and not _is_found(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], value: Any, _: Schema
) -> Iterator[ValidationError]:
    for pattern, part in patterns.items() if validator.is_type(value, "object") else ():
        for name, item in value.items():
            if _is_found(pattern, name):
                yield from validator.descend(item, part, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, part: Any, value: Any, schema: Schema
) -> Iterator[ValidationError]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in value.items() if validator.is_type(value, "object") else ():
        if name in known or any(_is_found(pattern, name) for pattern in patterns):
            continue
        if part is False:
            yield ValidationError(f"{name!r} is not expected here")
        else:
            yield from validator.descend(item, part, path=name)


def _is_found(pattern: str, text: str) -> bool:
    try:
        return regex.search(pattern, text, timeout=PATTERN_SECONDS) is not None
    except TimeoutError:
        raise _TooMuch from None


def _known_properties(
    validator: Any, properties: Mapping[str, Any], value: Any, _: Schema
) -> Iterator[ValidationError]:
    for name, part in properties.items() if validator.is_type(value, "object") else ():
        if value.get(name) is not None:
            yield from validator.descend(value[name], part, path=name, schema_path=name)


_KEYWORDS: dict[str, Keyword] = {
    **Draft202012Validator.VALIDATORS,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
}
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(keyword) for name, keyword in _KEYWORDS.items()}
)
_TolerantValidator: Any = extend(  # type: ignore[no-untyped-call]
    _Validator, {"properties": _counted(_known_properties)}
)
