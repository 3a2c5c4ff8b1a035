#!/usr/bin/env python3
"""Write the operations of the Python client from the OpenAPI document (`--check` compares).

Makes topcalls/client/operations.py, a class for each tag with a method for each operation, and
topcalls/client/shapes.py, a TypedDict for each object that is sent or told. `ruff format` does the
rest: its output is what is compared.
"""

import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from topcalls.api.app import openapi

CLIENT = Path(__file__).parent.parent / "topcalls" / "client"
JSON, SSE = "application/json", "text/event-stream"
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
LEFT_OUT = ("/live", "/ready", "/metrics", "/recordings/")
"""Of no use to a client that holds a key."""

SHAPES_HEAD = '''"""What the API takes and tells.

Written by `scripts/draw_client.py`; a test compares.

Times are RFC 3339 texts in UTC. What is `NotRequired` may be left out of what is sent, and be
absent from what is told.
"""

# ruff: noqa: E501

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypeAlias, TypedDict
'''
OPERATIONS_HEAD = '''"""Every operation of the API.

Written by `scripts/draw_client.py`; a test compares.
"""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Unpack, cast

from topcalls.client import shapes
from topcalls.client.transport import Event, Resource, Transport
'''


class Shapes:
    """The TypedDicts, made as they are met."""

    def __init__(self, schemas):
        self.schemas = schemas
        self.extra = {}  # inline objects, by the name they get

    def type_of(self, schema, inside):
        """The Python type of a schema. `inside`: what an object without a name is called after."""
        if "$ref" in schema:
            return _name(schema["$ref"])
        told = self._type(schema, inside)
        return f"{told} | None" if schema.get("nullable") and told != "Any" else told

    def _type(self, schema, inside):
        if "enum" in schema:
            values = [value for value in schema["enum"] if value is not None]
            return f"Literal[{', '.join(map(repr, values))}]"
        for word in ("oneOf", "anyOf"):
            if word in schema:
                types = [self.type_of(one, f"{inside}{n}") for n, one in enumerate(schema[word])]
                return " | ".join(dict.fromkeys(types))
        if "allOf" in schema:
            (only,) = schema["allOf"]
            return self.type_of(only, inside)
        kind = schema.get("type")
        if kind == "array":
            return f"list[{self.type_of(schema.get('items', {}), inside + 'Item')}]"
        if kind == "object" and schema.get("properties"):
            self.extra[inside] = schema
            return inside
        if kind == "object":
            values = schema.get("additionalProperties")
            values = values if isinstance(values, dict) else {}
            return f"dict[str, {self.type_of(values, inside + 'Value')}]"
        return SIMPLE.get(kind, "Any")

    def text(self):
        """The module."""
        waiting, done, parts = dict(self.schemas), set(), [SHAPES_HEAD]
        while waiting:
            for name, schema in sorted(waiting.items()):
                done.add(name)
                parts.append(self._definition(name, schema))
            waiting = {name: one for name, one in self.extra.items() if name not in done}
        return "\n\n".join(parts)

    def _definition(self, name, schema):
        if schema.get("type", "object") != "object" or not schema.get("properties"):
            return f"{name}: TypeAlias = {self.type_of(schema, name + 'Value')!r}"
        required = set(schema.get("required", ()))
        fields = {}
        for field, one in schema["properties"].items():
            told = self.type_of(one, name + _camel(field))
            fields[field] = told if field in required else f"NotRequired[{told}]"
        if any(not field.isidentifier() or keyword.iskeyword(field) for field in fields):
            body = ", ".join(f"{field!r}: {told!r}" for field, told in fields.items())
            return f'{name} = TypedDict("{name}", {{{body}}})'
        lines = [f"class {name}(TypedDict):"]
        lines += [f"    {field}: {told}" for field, told in fields.items()]
        return "\n".join(lines)


