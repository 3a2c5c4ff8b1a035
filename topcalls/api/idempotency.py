"""`Idempotency-Key`: a repeated request gets the first answer again, and nothing happens twice.

Only answers that say "done" are kept: a request that was refused did nothing, so its repetition,
say after minutes were granted, is tried afresh.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar

import orjson
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from topcalls.api.auth import principal
from topcalls.api.blueprint import IDEMPOTENT
from topcalls.api.context import services
from topcalls.api.openapi import IDEMPOTENCY_KEY_PATTERN
from topcalls.errors import FieldError, InvalidRequest, TopCallsError
from topcalls.services.idempotency import Answer, Request, body_hash

View = TypeVar("View", bound=Callable[..., Any])
T = TypeVar("T")
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_LENGTHS = (8, 255)
_PENDING = "idempotent_request"


def idempotent(view: View) -> View:
    """This route honours the `Idempotency-Key` header: its view returns `once(...)`.

    A repetition is answered as the first request was, even if it would be refused by now: what was
    right once may not be any more.
    """

    @wraps(view)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        key = _key()
        if key is None:
            return view(*args, **kwargs)
        keyed = Request(key, f"{request.method} {request.path}", _body_hash())
        setattr(g, _PENDING, keyed)
        try:
            response = view(*args, **kwargs)
        except (TopCallsError, HTTPException):
            given = services().idempotency.replay(principal().account_id, keyed)
            if given is None:
                raise
            return _response(given)
        if g.pop(_PENDING, None) is not None:
            raise RuntimeError(f"Route {request.endpoint} ignores its Idempotency-Key.")
        return response

    setattr(wrapper, IDEMPOTENT, True)
    return wrapper  # type: ignore[return-value]


def once(verb: Callable[[], T], answer: Callable[[T], Answer]) -> Response:
    """Run the one `verb` of this request and answer with `answer(result)`; or as it was before.

    Under a key both run in one transaction, so neither may look at the request. Where that fails
    nothing was done, and it may be run again.
    """
    keyed: Request | None = g.get(_PENDING)
    if keyed is None:
        given = answer(verb())
    else:
        account_id = principal().account_id
        given = services().idempotency.once(account_id, keyed, lambda: answer(verb()))
        g.pop(_PENDING)
    return _response(given)


def _response(given: Answer) -> Response:
    response = Response(given.body, given.status, dict(given.headers))
    if given.replayed:
        response.headers[REPLAYED] = "true"
    return response


def json_answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer for `once`, with `body` as JSON."""
    kept = {"Content-Type": "application/json", **(headers or {})}
    return Answer(status, kept, orjson.dumps(body))


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


def _body_hash() -> str:
    """Of what the body says, not of how it is laid out."""
    raw = request.get_data()
    try:
        return body_hash(orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS))
    except orjson.JSONDecodeError:
        return body_hash(raw)
