"""From a JSON Schema that a customer wrote to one that a model's strict mode takes, and back.

Strict modes of structured outputs know a subset: every object closed and every property required,
`anyOf` but no `allOf`, `oneOf`, `not` or `if`, no `default`, no free maps, and constraints on
numbers and lengths with some vendors only. What cannot be said there is said in words, or asked for
as JSON text; the answer is turned back, and `core.json_schema` holds it to the customer's own
schema.

Every property may be null, whatever the customer's schema says: null is what nobody spoke of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from topcalls.core.json_schema import target_of
from topcalls.core.strict_nodes import (
    NULL,
    Entries,
    Fields,
    Items,
    Node,
    Plain,
    Ref,
    Text,
    Union,
    accepts,
    decoded,
    nullable,
    paths_of,
    schema_of,
)

DEEPEST: Final = 7
"""Levels of a customer's schema that are asked for as such: vendors allow 10, with ours."""

MOST_NODES: Final = 2_000
MOST_CHOICES: Final = 500
"""Values of all enumerations together: vendors allow 1,000."""

LONGEST_NOTE: Final = 1_000
_STRUCTURE: Final = (
    "type",
    "properties",
    "items",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "prefixItems",
)
_SAID: Final = frozenset(
    {"type", "properties", "required", "enum", "const", "description", "title", "$defs"}
    | {"definitions", "$schema", "$comment", "$ref", "default", "examples", "additionalProperties"}
    | {"deprecated", "readOnly", "writeOnly"}
)
"""Keywords that a strict schema has a form for, or that constrain nothing."""

_OF_ARRAYS: Final = frozenset({"items"})
_SCALARS: Final = ("string", "number", "integer", "boolean", "null")

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class StrictSchema:
    """What a model is asked for. `schema` may stand at any place of a larger strict schema, whose
    `$defs` then has to hold `definitions`."""

    root: Node
    nodes: Mapping[str, Node] = field(default_factory=dict)

    @property
    def schema(self) -> dict[str, Any]:
        """Without its definitions."""
        return schema_of(self.root)

    @property
    def definitions(self) -> dict[str, Any]:
        """For `$defs` at the root."""
        return {name: schema_of(node) for name, node in self.nodes.items()}

    @property
    def paths(self) -> tuple[str, ...]:
        """The values of an answer that can be told apart, as in `address.city`; a list is one."""
        return tuple(paths_of(self.root))

    def decode(self, answer: Any) -> Any:
        """A model's answer in the form of the customer's schema. Whatever it is, nothing raises."""
        return decoded(self.root, answer, self.nodes)

    def accepts(self, answer: Any) -> bool:
        """The answer has the form that was asked for."""
        return accepts(self.root, answer, self.nodes)


def strict_schema(schema: Schema) -> StrictSchema:
    """`schema` must be one in which `core.json_schema.schema_faults` found nothing."""
    converter = _Converter(schema)
    root = converter.node(schema, 0)
    return StrictSchema(root, converter.definitions())


