"""The OpenAPI document, made from the routes. Building it needs no database.

Version 3.0.3: the newest that both the common client generators and the bundled Swagger UI read.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_smorest import Api

from topcalls import __version__
from topcalls.api import openapi_types, problems
from topcalls.api.schemas.problems import ProblemSchema

DESCRIPTION = """
Make and take phone calls with an AI on the line.

**Keys.** Send `Authorization: Bearer <key>` with every request. `tc_test_` keys belong to an
installation that runs on the sandbox, `tc_live_` keys to one with a real telephone line.

**Errors** are problem documents (RFC 9457). Match on the end of `type`; `errors` names every
field at fault; `instance` is the id the operator finds in the log.

**Repeating safely.** With an `Idempotency-Key` a request is carried out once: a repetition within
24 hours gets the first answer again, marked `Idempotent-Replayed: true`.

**Rate limits.** A key may make so many requests per second, and more at once after a pause.
Every answer to a key tells in `RateLimit-Limit` how many it may make at once, in
`RateLimit-Remaining` how many it has left, and in `RateLimit-Reset` in how many seconds all of them
will be back. Beyond that the answer is 429 with `Retry-After`, and nothing was done.

**Strictness.** Unknown fields and parameters are refused by name.

**Units.** Durations of calls and quotas are minutes, time limits carry their unit in their name,
moments are RFC 3339 in UTC.
""".strip()

IDEMPOTENCY_KEY_PATTERN = r"^[A-Za-z0-9_-]+$"
_IDEMPOTENCY_KEY = {
    "description": "A new value for each new intent, the same for each repetition; a UUID will do.",
    "required": False,
    "schema": {
        "type": "string",
        "minLength": 8,
        "maxLength": 255,
        "pattern": IDEMPOTENCY_KEY_PATTERN,
    },
    "example": "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11",
}
_IF_MATCH = {
    "description": "The `ETag` of the object as you have seen it: if it has changed meanwhile, "
    "this is refused (409). Without it, the change is made to whatever is there.",
    "required": False,
    "schema": {"type": "string", "pattern": '^(\\*|(W/)?"[0-9]{1,9}")$'},
    "example": '"7"',
}
_RETRY_AFTER = {
    "description": "Seconds to wait before the next try.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
_EXPLAINED = {
    400: "Something in the request is wrong; `errors` names every field.",
    401: "The key is missing, unknown, revoked, expired, or of the other kind of installation.",
    402: "The account's minutes or a budget have less than is needed: `limit` names which, "
    "`consumer` whose it is, `needed` and `left` how much of which `unit`; `frees_at` is when it "
    "is full again (null: not by itself); not `exhausted`: calls that are open hold the rest.",
    403: "The key lacks the `scope` this needs.",
    404: "There is no such object in this account.",
    409: "The object's state, or an earlier use of the same Idempotency-Key, forbids this.",
    413: "The body is too large.",
    415: "The body is not declared as what this address takes: JSON, or a form with files.",
    416: "The range lies outside the recording.",
    422: "A rule forbids calling this number now; `rule` names it, `until` says when it does not.",
    429: "A limit is reached: `limit` names it, `consumer` whose it is, Retry-After says when to "
    "try again.",
    500: "A fault on our side; the operator finds it in the log by `instance`.",
    502: "A carrier or vendor refused, or could not be reached; `detail` says what to do.",
    503: "Nothing can take this now. Try again after Retry-After seconds.",
}


def attach(app: Flask, server_url: str = "") -> Api:
    """flask-smorest on `app`, with what every operation refers to."""
    app.config["API_TITLE"] = "TopCalls API"
    app.config["API_VERSION"] = __version__
    app.config["OPENAPI_VERSION"] = "3.0.3"
    api = Api(app, spec_kwargs=_frame(server_url))
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.ma_plugin.converter.add_attribute_function(_pattern_for_all)
    components = api.spec.components
    components.security_scheme("bearerAuth", {"type": "http", "scheme": "bearer"})
    components.parameter(
        "IdempotencyKey", "header", {"name": "Idempotency-Key", **_IDEMPOTENCY_KEY}
    )
    components.parameter("IfMatch", "header", {"name": "If-Match", **_IF_MATCH})
    components.schema("Problem", schema=ProblemSchema)
    openapi_types.add_messages(api.spec)
    for status, explained in _EXPLAINED.items():
        components.response(f"Problem{status}", _problem(status, explained))
    return api


def _pattern_for_all(_: Any, __: Any, ret: dict[str, Any], **___: Any) -> dict[str, Any]:
    """The end is `$` in OpenAPI's patterns (ECMA-262), where Python's `\\Z` is a letter."""
    pattern = str(ret.get("pattern", ""))
    return {"pattern": f"{pattern[:-2]}$"} if pattern.endswith(r"\Z") else {}


def _frame(server_url: str) -> dict[str, Any]:
    frame: dict[str, Any] = {
        "info": {
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        }
    }
    if server_url:
        frame["servers"] = [{"url": server_url}]
    return frame


def _problem(status: int, explained: str) -> dict[str, Any]:
    names = problems.slugs(status)
    document = {
        "type": problems.TYPE_BASE + names[0],
        "title": problems.KINDS[names[0]].title,
        "status": status,
        "detail": explained,
        "instance": "5f0c4e0a-3a0d-4d0b-8f0e-2d8c7d1c9f10",
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": document}
    answer = {
        "description": f"{explained} Slug: {', '.join(f'`{name}`' for name in names)}.",
        "content": {problems.CONTENT_TYPE: content},
    }
    if status in problems.RETRY_LATER:
        answer["headers"] = {"Retry-After": _RETRY_AFTER}
    return answer
