"""The call request: what is stored is what was asked, and every fault is told at once."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.core import call_rules
from topcalls.core.call_request import CALL_EVENTS, CallRequest
from topcalls.core.call_rules import CallRules
from topcalls.core.languages import Engine, LanguageRules
from topcalls.core.model_life import KnownModel, ModelRules
from topcalls.core.voices import FixedVoices
from topcalls.core.web_addresses import EVERYWHERE
from topcalls.errors import InvalidRequest

pytestmark = pytest.mark.unit

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
GOOD = {"phone_number": "+12025550100", "task": "Ask whether Tuesday suits."}
RULES = CallRules(
    default_from_number="+12025550199",
    voices=FixedVoices({"realtime": ("alloy", "verse"), "legacy": ("rachel",)}),
    models=ModelRules(
        {
            "gpt-realtime": KnownModel("realtime", date(2030, 2, 1), "gpt-realtime-2"),
            "gpt-ancient": KnownModel("realtime", date(2030, 1, 31), "gpt-realtime-2"),
            "gpt-4o": KnownModel("legacy"),
        }
    ),
)
EVERYTHING = CallRules(default_from_number="+12025550199")


def faults(rules=RULES, **changes):
    found = call_rules.violations({**GOOD, **changes}, rules, NOW)
    return {fault.path: fault for fault in found}


def codes(rules=RULES, **changes):
    return {path: fault.code for path, fault in faults(rules, **changes).items()}


def test_a_small_request_gets_the_documented_defaults():
    request = call_rules.check(GOOD, RULES, NOW)
    assert (request.mode, request.voice, request.max_duration) == ("realtime", "alloy", 10.0)
    assert request.from_number == "+12025550199"
    assert request.recording.enabled is True
    assert request.webhook_events == ()


def test_the_installation_decides_the_ring_time_where_the_call_does_not():
    rules = CallRules(default_from_number="+12025550199", default_ring_timeout=20)
    assert call_rules.check(GOOD, rules, NOW).ring_timeout_seconds == 20
    own = call_rules.check({**GOOD, "ring_timeout_seconds": 30}, rules, NOW)
    assert own.ring_timeout_seconds == 30


def test_a_request_survives_storage_whole():
    request = call_rules.check(
        {
            **GOOD,
            "first_sentence": "Hello!",
            "schedule_at": "2030-02-01T09:30:00+02:00",
            "recording": {"enabled": False},
            "interruption": {"sensitivity": "low"},
            "webhook_url": "https://example.com/hook",
            "webhook_events": ["call.completed"],
            "metadata": {"order": [1, {"deep": None}]},
            "temperature": 0.7,
        },
        RULES,
        NOW,
    )
    stored = request.to_mapping()
    assert CallRequest.from_mapping(stored) == request
    assert "tools" not in stored
    assert stored["recording"] == {"enabled": False}


def test_storage_of_a_newer_version_can_still_be_read():
    request = CallRequest.from_mapping({**GOOD, "colour": "green", "recording": {"colour": 1}})
    assert request.task == GOOD["task"]


def test_every_fault_is_told_at_once_in_the_order_of_the_fields():
    body = {
        "phone_number": "+9991234567",
        "task": "short",
        "instructions": "You are a friendly agent.",
        "voice": "aloy",
        "max_duration": 500,
        "taks": "x",
    }
    found = call_rules.violations(body, RULES, NOW)
    assert [fault.path for fault in found] == [
        "phone_number",
        "task",
        "instructions",
        "voice",
        "max_duration",
        "taks",
    ]
    assert all(fault.message.endswith((".", "?")) for fault in found)


def test_check_raises_with_all_of_them():
    with pytest.raises(InvalidRequest) as caught:
        call_rules.check({"phone_number": "no"}, CallRules(), NOW)
    assert {fault.path for fault in caught.value.errors} == {"phone_number", "from_number", "task"}


def test_task_and_instructions_exclude_each_other_and_one_is_needed():
    assert codes(instructions="You are a friendly agent.") == {"instructions": "exclusive"}
    assert codes(task=None) == {"task": "required"}
    assert codes(task=None, instructions="You are a friendly agent.") == {}


def test_without_any_caller_id_both_remedies_are_named():
    fault = faults(CallRules())["from_number"]
    assert fault.code == "required"
    assert "FROM_NUMBER" in fault.message


def test_a_misspelt_field_is_refused_with_a_hint():
    assert "Did you mean 'first_sentence'?" in faults(first_sentense="Hi")["first_sentense"].message


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("max_duration", 0.4, "range"),
        ("max_duration", 121, "range"),
        ("max_duration", "10", "invalid_type"),
        ("max_duration", float("nan"), "range"),
        ("temperature", 2.1, "range"),
        ("priority", 10, "range"),
        ("priority", 1.5, "invalid_type"),
        ("priority", True, "invalid_type"),
        ("ring_timeout_seconds", 4, "range"),
        ("silence_timeout_seconds", 601, "range"),
        ("first_sentence", "", "length"),
        ("first_sentence", " ", "length"),
        ("first_sentence", 5, "invalid_type"),
        ("task", "x" * 32_001, "length"),
        ("model", "a b", "invalid_model"),
        ("model", "gpt-4o", "wrong_mode"),
        ("language", "english", "invalid_language"),
        ("mode", "fast", "choice"),
        ("voice", "rachel", "unknown_voice"),
        ("metadata", [], "invalid_type"),
        ("metadata", {"a": "x" * 16_384}, "too_large"),
        ("recording", True, "invalid_type"),
        ("webhook_url", "ftp://example.com", "invalid_url"),
        ("webhook_url", "https://", "invalid_url"),
        ("webhook_url", "https://user:secret@example.com/", "invalid_url"),
        ("webhook_url", "https://example.com:port/", "invalid_url"),
        ("webhook_url", "https://exa mple.com/", "invalid_url"),
        ("webhook_url", "https://example.com/" + "x" * 2048, "invalid_url"),
        ("webhook_url", "http://127.0.0.1/", "private_address"),
        ("webhook_url", "http://[::1]/", "private_address"),
        ("webhook_url", "http://localhost:9/", "private_address"),
        ("webhook_url", "http://localhost./", "private_address"),
        ("webhook_url", "http://printer.local/", "private_address"),
    ],
)
def test_one_wrong_field_is_one_fault(field, value, code):
    assert codes(**{field: value}) == {field: code}


@pytest.mark.parametrize("tag", ["en", "pt-BR", "zh-Hans-CN", "es-419", "de-CH-1996", "sr-Latn"])
def test_language_tags(tag):
    assert codes(language=tag) == {}


def test_a_language_that_ears_or_voice_do_not_know_is_refused_by_name():
    rules = replace(
        RULES,
        languages=LanguageRules(
            Engine("realtime", frozenset({"en"})),
            (Engine("nova", frozenset({"en", "sv"})),),
            (Engine("openai", frozenset({"en"})), Engine("x", frozenset({"sv"}))),
        ),
    )
    assert codes(rules, language="en-GB") == {}
    assert codes(rules, language="sv") == {"language": "language_not_spoken"}
    assert codes(rules, language="sv", mode="legacy") == {}
    spoken_by_another = {"language": "language_not_spoken"}
    assert codes(rules, language="sv", mode="legacy", voice="rachel") == spoken_by_another
    assert codes(rules, language="no language") == {"language": "invalid_language"}


def test_a_call_on_the_chain_has_no_voice_of_its_own_unless_it_names_one():
    assert call_rules.check({**GOOD, "mode": "legacy"}, RULES, NOW).voice is None
    assert call_rules.check({**GOOD, "mode": "realtime"}, RULES, NOW).voice == "alloy"


def test_what_the_installation_adds_is_not_the_customers_to_give():
    assert codes(speaker="openai:alloy") == {"speaker": "unknown"}


def test_a_new_model_is_not_a_wrong_one():
    assert codes(model="gpt-realtime-9") == {}


def test_a_model_that_is_gone_names_its_replacement():
    assert codes(model="gpt-realtime") == {}
    assert "Use gpt-realtime-2." in faults(model="gpt-ancient")["model"].message


def test_a_sandbox_admits_private_webhooks():
    rules = CallRules(default_from_number="+12025550199", reach=EVERYWHERE)
    assert codes(rules, webhook_url="http://127.0.0.1:8080/") == {}


def test_objects_may_not_be_deep():
    deep: dict = {}
    for _ in range(11):
        deep = {"a": deep}
    assert codes(request_data=deep) == {"request_data": "too_deep"}


def test_local_ears_must_be_installed():
    rules = CallRules(default_from_number="+12025550199", local_ears=True)
    for ears in ("auto", "server", "local", None):
        assert codes(rules, interruption={"ears": ears}) == {}
    assert codes(interruption={"ears": "server"}) == {}
    wrong = faults(interruption={"ears": "local"})["interruption.ears"]
    assert wrong.code == "not_installed"
    assert "topcalls[ears]" in wrong.message
    assert codes(interruption={"ears": "mine"}) == {"interruption.ears": "choice"}


def test_webhook_events():
    url = "https://example.com/hook"
    assert codes(webhook_url=url, webhook_events=list(CALL_EVENTS)) == {}
    assert codes(webhook_events=["call.completed"]) == {"webhook_events": "needs_webhook_url"}
    wrong = faults(webhook_url=url, webhook_events=["call.failed", "call.complete"])
    assert list(wrong) == ["webhook_events.1"]
    assert "Did you mean 'call.completed'?" in wrong["webhook_events.1"].message


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        (NOW, "in_the_past"),
        (NOW - timedelta(days=1), "in_the_past"),
        (NOW + timedelta(days=31), "too_far_ahead"),
        ("2030-02-01T09:30:00", "invalid_time"),
        ("tomorrow", "invalid_time"),
        (5, "invalid_time"),
    ],
)
def test_schedule_at_is_a_near_future_moment(moment, code):
    assert codes(schedule_at=moment) == {"schedule_at": code}
    assert codes(schedule_at=NOW + timedelta(minutes=1)) == {}


def test_sections_are_checked_by_name():
    wrong = codes(interruption={"sensitivity": "none", "protect": True}, recording={"enabled": 1})
    assert wrong == {
        "interruption.sensitivity": "choice",
        "interruption.protect": "unknown",
        "recording.enabled": "invalid_type",
    }


def test_a_background_is_one_of_ours():
    assert codes(background_audio="office") == {}
    assert codes(background_audio="call_center", background_audio_gain="high") == {}
    assert codes(background_audio="beach") == {"background_audio": "choice"}
    wrong = codes(background_audio="cafe", background_audio_gain="full")
    assert wrong == {"background_audio_gain": "choice"}
    alone = codes(background_audio_gain="low")
    assert alone == {"background_audio_gain": "needs_background_audio"}


def test_both_modes_are_carried_out():
    assert codes(mode="legacy") == codes(mode="realtime") == {}


def test_asking_for_nothing_is_no_reason_to_refuse():
    empty = {"tools": [], "knowledge_base_ids": None, "summary": {"enabled": False}}
    assert codes(**empty, wait_for_greeting=False, voicemail={}, background_audio=None) == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [("knowledge_base_ids", "kb"), ("knowledge_base_ids", [1]), ("wait_for_greeting", "yes")],
)
def test_shapes_of_fields_that_later_versions_take(field, value):
    assert codes(EVERYTHING, **{field: value}) == {field: "invalid_type"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
NAMES = st.sampled_from([field.name for field in fields(CallRequest)])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_no_body_is_too_odd_to_be_judged(body):
    for fault in call_rules.violations(body, EVERYTHING, NOW):
        assert fault.path
        assert fault.message


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_what_is_accepted_survives_storage(body):
    if not call_rules.violations({**GOOD, **body}, EVERYTHING, NOW):
        request = call_rules.complete({**GOOD, **body}, EVERYTHING)
        assert CallRequest.from_mapping(request.to_mapping()) == request


def test_a_whole_set_of_customer_structures_is_accepted_once_supported():
    request = {
        "analysis_schema": {"type": "object", "properties": {"agreed": {"type": "boolean"}}},
        "tools": [
            {
                "name": "look_up_order",
                "description": "Finds an order.",
                "parameters": {"type": "object", "properties": {"order": {"type": "integer"}}},
                "url": "https://example.com/orders",
                "headers": {"X-Shop": "1"},
                "timeout_seconds": 5,
                "async": False,
            }
        ],
        "outcome_mapping": [
            {"when": {"field": "agreed", "op": "eq", "value": True}, "outcome": "booked"},
            {
                "when": {
                    "any": [
                        {"all": [{"field": "agreed", "op": "in", "value": [1]}]},
                        {"field": "call.answered_by", "op": "exists", "value": True},
                    ]
                },
                "outcome": "other",
            },
        ],
    }
    assert codes(EVERYTHING, **request) == {}


@pytest.mark.parametrize(
    ("schema", "path", "code"),
    [
        ([], "analysis_schema", "invalid_schema"),
        ({"type": "objekt"}, "analysis_schema.type", "invalid_schema"),
        ({"type": "string"}, "analysis_schema.type", "invalid_schema"),
        (
            {"type": "object", "properties": {"a": {"$ref": "https://example.com/s"}}},
            "analysis_schema.properties.a.$ref",
            "remote_reference",
        ),
        ({"type": "object", "description": "x" * 40_000}, "analysis_schema", "too_large"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(schema, path, code):
    assert codes(EVERYTHING, analysis_schema=schema) == {path: code}


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"outcome": "x"}, "outcome_mapping.0"),
        ({"when": {"all": []}, "outcome": "x"}, "outcome_mapping.0.when.all"),
        ({"when": {"field": "a"}, "outcome": "x"}, "outcome_mapping.0.when"),
        (
            {"when": {"field": "a", "op": "is", "value": 1}, "outcome": "x"},
            "outcome_mapping.0.when.op",
        ),
        (
            {"when": {"field": "a", "op": "in", "value": 1}, "outcome": "x"},
            "outcome_mapping.0.when.value",
        ),
        (
            {"when": {"field": "a", "op": "eq", "value": 1}, "outcome": "Booked!"},
            "outcome_mapping.0.outcome",
        ),
    ],
)
def test_an_outcome_rule_that_cannot_be_used_is_refused(rule, path):
    assert list(codes(EVERYTHING, outcome_mapping=[rule])) == [path]


@pytest.mark.parametrize(
    ("field", "hint"),
    [("agred", "agreed"), ("call.answerd_by", "call.answered_by"), ("x.y", "analysis_schema")],
)
def test_a_rule_about_what_no_analysis_has_is_refused_with_a_hint(field, hint):
    schema = {"type": "object", "properties": {"agreed": {"type": "boolean"}}}
    rule = {"when": {"field": field, "op": "eq", "value": True}, "outcome": "x"}
    found = faults(EVERYTHING, analysis_schema=schema, outcome_mapping=[rule])
    assert list(found) == ["outcome_mapping.0.when.field"]
    assert hint in found["outcome_mapping.0.when.field"].message


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        (None, {"outcome_mapping.0.when.field": "unknown_field"}),
        ({"type": "object", "properties": {"agreed": {}}}, {}),
        ({"type": "object"}, {}),
        ({"type": "object", "allOf": [{"properties": {"other": {}}}]}, {}),
    ],
)
def test_a_rule_needs_an_analysis_that_may_have_its_field(schema, code):
    rule = {"when": {"field": "agreed", "op": "eq", "value": True}, "outcome": "x"}
    assert codes(EVERYTHING, analysis_schema=schema, outcome_mapping=[rule]) == code


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ({"enabled": True, "prompt": "In one line.", "success_criteria": "They agreed."}, {}),
        ({"enabled": "yes"}, {"summary.enabled": "invalid_type"}),
        ({"promt": "x"}, {"summary.promt": "unknown"}),
        ({"prompt": " "}, {"summary.prompt": "length"}),
        ([], {"summary": "invalid_type"}),
    ],
)
def test_what_may_be_asked_of_a_summary(summary, expected):
    assert codes(summary=summary) == expected


def test_outcome_rules_may_not_be_nested_without_end():
    condition: dict = {"field": "a", "op": "eq", "value": 1}
    for _ in range(6):
        condition = {"all": [condition]}
    found = codes(EVERYTHING, outcome_mapping=[{"when": condition, "outcome": "x"}])
    assert list(found.values()) == ["too_deep"]
