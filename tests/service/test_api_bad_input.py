"""Every wrong input names the field and the way out, and nothing is half done."""

import json

import factories
import pytest
from api_client import GOOD_CALL, api_services, fault_paths, serving

from topcalls.api.app import create_app

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service


def refused(api, response, status=400):
    """The problem document of a request that must have done nothing."""
    assert response.status_code == status, response.text
    assert response.content_type == "application/problem+json"
    problem = response.json
    assert problem["status"] == status
    assert problem["instance"] == response.headers["X-Request-Id"]
    assert api.nothing_was_done()
    return problem


def only_fault(problem):
    (fault,) = problem["errors"]
    return fault


@pytest.mark.parametrize(
    ("changes", "path", "says"),
    [
        ({"phone_number": "2025550100"}, "phone_number", "E.164"),
        ({"phone_number": "+9991234567"}, "phone_number", "No country has the code"),
        ({"phone_number": "+1202555010"}, "phone_number", "too short"),
        ({"phone_number": "+15555550100"}, "phone_number", "no assigned range"),
        ({"phone_number": 12025550100}, "phone_number", "Must be text"),
        ({"from_number": "anonymous"}, "from_number", "E.164"),
        ({"instructions": "You are a friendly agent."}, "instructions", "Not together with"),
        ({"task": "short"}, "task", "10 to 32000"),
        ({"voice": "aloy"}, "voice", "Did you mean 'alloy'?"),
        ({"voice": "nobody"}, "voice", "GET /v1/voices/builtin"),
        ({"model": "gpt-4o"}, "model", "GET /v1/models"),
        ({"max_duration": "ten"}, "max_duration", "number"),
        ({"max_duration": 1e9}, "max_duration", "0.5 to 120 minutes"),
        ({"priority": 1.5}, "priority", "whole number"),
        ({"recording": {"enabled": "yes"}}, "recording.enabled", "true or false"),
        ({"interruption": {"sensitivty": "low"}}, "interruption.sensitivty", "Did you mean"),
        ({"interruption": {"longest_turn_seconds": 5}}, "interruption.longest_turn_seconds", "10"),
        ({"filler": {"after": 900}}, "filler.after", "Did you mean 'after_ms'?"),
        ({"webhook_url": "example.com"}, "webhook_url", "https://"),
        ({"webhook_url": "http://169.254.169.254/"}, "webhook_url", "private network"),
        ({"answer_webhook_url": "http://127.0.0.1/"}, "answer_webhook_url", "private network"),
        ({"webhook_events": ["call.completed"]}, "webhook_events", "webhook_url"),
        ({"schedule_at": "2020-01-01T00:00:00Z"}, "schedule_at", "past"),
        ({"schedule_at": "2026-11-24T00:00:00"}, "schedule_at", "offset"),
        ({"language": "english"}, "language", "BCP 47"),
        ({"metadata": "x"}, "metadata", "object"),
        ({"first_sentense": "Hi"}, "first_sentense", "Did you mean 'first_sentence'?"),
        (
            {"tools": [{"name": "look_up", "description": "x", "url": 1}]},
            "tools.0.url",
            "web address",
        ),
        (
            {"analysis_schema": {"type": "object", "properties": {"a": {"type": "strin"}}}},
            "analysis_schema.properties.a.type",
            "not valid JSON Schema",
        ),
        (
            {
                "outcome_mapping": [
                    {"when": {"field": "agreed", "op": "eq", "value": 1}, "outcome": "yes"}
                ]
            },
            "outcome_mapping.0.when.field",
            "analysis_schema",
        ),
        ({"summary": {"promt": "x"}}, "summary.promt", "Did you mean 'prompt'?"),
        ({"transfer": {"destinations": []}}, "transfer.destinations", "1 to 20"),
    ],
)
def test_a_wrong_field_is_named_with_the_remedy(api, changes, path, says):
    fault = only_fault(refused(api, api.create(**changes)))
    assert fault["path"] == path
    assert says in fault["message"]


def test_all_faults_are_told_at_once(api):
    body = {"phone_number": "x", "max_duration": 0, "voice": 5, "recording": [], "nonsense": 1}
    problem = refused(api, api.post("/v1/calls", json=body))
    expected = ["phone_number", "task", "voice", "max_duration", "recording", "nonsense"]
    assert fault_paths(api.post("/v1/calls", json=body)) == expected
    assert problem["title"] == "Invalid request body"


