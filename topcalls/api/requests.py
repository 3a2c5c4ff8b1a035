"""What happens around every request: its id, its log line, its metric, its headers."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Flask, Response, g, request
from flask.json.provider import JSONProvider
from structlog.contextvars import bind_contextvars, unbind_contextvars

from topcalls import metrics, tracing
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.tracing import Span

log = get_logger("api")
_PROBES = ("/live", "/ready", "/metrics")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class JsonProvider(JSONProvider):
    """orjson instead of the standard library: three to ten times as quick."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)


def install(app: Flask) -> None:
    """Give every request an id, and every answer its headers, log line and metric."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_forget)


def _begin() -> None:
    g.request_id = new_id()
    g.started = time.monotonic()
    g.trace = None
    if tracing.is_on():
        g.began = datetime.now(UTC)
        g.trace = tracing.begin("api request", request.headers.get(tracing.HEADER))
        tracing.enter(g.trace[0] if g.trace else None)
    bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    seconds = time.monotonic() - g.started
    response.headers["X-Request-Id"] = g.request_id
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    rule = request.url_rule
    method, route = (request.method, rule.rule) if rule else ("-", "-")
    metrics.api_requests.labels(method, route, str(response.status_code)).observe(seconds)
    if g.trace is not None and route not in _PROBES:
        _trace(f"{method} {route}", response.status_code)
    write = log.debug if route in _PROBES else log.info
    write(
        "Request answered.",
        method=method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        account_id=getattr(g.get("principal"), "account_id", None),
    )
    return response


def _trace(name: str, status: int) -> None:
    context, parent = g.trace
    about = {
        "http.request.method": request.method,
        "http.route": name.partition(" ")[2],
        "http.response.status_code": status,
        "topcalls.request_id": g.request_id,
    }
    failed = str(status) if status >= 500 else None
    now = datetime.now(UTC)
    tracing.tell([Span(name, context, parent, g.began, now, about, "server", failed)])


def _forget(_: BaseException | None) -> None:
    unbind_contextvars("request_id")
    tracing.enter(None)
