"""What the model does with tools in a conversation: the customer's, and `end_call`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.parts import Parts
from topcalls.bridge.recovery import Recovery
from topcalls.bridge.responses import Ask, Response
from topcalls.bridge.tool_calls import END_CALL, ToolCalls, ToolRunner
from topcalls.core.turns import Decision
from topcalls.providers.base import ResponseDone, ToolCall


class ToolUse:
    """Every call gets an answer; all answers of a response lead to one further response."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        recovery: Recovery,
        farewell: Farewell,
        decide: Callable[[list[Decision]], None],
        run_tool: ToolRunner | None,
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._recovery = recovery
        self._farewell = farewell
        self._decide = decide
        names = (tool.name for tool in parts.config.session.tools if tool.name != END_CALL.name)
        self._calls = ToolCalls(names, run_tool, parts.mailbox)
        self._unused_results = False  # outputs that no response has seen
        self._goodbye: ToolCall | None = None  # the end_call that is being carried out

    @property
    def busy(self) -> bool:
        """A tool is at work."""
        return self._calls.busy

    def stop(self) -> None:
        """Stop whatever runs."""
        self._calls.stop()

    def called(self, event: ToolCall) -> None:
        """The model calls a tool."""
        if not self._agent.called_tool(event.response_id):
            self._answer(event, {"error": "The caller interrupted."})
        elif event.name == END_CALL.name and event.complete:
            self._goodbye = event
            self._farewell.begin("agent_ended")
        else:
            self._calls.start(event, partial(self._done, self._parts.link.epoch))

    def response_done(self, event: ResponseDone, response: Response | None) -> None:
        """A response is over; if it ended the call without a goodbye, one is asked for."""
        call = self._goodbye
        spoke = response is not None and response.spoke
        if call is not None and call.response_id == event.response_id and not spoke:
            self._goodbye = None
            self._answer(call, {"status": "ending"})
            self._agent.say(Ask(prompt.FAREWELL, exact=False))
        self._use_results()

    def take_back_goodbye(self) -> None:
        """The caller has more to say: the call goes on, and the model learns that it does."""
        self._farewell.abandon()
        if self._goodbye is not None:
            call, self._goodbye = self._goodbye, None
            self._answer(call, {"status": "not ended: the caller is speaking"})

    def _done(self, epoch: int, call: ToolCall, output: str) -> None:
        session = self._parts.link.session
        if session is not None and epoch == self._parts.link.epoch:
            session.add_tool_output(call.call_id, output)
        else:
            self._recovery.tell(prompt.late_result_message(call.name, output))
        self._unused_results = True
        self._use_results()

    def _use_results(self) -> None:
        if self._unused_results and not self._calls.busy and not self._agent.responses.active:
            self._unused_results = False
            self._decide(self._parts.turns.response_wanted())

    def _answer(self, call: ToolCall, output: dict[str, str]) -> None:
        session = self._parts.link.session
        if session is not None:
            session.add_tool_output(call.call_id, orjson.dumps(output).decode())
