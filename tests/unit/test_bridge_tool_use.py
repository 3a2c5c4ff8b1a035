"""Tools that take time, fail or are called wrongly, and what is told of every call of one."""

from __future__ import annotations

import json
from typing import Any

from bridge_doubles import CONFIG, LOOK_UP, SESSION, Audio, Talk, Tool, configured

from topcalls.bridge import prompt
from topcalls.bridge.resumption import Past
from topcalls.bridge.tool_use import MOST_ROUNDS
from topcalls.bridge.waiting_words import WAIT_SECONDS
from topcalls.core.builtin_tools import PAUSE_RECORDING, SEND_DTMF
from topcalls.core.redaction import MASKED
from topcalls.core.tools import Tool as CustomTool
from topcalls.core.tools import ToolRecord, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.providers.base import ProviderClosed, ToolCall

WORDS = "One moment, I am looking."
ORDER = {
    "type": "object",
    "properties": {"order": {"type": "integer"}},
    "required": ["order"],
}


def with_tool(**changes: Any) -> Any:
    """A configuration with one customer's tool."""
    tool = CustomTool(LOOK_UP.name, LOOK_UP.description, "https://example.com", **changes)
    session = {**vars(SESSION), "tools": (tool.spec,)}
    return configured(session=type(SESSION)(**session), tools=(tool,))


def asked(tool: Any, config: Any = CONFIG, **options: Any) -> Talk:
    """The caller has asked something; the answer is awaited."""
    talk = Talk(config, run_tool=tool, **options).ring().answer()
    talk.caller_says("Where is my order?")
    talk.calls.clear()
    return talk


def outputs(talk: Talk) -> list[Any]:
    return [json.loads(call[2]) for call in talk.calls if call[0] == "output"]


def statuses(talk: Talk) -> list[ToolStatus]:
    return [record.status for record in talk.observer.tools]


# --- arguments


def test_arguments_that_do_not_fit_are_told_so_that_the_model_can_correct_them() -> None:
    tool = Tool()
    talk = asked(tool, with_tool(parameters=ORDER))
    talk.session.call("look_up", '{"order": "seven"}')
    talk.settle()
    (told,) = outputs(talk)
    assert told["problems"] == ["order: 'seven' is not of type 'integer'"]
    assert "call the tool again" in told["error"]
    assert talk.calls[-1] == ("respond",)
    talk.session.call("look_up", '{"order": 7}')
    talk.settle()
    assert tool.calls == [("look_up", {"order": 7})]
    refused, *_ = talk.observer.tools[1:]
    assert (refused.status, refused.error) == (ToolStatus.REFUSED, "arguments")
    talk.end()


def test_arguments_that_are_too_long_are_not_looked_at() -> None:
    tool = Tool()
    talk = asked(tool)
    talk.session.call("look_up", json.dumps({"text": "x" * 40_000}))
    talk.settle()
    assert "too long" in outputs(talk)[0]["error"]
    assert tool.calls == []
    talk.end()


# --- what is told of a call


def test_a_call_of_a_tool_is_told_as_it_begins_and_as_it_ends() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    talk.session.call("look_up", '{"order": 7, "pin": 1234}')
    talk.settle()
    (began,) = talk.observer.tools
    assert (began.name, began.status, began.is_builtin) == ("look_up", ToolStatus.RUNNING, False)
    assert json.loads(began.arguments) == {"order": 7, "pin": "[hidden]"}
    assert began.called_ms == 2_000
    assert tool.ids == [began.id]
    talk.advance(1.0)
    tool.gate.set()
    talk.settle()
    ended = talk.observer.tools[-1]
    assert (ended.id, ended.status) == (began.id, ToolStatus.SUCCEEDED)
    assert (ended.output, ended.duration_ms) == ('{"status":"sent"}', 1_000)
    talk.end()


def test_every_outcome_is_told() -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError

    talk = asked(broken)
    talk.session.call("look_up")
    talk.settle()
    talk.session.call("unknown")
    talk.settle()
    told = [(one.name, one.status, one.error) for one in talk.observer.tools]
    assert told == [
        ("look_up", ToolStatus.RUNNING, None),
        ("look_up", ToolStatus.FAILED, "internal"),
        ("unknown", ToolStatus.RUNNING, None),
        ("unknown", ToolStatus.REFUSED, "unknown_tool"),
    ]
    talk.end()


def test_a_call_that_the_caller_cuts_off_is_told_as_not_carried_out() -> None:
    talk = asked(Tool())
    talk.session.call("look_up")  # the caller's speech overtakes it
    talk.start_speech()
    (told,) = talk.observer.tools
    assert (told.status, told.error) == (ToolStatus.REFUSED, "caller_interrupted")
    talk.end()


