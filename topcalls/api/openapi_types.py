"""Types of the OpenAPI document as generators of clients read them.

apispec says of an object that may be null `anyOf: [an object, the object]`, of which a generator
makes "anything, or it"; and a field that is always told but may be null is not `required`, of which
it makes one that may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from apispec import APISpec

from topcalls.api.problems import CONTENT_TYPE
from topcalls.api.schemas.webhook_messages import BODY, MESSAGES

_ANY_OBJECT = {"type": "object", "nullable": True}
_UNUSED = ("Error", "PaginationMetadata")
_PREFIX = "#/components/schemas/"
_HOOKS = {
    "create_call": ("webhook", "webhook_url"),
    "create_campaign": ("webhook", "webhook_url"),
    "create_webhook": ("message", "url"),
}
"""Operations whose body names a URL: what is sent there is called so, and where it stands."""


SOMETIMES = {"CallMessage": {"transfer"}, "CampaignMessage": {"reason"}}
"""Fields that are told of some events only."""


def add_messages(spec: APISpec) -> None:
    """The schemas of what webhooks are sent."""
    for name, schema in MESSAGES.items():
        spec.components.schema(name, schema=schema)


def mended(document: dict[str, Any]) -> dict[str, Any]:
    """The document with types that say what is meant; changed in place."""
    schemas = document["components"]["schemas"]
    for name in _UNUSED:
        schemas.pop(name, None)
    _say_null(document)
    schemas[BODY] = _any_message()
    for path in document["paths"].values():
        for operation in path.values():
            hook = _HOOKS.get(_operation_id(operation))
            if hook is not None:
                operation["callbacks"] = _callbacks(*hook)
    for name in _only_told(document):
        always = sorted(set(schemas[name].get("properties", ())) - SOMETIMES.get(name, set()))
        if always:
            schemas[name]["required"] = always
    return document


def _operation_id(operation: Any) -> str:
    return operation.get("operationId", "") if isinstance(operation, dict) else ""


def _say_null(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _say_null(item)
    elif isinstance(node, dict):
        choices = node.get("anyOf")
        if isinstance(choices, list) and _ANY_OBJECT in choices and len(choices) == 2:
            del node["anyOf"]
            (meant,) = (choice for choice in choices if choice != _ANY_OBJECT)
            node |= {"allOf": [meant], "nullable": True}
        for item in node.values():
            _say_null(item)


def _any_message() -> dict[str, Any]:
    names = {event: name for name, schema in MESSAGES.items() for event in _events(schema)}
    return {
        "description": "The body of a webhook.",
        "oneOf": [{"$ref": _PREFIX + name} for name in MESSAGES],
        "discriminator": {
            "propertyName": "event",
            "mapping": {event: _PREFIX + name for event, name in names.items()},
        },
    }


def _events(schema: Any) -> Iterable[str]:
    return schema._declared_fields["event"].validate.choices  # type: ignore[no-any-return]


def _callbacks(name: str, field: str) -> dict[str, Any]:
    body = {"application/json": {"schema": {"$ref": _PREFIX + BODY}}}
    answers = {"2XX": {"description": "Received. Anything else is sent again."}}
    sent = {"summary": "A webhook.", "requestBody": {"content": body}, "responses": answers}
    return {name: {f"{{$request.body#/{field}}}": {"post": sent}}}


def _only_told(document: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that answers and webhooks have, and bodies do not; problems apart, which
    say of their members what there is to say."""
    schemas, sent, told = document["components"]["schemas"], set[str](), set[str]()
    for name in MESSAGES:
        told |= {name} | _closure(schemas[name], schemas)
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict):
                sent |= _closure(operation.get("requestBody"), schemas)
                answers = operation.get("responses", {}).values()
                contents = [answer.get("content", {}) for answer in answers]
                told |= _closure([c for c in contents if CONTENT_TYPE not in c], schemas)
    return told - sent


def _closure(node: Any, schemas: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that something refers to, and those refer to."""
    found, waiting = set[str](), list(_references(node))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(schemas[name])
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, dict):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith(_PREFIX):
            yield reference.removeprefix(_PREFIX)
        for item in node.values():
            yield from _references(item)
