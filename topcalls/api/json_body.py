"""Reading a JSON body strictly, and saying where it is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

import orjson
from flask import Request
from werkzeug.exceptions import UnsupportedMediaType

from topcalls.errors import FieldError, InvalidRequest

MAX_DEPTH = 32
_REFUSED = "\x00"


def load(request: Request) -> dict[str, Any]:
    """The JSON object in the body.

    Raises:
        InvalidRequest: not JSON (with line and column), not an object, too deep, or a text holds
            a NUL, which no database stores.
        UnsupportedMediaType: the body is not declared as JSON.
    """
    if not request.is_json:
        what = f"'{request.mimetype[:80]}'" if request.mimetype else "nothing"
        raise UnsupportedMediaType(
            f"The body is declared as {what}. Send JSON, with 'Content-Type: application/json'."
        )
    document = parse(request.get_data())
    _refuse_unstorable(document, "", MAX_DEPTH)
    return document


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`."""
    if not raw:
        _refuse("The body is empty. Send a JSON object.", "missing_body")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        _refuse(f"Is not JSON at {place}: {error.msg.split(':')[0]}.", "malformed_json")
    if not isinstance(document, dict):
        _refuse('Must be a JSON object, as in {"phone_number": "+12025550123"}.', "not_an_object")
    return document


def _refuse(message: str, code: str, path: str = "") -> NoReturn:
    fault = FieldError(path or "body", message, code)
    raise InvalidRequest("The body cannot be read.", [fault])


def _refuse_unstorable(node: Any, path: str, levels: int) -> None:
    if isinstance(node, str):
        if _REFUSED in node:
            _refuse("Must not hold a NUL character.", "invalid_character", path)
        return
    if isinstance(node, Mapping):
        items = [(key, value) for key, value in node.items()]
    elif isinstance(node, list):
        items = [(str(index), value) for index, value in enumerate(node)]
    else:
        return
    if levels == 0:
        _refuse(f"Is nested deeper than {MAX_DEPTH} levels.", "too_deep", path.split(".")[0])
    for key, value in items:
        if _REFUSED in key:
            _refuse("Must not hold a NUL character in a name.", "invalid_character", path)
        _refuse_unstorable(value, f"{path}.{key}" if path else key, levels - 1)
