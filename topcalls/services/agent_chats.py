"""An agent tried in writing: what it would answer, without a call.

It is told what a call tells it before the conversation, and asked by the language model of the
chain. Tools are offered to it and never carried out: whoever tries the agent says what they gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import gevent

from topcalls.clock import Clock
from topcalls.core import agents as rules
from topcalls.core import variables
from topcalls.core.builtin_tools import END_CALL, Situation, names_of, specs_of
from topcalls.core.call_request import CallRequest
from topcalls.core.dialogue import Dialogue, FunctionCall, Message
from topcalls.core.instructions import GREET, compose_instructions
from topcalls.core.tools import ToolSpec, tools_of
from topcalls.errors import ConfigError, NotFound, ProviderError
from topcalls.providers import registry
from topcalls.providers.languages import language_name
from topcalls.providers.stages import ChatCalls, ChatEnded, ChatModel, ChatRequest, ChatText
from topcalls.services.agent_views import AgentVersion
from topcalls.services.agents import Agents
from topcalls.services.keys import Principal

LONGEST_SECONDS: Final = 30.0
"""For one answer, whatever the model does meanwhile."""

MOST_TOKENS: Final = 1024
_NUMBER: Final = "+12025550100"
"""Of the other person, where the agent's texts name it: it belongs to nobody."""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What was said so far: of the `user` or the `assistant`, with the tools that this one called;
    or what a `tool` gave for the call `tool_call_id`."""

    role: str
    text: str = ""
    tool_calls: tuple[FunctionCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """What the agent says, and the tools that it calls. `model`: whom it was asked; None where the
    first sentence of the agent is the answer. `cut_off`: it had more to say than a turn may have,
    or may not say the rest."""

    version: int
    text: str
    tool_calls: tuple[FunctionCall, ...]
    model: str | None
    cut_off: bool = False


class AgentChats:
    """Asks agents in writing. `model_of` gives a language model by its name, and raises
    `ConfigError` where none can be reached; `default_model` is that of agents that name none of
    the chain's."""

    def __init__(
        self,
        agents: Agents,
        clock: Clock,
        model_of: Callable[[str], ChatModel],
        default_model: str,
        *,
        seconds: float = LONGEST_SECONDS,
    ) -> None:
        self._agents = agents
        self._clock = clock
        self._model_of = model_of
        self._default_model = default_model
        self._seconds = seconds

    def answer(
        self,
        who: Principal,
        agent_id: str,
        turns: Sequence[ChatTurn],
        version: int | None = None,
        request_data: Mapping[str, Any] | None = None,
    ) -> ChatAnswer:
        """What the agent says next. `version` None: its draft, else what is published. Values that
        its texts want and `request_data` does not bring stay blank.

        Raises:
            InsufficientScope: the key may not read agents.
            NotFound: no such agent or version.
            ProviderError: the model does not answer, not in time, or refuses.
        """
        who.require("agents:read")
        used = self._version(who.account_id, agent_id, version)
        request = _request(used, request_data or {})
        if not turns and request.first_sentence:
            return ChatAnswer(used.number, request.first_sentence, (), None)
        model = self._connected(self._name(request))
        tools = _tools(request, Situation(self._clock.now()))
        asked = ChatRequest(self._messages(request, turns), tools, MOST_TOKENS, request.temperature)
        with gevent.Timeout(self._seconds, False):
            return _read(used.number, model, asked)
        raise ProviderError(
            f"The language model did not answer within {self._seconds:g} s.",
            retryable=True,
            remedy="Ask again, or choose a model that answers sooner: nobody waits so long on the "
            "telephone.",
        )

    def _version(self, account_id: str, agent_id: str, number: int | None) -> AgentVersion:
        if number is not None:
            return self._agents.version(account_id, agent_id, number)
        details = self._agents.get(account_id, agent_id)
        newest = details.draft or details.published
        if newest is None:
            raise NotFound("The agent has no version.")
        return newest

    def _name(self, request: CallRequest) -> str:
        """A model of speech to speech writes nothing: the chain's own stands in for it."""
        if request.model is None:
            return self._default_model
        known = registry.find_model(request.model)
        chats = request.mode == "legacy" if known is None else known.kind is registry.Kind.CHAT
        return request.model if chats else self._default_model

    def _connected(self, name: str) -> ChatModel:
        try:
            return self._model_of(name)
        except ConfigError as error:
            raise ProviderError(error.message, remedy=error.remedy) from None

    def _messages(self, request: CallRequest, turns: Sequence[ChatTurn]) -> list[Message]:
        dialogue = Dialogue()
        if request.first_sentence and turns and turns[0].role == "user":
            dialogue.add("assistant", request.first_sentence)
        for turn in turns:
            if turn.role == "tool":
                dialogue.output(turn.tool_call_id, turn.text)
                continue
            dialogue.add("assistant" if turn.role == "assistant" else "user", turn.text)
            if turn.tool_calls:
                dialogue.call(turn.tool_calls)
        further = () if turns else (Message("system", GREET),)
        return dialogue.messages(self._instructions(request), *further)

    def _instructions(self, request: CallRequest) -> str:
        language = request.language
        return compose_instructions(
            task=request.task,
            instructions=request.instructions,
            request_data=request.request_data,
            language=(language_name(language) or language) if language else None,
            today=self._clock.now().date(),
            ends_itself=END_CALL.name in names_of(vars(request)),
        )


def _request(version: AgentVersion, request_data: Mapping[str, Any]) -> CallRequest:
    own = {
        "phone_number": _NUMBER,
        "agent_id": version.agent_id,
        "agent_version": version.number,
        "request_data": dict(request_data),
    }
    request = CallRequest.from_mapping(rules.call_body(version.configuration, own))
    return variables.filled(request, variables.of_call(None, _NUMBER), strict=False)


def _tools(request: CallRequest, situation: Situation) -> tuple[ToolSpec, ...]:
    fields = vars(request)
    builtin = specs_of(names_of(fields), fields, situation)
    return (*builtin, *(tool.spec for tool in tools_of(request.tools)))


def _read(version: int, model: ChatModel, asked: ChatRequest) -> ChatAnswer:
    answer = ChatAnswer(version, "", (), model.name)
    for event in model.answer(asked):
        match event:
            case ChatText(text):
                answer = replace(answer, text=answer.text + text)
            case ChatCalls(calls):
                answer = replace(answer, tool_calls=calls)
            case ChatEnded(reason):
                answer = replace(answer, cut_off=bool(reason))
    return answer
