"""The routes of agents, and calls that are made by one."""

import factories
import pytest
from api_client import fault_paths

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
UNKNOWN = "00000000-0000-4000-8000-000000000000"
CONFIGURATION = {
    "task": "Confirm the appointment of {{patient}} on {{day|Tuesday}}.",
    "first_sentence": "Hi {{patient}}, this is Rachel.",
    "voice": "coral",
    "max_duration": 5,
    "recording": {"enabled": False},
    "request_data": {"clinic": "Main Street"},
}
AGENT = {"name": "Reminder", "configuration": CONFIGURATION}
PATIENT = {"request_data": {"patient": "Ann"}}


@pytest.fixture
def agent(api):
    """The path of an agent whose first version is published."""
    path = api.post("/v1/agents", json=AGENT).headers["Location"]
    assert api.post(f"{path}/publish").status_code == 200
    return path


def edit(api, path, headers=None, **configuration):
    return api.send("PATCH", path, json={"configuration": configuration}, headers=headers or {})


def call_by(api, path, headers=None, **wishes):
    body = {"phone_number": factories.NUMBER, "agent_id": path.rpartition("/")[2], **wishes}
    return api.post("/v1/calls", json=body, headers=headers or {})


def configuration(api, created):
    assert created.status_code == 201, created.json
    return api.get(created.headers["Location"]).json["configuration"]


# --- the life of an agent


def test_an_agent_is_drafted_tried_published_edited_compared_and_rolled_back(api):
    created = api.post("/v1/agents", json=AGENT)
    assert created.status_code == 201
    path = created.headers["Location"]
    assert api.get(path).json == created.json
    assert created.json["draft"]["configuration"] == CONFIGURATION
    assert created.json["draft"]["variables"] == ["patient"]
    assert created.json["published"] is None

    published = api.post(f"{path}/publish").json
    assert (published["published_version"], published["draft_version"]) == (1, None)
    edited = edit(api, path, voice="verse", max_duration=None).json
    assert (edited["published_version"], edited["draft_version"]) == (1, 2)
    difference = api.get(f"{path}/diff").json
    assert [change["path"] for change in difference["changes"]] == ["max_duration", "voice"]
    assert api.get(f"{path}/diff?from=2&to=1").json["changes"][1]["after"] == "coral"

    api.post(f"{path}/publish")
    states = [(item["number"], item["state"]) for item in api.get(f"{path}/versions").json["data"]]
    assert states == [(2, "published"), (1, "superseded")]
    assert api.get(f"{path}/versions/1").json["configuration"] == CONFIGURATION
    back = api.post(f"{path}/rollback", json={"version": 1}).json
    assert back["published"]["configuration"]["voice"] == "coral"


def test_an_agents_ways_of_speaking_are_those_of_its_calls(api):
    ways = {
        "interruption": {"longest_turn_seconds": 30, "longest_answer_seconds": 45},
        "filler": {"after_ms": 900, "phrases": ["Let me see."]},
    }
    path = api.post("/v1/agents", json=AGENT).headers["Location"]
    assert edit(api, path, **ways).status_code == 200
    assert api.post(f"{path}/publish").status_code == 200
    made = configuration(api, call_by(api, path, **PATIENT, filler={"enabled": False}))
    assert made["interruption"]["longest_turn_seconds"] == 30
    assert made["filler"] == {"enabled": False}
    assert configuration(api, call_by(api, path, **PATIENT))["filler"]["after_ms"] == 900


def test_agents_are_listed_and_archived_ones_only_when_asked_for(api, agent):
    other = api.post("/v1/agents", json={**AGENT, "name": "Survey"}).headers["Location"]
    archived = api.send("DELETE", agent)
    assert (archived.status_code, archived.data) == (204, b"")
    assert api.send("DELETE", agent).status_code == 204
    listed = {
        status: [item["name"] for item in api.get(f"/v1/agents?status={status}").json["data"]]
        for status in ("active", "archived", "all")
    }
    assert listed == {
        "active": ["Survey"],
        "archived": ["Reminder"],
        "all": ["Survey", "Reminder"],
    }
    assert [item["name"] for item in api.get("/v1/agents").json["data"]] == ["Survey"]
    assert api.get(agent).json["status"] == "archived"
    page = api.get("/v1/agents?status=all&limit=1").json
    rest = api.get("/v1/agents", query_string={"status": "all", "cursor": page["next_cursor"]})
    assert [item["name"] for item in rest.json["data"]] == ["Reminder"]
    assert call_by(api, other, **PATIENT).status_code == 400


