"""Streamable HTTP: whoever asks brings a key of the API, as for the API itself."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final

import httpx2
import uvicorn
from mcp.server.transport_security import TransportSecuritySettings

from topcalls.client import TopCalls
from topcalls.mcp.server import build

PATH: Final = "/mcp"
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")
_REFUSED: Final = json.dumps(
    {
        "error": "unauthorized",
        "detail": "The request carries no API key. Send 'Authorization: Bearer <key>'. "
        "'topcalls keys create' makes a key.",
    }
).encode()


class KeysOnly:
    """Lets in what carries a bearer key; whether it opens anything, the API decides."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _key(dict(scope["headers"])) is None:
            headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
            await send({"type": "http.response.start", "status": 401, "headers": headers})
            await send({"type": "http.response.body", "body": _REFUSED})
            return
        await self._app(scope, receive, send)


def _key(headers: dict[bytes, bytes]) -> str | None:
    word, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    token = token.strip()
    return token if word.lower() == "bearer" and token.startswith("tc_") else None


def application(base_url: str, hosts: Sequence[str]) -> Any:
    """The ASGI application. `hosts`: names by which it may be reached; requests by other names, and
    from pages of other places, are refused: a page must not reach a server of this machine by a
    name of its own (DNS rebinding)."""
    connections = httpx2.Client(timeout=30.0)

    def client_of(request: Any) -> TopCalls:
        key = _key(dict(request.scope["headers"])) or ""
        return TopCalls(base_url, key, client=connections)

    names = [f"[{host}]" if ":" in host else host for host in hosts]
    security = TransportSecuritySettings(
        allowed_hosts=[*names, *(f"{name}:*" for name in names)],
        allowed_origins=[
            f"{scheme}://{name}{port}"
            for scheme in ("http", "https")
            for name in names
            for port in ("", ":*")
        ],
    )
    app = build(client_of).streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        transport_security=security,
    )
    return KeysOnly(app)


def serve(base_url: str, host: str, port: int, hosts: Sequence[str]) -> None:
    """Serve until the process is told to end."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    bound = listener.getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(
        application(base_url, [*LOOPBACK, *hosts]), log_level="warning", access_log=False
    )
    sys.stdout.write(f"MCP at http://{shown}:{bound}{PATH}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])
