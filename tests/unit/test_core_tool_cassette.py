"""Cassettes of tools: recorded, judged, and played."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.redaction import MASKED
from topcalls.core.tool_cassette import (
    MOST_CALLS,
    Player,
    Recorded,
    cassette_faults,
    cassette_of,
    recording,
)
from topcalls.core.tool_log import kept
from topcalls.core.tools import HIDDEN, ToolRecord, ToolResult, ToolStatus

pytestmark = pytest.mark.unit


def call(name="look_up", arguments=None, result="done", **more):
    return {"name": name, "arguments": arguments, "result": result, **more}


def player(*calls, **more):
    return Player(cassette_of({"calls": list(calls), **more}))


def outputs(played, *asked):
    return [played.answer(name, arguments)[0].output for name, arguments in asked]


# --- playing


def test_the_same_call_gets_its_answers_in_order():
    played = player(
        call(arguments={"order": 7}, result="first"),
        call(arguments={"order": 8}, result="other"),
        call(arguments={"order": 7}, result="second"),
    )
    asked = [("look_up", {"order": number}) for number in (7, 7, 8)]
    assert outputs(played, *asked) == ["first", "second", "other"]


def test_an_answer_to_anything_comes_after_those_to_just_this():
    played = player(call(result="any"), call(arguments={"order": 7}, result="seven"))
    assert outputs(played, ("look_up", {"order": 7}), ("look_up", {"order": 7})) == ["seven", "any"]


def test_a_call_that_finds_no_answer_fails_and_tells_what_there_is():
    played = player(call(arguments={"order": 7}), call(name="other"))
    result, seconds = played.answer("look_up", {"order": 9})
    assert (result.status, result.error, seconds) == (ToolStatus.FAILED, "not_in_cassette", 0)
    told = json.loads(result.output)
    assert "'look_up'" in told["error"]
    assert told["there_are_answers_to"] == [{"order": 7}]
    assert played.answer("look_up", {"order": 7})[0].output == "done"
    assert played.answer("look_up", {"order": 7})[0].error == "not_in_cassette"


def test_the_order_of_names_in_arguments_does_not_matter():
    played = player(call(arguments={"a": 1, "b": 2}))
    assert outputs(played, ("look_up", {"b": 2, "a": 1})) == ["done"]


def test_a_secret_fits_whatever_is_hidden_again():
    played = player(call(arguments={"order": 7, "pin": HIDDEN}))
    assert outputs(played, ("look_up", {"order": 7, "pin": "1234"})) == ["done"]


def test_faults_and_times_are_played_too():
    answer = call(result={"error": "gone"}, status="failed", error="http_status", http_status=410)
    result, seconds = player({**answer, "duration_ms": 250}).answer("look_up", {})
    assert seconds == 0
    assert (result.status, result.error, result.http_status) == ("failed", "http_status", 410)
    assert json.loads(result.output) == {"error": "gone"}
    _, seconds = player({**answer, "duration_ms": 250}, timing="recorded").answer("look_up", {})
    assert seconds == 0.25


def test_another_process_goes_on_where_the_first_left():
    cassette = cassette_of(
        {"calls": [call(arguments={"order": 7}, result=text) for text in ("one", "two")]}
    )
    past = (ToolRecord("u", "look_up", False, '{"order": 7}', 0, ToolStatus.SUCCEEDED, "one"),)
    assert Player(cassette, past).answer("look_up", {"order": 7})[0].output == "two"


# --- recording


def record(name="look_up", arguments='{"order": 7}', output='{"status": "shipped"}', **more):
    more.setdefault("status", ToolStatus.SUCCEEDED)
    return ToolRecord("use", name, False, arguments, 10, output=output, **more)


def test_a_recording_is_played_as_it_was():
    made = recording(
        "call-1",
        [
            record(duration_ms=312, http_status=200),
            record(output="in stock"),
            record("end_call", "{}", "{}"),
        ],
    )
    assert (made["call_id"], made["left_out"], len(made["calls"])) == ("call-1", 0, 2)
    assert list(cassette_faults(made)) == []
    played = Player(cassette_of({**made, "timing": "recorded"}))
    result, seconds = played.answer("look_up", {"order": 7})
    assert (json.loads(result.output), seconds) == ({"status": "shipped"}, 0.312)
    assert played.answer("look_up", {"order": 7})[0].output == "in stock"


@pytest.mark.parametrize(
    "lost",
    [
        record(output=None, status=ToolStatus.INTERRUPTED),
        record(output=None, status=ToolStatus.RUNNING),
        record(status=ToolStatus.PENDING),
        record(arguments=MASKED, output=MASKED),
        record(output=MASKED),
        record(arguments='{"order": 7, "te … [cut]'),
    ],
)
def test_what_cannot_be_played_is_left_out_and_counted(lost):
    made = recording("call-1", [lost, record()])
    assert (made["left_out"], len(made["calls"])) == (1, 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.sampled_from(["order", "pin", "api_key", "é", ""]), json_values)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), objects, objects), max_size=8))
def test_every_recorded_call_that_is_made_again_is_answered_alike(calls):
    """Whatever secrets are among the arguments."""
    records = [
        record(name, kept(json.dumps(arguments)), kept(json.dumps(result)))
        for name, arguments, result in calls
    ]
    made = json.loads(json.dumps(recording("call-1", records)))
    assert list(cassette_faults(made)) == []
    played = Player(cassette_of(made))
    for (name, arguments, _), one in zip(calls, records, strict=True):
        result, _ = played.answer(name, arguments)
        assert json.loads(result.output) == json.loads(one.output)
    assert played.answer("a", {})[0].error == "not_in_cassette"


# --- faults


def test_what_is_exported_and_what_is_short_are_both_right():
    assert list(cassette_faults({"calls": [{"name": "look_up", "result": None}]})) == []
    assert cassette_of({"calls": [{"name": "look_up", "result": None}]}).calls == (
        Recorded("look_up", None, ToolResult("null")),
    )


@pytest.mark.parametrize(
    ("section", "path", "code"),
    [
        ([], "", "invalid_type"),
        ({"calls": [], "speed": 2}, ".speed", "unknown"),
        ({"calls": [], "version": 2}, ".version", "unknown_version"),
        ({"calls": [], "timing": "slow"}, ".timing", "choice"),
        ({}, ".calls", "invalid_calls"),
        ({"calls": [call()] * (MOST_CALLS + 1)}, ".calls", "invalid_calls"),
        ({"calls": [call(result="x" * 140_000)]}, ".calls", "too_large"),
        ({"calls": ["look_up"]}, ".calls.0", "invalid_type"),
        ({"calls": [call(name="no name")]}, ".calls.0.name", "invalid_name"),
        ({"calls": [call(name="end_call")]}, ".calls.0.name", "not_playable"),
        ({"calls": [call(arguments=[1])]}, ".calls.0.arguments", "invalid_type"),
        ({"calls": [{"name": "look_up"}]}, ".calls.0.result", "required"),
        ({"calls": [call(status="pending")]}, ".calls.0.status", "choice"),
        ({"calls": [call(error=5)]}, ".calls.0.error", "invalid_type"),
        ({"calls": [call(http_status="200")]}, ".calls.0.http_status", "range"),
        ({"calls": [call(duration_ms=-1)]}, ".calls.0.duration_ms", "range"),
        ({"calls": [call(why="x")]}, ".calls.0.why", "unknown"),
    ],
)
def test_every_fault_is_told_with_its_place(section, path, code):
    found = list(cassette_faults(section))
    assert [(fault.path, fault.code) for fault in found] == [(f"tool_cassette{path}", code)]