def test_an_agent_in_use_by_numbers_is_not_archived(api, agent):
    body = {"number": "+12025550111", "agent_id": agent.rpartition("/")[2]}
    assert api.post("/v1/phone-numbers", json=body).status_code == 201
    refused = api.send("DELETE", agent)
    assert (refused.status_code, refused.json["used_by"]) == (409, ["the number +12025550111"])


def test_every_fault_of_an_agent_is_told_at_once(api):
    wrong = {"task": "x", "metadata": {}, "voice": 7}
    response = api.post("/v1/agents", json={"name": "", "configuration": wrong})
    assert response.status_code == 400
    assert fault_paths(response) == [
        "name",
        "configuration.task",
        "configuration.voice",
        "configuration.metadata",
    ]
    for body in ({}, {"name": "A"}, {**AGENT, "voice": "coral"}, {**AGENT, "configuration": []}):
        assert api.post("/v1/agents", json=body).status_code == 400
    assert api.get("/v1/agents").json["data"] == []


@pytest.mark.parametrize("body", [{"name": None}, {"configuration": {"task": None}}, {"nam": "A"}])
def test_a_wrong_edit_is_refused(api, agent, body):
    assert api.send("PATCH", agent, json=body).status_code == 400
    assert api.get(agent).json["revision"] == 2


def test_an_unknown_agent_is_not_found(api, agent):
    for path in (f"/v1/agents/{UNKNOWN}", "/v1/agents/42", f"{agent}/versions/2"):
        assert api.get(path).status_code == 404
    assert api.post(f"{agent}/rollback", json={"version": 9}).status_code == 404
    stranger = factories.principal(api.services, name="Other").account_id
    token = api.key("agents:read", "agents:write", account_id=stranger)
    for method, path in [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/publish"),
        ("GET", "/versions"),
        ("GET", "/versions/1"),
        ("GET", "/diff"),
    ]:
        assert api.send(method, agent + path, token=token).status_code == 404, path
    assert api.get("/v1/agents", token=token).json["data"] == []


def test_keys_need_the_scopes_of_agents(api, agent):
    reader = api.key("agents:read")
    assert api.get(agent, token=reader).status_code == 200
    assert api.post(f"{agent}/publish", token=reader).status_code == 403
    assert api.get(agent, token=api.key("calls:read", "calls:write", "admin")).status_code == 403


# --- several people


def test_an_edit_of_what_somebody_else_changed_is_refused(api, agent):
    seen = api.get(agent).headers["ETag"]
    first = edit(api, agent, {"If-Match": seen}, voice="verse")
    assert first.status_code == 200
    second = edit(api, agent, {"If-Match": seen}, voice="sage")
    assert second.status_code == 409
    assert second.json["revision"] == first.json["revision"]
    assert first.headers["ETag"] == f'"{first.json["revision"]}"'
    for method, path, body in [
        ("POST", "/publish", {}),
        ("POST", "/rollback", {"json": {"version": 1}}),
        ("DELETE", "", {}),
    ]:
        assert api.send(method, agent + path, headers={"If-Match": seen}, **body).status_code == 409
    assert edit(api, agent, {"If-Match": f"W/{first.headers['ETag']}"}, voice="ash").json["draft"]
    assert edit(api, agent, {"If-Match": "*"}, voice="ash").status_code == 200


@pytest.mark.parametrize("header", ["7", '"a"', '"1", "2"', ""])
def test_an_etag_that_is_none_of_ours_is_refused(api, agent, header):
    response = edit(api, agent, {"If-Match": header}, voice="verse")
    assert (response.status_code, fault_paths(response)) == (400, ["If-Match"])