def test_without_a_caller_id_both_ways_out_are_named(api):
    services = api_services(api.services, default_from_number=None)
    api.app = serving(services)
    fault = only_fault(refused(api, api.create()))
    assert fault["path"] == "from_number"
    assert "FROM_NUMBER" in fault["message"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b'{"phone_number": "+1202,', "line 1"),
        (b'{"a": 1,\n "b": }', "line 2, column 7"),
        (b'{"a": NaN}', "Is not JSON"),
        (b'{"a": "\\ud800"}', "Is not JSON"),
        (b"\xff\xfe", "Is not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b"[" * 100_000, "Is not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_says_where(api, body, says):
    response = api.post("/v1/calls", data=body, content_type="application/json")
    fault = only_fault(refused(api, response))
    assert fault["path"] == "body"
    assert says in fault["message"]


def test_text_no_database_can_store_is_refused(api):
    fault = only_fault(refused(api, api.create(metadata={"a": ["b\0"]})))
    assert (fault["path"], fault["code"]) == ("metadata.a.0", "invalid_character")
    fault = only_fault(refused(api, api.create(metadata={"a\0": 1})))
    assert fault["code"] == "invalid_character"


def test_nesting_is_limited(api):
    deep = json.loads('{"a":' * 40 + "1" + "}" * 40)
    assert only_fault(refused(api, api.create(metadata=deep)))["code"] == "too_deep"


@pytest.mark.parametrize("declared", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_body_of_another_type_is_refused(api, declared):
    body = json.dumps(GOOD_CALL)
    problem = refused(api, api.post("/v1/calls", data=body, content_type=declared), 415)
    assert "Content-Type: application/json" in problem["detail"]


def test_a_body_that_is_too_large_is_refused(api):
    api.app = create_app(api_services(api.services), max_body_bytes=1000)
    problem = refused(api, api.create(task="x" * 2000), 413)
    assert problem["type"].endswith("/payload_too_large")


def test_an_exhausted_quota_names_both_amounts(api):
    account_id = api.owner.account_id
    api.services.quotas.grant(account_id, -996.5, "taken back")
    problem = refused(api, api.create(max_duration=5), 402)
    assert problem["title"] == "Insufficient Quota"
    assert problem["type"] == "https://api.topcalls.ai/errors/insufficient_quota"
    assert (problem["minutes_needed"], problem["minutes_left"]) == (5, 3.5)
    assert "5 minutes" in problem["detail"]
    assert "3.5" in problem["detail"]
    assert api.create(max_duration=3).status_code == 201


@pytest.mark.parametrize(
    ("query", "path", "says"),
    [
        ("limit=0", "limit", "1 to 200"),
        ("limit=201", "limit", "1 to 200"),
        ("limit=ten", "limit", "whole number"),
        ("limit=1_0", "limit", "whole number"),
        ("cursor=yesterday", "cursor", "2030-01-31T09:30:00Z"),
        ("cursor=2026-11-23T00:00:00", "cursor", "offset"),
        ("status=in-progress", "status", "no-answer"),
        ("campaign_id=5", "campaign_id", "UUID"),
        ("statsu=busy", "statsu", "Did you mean 'status'?"),
    ],
)
def test_a_wrong_query_parameter_is_named(api, query, path, says):
    fault = only_fault(refused(api, api.get(f"/v1/calls?{query}")))
    assert fault["path"] == path
    assert says in fault["message"]


def test_input_nobody_asked_for_is_refused(api):
    assert fault_paths(api.get("/v1/account/balance?verbose=1")) == ["verbose"]
    call = factories.queued_call(api.services, api.owner)
    response = api.post(f"/v1/calls/{call.id}/stop", json={"reason": "x"})
    assert response.status_code == 400
    assert "Leave the body empty." in response.json["errors"][0]["message"]
    assert api.get(f"/v1/calls/{call.id}").json["status"] == "queued"


def test_an_address_that_is_none_is_a_problem_too(api):
    assert refused(api, api.get("/v2/calls"), 404)["type"].endswith("/not_found")
    response = api.send("PUT", "/v1/calls")
    assert refused(api, response, 405)["type"].endswith("/method_not_allowed")
    assert "POST" in response.headers["Allow"]
    assert refused(api, api.send("OPTIONS", "/v1/calls"), 405)


def test_a_fault_of_ours_tells_the_client_nothing(api, monkeypatch):
    def broken(*_args):
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(api.services.quotas, "balance", broken)
    response = api.get("/v1/account/balance")
    monkeypatch.undo()
    problem = refused(api, response, 500)
    assert problem["type"].endswith("/internal_error")
    assert "secret" not in response.text
    assert "instance" in problem["detail"]


ROOT = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "where", "says"),
    [
        ({"type": "array", "items": {}}, "type", 'Set "type": "object"'),
        ({"properties": {"a": {}}}, "type", 'Set "type": "object"'),
        ({**ROOT, "$id": "https://example.com/order"}, "$id", "Leave it out"),
        (
            {**ROOT, "properties": {"a": {"$ref": "https://example.com/order.json"}}},
            "properties.a.$ref",
            "Must not refer to another document",
        ),
        (
            {**ROOT, "properties": {"a": {"$ref": "#/$defs/b"}}},
            "properties.a.$ref",
            "leads to no schema here",
        ),
        ({**ROOT, "unevaluatedProperties": False}, "unevaluatedProperties", "additionalProperties"),
        ({**ROOT, "required": "a"}, "required", "Is not valid JSON Schema"),
        ({**ROOT, "properties": {"a": {"type": "strin"}}}, "properties.a.type", "not valid"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_where_it_is_wrong(api, schema, where, says):
    tool = {"name": "x", "description": "d", "url": "https://example.com/", "parameters": schema}
    for field, changes in (
        ("analysis_schema", {"analysis_schema": schema}),
        ("tools.0.parameters", {"tools": [tool]}),
    ):
        fault = only_fault(refused(api, api.create(**changes)))
        assert fault["path"] == f"{field}.{where}"
        assert says in fault["message"]


def test_the_reference_says_what_a_schema_may_be(api):
    shown = api.get("/openapi.json").json["components"]["schemas"]
    for about in (
        shown["CallCreate"]["properties"]["analysis_schema"]["description"],
        shown["Tool"]["properties"]["parameters"]["description"],
    ):
        for word in ("2020-12", "`object`", "`$ref`", "`$id`"):
            assert word in about
