"""The rules of agents: what may be held, how it is edited, merged and compared."""

from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core import agents, call_rules
from topcalls.core.agents import Change, ChangeKind, VersionState
from topcalls.core.call_request import OF_THE_INSTALLATION, CallRequest
from topcalls.core.call_rules import OF_ONE_CALL, CallRules

pytestmark = pytest.mark.unit
NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
RULES = CallRules()
TASK = "Ask whether Tuesday suits."
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(min_size=1), inner),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(min_size=1), JSON)


def codes(name="Desk", description=None, **configuration):
    found = agents.faults(name, description, configuration, RULES, NOW)
    return {fault.path: fault.code for fault in found}


# --- what may be held


def test_a_call_without_its_own_part_is_a_configuration():
    assert codes(task=TASK) == {}
    assert codes(task="Call {{name}} today.", first_sentence="Hi {{name}}!") == {}


@pytest.mark.parametrize("name", sorted(OF_ONE_CALL))
def test_what_is_about_one_call_is_not_held(name):
    found = agents.faults("Desk", None, {"task": TASK, name: "x"}, RULES, NOW)
    (fault,) = [fault for fault in found if fault.code == "not_of_an_agent"]
    assert fault.path == f"configuration.{name}"
    assert "Give it with the call" in fault.message


def test_every_other_field_of_a_call_can_be_held():
    held = {field.name for field in fields(CallRequest)} - OF_ONE_CALL - OF_THE_INSTALLATION
    found = agents.faults("Desk", None, dict.fromkeys(held, object()), RULES, NOW)
    refused = {fault.path for fault in found if fault.code in ("unknown", "not_of_an_agent")}
    assert refused == set()


@pytest.mark.parametrize(
    ("configuration", "fault"),
    [
        ({}, {"configuration.task": "required"}),
        ({"task": None}, {"configuration.task": "required"}),
        ({"task": TASK, "instructions": TASK}, {"configuration.instructions": "exclusive"}),
        ({"task": TASK, "voise": "x"}, {"configuration.voise": "unknown"}),
        ({"task": TASK, "max_duration": 0}, {"configuration.max_duration": "range"}),
        ({"task": "Call {{a b}} today."}, {"configuration.task": "invalid_placeholder"}),
        (
            {"task": TASK, "recording": {"loud": True}},
            {"configuration.recording.loud": "unknown"},
        ),
    ],
)
def test_it_holds_nothing_that_a_call_would_refuse(configuration, fault):
    assert codes(**configuration) == fault


@pytest.mark.parametrize(
    ("name", "code"),
    [("", "length"), ("   ", "length"), ("x" * 101, "length"), (7, "invalid_type")],
)
def test_an_agent_has_a_name(name, code):
    assert codes(name, task=TASK) == {"name": code}
    assert codes("x" * 100, task=TASK) == {}


def test_a_description_is_optional_text():
    assert codes(description="", task=TASK) == {}
    assert codes(description="x" * 1001, task=TASK) == {"description": "length"}
    assert codes(description=["x"], task=TASK) == {"description": "invalid_type"}


@pytest.mark.parametrize("configuration", [None, [], "task", 7])
def test_a_configuration_is_an_object(configuration):
    found = agents.faults("Desk", None, configuration, RULES, NOW)
    assert [fault.path for fault in found] == ["configuration"]


@settings(max_examples=30)
@given(OBJECTS)
def test_no_configuration_is_too_odd_to_be_judged(configuration):
    agents.configuration_faults(configuration, RULES, NOW)


# --- states


@pytest.mark.parametrize(
    ("number", "published_at", "published", "state"),
    [
        (1, None, None, VersionState.DRAFT),
        (2, None, 1, VersionState.DRAFT),
        (1, NOW, 1, VersionState.PUBLISHED),
        (1, NOW, 2, VersionState.SUPERSEDED),
    ],
)
def test_the_state_of_a_version(number, published_at, published, state):
    assert agents.state_of(number, published_at, published) is state


# --- editing


@pytest.mark.parametrize(
    ("edit", "result"),
    [
        ({}, {"task": TASK, "recording": {"enabled": False}}),
        ({"voice": "verse"}, {"task": TASK, "recording": {"enabled": False}, "voice": "verse"}),
        ({"recording": None}, {"task": TASK}),
        ({"recording": {"channels": "mono"}},
         {"task": TASK, "recording": {"enabled": False, "channels": "mono"}}),
        ({"recording": {"enabled": None}}, {"task": TASK, "recording": {}}),
        ({"recording": "loud"}, {"task": TASK, "recording": "loud"}),
        ({"task": None, "instructions": "You are Ann."},
         {"instructions": "You are Ann.", "recording": {"enabled": False}}),
        ({"nothing": None}, {"task": TASK, "recording": {"enabled": False}}),
    ],
)  # fmt: skip
def test_an_edit_replaces_what_it_names_and_null_removes(edit, result):
    base = {"task": TASK, "recording": {"enabled": False}}
    assert agents.edited(base, edit) == result
    assert base == {"task": TASK, "recording": {"enabled": False}}