def test_what_runs_at_the_end_of_the_call_is_told_as_interrupted() -> None:
    talk = asked(Tool(held=True))
    talk.session.call("look_up")
    talk.advance(0.5)
    talk.end()
    assert statuses(talk) == [ToolStatus.RUNNING, ToolStatus.INTERRUPTED]


def test_the_goodbye_is_told_as_carried_out() -> None:
    talk = asked(Tool())
    talk.session.call("end_call", text="Goodbye.", seconds=0.5)
    talk.advance(1.5)
    assert talk.observer.ends == [("agent_ended", "")]
    assert statuses(talk) == [ToolStatus.RUNNING, ToolStatus.SUCCEEDED]
    assert talk.observer.tools[-1].is_builtin
    talk.is_gone()


def test_keys_are_not_told() -> None:
    talk = asked(Tool())
    talk.session.call(SEND_DTMF.name, '{"digits": "4711"}')
    talk.settle()
    assert talk.observer.keys == ["4711"]
    assert "4711" not in "".join(one.arguments for one in talk.observer.tools)
    talk.end()


def test_nothing_is_told_of_what_is_said_while_the_recording_is_paused() -> None:
    config = with_tool()
    config = type(config)(
        **{**vars(config), "builtin_tools": (*config.builtin_tools, PAUSE_RECORDING.name)}
    )
    talk = asked(Tool(), config)
    talk.session.call(PAUSE_RECORDING.name)
    talk.settle()
    talk.bridge.recording_masked(True)
    talk.settle()
    talk.session.call("look_up", '{"card": "4111"}')
    talk.settle()
    paying = [one for one in talk.observer.tools if one.name == "look_up"]
    assert [one.arguments for one in paying] == [MASKED, MASKED]
    assert paying[-1].output == MASKED
    assert outputs(talk)[-1] == {"status": "sent"}
    talk.end()


# --- waiting


def test_the_customers_words_fill_the_silence_while_a_tool_works() -> None:
    tool = Tool(held=True)
    talk = asked(tool, with_tool(speak_while_waiting=WORDS))
    talk.session.call("look_up")
    talk.advance(WAIT_SECONDS - 0.1)
    assert talk.calls == []
    talk.advance(0.2)
    assert talk.calls == [("speak", WORDS, True)]
    talk.session.respond(WORDS, 1.0)
    talk.advance(5.0)
    assert len(talk.calls) == 1  # it is said once
    tool.gate.set()
    talk.settle()
    assert [call[0] for call in talk.calls] == ["speak", "output", "respond"]
    talk.end()


def test_a_quick_tool_needs_no_words() -> None:
    talk = asked(Tool(), with_tool(speak_while_waiting=WORDS))
    talk.session.call("look_up")
    talk.settle()
    talk.session.respond("It is on its way.", 1.0)
    talk.advance(3.0)
    assert not any(call[0] == "speak" for call in talk.calls)
    talk.end()


def test_what_the_model_says_itself_is_enough() -> None:
    tool = Tool(held=True)
    talk = asked(tool, with_tool(speak_while_waiting=WORDS))
    talk.session.call("look_up", text="Let me see.", seconds=0.5)
    talk.advance(4.0)
    assert talk.calls == []
    tool.gate.set()
    talk.end()


def test_the_words_wait_while_the_caller_speaks() -> None:
    tool = Tool(held=True)
    talk = asked(tool, with_tool(speak_while_waiting=WORDS))
    talk.session.call("look_up")
    talk.settle()
    item = talk.start_speech()
    talk.advance(2.0)
    assert not any(call[0] == "speak" for call in talk.calls)
    talk.stop_speech(item)
    talk.session.respond("I am still looking.", 0.5)
    talk.advance(2.0)
    assert [call for call in talk.calls if call[0] == "speak"] == [("speak", WORDS, True)]
    tool.gate.set()
    talk.end()


# --- results that come later


def later(talk: Talk, output: str = '{"order":"sent"}') -> None:
    talk.bridge.tool_result(talk.observer.tools[0].id, "look_up", output)
    talk.settle()


def test_a_tool_whose_result_comes_later_lets_the_talk_go_on() -> None:
    talk = asked(Tool('{"status":"accepted"}', status=ToolStatus.PENDING))
    talk.session.call("look_up")
    talk.settle()
    assert outputs(talk) == [{"status": "accepted"}]
    assert talk.calls[-1] == ("respond",)
    talk.session.respond("I am having it looked up.", 1.0)
    talk.advance(3.0)
    assert statuses(talk)[-1] is ToolStatus.PENDING
    talk.calls.clear()
    later(talk)
    message = prompt.later_result_message("look_up", '{"order":"sent"}')
    assert talk.calls == [("message", "system", message), ("respond",)]
    talk.end()
    assert statuses(talk)[-1] is ToolStatus.PENDING  # who brought the result has told its end


