"""`python -m topcalls.mcp`, which `topcalls mcp` becomes: stdio, or streamable HTTP."""

from __future__ import annotations

import argparse
import os

import anyio
from mcp.server.stdio import stdio_server

from topcalls.client import TopCalls
from topcalls.mcp import over_http
from topcalls.mcp.server import build


async def _serve_stdio(client: TopCalls) -> None:
    server = build(lambda _: client)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def main() -> None:
    """Serve as the arguments say; the address and the key are in the environment."""
    parser = argparse.ArgumentParser(prog="topcalls mcp")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--allowed-host", action="append", default=[])
    chosen = parser.parse_args()
    base_url = os.environ["TOPCALLS_PUBLIC_URL"]
    if chosen.host is not None:
        over_http.serve(base_url, chosen.host, chosen.port, chosen.allowed_host)
        return
    with TopCalls(base_url, os.environ["TOPCALLS_API_KEY"]) as client:
        anyio.run(_serve_stdio, client)


if __name__ == "__main__":
    main()
