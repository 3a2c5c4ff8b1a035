"""Who carries out the tools of one call: the customer's servers, this software, or a cassette.

The call of a tool whose result may come later is stored before it is made: the result may be here
before the server has answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from topcalls.clock import Clock
from topcalls.core.tool_cassette import Cassette, cassette_of
from topcalls.core.tools import ToolRequest, ToolResult, ToolRunner, refused, tools_of
from topcalls.services.call_views import ClaimedCall
from topcalls.services.customer_requests import MakeClient
from topcalls.services.customer_tools import CustomerTools, ToolCallback
from topcalls.services.tool_replay import Replay
from topcalls.services.tool_results import PATH, ResultTokens
from topcalls.services.tools import Tools
from topcalls.store.database import Database

BuiltinRunner = Callable[[ClaimedCall, ToolRequest], ToolResult]
"""Carries out a built-in tool for a call. May block its greenlet."""


@dataclass(frozen=True)
class ToolRunners:
    """Makes the runner of a call. `builtin`: those built-in tools that do not act on the
    conversation, by name. `public_url`: how the world reaches the API. `rehearsed`: what the tools
    of a call answer that brings no cassette of its own; None: they are carried out."""

    db: Database
    clock: Clock
    tools: Tools
    make_client: MakeClient
    tokens: ResultTokens
    public_url: str
    builtin: Mapping[str, BuiltinRunner]
    rehearsed: Callable[[ClaimedCall], Cassette | None] = lambda _: None

    def of(self, call: ClaimedCall) -> ToolRunner:
        """Carries out the tools of this call."""
        own = call.request.tool_cassette
        cassette = self.rehearsed(call) if own is None else cassette_of(own)
        return self._real(call) if cassette is None else Replay(cassette, call.carried.tools).run

    def _real(self, call: ClaimedCall) -> ToolRunner:
        custom = {tool.name: tool for tool in tools_of(call.request.tools)}

        def callback(tool_call_id: str) -> ToolCallback:
            now = self.clock.now()
            path = PATH.format(call_id=call.call_id, tool_call_id=tool_call_id)
            token = self.tokens.issue(call.call_id, tool_call_id, now)
            return ToolCallback(f"{self.public_url}{path}", token)

        theirs = CustomerTools(self.db, self.clock, call, custom, self.make_client, callback)

        def run(request: ToolRequest) -> ToolResult:
            builtin = self.builtin.get(request.name)
            if builtin is not None:
                return builtin(call, request)
            tool = custom.get(request.name)
            if tool is None:
                return refused("unknown_tool", "There is no tool of this name.")
            if tool.is_async:
                self.tools.note(call.call_id, request.record, self.clock.now())
            return theirs.run(request)

        return run