@pytest.mark.parametrize("name", agents.MERGED)
def test_objects_that_are_merged_need_no_base(name):
    assert agents.edited({}, {name: {"a": 1, "b": None}}) == {name: {"a": 1}}


def test_a_schema_is_replaced_whole():
    base = {"analysis_schema": {"type": "object", "properties": {"old": {}}}}
    edit = {"analysis_schema": {"type": "object"}}
    assert agents.edited(base, edit) == edit


# --- merging into a call


def merged(body, **configuration):
    return agents.call_body(configuration, body)


def test_what_the_call_names_goes_first_and_null_is_nothing():
    body = {"phone_number": "+1", "voice": "verse", "model": None}
    assert merged(body, task=TASK, voice="coral", model="m") == {
        "phone_number": "+1",
        "task": TASK,
        "voice": "verse",
        "model": "m",
    }


@pytest.mark.parametrize("own", ["task", "instructions"])
@pytest.mark.parametrize("held", ["task", "instructions"])
def test_a_call_has_one_prompt_its_own_if_it_brings_one(own, held):
    assert merged({own: "Mine."}, **{held: "The agent's."}) == {own: "Mine."}
    assert merged({own: None}, **{held: "The agent's."}) == {held: "The agent's."}


@pytest.mark.parametrize("name", agents.MERGED)
def test_settings_and_values_are_merged_by_name(name):
    found = merged({name: {"a": 1, "b": 2}}, **{name: {"b": 1, "c": 3}})
    assert found == {name: {"a": 1, "b": 2, "c": 3}}
    assert merged({name: {"a": 1}}) == {name: {"a": 1}}
    assert merged({name: "wrong"}, **{name: {"b": 1}}) == {name: "wrong"}


def test_lists_and_other_objects_are_replaced():
    found = merged({"tools": [1], "voicemail": {"a": 1}}, tools=[2, 3], voicemail={"b": 2})
    assert found == {"tools": [1], "voicemail": {"a": 1}}


def test_an_agent_that_was_right_gives_a_call_that_is_right():
    configuration = {"task": "Call {{name}} today.", "voice": "coral"}
    assert agents.configuration_faults(configuration, RULES, NOW) == []
    body = {"phone_number": "+12025550100", "from_number": "+12025550199"}
    call = agents.call_body(configuration, {**body, "request_data": {"name": "Ann"}})
    assert call_rules.violations(call, RULES, NOW) == []
    wrong = call_rules.violations(agents.call_body(configuration, body), RULES, NOW)
    assert [(fault.path, fault.code) for fault in wrong] == [("request_data.name", "missing_value")]


def test_a_missing_value_is_no_second_fault_of_the_text_it_leaves_blank():
    body = {"phone_number": "+12025550100", "from_number": "+12025550199", "task": "{{what}}"}
    body["first_sentence"] = "{{hello}}"
    wrong = call_rules.violations(body, RULES, NOW)
    assert [fault.path for fault in wrong] == ["request_data.what", "request_data.hello"]
    given = {"what": "Call them back.", "hello": "Hi!"}
    assert call_rules.violations({**body, "request_data": given}, RULES, NOW) == []
    short = call_rules.violations({**body, "request_data": {**given, "what": "Go."}}, RULES, NOW)
    assert [fault.path for fault in short] == ["task"]


# --- comparing


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({}, {}, []),
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [Change("a", ChangeKind.CHANGED, 1, True)]),
        ({"a": [1]}, {"a": [True]}, [Change("a", ChangeKind.CHANGED, [1], [True])]),
        ({}, {"a": None}, [Change("a", ChangeKind.ADDED, None, None)]),
        ({"a": 0}, {}, [Change("a", ChangeKind.REMOVED, 0, None)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 2, "c": 2}},
         [Change("a.b", ChangeKind.CHANGED, 1, 2)]),
        ({"a": {"b": 1}}, {"a": [1]}, [Change("a", ChangeKind.CHANGED, {"b": 1}, [1])]),
        ({"a": [{"x": 1}]}, {"a": [{"x": 2}]},
         [Change("a", ChangeKind.CHANGED, [{"x": 1}], [{"x": 2}])]),
        ({"b": 1, "a": 1}, {}, [Change("a", ChangeKind.REMOVED, 1, None),
                                Change("b", ChangeKind.REMOVED, 1, None)]),
    ],
)  # fmt: skip
def test_what_differs_is_told_by_path(before, after, changes):
    assert agents.changes(before, after) == changes


@settings(max_examples=30)
@given(OBJECTS)
def test_nothing_differs_from_itself(configuration):
    assert agents.changes(configuration, dict(configuration)) == []


@settings(max_examples=30)
@given(OBJECTS, OBJECTS)
def test_a_difference_is_there_both_ways(before, after):
    there, back = agents.changes(before, after), agents.changes(after, before)
    assert [(c.path, c.before, c.after) for c in there] == [
        (c.path, c.after, c.before) for c in back
    ]
    assert bool(there) == (not agents._same(before, after))
