"""Answers made up from a JSON Schema, and what a strict schema may not contain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_DEPTH = 8
_FORBIDDEN = (
    *("default", "allOf", "not", "if", "then", "else", "oneOf", "prefixItems", "contains"),
    *("patternProperties", "propertyNames", "dependentRequired", "dependentSchemas"),
    *("minProperties", "maxProperties", "uniqueItems", "minContains", "maxContains"),
)
_DEEPEST = 10
_MOST_CHOICES = 1000
_SAMPLES = {
    "date": "2026-11-23",
    "date-time": "2026-11-23T09:00:00Z",
    "time": "09:00:00Z",
    "email": "caller@example.com",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example(schema: Any, name: str = "answer", hints: Mapping[str, str] | None = None) -> Any:
    """A value that fits `schema`.

    Texts are `hints[property name]` where there is one, else they name their property; numbers are
    their minimum or 0, choices their first, optional values are filled in.
    """
    root = schema if isinstance(schema, Mapping) else {}
    return _example(root, root, name, dict(hints or {}), 0)


def strict_problem(schema: Any) -> str | None:
    """Why the strict mode of structured outputs refuses `schema`, or None."""
    if not isinstance(schema, Mapping):
        return "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."
    if schema.get("type") != "object":
        given = schema.get("type")
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{given}\"'."
    if "anyOf" in schema:
        return "schema must not have 'anyOf' at the top level."
    depth, choices = _depth(schema), _choices(schema)
    if depth > _DEEPEST:
        return f"schema exceeds the maximum nesting depth: {depth} levels, {_DEEPEST} are allowed."
    if choices > _MOST_CHOICES:
        return f"schema has {choices} enum values in total, {_MOST_CHOICES} are allowed."
    return next(_problems(schema, ()), None)


def _example(
    schema: Mapping[str, Any], root: Mapping[str, Any], name: str, hints: dict[str, str], depth: int
) -> Any:
    schema = _resolved(schema, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf"):
        if branches := schema.get(union):
            return _example(_preferred(branches, depth), root, name, hints, depth + 1)
    kind = _kind(schema, depth)
    if kind == "object":
        return {
            key: _example(item, root, key, hints, depth + 1)
            for key, item in (schema.get("properties") or {}).items()
        }
    if kind == "array":
        count = max(int(schema.get("minItems", 0)), 0 if depth >= _DEPTH else 1)
        item = schema.get("items") or {}
        return [_example(item, root, name, hints, depth + 1) for _ in range(min(count, 20))]
    return _scalar(kind, schema, name, hints)


def _scalar(kind: str, schema: Mapping[str, Any], name: str, hints: dict[str, str]) -> Any:
    if kind == "boolean":
        return False
    if kind in ("integer", "number"):
        value = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        return int(value) if kind == "integer" else float(value)
    if kind == "null":
        return None
    text = hints.get(name) or _SAMPLES.get(schema.get("format", "")) or f"sandbox {name}"
    text = text.ljust(int(schema.get("minLength", 0)), ".")
    return text[: int(schema.get("maxLength", len(text)))]


def _kind(schema: Mapping[str, Any], depth: int) -> str:
    kind = schema.get("type") or ("object" if "properties" in schema else "string")
    if isinstance(kind, list):
        if depth >= _DEPTH and "null" in kind:
            return "null"
        kind = next((item for item in kind if item != "null"), "null")
    return str(kind)


def _preferred(branches: list[Any], depth: int) -> Mapping[str, Any]:
    """The first branch that is not null; deep inside a recursion null, to come to an end."""
    is_null = [isinstance(item, Mapping) and item.get("type") == "null" for item in branches]
    wanted = depth >= _DEPTH and any(is_null)
    return next(
        (item for item, null in zip(branches, is_null, strict=True) if null == wanted), branches[0]
    )


def _resolved(schema: Any, root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEPTH):
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            break
        target: Any = root
        for part in str(schema["$ref"]).removeprefix("#").strip("/").split("/"):
            if part:
                target = target.get(part, {}) if isinstance(target, Mapping) else {}
        schema = target
    return schema if isinstance(schema, Mapping) else {}


def _problems(schema: Any, place: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    where = f"In context=({', '.join(repr(part) for part in place)})"
    for word in _FORBIDDEN:
        if word in schema:
            yield f"{where}, '{word}' is not permitted."
    if "$ref" in schema and len(schema) > 1 and place:
        yield f"{where}, $ref cannot have keywords {sorted(schema.keys() - {'$ref'})}."
    if not schema.keys() & {"type", "$ref", "anyOf", "enum", "const"}:
        yield f"{where}, schema must have a 'type' key."
    properties = schema.get("properties")
    if schema.get("type") == "object" or isinstance(properties, Mapping):
        if schema.get("additionalProperties") is not False:
            yield f"{where}, 'additionalProperties' is required to be supplied and to be false."
        missing = [key for key in properties or {} if key not in schema.get("required", ())]
        if missing:
            yield (
                f"{where}, 'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )
    yield from _inner_problems(schema, place)


def _depth(schema: Any) -> int:
    """Objects within objects; what a reference leads to counts where it is defined."""
    below = max((_depth(part) for part in _parts(schema)), default=0)
    return below + (isinstance(schema, Mapping) and "properties" in schema)


def _choices(schema: Any) -> int:
    own = len(schema.get("enum", ())) if isinstance(schema, Mapping) else 0
    return own + sum(map(_choices, _parts(schema)))


def _parts(schema: Any) -> Iterator[Any]:
    if not isinstance(schema, Mapping):
        return
    for word in ("properties", "$defs", "definitions"):
        yield from (schema.get(word) or {}).values()
    yield from schema.get("anyOf") or ()
    if "items" in schema:
        yield schema["items"]


def _inner_problems(schema: Mapping[str, Any], place: tuple[str, ...]) -> Iterator[str]:
    for word in ("properties", "$defs", "definitions"):
        for key, item in (schema.get(word) or {}).items():
            yield from _problems(item, (*place, word, key))
    for index, item in enumerate(schema.get("anyOf") or ()):
        yield from _problems(item, (*place, "anyOf", str(index)))
    if "items" in schema:
        yield from _problems(schema["items"], (*place, "items"))
