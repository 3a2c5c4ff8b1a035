"""Answers of a given form, asked of the double: strict, loose, refused, cut off, or not at all."""

import json
from dataclasses import replace

import pytest
from sandbox_openai_realtime import double, scenario

from topcalls.core import analysis_prompts as prompts
from topcalls.core.analysis_answers import read_extraction, read_summary
from topcalls.core.analysis_prompts import Called
from topcalls.core.dialogue import Message
from topcalls.core.strict_schema import strict_schema
from topcalls.core.transcript import Turn
from topcalls.errors import ProviderError
from topcalls.providers.openai.chat_features import ChatFeatures, openai_features
from topcalls.providers.openai.structured import StructuredChat, structured_body
from topcalls.providers.structured import StructuredRequest

pytestmark = pytest.mark.unit
MODEL = "gpt-6-luna"
TURNS = [
    Turn(1, "assistant", "Does your appointment on Tuesday suit?", 0, 900),
    Turn(2, "user", "No, I cannot come.", 1000, 1900),
    Turn(3, "user", "Perfect, 11 works, thanks.", 2000, 2900),
]
SCHEMA = {
    "type": "object",
    "properties": {
        "suits": {"type": "boolean", "description": "The appointment suits."},
        "hour": {"type": "integer", "minimum": 0, "description": "At which hour instead."},
        "email": {"type": "string", "format": "email"},
    },
    "required": ["suits"],
}
STRICT = strict_schema(SCHEMA)
CALLED = Called(TURNS, "Remind of the appointment.")
EXTRACTION = StructuredRequest(
    prompts.extraction_messages(CALLED, STRICT),
    prompts.EXTRACTION_NAME,
    prompts.extraction_schema(STRICT),
)
SUMMARY = StructuredRequest(
    prompts.summary_messages(CALLED, {}), prompts.SUMMARY_NAME, prompts.SUMMARY_SCHEMA
)


@pytest.fixture
def server():
    server = double(scenario({"when": "hello", "speak": "Hi"}))
    yield server
    server.stop()


def chat(server, fault="", **options):
    options.setdefault("features", openai_features(MODEL))
    options.setdefault("seconds", 5)
    return StructuredChat(server.base_url, "sk-test", f"{MODEL}{fault}", **options)


def test_the_double_reads_a_call_and_names_its_evidence(server):
    answer = chat(server).ask(EXTRACTION)
    read = read_extraction(answer.content, STRICT)
    assert read.values == {"suits": False, "hour": 11, "email": None}
    assert read.named == {"suits": [2], "hour": [3]}
    assert STRICT.accepts(answer.content["values"])
    assert answer.usage.input_text > 0
    assert answer.usage.output_text > 0


def test_the_double_sums_a_call_up_and_finds_where_it_turned(server):
    read = read_summary(chat(server).ask(SUMMARY).content, TURNS)
    assert "No, I cannot come." in read.summary
    assert read.sentiment["overall"] == "positive"
    assert read.success["reached"] is True


def test_what_the_customer_wrote_would_be_refused_as_it_is(server):
    request = StructuredRequest([Message("user", "x")], "raw", SCHEMA)
    server.answers.append("{}")
    model = chat(server)
    assert model.ask(request).content == {}  # refused as by the service, and asked for in words
    assert model._form == "json_schema"


def test_a_server_without_a_strict_mode_is_asked_in_words(server):
    server.answers.extend(['```json\n{"values": {"suits": true}, "evidence": {}}\n```'] * 3)
    model = chat(server, "+no-schema")
    for request, form in (
        (EXTRACTION, "json_schema"),  # it may have been the schema
        (replace(EXTRACTION, proven=True), "json_object"),
        (EXTRACTION, "json_object"),
    ):
        content = model.ask(request).content
        assert read_extraction(content, STRICT).values["suits"] is True
        assert model._form == form
    body = structured_body(MODEL, EXTRACTION, openai_features(MODEL), "json_object")
    assert json.dumps(EXTRACTION.schema) in body["messages"][0]["content"]


@pytest.mark.parametrize(
    ("fault", "problem"),
    [("+refusal", "refused"), ("+length", "cut off"), ("+content-filter", "content filter")],
)
def test_no_answer_that_can_be_used(server, fault, problem):
    answer = chat(server, fault).ask(EXTRACTION)
    assert answer.content is None
    assert problem in answer.problem


def test_no_json(server):
    server.answers.append("I think so!")
    assert chat(server).ask(EXTRACTION).problem == "the answer is no JSON"


@pytest.mark.parametrize(
    ("fault", "retryable", "words"),
    [
        ("+rate-limit", True, "limits the rate"),
        ("+server-error", True, "out of order"),
        ("+quota", False, "limits the rate"),
        ("+forbidden", False, "may not use"),
        ("+cut", True, "cannot be reached"),
    ],
)
def test_failures_say_whether_waiting_helps(server, fault, retryable, words):
    with pytest.raises(ProviderError, match=words) as failed:
        chat(server, fault).ask(EXTRACTION)
    assert failed.value.retryable is retryable
    assert failed.value.__cause__ is None
    if fault == "+rate-limit":
        assert failed.value.extra["retry_after"] == 1.0


def test_a_model_that_is_not_there_is_no_reason_to_ask_in_words(server):
    model = chat(server, "+not-found")
    with pytest.raises(ProviderError) as failed:
        model.ask(EXTRACTION)
    assert not failed.value.retryable
    assert model._form == "json_schema"


def test_a_wrong_key_and_a_dead_server(server):
    model = StructuredChat(server.base_url, "sk-bad", MODEL, seconds=5)
    with pytest.raises(ProviderError, match="API key") as failed:
        model.ask(EXTRACTION)
    assert not failed.value.retryable
    url = server.base_url
    server.stop()
    with pytest.raises(ProviderError, match="cannot be reached") as failed:
        StructuredChat(url, "sk-test", MODEL, seconds=5).ask(EXTRACTION)
    assert failed.value.retryable


def test_a_server_that_says_nothing_is_left(server):
    with pytest.raises(ProviderError, match="does not answer") as failed:
        chat(server, "+slow", seconds=0.2).ask(EXTRACTION)
    assert failed.value.retryable


def test_what_is_sent_follows_the_server():
    plain = structured_body("m", SUMMARY, ChatFeatures(), "json_schema")
    assert plain.keys() == {"model", "messages", "response_format", "temperature"}
    reasoning = structured_body(MODEL, SUMMARY, openai_features(MODEL), "json_schema")
    assert reasoning["reasoning_effort"] == "low"
    assert "temperature" not in reasoning
    assert reasoning["response_format"]["json_schema"]["strict"] is True
