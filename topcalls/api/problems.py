"""Every error of the API as a problem document (RFC 9457).

`type` ends in a stable slug that clients may match on; `instance` is the request's id, which is
also in the `X-Request-Id` header and in the log. Unknown errors tell the client nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from topcalls.errors import InvalidRequest, TopCallsError
from topcalls.log import get_logger

TYPE_BASE = "https://api.topcalls.ai/errors/"
CONTENT_TYPE = "application/problem+json"
log = get_logger("api")


class Kind(NamedTuple):
    """How one kind of error is shown."""

    status: int
    title: str


KINDS: Mapping[str, Kind] = {
    "invalid_request": Kind(400, "Invalid request body"),
    "unauthorized": Kind(401, "Unauthorized"),
    "insufficient_quota": Kind(402, "Insufficient Quota"),
    "insufficient_scope": Kind(403, "Insufficient Scope"),
    "not_found": Kind(404, "Not Found"),
    "method_not_allowed": Kind(405, "Method Not Allowed"),
    "not_acceptable": Kind(406, "Not Acceptable"),
    "conflict": Kind(409, "Conflict"),
    "idempotency_conflict": Kind(409, "Idempotency Conflict"),
    "payload_too_large": Kind(413, "Payload Too Large"),
    "unsupported_media_type": Kind(415, "Unsupported Media Type"),
    "range_not_satisfiable": Kind(416, "Range Not Satisfiable"),
    "not_callable": Kind(422, "Not Callable"),
    "rate_limited": Kind(429, "Rate Limited"),
    "internal_error": Kind(500, "Internal Error"),
    "loop_detected": Kind(508, "Loop Detected"),
    "provider_error": Kind(502, "Provider Error"),
    "no_capacity": Kind(503, "No Capacity"),
    "store_unavailable": Kind(503, "Store Unavailable"),
}
_BY_STATUS = {404: "not_found", 405: "method_not_allowed", 406: "not_acceptable"} | {
    413: "payload_too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    429: "rate_limited",
}
_HTTP_DETAILS = {
    404: "Nothing is at this address. GET /openapi.json lists every address there is.",
    405: "This address does not take this method. The Allow header names those it takes.",
    413: "The body is too large. Send less, or split it into several requests.",
    416: "The range lies outside the recording. The Content-Range header gives its length.",
}
_TOLD_HEADERS = ("Allow", "Content-Range", "Retry-After", "WWW-Authenticate")
RETRY_LATER = (429, 503)
_RETRY_AFTER_SECONDS = 5


def register(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(TopCallsError, of_our_error)
    app.register_error_handler(HTTPException, of_http_error)
    app.register_error_handler(Exception, of_unknown_error)


def of_our_error(error: TopCallsError) -> Response:
    """The document of an error we raised on purpose."""
    kind = KINDS.get(error.code)
    if kind is None:
        return of_unknown_error(error)
    members: dict[str, Any] = {key: item for key, item in error.extra.items() if item is not None}
    members["detail"] = str(error)  # which ends with the remedy
    if error.remedy:
        members["remedy"] = error.remedy
    if isinstance(error, InvalidRequest) and error.errors:
        members["errors"] = [fault._asdict() for fault in error.errors]
    headers = {}
    if kind.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="topcalls"'
    if kind.status in RETRY_LATER:
        headers["Retry-After"] = str(error.extra.get("retry_after") or _RETRY_AFTER_SECONDS)
    return _response(error.code, members, headers)


def of_http_error(error: HTTPException) -> Response:
    """The document of an error that Flask or werkzeug raised."""
    status = error.code or 500
    if status < 400:
        return error.get_response()  # type: ignore[return-value]
    slug = _BY_STATUS.get(status, "invalid_request" if status < 500 else "internal_error")
    detail = _HTTP_DETAILS.get(status) or (error.description if status < 500 else None)
    told = {key: value for key, value in error.get_headers() if key in _TOLD_HEADERS}
    return _response(slug, {"detail": detail or _UNKNOWN_DETAIL}, told)


def of_unknown_error(error: Exception) -> Response:
    """A fault of ours: logged with its traceback, not shown."""
    log.error("The API met an unexpected error.", exc_info=error)
    return _response("internal_error", {"detail": _UNKNOWN_DETAIL}, {})


_UNKNOWN_DETAIL = (
    "Something failed on our side. Tell the operator the value of 'instance': the log names it."
)


def _response(slug: str, members: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    kind = KINDS[slug]
    document = {
        **members,
        "type": TYPE_BASE + slug,
        "title": kind.title,
        "status": kind.status,
        "instance": g.get("request_id"),
    }
    body = orjson.dumps(document, default=str)
    return Response(body, kind.status, dict(headers), content_type=CONTENT_TYPE)


def slugs(status: int) -> list[str]:
    """The slugs an answer with this status can carry."""
    return [slug for slug, kind in KINDS.items() if kind.status == status]