class Operation:
    """One operation, as a method."""

    def __init__(self, method, path, told, shared, shapes):
        self.method, self.path, self.told, self.shapes = method.upper(), path, told, shapes
        self.tag = told["tags"][0]
        self.name = _method_name(told["operationId"], self.tag)
        parameters = [*shared, *told.get("parameters", [])]
        self.in_path = [p["name"] for p in parameters if p.get("in") == "path"]
        self.query = [p for p in parameters if p.get("in") == "query"]
        refs = [_name(p["$ref"]) for p in parameters if "$ref" in p]
        self.is_repeatable = "IdempotencyKey" in refs
        self.bodies = told.get("requestBody", {}).get("content", {})
        self.answers = {}
        for status, answer in told["responses"].items():
            if status.startswith("2") and "$ref" not in answer:
                for kind, content in answer.get("content", {}).items():
                    self.answers.setdefault(kind, []).append(content.get("schema", {}))

    def text(self):
        """The method, and those that go with it."""
        parts = [self._method()]
        if SSE in self.answers:
            parts.append(self._follower())
        cursors = [p for p in self.query if p["name"] == "cursor" and not p.get("required")]
        if cursors and self._item() is not None:
            parts.append(self._pager())
        return "\n\n".join(parts)

    def _method(self):
        arguments, call = self._arguments()
        returned, wrap = self._returned()
        doc = self._doc(self.told.get("summary", ""), self.told.get("description", ""))
        body = f"return {wrap.format(f'self._transport.send({call})')}"
        if returned == "None":
            body = f"self._transport.send({call})"
        return f"def {self.name}({arguments}) -> {returned}:\n{doc}\n    {body}"

    def _follower(self):
        path = ", ".join(["self", *(f"{name}: str" for name in self.in_path)])
        doc = self._doc(f"Follow it: the events of `{self.name}`, until they end.", "")
        call = f"self._transport.follow({self._path()})"
        name = self.name.removeprefix("list_").removeprefix("get_")
        return f"def follow_{name}({path}) -> Iterator[Event]:\n{doc}\n    return {call}"

    def _pager(self):
        arguments, _ = self._arguments(without=("cursor",))
        given = ", ".join(
            [*self.in_path, *(f"{_safe(p['name'])}={_safe(p['name'])}" for p in self.query)]
        )
        doc = self._doc(f"Every item of `{self.name}`, page after page.", "")
        name = "every" if self.name == "list" else f"every_{self.name.removeprefix('list_')}"
        lines = [
            f"def {name}({arguments}) -> Iterator[{self._item()}]:",
            doc,
            f"    return self._every(lambda cursor: self.{self.name}({given}))",
        ]
        return "\n".join(lines)

    def _item(self):
        schema = self.answers.get(JSON, [{}])[0]
        page = self.shapes.schemas.get(_name(schema.get("$ref", "")), {})
        fields = page.get("properties", {})
        if "data" not in fields or "next_cursor" not in fields:
            return None
        items = fields["data"].get("items", {})
        return _qualified(self.shapes.type_of(items, "")) if "$ref" in items else "dict[str, Any]"

    def _arguments(self, without=()):
        arguments = ["self", *(f"{name}: str" for name in self.in_path)]
        call = [repr(self.method), self._path()]
        keyed = []
        if JSON in self.bodies:
            shape = self.shapes.type_of(self.bodies[JSON]["schema"], "")
            fields = self.shapes.schemas[shape]["properties"]
            plain = all(f.isidentifier() and not keyword.iskeyword(f) for f in fields)
            clear = not set(fields) & {"self", "idempotency_key", *self.in_path}
            if plain and clear:
                keyed.append(f"**body: Unpack[shapes.{shape}]")
            else:
                arguments.append(f"body: shapes.{shape}")
            call.append("body=body")
        elif self.bodies:
            arguments.append("content: bytes | Iterator[bytes]")
            arguments.append(f"content_type: str = {next(iter(self.bodies))!r}")
            call.append("content=content, content_type=content_type")
        query = []
        for one in (p for p in self.query if p["name"] not in without):
            told = _qualified(self.shapes.type_of(one.get("schema", {}), ""))
            told = told.replace("list[", "Sequence[")
            default = "" if one.get("required") else " | None = None"
            query.append(f"{_safe(one['name'])}: {told}{default}")
        if self.query:
            pairs = ", ".join(f"{p['name']!r}: {_safe(p['name'])}" for p in self.query)
            call.append(f"query={{{pairs}}}")
        if self.is_repeatable:
            query.append("idempotency_key: str | None = None")
            call.append("idempotency_key=idempotency_key, is_repeatable=True")
        if query:
            arguments.append("*")
        return ", ".join([*arguments, *query, *keyed]), ", ".join(call)

    def _path(self):
        escaped = re.sub(r"\{(\w+)\}", r"{self._part(\1)}", self.path)
        return f'f"{escaped}"' if escaped != self.path else f'"{self.path}"'

    def _returned(self):
        if JSON in self.answers:
            types = [_qualified(self.shapes.type_of(s, "")) for s in self.answers[JSON]]
            told = " | ".join(dict.fromkeys(types))
            return told, f"cast({told!r}, {{}})"
        if not self.answers:
            return "None", "{}"
        return "bytes", "cast(bytes, {})"

    @staticmethod
    def _doc(summary, description):
        text = f"{summary}\n\n{description}".strip().replace("\\", "\\\\").replace('"""', "'''")
        lines = text.splitlines()
        quoted = [f'"""{lines[0]}', *lines[1:]]
        if len(lines) > 1:
            quoted.append('"""')
        else:
            quoted[0] += '"""'
        return textwrap.indent("\n".join(quoted), "    ")


