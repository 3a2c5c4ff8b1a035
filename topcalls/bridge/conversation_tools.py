"""The tools that act on the conversation itself: ending it, keys, handing over, masking."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.masking import Masking
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask, Response
from topcalls.bridge.tool_calls import arguments_of
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
from topcalls.core.tools import ToolResult, ToolStatus, failed, refused, succeeded, told
from topcalls.errors import InvalidRequest
from topcalls.providers.base import ResponseDone, ToolCall

Answer = Callable[[ToolCall, ToolResult, bool], None]
"""A call's result, and whether the model is to speak about it."""


class ConversationTools:
    """`handlers` carry out the tools, by name; each call is answered once, by `answer`, at once or
    later. `press` presses keys."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        farewell: Farewell,
        transfer: Transferring,
        masking: Masking,
        press: Callable[[str], None],
        answer: Answer,
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._farewell = farewell
        self._transfer = transfer
        self._masking = masking
        self._press = press
        self._answer = answer
        self.handlers: dict[str, Callable[[ToolCall], None]] = {
            END_CALL.name: self._end_call,
            SEND_DTMF.name: self._send_dtmf,
            TRANSFER_CALL: self._transfer_call,
            PAUSE_RECORDING.name: partial(self._mask_recording, True),
            RESUME_RECORDING.name: partial(self._mask_recording, False),
        }
        self._goodbye: ToolCall | None = None  # the end_call that is being carried out
        self._handing_over: ToolCall | None = None

    @property
    def busy(self) -> bool:
        """The switch is at work."""
        return self._masking.busy

    def close(self) -> None:
        """The conversation is over: what led to that has been carried out."""
        if self._goodbye is not None:
            self._answer(self._goodbye, succeeded(status="ending"), False)
        if self._handing_over is not None and self._transfer.under_way:
            self._answer(self._handing_over, succeeded(status="transferring"), False)
        self._goodbye = self._handing_over = None

    def response_done(self, event: ResponseDone, response: Response | None) -> None:
        """A response is over; if it ended the call without a goodbye, one is asked for."""
        call = self._goodbye
        spoke = response is not None and response.spoke
        if call is not None and call.response_id == event.response_id and not spoke:
            self._goodbye = None
            self._answer(call, succeeded(status="ending"), False)
            self._agent.say(Ask(prompt.FAREWELL, exact=False))

    def take_back_goodbye(self) -> None:
        """The caller has more to say: the call goes on, and the model learns that it does."""
        self._farewell.abandon()
        if self._goodbye is not None:
            call, self._goodbye = self._goodbye, None
            output = told(status="not ended: the caller is speaking")
            self._answer(call, ToolResult(output, ToolStatus.REFUSED, "caller_spoke"), False)

    def _end_call(self, event: ToolCall) -> None:
        self._goodbye = event
        self._farewell.begin("agent_ended")

    def _send_dtmf(self, event: ToolCall) -> None:
        """Keys that were pressed are no reason to speak: the menu speaks next."""
        wanted = arguments_of(event) or {}
        try:
            dial_string = keys.dial_string(wanted.get("digits", ""), wanted.get("pause_ms", 0))
        except InvalidRequest as error:
            why = " ".join(fault.message for fault in error.errors)
            self._answer(event, refused("arguments", why), True)
            return
        self._press(dial_string)
        self._answer(event, succeeded(status="pressed"), False)

    def _transfer_call(self, event: ToolCall) -> None:
        """The answer comes when the caller is back; who was handed over hears none."""
        wanted = arguments_of(event) or {}
        name, summary = wanted.get("destination"), wanted.get("summary")
        if name not in self._parts.config.destinations:
            known = ", ".join(self._parts.config.destinations)
            why = f"There is no such destination. There are: {known}."
            self._answer(event, refused("arguments", why), True)
            return
        summary = summary[:LONGEST_SUMMARY] if isinstance(summary, str) else ""
        if self._transfer.ask(str(name), summary, partial(self._not_transferred, event)):
            self._handing_over = event
        else:
            self._answer(event, refused("busy", "A transfer is under way already."), True)

    def _not_transferred(self, call: ToolCall, status: str, reason: str) -> None:
        self._handing_over = None
        output = told(status=status, reason=reason)
        self._answer(call, ToolResult(output, ToolStatus.FAILED, "not_transferred"), True)

    def _mask_recording(self, paused: bool, event: ToolCall) -> None:
        """The answer comes when the switch has done it: only then may a secret be asked for."""
        self._masking.ask(paused, partial(self._masked, event))

    def _masked(self, call: ToolCall, output: dict[str, str]) -> None:
        why = output.get("error")
        result = failed("switch", why) if why else succeeded(**output)
        self._answer(call, result, True)
