"""Tools during a call, and the tool that ends it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bridge_doubles import CONFIG, LIMIT, SESSION, Talk, Tool

from topcalls.bridge import prompt
from topcalls.bridge.mailbox import Mailbox
from topcalls.bridge.tool_calls import ToolCalls
from topcalls.core.tools import Tool as Tool_
from topcalls.core.tools import ToolRecord, ToolRequest, ToolResult, ToolStatus
from topcalls.core.turn_rules import TurnRules
from topcalls.providers.base import CallerTranscript, ToolCall

COMMIT_AFTER = (TurnRules().wordless_ms + TurnRules().hangover_ms) / 1000


def asked(tool: Any = None) -> Talk:
    """The caller has asked something; the answer is awaited."""
    talk = Talk(CONFIG, run_tool=tool).ring().answer()
    talk.caller_says("Where is my order?")
    talk.calls.clear()
    return talk


def outputs(talk: Talk) -> list[Any]:
    return [json.loads(call[2]) for call in talk.calls if call[0] == "output"]


# --- customers' tools


def test_a_tool_runs_and_its_result_is_spoken_about() -> None:
    tool = Tool()
    talk = asked(tool)
    call_id = talk.session.call("look_up", '{"order": 7}')
    talk.settle()
    assert tool.calls == [("look_up", {"order": 7})]
    assert talk.calls == [("output", call_id, '{"status":"sent"}'), ("respond",)]
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(1.2)
    assert talk.observer.texts()[-1] == ("assistant", "It is on its way.")
    assert len(talk.observer.timings) == 1
    talk.end()


def test_the_result_follows_what_the_agent_says_meanwhile() -> None:
    tool = Tool()
    talk = asked(tool)
    talk.session.call("look_up", text="One moment.", seconds=2.0)
    talk.settle()
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(3.1)
    assert [text for _, text in talk.observer.texts()][1:] == ["One moment.", "It is on its way."]
    talk.end()


def test_several_calls_of_one_response_get_one_answer() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    response = talk.session.begin()
    for call_id in ("a", "b"):
        talk.session.emit(ToolCall(response, call_id, "look_up", "{}"))
    talk.session.end(response)
    talk.settle()
    assert talk.calls == []
    tool.gate.set()
    talk.settle()
    assert [call[0] for call in talk.calls] == ["output", "output", "respond"]
    talk.end()


def test_a_quick_tool_waits_for_the_end_of_its_response() -> None:
    talk = asked(Tool())
    response = talk.session.begin()
    talk.tell(ToolCall(response, "a", "look_up", "{}"))
    assert [call[0] for call in talk.calls] == ["output"]
    talk.session.end(response)
    talk.settle()
    assert [call[0] for call in talk.calls] == ["output", "respond"]
    talk.end()


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("unknown", "{}", "no tool"),
        ("look_up", '{"broken', "arguments"),
        ("look_up", "[1]", "arguments"),
    ],
)
def test_a_call_that_cannot_be_made_is_an_error_to_the_model(
    name: str, arguments: str, error: str
) -> None:
    tool = Tool()
    talk = asked(tool)
    talk.session.call(name, arguments)
    talk.settle()
    assert error in outputs(talk)[0]["error"]
    assert talk.calls[-1] == ("respond",)
    assert tool.calls == []
    talk.end()


def test_without_a_runner_no_tool_is_known() -> None:
    talk = asked(None)
    talk.session.call("look_up")
    talk.settle()
    assert "no tool" in outputs(talk)[0]["error"]
    talk.end()


def test_a_call_that_was_cut_off_is_not_carried_out() -> None:
    tool = Tool()
    talk = asked(tool)
    response = talk.session.begin()
    talk.session.emit(ToolCall(response, "a", "look_up", '{"or', complete=False))
    talk.session.end(response)
    talk.settle()
    assert "cut off" in outputs(talk)[0]["error"]
    assert tool.calls == []
    talk.end()


def test_a_failing_tool_keeps_its_secret() -> None:
    def broken(_: ToolRequest) -> ToolResult:
        raise RuntimeError("password=hunter2")

    talk = asked(broken)
    talk.session.call("look_up")
    talk.settle()
    assert outputs(talk) == [{"error": "The tool failed."}]
    talk.end()


def test_a_tool_that_takes_too_long_is_an_error() -> None:
    mailbox = Mailbox()
    done: list[ToolResult] = []
    slow = Tool_("look_up", "Look something up.", "https://example.com", timeout_seconds=0.01)
    calls = ToolCalls([slow.spec], [slow], Tool(held=True), mailbox, grace=0)
    record = ToolRecord("use-1", "look_up", False, "", 0)
    calls.start(record, ToolCall("r", "a", "look_up", ""), lambda _, result: done.append(result))
    assert calls.is_running("use-1")
    fact = mailbox.get(LIMIT)
    assert fact is not None
    fact[0](*fact[1])
    assert (done[0].status, done[0].error) == (ToolStatus.FAILED, "timeout")
    assert "in time" in json.loads(done[0].output)["error"]
    assert not calls.busy


def test_a_tool_result_during_speech_of_the_caller_shares_the_answer() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    talk.session.call("look_up")
    talk.settle()
    item = talk.start_speech()
    tool.gate.set()
    talk.settle()
    assert [call[0] for call in talk.calls] == ["output"]
    talk.advance(1.5)
    talk.stop_speech(item)
    assert [call[0] for call in talk.calls] == ["output", "respond"]
    talk.end()


def test_a_tool_result_after_an_interruption_is_still_told() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    call_id = talk.session.call("look_up", text="One moment please, I am looking.", seconds=4.0)
    talk.advance(1.0)
    item = talk.start_speech()
    talk.advance(COMMIT_AFTER + 0.1)
    tool.gate.set()
    talk.settle()
    assert ("output", call_id, '{"status":"sent"}') in talk.calls
    assert ("respond",) not in talk.calls
    talk.advance(0.5)
    talk.stop_speech(item)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_an_answer_under_way_does_not_swallow_a_tool_result() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    talk.session.call("look_up")
    talk.settle()
    talk.caller_says("And hurry.")
    response = talk.session.begin()
    tool.gate.set()
    talk.settle()
    assert talk.calls.count(("respond",)) == 1
    talk.session.say(response, "Of course.", 0.5)
    talk.session.end(response)
    talk.settle()
    assert talk.calls.count(("respond",)) == 2
    talk.end()


def test_a_call_of_a_response_that_is_cancelled_meanwhile_is_answered_but_not_made() -> None:
    tool = Tool()
    talk = asked(tool)
    talk.session.call("look_up")  # the caller's speech overtakes it
    talk.start_speech()
    assert tool.calls == []
    assert "interrupted" in outputs(talk)[0]["error"]
    talk.end()


def test_a_running_tool_is_stopped_at_the_end_of_the_call() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    talk.session.call("look_up")
    talk.settle()
    talk.end()
    assert tool.stopped.wait(LIMIT)


# --- ending the call


def test_end_call_lets_the_goodbye_finish() -> None:
    talk = asked()
    talk.session.call("end_call", text="Goodbye, have a nice day.", seconds=1.0)
    talk.advance(1.02)
    assert talk.observer.ends == []
    talk.advance(0.4)
    assert talk.observer.ends == [("agent_ended", "")]
    assert talk.observer.texts()[-1] == ("assistant", "Goodbye, have a nice day.")
    talk.is_gone()


def test_end_call_without_a_goodbye_asks_for_one() -> None:
    talk = asked()
    talk.session.call("end_call")
    talk.settle()
    assert talk.calls[-1] == ("speak", prompt.FAREWELL, False)
    talk.session.respond("Goodbye.", 1.0)
    talk.advance(1.5)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


def test_a_goodbye_that_never_comes_does_not_keep_the_line_open() -> None:
    talk = asked()
    talk.session.call("end_call")
    talk.advance(9.0)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


def test_a_goodbye_that_is_never_heard_out_ends_at_the_limit() -> None:
    talk = asked()
    talk.session.call("end_call", text="Goodbye.", seconds=1.0)
    talk.settle()
    talk.loudspeaker.queue.clear()  # playback reports nothing any more
    talk.advance(31.1)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


def test_a_caller_who_has_more_to_say_is_not_hung_up_on() -> None:
    talk = asked()
    call_id = talk.session.call("end_call", text="Goodbye, have a nice day.", seconds=4.0)
    talk.advance(1.0)
    talk.caller_says("Wait, one more question.")
    talk.advance(2.0)
    assert talk.observer.ends == []
    told = [call for call in talk.calls if call[:2] == ("output", call_id)]
    assert "not ended" in told[0][2]
    assert talk.calls[-1] == ("respond",)
    talk.session.call("end_call", text="Goodbye then.", seconds=0.5)
    talk.advance(1.5)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


def test_a_bye_into_the_goodbye_ends_the_call_all_the_same() -> None:
    talk = asked()
    talk.session.call("end_call", text="Goodbye, have a nice day.", seconds=1.3)
    talk.advance(1.0)
    item = talk.start_speech()
    talk.advance(0.7)
    talk.stop_speech(item)
    talk.tell(CallerTranscript(item, "Bye."))
    talk.advance(1.0)
    assert talk.observer.ends == [("agent_ended", "")]
    assert ("respond",) not in talk.calls
    talk.is_gone()


def test_the_end_waits_for_all_that_was_said_before() -> None:
    talk = asked(Tool())
    talk.session.call("look_up", text="Let me note that down for you.", seconds=3.0)
    talk.settle()
    talk.session.call("end_call", text="Goodbye.", seconds=1.0)
    talk.advance(3.9)
    assert talk.observer.ends == []
    talk.advance(0.6)
    assert talk.observer.ends == [("agent_ended", "")]
    talk.is_gone()


def test_a_tool_at_work_is_not_cut_off_by_the_goodbye() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    response = talk.session.begin()
    talk.session.say(response, "I book that. Goodbye.", 0.5)
    talk.session.emit(ToolCall(response, "a", "look_up", "{}"))
    talk.session.emit(ToolCall(response, "b", "end_call", "{}"))
    talk.session.end(response)
    talk.advance(3.0)
    assert talk.observer.ends == []
    tool.gate.set()
    talk.advance(0.5)
    assert talk.observer.ends == [("agent_ended", "")]
    assert not tool.stopped.is_set()
    talk.is_gone()


def test_end_call_is_no_customers_tool() -> None:
    tool = Tool()
    talk = asked(tool)
    talk.session.call("end_call", text="Goodbye.", seconds=0.2)
    talk.advance(1.0)
    assert tool.calls == []
    assert SESSION.tools[0].name == "look_up"
