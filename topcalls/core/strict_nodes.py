"""The parts of a schema that a model's strict mode takes: how each is written, and read back.

See `core/strict_schema.py`, which makes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_JSON_TEXT = "The value as JSON text."


@dataclass(frozen=True)
class Plain:
    """A scalar of these types; one of `choices` where there are any."""

    kinds: tuple[str, ...]
    choices: tuple[Any, ...] = ()
    about: str = ""

    def __hash__(self) -> int:
        return hash((self.kinds, repr(self.choices), self.about))


@dataclass(frozen=True)
class Text:
    """Any value, which the model writes as JSON text."""

    about: str = ""


@dataclass(frozen=True)
class Fields:
    """An object of these properties."""

    fields: tuple[tuple[str, Node], ...]
    about: str = ""


@dataclass(frozen=True)
class Items:
    """A list."""

    item: Node
    about: str = ""


@dataclass(frozen=True)
class Entries:
    """An object of any names, which the model writes as a list of names and values."""

    value: Node
    about: str = ""


@dataclass(frozen=True)
class Union:
    """One of several."""

    branches: tuple[Node, ...]
    about: str = ""


@dataclass(frozen=True)
class Ref:
    """What stands under this name in the definitions."""

    name: str


Node = Plain | Text | Fields | Items | Entries | Union | Ref
NULL = Plain(("null",))


def nullable(node: Node) -> Node:
    """The same or null."""
    if isinstance(node, Plain) and "null" in node.kinds:
        return node
    if isinstance(node, Union):
        has_null = any(isinstance(one, Plain) and "null" in one.kinds for one in node.branches)
        return node if has_null else Union((*node.branches, NULL), node.about)
    return Union((node, NULL))


# --- writing


def schema_of(node: Node) -> dict[str, Any]:
    """The strict schema of a part."""
    if isinstance(node, Ref):
        return {"$ref": f"#/$defs/{node.name}"}
    written = _written(node)
    return {**written, "description": node.about} if node.about else written


def _written(node: Node) -> dict[str, Any]:
    if isinstance(node, Plain):
        kind: Any = node.kinds[0] if len(node.kinds) == 1 else list(node.kinds)
        return {"type": kind, "enum": list(node.choices)} if node.choices else {"type": kind}
    if isinstance(node, Union):
        return {"anyOf": [schema_of(one) for one in node.branches]}
    if isinstance(node, Items):
        return {"type": "array", "items": schema_of(node.item)}
    if isinstance(node, Entries):
        entry = closed({"name": {"type": "string"}, "value": schema_of(node.value)})
        return {"type": "array", "items": entry}
    if isinstance(node, Fields):
        return closed({name: schema_of(part) for name, part in node.fields})
    return {"type": "string", "description": _JSON_TEXT}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object as strict modes want it: of these properties, all of them, and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def paths_of(node: Node, prefix: str = "") -> Iterator[str]:
    """The values in objects of objects, as in `address.city`."""
    if isinstance(node, Union):
        others = [one for one in node.branches if one != NULL]
        node = others[0] if len(others) == 1 else node
    if isinstance(node, Fields):
        for name, part in node.fields:
            yield from paths_of(part, f"{prefix}.{name}" if prefix else name)
    elif prefix:
        yield prefix


# --- reading


def accepts(node: Node, value: Any, nodes: Mapping[str, Node]) -> bool:
    """The value has the form of this part."""
    if isinstance(node, Ref):
        return accepts(nodes[node.name], value, nodes)
    if isinstance(node, Union):
        return any(accepts(one, value, nodes) for one in node.branches)
    if isinstance(node, Plain):
        return any(_is_kind(kind, value) for kind in node.kinds) and (
            not node.choices or any(same(one, value) for one in node.choices)
        )
    if isinstance(node, Fields):
        return (
            isinstance(value, dict)
            and value.keys() == {name for name, _ in node.fields}
            and all(accepts(part, value[name], nodes) for name, part in node.fields)
        )
    if isinstance(node, Text):
        return isinstance(value, str)
    if not isinstance(value, list):
        return False
    if isinstance(node, Entries):
        return all(_is_entry(item) and accepts(node.value, item["value"], nodes) for item in value)
    return all(accepts(node.item, item, nodes) for item in value)


def decoded(node: Node, value: Any, nodes: Mapping[str, Node]) -> Any:
    """A value as the customer's schema has it; one of another form stays as it is."""
    if value is None:
        return None
    if isinstance(node, Ref):
        return decoded(nodes[node.name], value, nodes)
    if isinstance(node, Union):
        fitting = next((one for one in node.branches if accepts(one, value, nodes)), None)
        loose = fitting or next((one for one in node.branches if _may_be(one, value)), None)
        return value if loose is None else decoded(loose, value, nodes)
    if isinstance(node, Fields) and isinstance(value, dict):
        return {name: decoded(part, value.get(name), nodes) for name, part in node.fields}
    if isinstance(node, Items) and isinstance(value, list):
        return [decoded(node.item, item, nodes) for item in value]
    if isinstance(node, Entries) and isinstance(value, list) and all(map(_is_entry, value)):
        return {item["name"]: decoded(node.value, item["value"], nodes) for item in value}
    if isinstance(node, Text) and isinstance(value, str):
        return _from_text(value)
    return value


def same(one: Any, other: Any) -> bool:
    """Equal as JSON has it: true is not 1."""
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _from_text(text: str) -> Any:
    """Models forget the quotes of a text now and then."""
    try:
        return json.loads(text, parse_constant=_not_json)
    except (ValueError, RecursionError):
        return text


def _not_json(constant: str) -> Any:
    raise ValueError(constant)


def _is_entry(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.keys() == {"name", "value"}
        and isinstance(item["name"], str)
    )


def _may_be(node: Node, value: Any) -> bool:
    """Of the same kind, whatever is in it."""
    if isinstance(value, dict):
        return isinstance(node, Fields)
    return isinstance(node, Items | Entries if isinstance(value, list) else Text)


def _is_kind(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if isinstance(value, int | float):
        is_whole = isinstance(value, int) or value.is_integer()
        return kind == "number" or (kind == "integer" and is_whole)
    return {"string": isinstance(value, str), "null": value is None}.get(kind, False)
