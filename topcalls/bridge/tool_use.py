"""What the model does with tools in a conversation: the customer's, and the built-in ones.

Built in are those of `core/builtin_tools.py`; a call has the ones its configuration names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import orjson

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.masking import Masking
from topcalls.bridge.parts import Parts
from topcalls.bridge.recovery import Recovery
from topcalls.bridge.responses import Ask, Response
from topcalls.bridge.tool_calls import ToolCalls, ToolRunner, arguments_of
from topcalls.bridge.transfer import Transferring
from topcalls.core import keys
from topcalls.core.builtin_tools import (
    END_CALL,
    LONGEST_SUMMARY,
    PAUSE_RECORDING,
    RESUME_RECORDING,
    SEND_DTMF,
    TRANSFER_CALL,
)
from topcalls.core.turn_rules import Decision
from topcalls.errors import InvalidRequest
from topcalls.providers.base import ResponseDone, ToolCall


class ToolUse:
    """Every call gets an answer; all answers of a response lead to one further response."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        recovery: Recovery,
        farewell: Farewell,
        transfer: Transferring,
        masking: Masking,
        decide: Callable[[list[Decision]], None],
        press: Callable[[str], None],
        run_tool: ToolRunner | None,
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._recovery = recovery
        self._farewell = farewell
        self._transfer = transfer
        self._masking = masking
        self._decide = decide
        self._press = press
        own: dict[str, Callable[[ToolCall], None]] = {
            END_CALL.name: self._end_call,
            SEND_DTMF.name: self._send_dtmf,
            TRANSFER_CALL: self._transfer_call,
            PAUSE_RECORDING.name: partial(self._mask_recording, True),
            RESUME_RECORDING.name: partial(self._mask_recording, False),
        }
        allowed = set(parts.config.builtin_tools)
        self._builtin = {name: act for name, act in own.items() if name in allowed}
        tools = (tool.name for tool in parts.config.session.tools)
        names = (name for name in tools if name not in own)
        self._calls = ToolCalls(names, run_tool, parts.mailbox)
        self._unused_results = False  # outputs that no response has seen
        self._goodbye: ToolCall | None = None  # the end_call that is being carried out

    @property
    def busy(self) -> bool:
        """A tool is at work."""
        return self._calls.busy or self._masking.busy

    def stop(self) -> None:
        """Stop whatever runs."""
        self._calls.stop()

    def called(self, event: ToolCall) -> None:
        """The model calls a tool."""
        if not self._agent.called_tool(event.response_id):
            self._answer(event, {"error": "The caller interrupted."})
        elif event.complete and (builtin := self._builtin.get(event.name)):
            builtin(event)
        else:
            self._calls.start(event, partial(self._done, self._parts.link.epoch))

    def _end_call(self, event: ToolCall) -> None:
        self._goodbye = event
        self._farewell.begin("agent_ended")

    def _send_dtmf(self, event: ToolCall) -> None:
        """Keys that were pressed are no reason to speak: the menu speaks next."""
        wanted = arguments_of(event) or {}
        try:
            dial_string = keys.dial_string(wanted.get("digits", ""), wanted.get("pause_ms", 0))
        except InvalidRequest as error:
            self._answer(event, {"error": " ".join(fault.message for fault in error.errors)})
            self._unused_results = True
            return
        self._press(dial_string)
        self._answer(event, {"status": "pressed"})

    def _transfer_call(self, event: ToolCall) -> None:
        """The answer comes when the caller is back; who was handed over hears none."""
        wanted = arguments_of(event) or {}
        name, summary = wanted.get("destination"), wanted.get("summary")
        if name not in self._parts.config.destinations:
            known = ", ".join(self._parts.config.destinations)
            self._refuse(event, f"There is no such destination. There are: {known}.")
            return
        summary = summary[:LONGEST_SUMMARY] if isinstance(summary, str) else ""
        tell = partial(self._not_transferred, self._parts.link.epoch, event)
        if not self._transfer.ask(str(name), summary, tell):
            self._refuse(event, "A transfer is under way already.")

    def _not_transferred(self, epoch: int, call: ToolCall, status: str, reason: str) -> None:
        self._done(epoch, call, orjson.dumps({"status": status, "reason": reason}).decode())

    def _mask_recording(self, paused: bool, event: ToolCall) -> None:
        """The answer comes when the switch has done it: only then may a secret be asked for."""
        self._masking.ask(paused, partial(self._masked, self._parts.link.epoch, event))

    def _masked(self, epoch: int, call: ToolCall, output: dict[str, str]) -> None:
        self._done(epoch, call, orjson.dumps(output).decode())

    def _refuse(self, event: ToolCall, why: str) -> None:
        self._answer(event, {"error": why})
        self._unused_results = True

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
        if self._unused_results and not self.busy and not self._agent.responses.active:
            self._unused_results = False
            self._decide(self._parts.turns.response_wanted())

    def _answer(self, call: ToolCall, output: dict[str, str]) -> None:
        session = self._parts.link.session
        if session is not None:
            session.add_tool_output(call.call_id, orjson.dumps(output).decode())
