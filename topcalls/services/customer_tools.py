"""Customers' tools: each call of one is a signed POST to the customer's server.

It is signed as webhooks are, with the account's secret, and carries an `Idempotency-Key`: a server
that keeps it does nothing twice. The key is of one call of the tool in one telephone call. Where
it never became known whether such a call was carried out, and the model makes the same one again,
that has the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from topcalls import tracing
from topcalls.clock import Clock
from topcalls.core import tool_answers, tool_log
from topcalls.core.tools import Tool, ToolRequest, ToolResult, ToolStatus, failed
from topcalls.errors import ConfigError
from topcalls.log import get_logger
from topcalls.net.http import NOBODY, Ourselves
from topcalls.services import tool_secrets
from topcalls.services.call_views import ClaimedCall
from topcalls.services.customer_posts import Posting, ask
from topcalls.services.customer_requests import MakeClient, about, http_clients
from topcalls.store import accounts
from topcalls.store.database import Database

EVENT = "tool.call"

log = get_logger("customer_tools")


def http_client(
    allow_private: bool | Callable[[str, int], bool], ourselves: Ourselves = NOBODY
) -> MakeClient:
    """Clients for tools, see `HttpClient`."""
    return http_clients(tool_answers.MOST_BYTES, allow_private, ourselves)


@dataclass(frozen=True)
class ToolCallback:
    """Where the server of an asynchronous tool brings its result, and what shows that it may."""

    url: str
    token: str


class CustomerTools:
    """The customer's tools of one call. `callback` makes the way back of a call of a tool."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        call: ClaimedCall,
        tools: Mapping[str, Tool],
        make_client: MakeClient,
        callback: Callable[[str], ToolCallback],
    ) -> None:
        self._db = db
        self._clock = clock
        self._call = call
        self._tools = tools
        self._make_client = make_client
        self._callback = callback
        self._open_keys = {  # of calls that may have been carried out
            _meaning(record.name, record.arguments): record.id
            for record in call.carried.tools
            if record.status is ToolStatus.INTERRUPTED or record.error in tool_answers.UNKNOWN
        }

    def run(self, request: ToolRequest) -> ToolResult:
        """Carry out a call of one of these tools; blocks its greenlet for as long as that takes."""
        tool = self._tools[request.name]
        try:
            secrets, headers = self._db.read(self._secrets, tool)
        except ConfigError as error:
            log.error("Secrets of a tool cannot be read", tool=tool.name, why=error.message)
            return failed("secret", "The tool is not set up: its secrets cannot be read.")
        if not secrets:
            return failed("secret", "The tool is not set up: the account has no signing secret.")
        meaning = _meaning(request.name, orjson.dumps(request.arguments).decode())
        key = self._open_keys.setdefault(meaning, request.id)
        result = self._ask(tool, request, key, secrets, headers)
        if result.error not in tool_answers.UNKNOWN:
            self._open_keys.pop(meaning, None)
        return replace(result, output=tool_log.without(result.output, headers.values()))

    def _secrets(self, tool: Tool) -> tuple[tuple[str, ...], dict[str, str]]:
        account_id = self._call.account_id
        ours = accounts.signing_secrets({account_id}, self._clock.now())[account_id]
        return ours, tool_secrets.opened(account_id, tool)

    def _ask(
        self,
        tool: Tool,
        request: ToolRequest,
        key: str,
        secrets: tuple[str, ...],
        headers: dict[str, str],
    ) -> ToolResult:
        posting = Posting(
            tool.url,
            orjson.dumps(self._content(tool, request), option=orjson.OPT_UTC_Z),
            EVENT,
            message_id=request.id,
            idempotency_key=f"{self._call.call_id}.{key}",
            secrets=secrets,
            seconds=tool.timeout_seconds,
            headers=headers | tracing.headers_for(self._call.trace_context, "tool", request.id),
            is_async=tool.is_async,
        )
        return ask(self._make_client, self._clock, posting)

    def _content(self, tool: Tool, request: ToolRequest) -> dict[str, Any]:
        call = self._call
        content: dict[str, Any] = {
            "event": EVENT,
            "tool_call_id": request.id,
            "tool": tool.name,
            "arguments": request.arguments,
            "call": about(call),
        }
        if tool.is_async:
            back = self._callback(request.id)
            content |= {"result_url": back.url, "result_token": back.token}
        return content


def _meaning(name: str, arguments: str) -> str:
    """The same for all calls that ask for the same."""
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        value = arguments
    return f"{name} {orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()}"
