"""Tools over the REST API: defined, shown without secrets, and their later results taken."""

import json

import factories
import pytest
from api_client import fault_paths

from topcalls.core.tools import HIDDEN, ToolRecord, ToolStatus
from topcalls.services.tool_results import ResultTokens

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

TOOL = {
    "name": "look_up",
    "description": "Looks something up.",
    "url": "https://example.com/look-up",
    "headers": {"X-Key": "s3cr3t-value"},
    "async": True,
}


@pytest.fixture
def talking(api):
    """The id of a call whose agent waits for the result of a tool."""
    call = factories.claimed_call(api.services, api.owner, tools=(TOOL,))
    factories.Life(api.services, call).talk(5)
    record = ToolRecord("0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11", "look_up", False, "{}", 900)
    now = api.services.clock.now()
    api.services.calls.tools.note(call.call_id, record, now)
    return f"/v1/calls/{call.call_id}", record.id


def test_a_call_with_tools_is_created_and_shown_without_their_secrets(api):
    created = api.create(tools=[TOOL], built_in_tools=["end_call"])
    assert created.status_code == 201
    shown = api.get(created.headers["Location"]).json
    assert "s3cr3t" not in json.dumps(shown)
    (tool,) = shown["configuration"]["tools"]
    assert tool["headers"] == {"X-Key": HIDDEN}
    assert tool["async"] is True
    assert shown["configuration"]["built_in_tools"] == ["end_call"]
    assert shown["tool_calls"] == []


def test_every_fault_of_a_tool_is_told_with_its_path(api):
    schema = {"type": "object", "properties": {"a": {"type": "objekt"}}}
    wrong = {**TOOL, "parameters": schema, "headers": {"Host": "x"}, "url": None, "colour": 1}
    refused = api.create(tools=[TOOL, wrong], built_in_tools=["end_cal"])
    assert refused.status_code == 400
    assert set(fault_paths(refused)) == {
        "tools.1.colour",
        "tools.1.name",
        "tools.1.parameters.properties.a.type",
        "tools.1.url",
        "tools.1.headers.Host",
        "built_in_tools.0",
    }
    assert api.nothing_was_done()


def test_a_hidden_value_that_is_nobodys_is_refused(api):
    kept = {**TOOL, "headers": {"X-Key": HIDDEN}}
    assert fault_paths(api.create(tools=[kept])) == ["tools.0.headers.X-Key"]
    unknown = {**kept, "headers_id": "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11"}
    assert fault_paths(api.create(tools=[unknown])) == ["tools.0.headers_id"]
    assert api.nothing_was_done()


def test_an_agent_is_read_changed_and_sent_back_with_its_secrets(api):
    configuration = {"task": "Sell ten shoes.", "tools": [TOOL]}
    made = api.post("/v1/agents", json={"name": "Seller", "configuration": configuration})
    assert made.status_code == 201
    assert "s3cr3t" not in made.text
    draft = made.json["draft"]["configuration"]
    draft["tools"][0]["timeout_seconds"] = 5
    path = made.headers["Location"]
    changed = api.send("PATCH", path, json={"configuration": {"tools": draft["tools"]}})
    assert changed.status_code == 200
    assert api.post(f"{path}/publish").status_code == 200
    created = api.create(agent_id=made.json["id"], task=None)
    assert created.status_code == 201
    call = api.services.calls.get(api.owner.account_id, created.json["call_id"])
    assert call.request["tools"] == changed.json["draft"]["configuration"]["tools"]


def test_a_result_is_brought_by_key_and_stands_with_the_call(api, talking):
    path, use = talking
    brought = api.post(f"{path}/tool-results/{use}", json={"result": {"n": 1}})
    assert (brought.status_code, brought.json) == (202, {"ok": True, "delivered": True})
    (shown,) = api.get(path).json["tool_calls"]
    assert (shown["id"], shown["status"], shown["result"]) == (use, "succeeded", {"n": 1})


def test_a_result_is_brought_by_its_token(api, talking):
    path, use = talking
    token = ResultTokens(factories.SECRET_KEY).issue(
        path.rpartition("/")[2], use, api.services.clock.now()
    )
    headers = {"Authorization": f"ToolResult {token}"}
    address = f"{path}/tool-results/{use}"
    content = {"error": "The warehouse is closed."}
    assert api.post(address, token="", headers=headers, json=content).status_code == 202
    (shown,) = api.get(path).json["tool_calls"]
    assert (shown["status"], shown["error"]) == (ToolStatus.FAILED, "reported")
    wrong = {"Authorization": f"ToolResult {token}0"}
    assert api.post(address, token="", headers=wrong, json=content).status_code == 401
    assert api.post(address, token="", json=content).status_code == 401
    for other in (path, "/v1/account/balance"):
        assert api.get(other, token="", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ({}, "result"),
        ({"result": 1, "error": "x"}, "result"),
        ({"error": ""}, "error"),
        ({"error": 5}, "error"),
        ({"result": "x" * 40_000}, "result"),
        ({"result": 1, "more": 2}, "more"),
    ],
)
def test_a_result_that_is_none_is_refused_by_name(api, talking, content, path):
    call, use = talking
    refused = api.post(f"{call}/tool-results/{use}", json=content)
    assert (refused.status_code, fault_paths(refused)) == (400, [path])


def test_a_result_needs_a_key_that_may_write_and_a_tool_that_was_called(api, talking):
    path, use = talking
    address = f"{path}/tool-results/{use}"
    reader = api.key("calls:read")
    assert api.post(address, token=reader, json={"result": 1}).status_code == 403
    stranger = factories.principal(api.services, name="Other").account_id
    theirs = api.key("calls:write", account_id=stranger)
    assert api.post(address, token=theirs, json={"result": 1}).status_code == 404
    unknown = f"{path}/tool-results/6d1c7d0e-0f2b-4d8e-8f5e-3a1d0c4b9e77"
    assert api.post(unknown, json={"result": 1}).status_code == 404
    assert api.post(address, json={"result": 1}).status_code == 202
    assert api.post(address, json={"result": 2}).status_code == 409