class _Converter:
    def __init__(self, whole: Schema) -> None:
        self._whole = whole
        self._names: dict[str, str] = {}
        self._nodes: dict[str, Node] = {}
        self._left = MOST_NODES
        self._choices_left = MOST_CHOICES

    def definitions(self) -> dict[str, Node]:
        return self._nodes

    def node(self, schema: Any, depth: int) -> Node:
        """One part. A boolean `schema` is any value, or none."""
        self._left -= 1
        if schema is False:
            return NULL
        if not isinstance(schema, Mapping) or depth > DEEPEST or self._left < 0:
            return Text(_note_of_all(schema))
        if "$ref" in schema and not _has_structure(schema):
            return self._reference(str(schema["$ref"]))
        flat = self._flat(schema, frozenset())
        if flat is None:
            return Text(_note_of_all(schema))
        return self._flat_node(flat, depth)

    def _reference(self, reference: str) -> Node:
        """A definition of its own, so that a schema may contain itself."""
        if reference not in self._names:
            target = self._followed(reference)
            if target is None:
                return Text()
            name = self._names[reference] = f"part_{len(self._names) + 1}"
            self._nodes[name] = self.node(target, 0)
        return Ref(self._names[reference])

    def _followed(self, reference: str) -> Any:
        """What a reference leads to in the end; None where it leads in a circle."""
        seen: set[str] = set()
        while reference not in seen:
            seen.add(reference)
            target = target_of(self._whole, reference)
            if not isinstance(target, Mapping) or "$ref" not in target or _has_structure(target):
                return target
            reference = str(target["$ref"])
        return None

    def _flat(self, schema: Schema, within: frozenset[int]) -> dict[str, Any] | None:
        """A part with what its `allOf` and `$ref` say of it; None where they lead in a circle."""
        if id(schema) in within:
            return None
        parts = list(schema.get("allOf", ()))
        if "$ref" in schema:
            parts.append(target_of(self._whole, str(schema["$ref"])))
        flat = {key: value for key, value in schema.items() if key not in ("allOf", "$ref")}
        for part in parts:
            if not isinstance(part, Mapping):
                continue
            further = self._flat(part, within | {id(schema)})
            if further is None:
                return None
            flat = _merged(flat, further)
        return flat

    def _flat_node(self, schema: dict[str, Any], depth: int) -> Node:
        if "enum" in schema or "const" in schema:
            return self._choice(schema)
        for word in ("anyOf", "oneOf"):
            if word in schema and "properties" not in schema and "items" not in schema:
                return self._union(schema, word, depth)
        kind = schema.get("type") or _implied_type(schema)
        if isinstance(kind, list):
            parts = [self._typed(schema, one, depth) for one in kind]
            return Union(tuple(dict.fromkeys(parts))) if len(parts) != 1 else parts[0]
        return self._typed(schema, kind, depth)

    def _choice(self, schema: dict[str, Any]) -> Node:
        values = [schema["const"]] if "const" in schema else list(schema["enum"])
        if not values:
            return NULL
        if any(isinstance(value, Mapping | list) for value in values):
            return Text(_note_of_all(schema))
        self._choices_left -= len(values)
        about = _about(schema, _SAID)
        kinds = tuple(dict.fromkeys(_kind_of(value) for value in values))
        if self._choices_left < 0:
            return Plain(kinds, (), _limited(f"{about} One of {json.dumps(values)}".strip()))
        return Plain(kinds, tuple(values), about)

    def _union(self, schema: dict[str, Any], word: str, depth: int) -> Node:
        """Each branch with what is said of all of them."""
        common = {key: value for key, value in schema.items() if key != word}
        branches: list[Node] = []
        for branch in schema[word]:
            plain = not any(key in common for key in _STRUCTURE)
            part = branch if plain else {"allOf": [branch], **common}
            branches.append(self.node(part, depth + 1))
        flat = [
            inner
            for node in branches
            for inner in (node.branches if isinstance(node, Union) else (node,))
        ]
        kept = tuple(dict.fromkeys(flat))
        return kept[0] if len(kept) == 1 else Union(kept, _about(schema, _SAID | {word}))

    def _typed(self, schema: dict[str, Any], kind: str | None, depth: int) -> Node:
        if kind in _SCALARS:
            return Plain((str(kind),), (), _about(schema, _SAID))
        if kind == "array":
            return self._array(schema, depth)
        if kind == "object":
            return self._object(schema, depth)
        return Text(_note_of_all(schema))

    def _array(self, schema: dict[str, Any], depth: int) -> Node:
        if "prefixItems" in schema:
            return Text(_note_of_all(schema))
        item = self.node(schema.get("items", True), depth + 1)
        return Items(item, _about(schema, _SAID | _OF_ARRAYS))

    def _object(self, schema: dict[str, Any], depth: int) -> Node:
        known = dict(schema.get("properties", {}))
        for name in schema.get("required", ()):
            known.setdefault(name, True)
        if not known and schema.get("additionalProperties") is not False:
            return self._map(schema, depth)
        fields = tuple(
            (name, nullable(self.node(part, depth + 1)))
            for name, part in known.items()
            if part is not False
        )
        return Fields(fields, _about(schema, _SAID))

    def _map(self, schema: dict[str, Any], depth: int) -> Node:
        """An object whose names are not known before."""
        patterns = list(schema.get("patternProperties", {}).values())
        of_values = schema.get("additionalProperties", True)
        if len(patterns) == 1 and of_values in (True, False):
            of_values = patterns[0]
        value = self.node(of_values, depth + 2)
        return Entries(value, _about(schema, _SAID))


def _has_structure(schema: Schema) -> bool:
    """It says more beside its `$ref` than words."""
    return any(key in schema for key in (*_STRUCTURE, "allOf"))


def _merged(one: dict[str, Any], other: Schema) -> dict[str, Any]:
    """What both say; where they differ, `one`: the customer's schema judges the answer anyway."""
    merged = {**other, **one}
    if "properties" in one and "properties" in other:
        merged["properties"] = {**other["properties"], **one["properties"]}
    if "required" in one and "required" in other:
        merged["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return merged


def _implied_type(schema: Schema) -> str | None:
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else None


def _kind_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"


def _about(schema: Schema, said: frozenset[str]) -> str:
    """Description, and in words what the strict schema does not say."""
    text = str(schema.get("description") or schema.get("title") or "")
    rest = {key: value for key, value in schema.items() if key not in said}
    if rest:
        text = f"{text} Must also fit {json.dumps(rest, ensure_ascii=False)}".strip()
    return _limited(text)


def _note_of_all(schema: Any) -> str:
    if not isinstance(schema, Mapping) or not schema:
        return ""
    return _limited(f"A value that fits {json.dumps(schema, ensure_ascii=False)}")


def _limited(text: str) -> str:
    return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 1]}…"