def test_a_later_result_does_not_speak_over_the_caller() -> None:
    talk = asked(Tool("{}", status=ToolStatus.PENDING))
    talk.session.call("look_up")
    talk.settle()
    talk.session.respond("I am having it looked up.", 1.0)
    talk.advance(3.0)
    talk.calls.clear()
    item = talk.start_speech()
    later(talk)
    assert ("respond",) not in talk.calls
    talk.advance(1.5)
    talk.stop_speech(item)
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_result_that_is_quicker_than_the_servers_answer_is_the_result() -> None:
    tool = Tool('{"status":"accepted"}', held=True, status=ToolStatus.PENDING)
    talk = asked(tool)
    talk.session.call("look_up")
    talk.settle()
    later(talk)
    assert talk.calls == []
    tool.gate.set()
    talk.settle()
    assert outputs(talk) == [{"order": "sent"}]
    assert [call[0] for call in talk.calls] == ["output", "respond"]
    assert statuses(talk)[-1] is ToolStatus.SUCCEEDED
    talk.end()


def test_a_result_of_a_process_that_is_gone_is_told_too() -> None:
    talk = asked(Tool())
    talk.session.respond("Hello.", 0.5)
    talk.advance(1.0)
    talk.calls.clear()
    talk.bridge.tool_result("of-another-process", "look_up", "{}")
    talk.settle()
    assert [call[0] for call in talk.calls] == ["message", "respond"]
    talk.end()


# --- limits and memory


def test_a_model_that_only_calls_tools_has_to_speak_in_the_end() -> None:
    talk = asked(Tool())
    for _ in range(MOST_ROUNDS):
        talk.session.call("look_up")
        talk.settle()
        assert talk.calls[-1] == ("respond",)
    talk.session.call("look_up")
    talk.settle()
    assert talk.calls[-1] == ("speak", prompt.ENOUGH_TOOLS, False)
    talk.session.respond("I could not find it.", 1.0)
    talk.advance(2.0)
    talk.caller_says("Try again.")
    talk.session.call("look_up")
    talk.settle()
    assert talk.calls[-1] == ("respond",)
    talk.end()


def test_a_session_that_replaces_another_knows_the_results() -> None:
    talk = asked(Tool())
    talk.session.call("look_up", '{"order": 7}')
    talk.settle()
    talk.session.respond("It is sent.", 0.5)
    talk.advance(1.0)
    talk.tell(ProviderClosed(1006))
    talk.advance(0.5)
    assert len(talk.model.sessions) == 2
    told = [call[2] for call in talk.calls if call[:2] == ("message", "system")]
    assert told == [prompt.tool_memory("look_up", '{"order": 7}', '{"status":"sent"}')]
    talk.end()


def test_a_result_that_comes_while_there_is_no_session_is_told_once() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    talk.session.call("look_up", text="One moment.", seconds=0.5)
    talk.advance(1.0)
    talk.model.gate.clear()
    talk.tell(ProviderClosed(1006))
    tool.gate.set()
    talk.settle()
    talk.model.gate.set()
    talk.advance(0.5)
    told = [call[2] for call in talk.calls if call[:2] == ("message", "system")]
    assert told == [prompt.tool_memory("look_up", "{}", '{"status":"sent"}')]
    assert ("respond",) in talk.calls
    talk.end()


def test_a_conversation_that_goes_on_elsewhere_knows_what_was_called() -> None:
    record = ToolRecord("use-1", "look_up", False, '{"order": 7}', 10, ToolStatus.SUCCEEDED, "{}")
    unknown = ToolRecord("use-2", "book", False, "{}", 20, ToolStatus.RUNNING)
    ended = ToolRecord("use-3", "send_dtmf", True, "{}", 30, ToolStatus.SUCCEEDED, "{}")
    past = Past((Turn(1, "user", "Where is it?", 0, 900, False),), 5.0, (record, unknown, ended))
    talk = Talk(CONFIG, run_tool=Tool(), past=past).ring()
    talk.bridge.attach(Audio(talk.line, talk.loudspeaker))
    talk.settle()
    told = [call[2] for call in talk.calls if call[:2] == ("message", "system")]
    assert told == [
        prompt.tool_memory("look_up", '{"order": 7}', "{}"),
        prompt.tool_memory("book", "{}", None),
    ]
    talk.end()


def test_two_calls_with_the_same_id_of_two_responses_are_two_calls() -> None:
    tool = Tool(held=True)
    talk = asked(tool)
    for _ in range(2):
        response = talk.session.begin() if talk.session.wanted else None
        if response is None:
            talk.caller_says("And?")
            response = talk.session.begin()
        talk.session.emit(ToolCall(response, "call_0", "look_up", "{}"))
        talk.session.end(response)
        talk.settle()
    assert len({record.id for record in talk.observer.tools}) == 2
    tool.gate.set()
    talk.settle()
    assert statuses(talk).count(ToolStatus.SUCCEEDED) == 2
    talk.end()
