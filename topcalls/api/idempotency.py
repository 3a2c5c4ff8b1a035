"""`Idempotency-Key`: a repeated request gets the first answer again, and nothing happens twice.

Only answers that say "done" are kept: a request that was refused did nothing, so its repetition,
say after minutes were granted, is tried afresh.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import orjson
from flask import Response, current_app, g, request

from topcalls.api.auth import principal
from topcalls.api.blueprint import IDEMPOTENT
from topcalls.api.context import services
from topcalls.api.openapi import IDEMPOTENCY_KEY_PATTERN
from topcalls.errors import FieldError, IdempotencyConflict, InvalidRequest
from topcalls.services.idempotency import Fresh, InProgress, Replay, body_hash

View = TypeVar("View", bound=Callable[..., Any])
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
WAIT_SECONDS = 10.0
_LENGTHS = (8, 255)
_KEPT_HEADERS = ("Content-Type", "Location")


def idempotent(view: View) -> View:
    """Honour the `Idempotency-Key` header of this route."""

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Response:
        key = _key()
        if key is None:
            return current_app.make_response(view(*args, **kwargs))
        records = services().idempotency
        begun = records.begin(
            principal().account_id, key, _route(), _body_hash(), wait=WAIT_SECONDS
        )
        if isinstance(begun, Fresh):
            return _carry_out(begun.id, lambda: view(*args, **kwargs))
        if isinstance(begun, InProgress):
            raise IdempotencyConflict(
                "The first request with this Idempotency-Key is still being worked on.",
                remedy="Repeat this one in a few seconds, with the same key.",
            )
        return _replayed(begun)

    setattr(wrapper, IDEMPOTENT, True)
    return wrapper  # type: ignore[return-value]


def record_id() -> str | None:
    """Under which record this request is carried out, for verbs that must not happen twice."""
    value: str | None = g.get("idempotency_id")
    return value


def _carry_out(record: str, work: Callable[[], Any]) -> Response:
    g.idempotency_id = record
    records = services().idempotency
    try:
        response = current_app.make_response(work())
    except BaseException:
        records.abandon(record)
        raise
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    records.complete(record, response.status_code, kept, response.get_data())
    return response


def _replayed(answer: Replay) -> Response:
    response = Response(answer.body, answer.status, dict(answer.headers))
    response.headers[REPLAYED] = "true"
    return response


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    least, most = _LENGTHS
    if not least <= len(key) <= most or not re.fullmatch(IDEMPOTENCY_KEY_PATTERN, key):
        message = f"Must be {least} to {most} letters, digits, '-' or '_'; a UUID will do."
        fault = FieldError(HEADER, message, "invalid_idempotency_key")
        raise InvalidRequest("The Idempotency-Key header is not right.", [fault])
    return key


def _route() -> str:
    return f"{request.method} {request.path}"


def _body_hash() -> str:
    """Of what the body says, not of how it is laid out."""
    raw = request.get_data()
    try:
        return body_hash(orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS))
    except orjson.JSONDecodeError:
        return body_hash(raw)
