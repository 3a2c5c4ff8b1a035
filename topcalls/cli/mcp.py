"""`topcalls mcp`: an MCP server for operators."""

from __future__ import annotations

import importlib.util
import os
import sys

import click

from topcalls.config import Settings
from topcalls.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option(
    "--http",
    metavar="HOST:PORT",
    help="Serve streamable HTTP instead of stdio; who asks sends a key of the API as bearer.",
)
@click.option(
    "--allowed-host",
    "hosts",
    multiple=True,
    metavar="NAME",
    help="By which name it may be reached, beside this machine's own. Repeatable.",
)
@click.pass_obj
def mcp(settings: Settings, http: str | None, hosts: tuple[str, ...]) -> None:
    """Serve an assistant the API's calls, campaigns and figures as MCP tools.

    Speaks to the API at TOPCALLS_PUBLIC_URL: over stdio with the key in TOPCALLS_API_KEY, over HTTP
    with the key that each request brings. Tools that the key may not use are not shown.
    """
    if any(importlib.util.find_spec(name) is None for name in ("mcp", "mcp_types")):
        raise ConfigError(
            "The MCP server needs the official SDK.", remedy="pip install 'topcalls[mcp]'."
        )
    environment = os.environ | {"TOPCALLS_PUBLIC_URL": settings.effective_public_url}
    arguments: list[str] = []
    if http is not None:
        host, port = _address(http)
        if host not in _LOOPBACK and not hosts:
            raise ConfigError(
                f"{host} can be reached from other machines, by names that are not known.",
                field="--allowed-host",
                remedy="Name each: --allowed-host mcp.example.com, behind a proxy with TLS.",
            )
        arguments += ["--host", host, "--port", str(port)]
        arguments += [word for name in hosts for word in ("--allowed-host", name)]
    elif settings.api_key is None:
        raise ConfigError(
            "There is no API key.",
            field="api_key",
            remedy="Set TOPCALLS_API_KEY; `topcalls keys create` makes a key.",
        )
    else:
        environment["TOPCALLS_API_KEY"] = settings.api_key.get_secret_value()
    # The SDK is asyncio's: it gets an interpreter without gevent.
    os.execve(sys.executable, [sys.executable, "-m", "topcalls.mcp", *arguments], environment)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(
            f"{text!r} is no address to listen at.",
            field="--http",
            remedy="Write it as 127.0.0.1:8765.",
        )
    return host, int(port)
