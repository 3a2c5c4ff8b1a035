"""What the model does with tools in a conversation: the customer's, and the built-in ones.

Built in are those of `core/builtin_tools.py`; a call has the ones its configuration names.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.conversation_tools import ConversationTools
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.masking import Masking
from topcalls.bridge.parts import Parts
from topcalls.bridge.recovery import Recovery
from topcalls.bridge.responses import Ask, Response
from topcalls.bridge.tool_calls import ToolCalls
from topcalls.bridge.tool_log import ToolLog, Use
from topcalls.bridge.transfer import Transferring
from topcalls.bridge.waiting_words import WaitingWords
from topcalls.core.tools import ToolRecord, ToolResult, ToolRunner, ToolStatus, refused
from topcalls.core.turn_rules import Decision
from topcalls.providers.base import ResponseDone, ToolCall

MOST_ROUNDS = 8
"""How often in a row results of tools may lead to nothing but further calls."""


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
        past: tuple[ToolRecord, ...] = (),
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._recovery = recovery
        self._decide = decide
        self._log = ToolLog(parts, past)
        self._own = ConversationTools(
            parts, agent, farewell, transfer, masking, press, self._answer
        )
        handlers, config = self._own.handlers, parts.config
        self._builtin = {name: handlers[name] for name in config.builtin_tools if name in handlers}
        others = (spec for spec in config.session.tools if spec.name not in handlers)
        self._calls = ToolCalls(others, config.tools, run_tool, parts.mailbox)
        self._words = WaitingWords(parts, agent, self._calls.is_running)
        self._unused_results = False  # outputs that no response has seen
        self._rounds = 0
        self._early: dict[str, str] = {}  # results that came before their calls were taken

    @property
    def busy(self) -> bool:
        """A tool is at work."""
        return self._calls.busy or self._own.busy

    def memory(self) -> list[str]:
        """What another session of the model has to know of the tools used so far."""
        return self._log.memory()

    def stop(self) -> None:
        """Stop whatever runs."""
        self._words.clear()
        self._calls.stop()
        self._own.close()
        self._log.interrupt()

    def called(self, event: ToolCall) -> None:
        """The model calls a tool."""
        if not self._agent.called_tool(event.response_id):
            self._log.begin(event, tell=False)
            self._answer(event, refused("caller_interrupted", "The caller interrupted."), False)
        elif event.complete and (builtin := self._builtin.get(event.name)):
            self._log.begin(event)
            builtin(event)
        else:
            use = self._log.begin(event)
            self._words.begin(use.id, event.response_id, event.name)
            self._calls.start(use.record, event, self._done)

    def response_done(self, event: ResponseDone, response: Response | None) -> None:
        """A response is over, and with it the reasons to wait with the next one."""
        if response is not None and response.spoke:
            self._words.model_spoke(event.response_id)
        if response is not None and (response.spoke or not response.called_tools):
            self._rounds = 0
        self._own.response_done(event, response)
        self._use_results()

    def take_back_goodbye(self) -> None:
        """The caller has more to say: the call goes on, and the model learns that it does."""
        self._own.take_back_goodbye()

    def result_came(self, use_id: str, name: str, output: str) -> None:
        """The result of a call that its server had taken to bring it later."""
        use = self._log.of_id(use_id)
        if use is not None and self._calls.is_running(use_id):
            self._early[use_id] = output
            return
        if use is not None:
            use.is_over, use.output = True, output
        self._recovery.tell(prompt.later_result_message(name, output))
        self._unused_results = True
        self._use_results()

    def _done(self, call: ToolCall, result: ToolResult) -> None:
        use = self._log.find(call)
        early = self._early.pop(use.id, None)
        if early is not None and result.status is ToolStatus.PENDING:
            result = ToolResult(early, http_status=result.http_status, attempts=result.attempts)
        self._answer(call, result, True)

    def _answer(self, call: ToolCall, result: ToolResult, speak: bool) -> None:
        use = self._log.find(call)
        self._log.end(use, result)
        self._tell(use, result.output)
        if speak:
            self._unused_results = True
            self._use_results()

    def _tell(self, use: Use, output: str) -> None:
        """A session that is still to come learns it from the memory."""
        session = self._parts.link.session
        if session is None:
            return
        if use.epoch == self._parts.link.epoch:
            session.add_tool_output(use.call.call_id, output)
        else:
            self._recovery.tell(prompt.late_result_message(use.call.name, output))

    def _use_results(self) -> None:
        if not self._unused_results or self.busy or self._agent.responses.active:
            return
        self._unused_results = False
        if self._rounds >= MOST_ROUNDS:
            self._rounds = 0
            self._agent.say(Ask(prompt.ENOUGH_TOOLS, exact=False))
        else:
            self._rounds += 1
            self._decide(self._parts.turns.response_wanted())
