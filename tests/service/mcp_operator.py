"""An operator's assistant: the SDK's own client, in an interpreter without gevent.

Reads one JSON object from its standard input, {"command": […]} or {"url", "headers"} with "calls":
[[tool, arguments], …], and prints {"tools": […], "results": […]}.
"""

import asyncio
import json
import os
import sys

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client


def transport(wanted):
    if "url" in wanted:
        http = httpx2.AsyncClient(headers=wanted["headers"], timeout=30)
        return streamable_http_client(wanted["url"], http_client=http)
    command, *arguments = wanted["command"]
    return stdio_client(
        StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    )


async def main():
    wanted = json.load(sys.stdin)
    async with Client(transport(wanted)) as client:
        listed = (await client.list_tools()).tools
        results = [await client.call_tool(name, given) for name, given in wanted["calls"]]
    told = {
        "tools": [tool.model_dump(mode="json", by_alias=True) for tool in listed],
        "results": [
            {"failed": bool(one.is_error), "said": json.loads(one.content[0].text)}
            for one in results
        ],
    }
    print(json.dumps(told))


asyncio.run(main())