def _name(reference):
    return reference.rpartition("/")[2]


def _camel(text):
    return "".join(part.capitalize() for part in re.split(r"\W|_", text) if part)


def _safe(name):
    return f"{name}_" if keyword.iskeyword(name) else name


def _qualified(told):
    return re.sub(r"(?<![\w'\".])([A-Z]\w+)(?!\w*\[)", _in_shapes, told)


def _in_shapes(found):
    name = found.group(1)
    return name if name in ("Any", "None", "Literal", "True", "False") else f"shapes.{name}"


def _method_name(operation, tag):
    """`list_calls` of the tag `calls` is `list`; what would say nothing else stays whole."""
    words = re.split(r"\W|_", tag.lower())
    own = {"".join(words), "_".join(words), words[-1]}
    own |= {name.removesuffix("s") for name in own}
    verb, _, what = operation.partition("_")
    return verb if what in own else operation


def _class(tag):
    return _camel(tag)


def written():
    """Both modules, by file."""
    document = openapi()
    shapes = Shapes(document["components"]["schemas"])
    operations = [
        Operation(method, path, told, methods.get("parameters", ()), shapes)
        for path, methods in document["paths"].items()
        if not path.startswith(LEFT_OUT)
        for method, told in methods.items()
        if isinstance(told, dict) and "responses" in told
    ]
    tags = {tag["name"]: tag.get("description", "") for tag in document.get("tags", ())}
    parts, names = [OPERATIONS_HEAD], {}
    for operation in operations:
        others = names.setdefault(operation.tag, [])
        if any(other.name == operation.name for other in others):
            operation.name = operation.told["operationId"]
        others.append(operation)
    for tag, own in names.items():
        body = "\n\n".join(textwrap.indent(one.text(), "    ") for one in own)
        parts.append(f'class {_class(tag)}(Resource):\n    """{tags.get(tag) or tag}"""\n\n{body}')
    attributes = "\n".join(
        f"        self.{re.sub(r'[^a-z]', '_', tag)} = {_class(tag)}(transport)" for tag in names
    )
    parts.append(
        'class Operations:\n    """Every operation, by what it is about."""\n\n'
        f"    def __init__(self, transport: Transport) -> None:\n{attributes}"
    )
    return {
        CLIENT / "operations.py": _formatted("\n\n\n".join(parts)),
        CLIENT / "shapes.py": _formatted(shapes.text()),
    }


def _formatted(text):
    name = ("--stdin-filename", str(CLIENT / "operations.py"), "-")
    for command in (("check", "--fix-only", "--quiet", "--select", "F401"), ("format", "--quiet")):
        text = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *name],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        ).stdout
    return text


if __name__ == "__main__":
    texts = written()
    if "--check" in sys.argv:
        stale = [file.name for file, text in texts.items() if file.read_text() != text]
        sys.exit(f"Run scripts/draw_client.py: {', '.join(stale)} differ." if stale else 0)
    for file, text in texts.items():
        file.write_text(text)
