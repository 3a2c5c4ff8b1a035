"""The agent hands its caller over: when, what it is told of it, and what it says meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bridge_doubles import CONFIG, Talk, configured

from topcalls.bridge.briefing import briefing_for
from topcalls.bridge.config import conversation_for
from topcalls.core.builtin_tools import TRANSFER_CALL
from topcalls.core.call_request import CallRequest
from topcalls.core.transfer import Destination
from topcalls.core.transfer_rules import BRIEFING_LENGTH
from topcalls.providers.base import ToolCall

WITH_SUPPORT = configured(
    destinations=("support", "sales"), builtin_tools=(*CONFIG.builtin_tools, TRANSFER_CALL)
)
SUPPORT = '{"destination": "support", "summary": "Asks about a bill."}'


def in_talk(config: Any = WITH_SUPPORT) -> Talk:
    """The caller has spoken and was answered; the line is quiet."""
    talk = Talk(config).ring().answer()
    talk.caller_says("Hello?")
    talk.session.respond("Hello.", 1.0)
    talk.advance(1.5)
    talk.calls.clear()
    return talk


def calls_tool(talk: Talk, arguments: str = SUPPORT, text: str = "", seconds: float = 0.0) -> None:
    """The caller says something, and the model answers it by the tool."""
    talk.caller_says("I want to talk to a person.")
    talk.calls.clear()
    talk.session.call(TRANSFER_CALL, arguments, text=text, seconds=seconds)


def outputs(talk: Talk) -> list[dict[str, Any]]:
    return [json.loads(call[2]) for call in talk.calls if call[0] == "output"]


def asked(talk: Talk) -> int:
    return sum(call[0] == "respond" for call in talk.calls)


def transferring() -> Talk:
    """The caller waits to be connected."""
    talk = in_talk()
    calls_tool(talk, SUPPORT, "One moment.", 1.0)
    talk.advance(2.0)
    assert talk.observer.handed_over == [("support", "Asks about a bill.")]
    talk.calls.clear()
    return talk


def test_the_announcement_is_heard_before_anybody_is_dialled() -> None:
    talk = in_talk()
    calls_tool(talk, SUPPORT, "One moment.", 2.0)
    talk.advance(1.0)
    assert talk.observer.handed_over == []
    talk.advance(1.5)
    assert talk.observer.handed_over == [("support", "Asks about a bill.")]
    assert talk.observer.texts()[-1] == ("assistant", "One moment.")
    talk.end()


def test_a_caller_who_waits_is_not_answered_and_not_asked_whether_he_is_there() -> None:
    talk = transferring()
    talk.caller_says("How long will it take?")
    talk.advance(60.0)
    assert asked(talk) == 0
    assert not [call for call in talk.calls if call[0] == "speak"]
    talk.end()


def test_a_failure_is_told_in_words_and_the_talk_goes_on() -> None:
    talk = transferring()
    talk.bridge.not_transferred("The line is busy.")
    talk.settle()
    assert outputs(talk) == [{"status": "not transferred", "reason": "The line is busy."}]
    assert asked(talk) == 1
    talk.session.respond("I am sorry, it is busy.", 1.0)
    talk.advance(1.5)
    assert talk.observer.texts()[-1] == ("assistant", "I am sorry, it is busy.")
    calls_tool(talk, '{"destination": "sales"}')
    talk.advance(0.5)
    assert talk.observer.handed_over[-1] == ("sales", "")
    talk.end()


def test_a_caller_who_interrupts_the_announcement_is_not_handed_over() -> None:
    talk = in_talk()
    calls_tool(talk, SUPPORT, "One moment, I will connect you.", 4.0)
    talk.advance(1.0)
    talk.caller_says("No, wait, I do not want that", 2.0)
    talk.advance(0.5)
    assert talk.observer.handed_over == []
    assert outputs(talk)[0]["status"] == "not transferred"
    talk.end()


@pytest.mark.parametrize("arguments", ['{"destination": "boss"}', "{}", "[]", "nonsense"])
def test_nobody_but_those_listed(arguments: str) -> None:
    talk = in_talk()
    calls_tool(talk, arguments)
    talk.advance(1.0)
    assert talk.observer.handed_over == []
    [refused] = outputs(talk)
    assert "support, sales" in refused["error"]
    assert asked(talk) == 1
    talk.end()


def test_a_second_one_meanwhile_is_refused() -> None:
    talk = in_talk()
    talk.caller_says("I want to talk to a person.")
    response = talk.session.begin()
    talk.session.say(response, "One moment.", 3.0)
    for number, wish in enumerate((SUPPORT, '{"destination": "sales"}')):
        talk.session.emit(ToolCall(response, f"call-{number}", TRANSFER_CALL, wish))
    talk.session.end(response)
    talk.settle()
    assert "under way" in outputs(talk)[0]["error"]
    talk.end()


def test_a_user_hands_over_at_once_and_the_agent_learns_of_a_failure() -> None:
    talk = in_talk()
    talk.caller_says("Tell me everything.")
    response = talk.session.begin()
    talk.session.say(response, "Let me tell you a long story.", 20.0)
    talk.advance(1.0)
    talk.bridge.transfer("front desk")
    talk.advance(0.1)
    assert talk.observer.handed_over == [("front desk", "")]
    assert ("cancel",) in talk.calls
    talk.calls.clear()
    talk.bridge.not_transferred("Nobody answered.")
    talk.settle()
    [told] = [call[2] for call in talk.calls if call[0] == "message"]
    assert "front desk" in told
    assert "Nobody answered." in told
    assert asked(talk) == 1
    talk.end()


def test_a_call_that_lists_nobody_has_no_such_tool() -> None:
    request = CallRequest(phone_number="+12025550100", task="Ask how they are, politely.")
    assert TRANSFER_CALL not in conversation_for(request, default_model="m").builtin_tools
    listed = {"destinations": [{"name": "support", "number": "+12025550114"}]}
    with_one = CallRequest(**{**vars(request), "transfer": listed})
    config = conversation_for(with_one, default_model="m")
    [tool] = [tool for tool in config.session.tools if tool.name == TRANSFER_CALL]
    assert tool.parameters["properties"]["destination"]["enum"] == ["support"]
    assert config.destinations == ("support",)
    assert CONFIG.destinations == ()


# --- the briefing


def briefing(**changes: Any) -> Any:
    request = CallRequest(phone_number="+12025550100", task="t" * 10, voice="coral", **changes)
    target = Destination("support", "+12025550114", "warm", briefing="It is Ann.", accept_key="*")
    return briefing_for(request, target, "Asks about a bill.", default_model="m")


def test_a_briefing_is_exact_in_the_agents_voice_and_has_no_tools() -> None:
    config = briefing()
    words = "It is Ann. Asks about a bill. To take the call, press the star key."
    assert (config.opening.text, config.opening.exact) == (words, True)
    assert config.session.voice == "coral"
    assert config.session.tools == ()
    assert config.builtin_tools == ()
    assert "Asks about a bill." in config.session.instructions
    assert len(words) < BRIEFING_LENGTH[1]


def test_in_another_language_its_last_sentence_is_the_models() -> None:
    opening = briefing(language="de").opening
    assert not opening.exact
    assert "German" in opening.text
    assert [ask.exact for ask in opening.asks] == [False]
