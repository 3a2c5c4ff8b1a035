"""The protocol's side: lists the tools that a key may use, and runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import anyio.to_thread
import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from topcalls import __version__
from topcalls.client import TopCalls, TopCallsClientError
from topcalls.mcp import answers, arguments
from topcalls.mcp.tools import TOOLS, within

INSTRUCTIONS: Final = (
    "TopCalls makes and takes telephone calls with an AI on the line. Before you place a call or "
    "start a campaign, make sure that the person you work for wants exactly that: people are "
    f"called. {answers.NOTICE} Telephone numbers are hidden unless `reveal_numbers` asks for them."
)
_BY_NAME: Final = {tool.name: tool for tool in TOOLS}

Clients = Callable[[Any], TopCalls]
"""The client for a request: by the key of the process, or by the one that the request brings."""


def build(client_of: Clients) -> Server[Any]:
    """The server; `client_of` is given the HTTP request, None where there is none."""

    async def list_tools(context: Any, _: Any) -> types.ListToolsResult:
        client = client_of(context.request)
        try:
            key = await anyio.to_thread.run_sync(client.account_keys.get_own_key)
        except TopCallsClientError as error:
            told = answers.refusal(error)
            raise MCPError(types.INTERNAL_ERROR, str(told["detail"]), told) from None
        return types.ListToolsResult(tools=[tool.shown() for tool in within(key["scopes"])])

    async def call_tool(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        client, given = client_of(context.request), dict(params.arguments or {})
        return await anyio.to_thread.run_sync(run_tool, client, params.name, given)

    return Server(
        "topcalls",
        version=__version__,
        title="TopCalls",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def run_tool(client: TopCalls, name: str, given: dict[str, Any]) -> types.CallToolResult:
    """What a tool answers; a refusal is an answer, too, with `is_error`."""
    tool = _BY_NAME.get(name)
    if tool is None:
        known = ", ".join(sorted(_BY_NAME))
        return _failed({"error": "unknown_tool", "detail": f"There are: {known}."})
    wrong = arguments.faults(tool.schema, given)
    if wrong:
        return _failed({"error": "invalid_arguments", "fields": wrong})
    reveal = given.pop("reveal_numbers", False)
    try:
        answer = answers.marked(tool.run(client, given))
    except TopCallsClientError as error:
        return _failed(answers.masked(answers.refusal(error)))
    return _said(answer if reveal else answers.masked(answer))


def _said(answer: Any) -> types.CallToolResult:
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


def _failed(answer: Any) -> types.CallToolResult:
    text = json.dumps(answer, ensure_ascii=False, indent=1)
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
