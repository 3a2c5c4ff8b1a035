"""The REST API, asked inside this process by whoever is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from io import SEEK_END, BytesIO
from typing import IO, Any, Final

import orjson
from flask import Flask, Response, request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, encode_multipart, run_wsgi_app

from topcalls.api.auth import INSIDE
from topcalls.api.context import services_of
from topcalls.core.audit import AuditAction
from topcalls.services.keys import Principal

_PASSED_ON: Final = ("Range", "If-Range", "If-None-Match", "Last-Event-ID", "Accept")
_PASSED_BACK: Final = (
    "Content-Type",
    "Content-Length",
    "Content-Range",
    "Content-Disposition",
    "Accept-Ranges",
    "ETag",
    "Cache-Control",
    "X-Accel-Buffering",
)


class Refused(Exception):
    """The API refused a request. `problem` is its document: `detail`, `errors`, …"""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"Status {status}.")
        self.status = status
        self.problem = problem

    @property
    def faults(self) -> dict[str, str]:
        """What is wrong with each field of the body, or of what was to be started, by its path."""
        found: dict[str, str] = {}
        for fault in self.problem.get("errors") or self.problem.get("problems") or ():
            found.setdefault(str(fault["path"]), str(fault["message"]))
        return found


class Backend:
    """The API as one principal sees it. Its methods raise `Refused` for every answer that is an
    error, and return what its JSON says."""

    def __init__(self, api: Flask, who: Principal) -> None:
        self._api = api
        self.who = who

    def may(self, scope: str) -> bool:
        """Whether the key has a scope."""
        return scope in self.who.scopes

    def note(self, action: AuditAction, subject_id: str) -> None:
        """Write down that the key does something here that the API does not do for it."""
        services_of(self._api).audit.note(self.who, action, subject_id)

    def get(self, path: str, **query: Any) -> Any:
        """`query` values that are None or empty are left out."""
        return self._ask("GET", path, query=query)

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        """`body` None: there is none."""
        return self._ask("POST", path, body, query)

    def put(self, path: str, body: Any) -> Any:
        """Replace what is at `path`."""
        return self._ask("PUT", path, body)

    def patch(self, path: str, body: Any, *, revision: str | None = None) -> Any:
        """Change what is at `path`. `revision`: refused where it has another by now."""
        environ = self._environ("PATCH", path, orjson.dumps(body), {})
        if revision is not None:
            environ["HTTP_IF_MATCH"] = f'"{revision}"'
        return self._answer(environ)

    def delete(self, path: str, **query: Any) -> Any:
        """Delete what is at `path`."""
        return self._ask("DELETE", path, query=query)

    def forward(self, path: str, **query: Any) -> Response:
        """The API's answer as it is, also one that goes on for long: a recording or a stream.

        Raises Refused too.
        """
        environ = self._environ("GET", path, None, query)
        for name in _PASSED_ON:
            if name in request.headers:
                environ["HTTP_" + name.upper().replace("-", "_")] = request.headers[name]
        chunks, status, headers = run_wsgi_app(self._api.wsgi_app, environ)
        code = int(status.split()[0])
        kept = Headers([(name, headers[name]) for name in _PASSED_BACK if name in headers])
        reply = Response(chunks, status=status, headers=kept)
        if code >= 400 and code != 416:
            with closing(reply):
                raise _refused(code, reply.get_data())
        return reply

    def send_file(self, path: str, data: bytes | IO[bytes], content_type: str, **query: Any) -> Any:
        """Post bytes as they are; of a file, as they are read."""
        environ = self._environ("POST", path, data, query, content_type)
        return self._answer(environ)

    def send_form(self, path: str, fields: Mapping[str, Any]) -> Any:
        """Post a form; a file in it is one that was uploaded here."""
        boundary, data = encode_multipart(fields)
        kind = f"multipart/form-data; boundary={boundary}"
        return self._answer(self._environ("POST", path, data, {}, kind))

    def _ask(
        self, method: str, path: str, body: Any = None, query: Mapping[str, Any] | None = None
    ) -> Any:
        data = None if body is None else orjson.dumps(body)
        return self._answer(self._environ(method, path, data, query or {}))

    def _answer(self, environ: dict[str, Any]) -> Any:
        chunks, status, _ = run_wsgi_app(self._api.wsgi_app, environ, buffered=True)
        code, data = int(status.split()[0]), b"".join(chunks)
        if code >= 400:
            raise _refused(code, data)
        return orjson.loads(data) if data else None

    def _environ(
        self,
        method: str,
        path: str,
        data: bytes | IO[bytes] | None,
        query: Mapping[str, Any],
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        given = {name: value for name, value in query.items() if value not in (None, "")}
        stream = BytesIO(data) if isinstance(data, bytes) else data
        builder = EnvironBuilder(
            path,
            method=method,
            query_string={name.rstrip("_"): value for name, value in given.items()},
            input_stream=stream,
            content_length=None if stream is None else _length(stream),
            content_type=content_type if stream is not None else None,
            environ_base={"REMOTE_ADDR": request.remote_addr or ""},
        )
        environ = builder.get_environ()
        environ[INSIDE] = self.who
        return environ


def _length(stream: IO[bytes]) -> int:
    length = stream.seek(0, SEEK_END)
    stream.seek(0)
    return length


def _refused(status: int, data: bytes) -> Refused:
    try:
        problem = orjson.loads(data)
    except orjson.JSONDecodeError:
        problem = {}
    return Refused(status, problem if isinstance(problem, dict) else {})