def test_a_repeated_creation_makes_one_agent(api):
    key = {"Idempotency-Key": "create-agent-1"}
    first = api.post("/v1/agents", json=AGENT, headers=key)
    again = api.post("/v1/agents", json=AGENT, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert len(api.get("/v1/agents").json["data"]) == 1


# --- calls


def test_a_call_is_made_by_the_published_version_and_keeps_it(api, agent):
    created = call_by(api, agent, **PATIENT)
    asked = configuration(api, created)
    assert asked["first_sentence"] == "Hi Ann, this is Rachel."
    assert asked["task"] == "Confirm the appointment of Ann on Tuesday."
    assert asked["recording"] == {"enabled": False}
    assert asked["request_data"] == {"clinic": "Main Street", "patient": "Ann"}
    edit(api, agent, voice="verse")
    api.post(f"{agent}/publish")
    details = api.get(created.headers["Location"]).json
    assert (details["agent_id"], details["agent_version"]) == (agent.rpartition("/")[2], 1)
    assert details["configuration"]["voice"] == "coral"
    listed = {call["agent_version"] for call in api.get("/v1/calls").json["data"]}
    assert listed == {1}
    later = api.get(call_by(api, agent, **PATIENT).headers["Location"]).json
    assert (later["agent_version"], later["configuration"]["voice"]) == (2, "verse")
    assert api.get("/v1/account/balance").json["minutes_reserved"] == 10


def test_what_the_call_names_goes_before_the_agent(api, agent):
    asked = configuration(
        api,
        call_by(
            api,
            agent,
            instructions="You are somebody else. Call {{patient}}.",
            voice="verse",
            max_duration=None,
            **PATIENT,
        ),
    )
    assert asked["instructions"] == "You are somebody else. Call Ann."
    assert "task" not in asked
    assert (asked["voice"], asked["max_duration"]) == ("verse", 5)


def test_a_draft_is_tried_by_its_number_and_never_by_accident(api):
    path = api.post("/v1/agents", json=AGENT).headers["Location"]
    refused = call_by(api, path, **PATIENT)
    assert (refused.status_code, fault_paths(refused)) == (400, ["agent_id"])
    assert "/publish" in refused.json["errors"][0]["message"]
    tried = call_by(api, path, agent_version=1, **PATIENT)
    assert api.get(tried.headers["Location"]).json["agent_version"] == 1


def test_a_call_without_a_value_that_its_agent_needs_is_refused(api, agent):
    for wishes in ({}, {"request_data": {"patient": " "}}, {"request_data": {"patient": None}}):
        response = call_by(api, agent, **wishes)
        assert (response.status_code, fault_paths(response)) == (400, ["request_data.patient"])
    assert "{{patient}}" in response.json["errors"][0]["message"]
    assert api.nothing_was_done()


@pytest.mark.parametrize(
    ("wishes", "path"),
    [
        ({"agent_id": UNKNOWN}, "agent_id"),
        ({"agent_id": 7}, "agent_id"),
        ({"agent_version": 9}, "agent_version"),
        ({"agent_version": 0}, "agent_version"),
        ({"agent_version": "1"}, "agent_version"),
        ({"agent_version": True}, "agent_version"),
        ({"agent_id": None, "agent_version": 1}, "agent_version"),
    ],
)
def test_an_agent_that_is_not_there_is_named(api, agent, wishes, path):
    response = call_by(api, agent, **PATIENT, **wishes)
    assert response.status_code == 400
    assert path in fault_paths(response)
    assert api.nothing_was_done()


def test_a_repeated_call_is_answered_as_before_even_when_its_agent_is_gone(api, agent):
    key = {"Idempotency-Key": "call-by-agent-1"}
    first = call_by(api, agent, key, **PATIENT)
    api.send("DELETE", agent)
    again = call_by(api, agent, key, **PATIENT)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert call_by(api, agent, **PATIENT).status_code == 400


def test_values_are_filled_in_without_an_agent_too(api):
    created = api.create(
        task="Call {{called_number}} for {{who}}, {{times|2}} times; code \\{{x}}.",
        request_data={"who": "Dr. {{Ann}}"},
    )
    text = configuration(api, created)["task"]
    assert text == f"Call {factories.NUMBER} for Dr. {{{{Ann}}}}, 2 times; code {{{{x}}}}."
