"""Holds answers of the API to the OpenAPI document."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from topcalls.api.app import openapi


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as clients get it."""
    return json.loads(json.dumps(openapi()))


@cache
def _schemas() -> dict[str, Any]:
    return _with_null(document()["components"]["schemas"])


def faults(instance: Any, schema: dict[str, Any]) -> list[str]:
    """What of `instance` is not as the document's `schema` says; unknown names count too."""
    whole = {**_with_null(schema), "components": {"schemas": _schemas()}}
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(instance)]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Every (path, method, operation) of the document."""
    return [
        (path, method, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def check(method: str, path: str, status: int, content_type: str, body: bytes) -> None:
    """Fail unless the document foresees this answer of a documented route."""
    operation = _operation(method, path)
    if operation is None:
        return
    answer = operation["responses"].get(str(status))
    assert answer, f"{method} {path} answered {status}, which the document does not foresee"
    answer = resolved(answer)
    if "content" not in answer:
        assert not body, f"{method} {path} answered {status} with a body, documented is none"
        return
    kind = content_type.partition(";")[0]
    kinds = {name.partition(";")[0]: media for name, media in answer["content"].items()}
    assert kind in kinds, f"{method} {path} answered {content_type}, documented is {list(kinds)}"
    if kind.endswith("json"):
        found = faults(json.loads(body), kinds[kind]["schema"])
        assert not found, f"{method} {path} {status}: {found}"


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """That of an address as it stands comes before one with a part left open."""
    for template, wanted, operation in sorted(operations(), key=lambda known: "{" in known[0]):
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if wanted == method.lower() and re.fullmatch(pattern, path):
            return operation
    return None


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` refers to."""
    reference = node.get("$ref")
    if reference is None:
        return node
    found: Any = document()
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _with_null(node: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it; objects with properties are closed."""
    if isinstance(node, list):
        return [_with_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _with_null(value) for key, value in node.items() if key != "nullable"}
    if node.get("type") == "object" and "properties" in node:
        plain.setdefault("additionalProperties", False)
    if node.get("nullable") is True:
        return {"anyOf": [plain, {"type": "null"}]}
    return plain
