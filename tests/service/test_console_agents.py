"""The console: agents written, published, compared, rolled back, tried out."""

import html

import factories
import pytest
from console_rig import ON_SQLITE, Reader

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
FORM = {
    "name": "Reminder",
    "configuration.task": "Confirm the appointment of {{patient}}.",
    "configuration.voice": "coral",
    "configuration.max_duration": "5",
    "configuration.*": '{"request_data": {"clinic": "Main Street"}}',
}


@pytest.fixture
def agent_id(reader):
    return reader.send("/agents/new", FORM, since="/agents/new").headers["Location"][-36:]


def stored(api, agent_id):
    return api.get(f"/v1/agents/{agent_id}").json


def test_without_agents_it_says_what_to_do(reader):
    assert "Write the first one" in reader.read("/agents")


def test_an_agent_is_written_with_what_has_no_field_of_its_own(api, reader, agent_id):
    configuration = stored(api, agent_id)["draft"]["configuration"]
    assert configuration == {
        "task": FORM["configuration.task"],
        "voice": "coral",
        "max_duration": 5,
        "request_data": {"clinic": "Main Street"},
    }
    assert "Reminder" in reader.read("/agents")


def test_a_refused_agent_keeps_what_was_written(api, reader):
    form = {**FORM, "configuration.voice": "nobody", "configuration.tools": "[1,"}
    answer = reader.send("/agents/new", form, since="/agents/new")
    assert answer.status_code == 400
    assert "Is no JSON" in answer.text
    answer = reader.send("/agents/new", {**form, "configuration.tools": ""}, since="/agents/new")
    assert answer.status_code == 400
    assert "configuration.voice-fault" in answer.text
    assert "Confirm the appointment of" in answer.text
    assert api.get("/v1/agents").json["data"] == []


def test_an_edit_changes_what_was_changed_and_removes_what_was_emptied(api, reader, agent_id):
    page = f"/agents/{agent_id}"
    form = {**FORM, "revision": "1", "configuration.voice": "verse"}
    form |= {
        "configuration.max_duration": "",
        "configuration.*": '{"request_data": {"day": "Monday"}}',
    }
    assert reader.send(page, form, since=page).status_code == 303
    assert stored(api, agent_id)["draft"]["configuration"] == {
        "task": FORM["configuration.task"],
        "voice": "verse",
        "request_data": {"day": "Monday"},
    }


def test_who_edits_what_somebody_else_changed_is_told(api, reader, agent_id):
    page = f"/agents/{agent_id}"
    api.send("PATCH", f"/v1/agents/{agent_id}", json={"name": "Other"})
    answer = reader.send(page, {**FORM, "revision": "1", "name": "Mine"}, since=page)
    assert answer.status_code == 400
    assert 'value="Mine"' in answer.text
    assert stored(api, agent_id)["name"] == "Other"


def test_versions_are_published_compared_and_used_again(api, reader, agent_id):
    page = f"/agents/{agent_id}"
    reader.send(f"{page}/publish", since=page)
    assert stored(api, agent_id)["published_version"] == 1
    reader.send(page, {**FORM, "configuration.voice": "verse", "revision": "2"}, since=page)
    assert "What publishing would change" in reader.read(page)
    assert "Against version 1" in reader.read(f"{page}/versions/2")
    reader.send(f"{page}/publish", since=page)
    assert stored(api, agent_id)["published_version"] == 2
    reader.send(f"{page}/rollback", {"version": "1"}, since=page)
    assert stored(api, agent_id)["published_version"] == 1
    assert "Calls use version 1 again." in reader.read(page)


def test_an_archived_agent_is_out_of_the_list_and_offers_no_call(reader, agent_id):
    reader.send(f"/agents/{agent_id}/archive", since=f"/agents/{agent_id}")
    assert "The agent is archived." in reader.read("/agents")
    assert agent_id not in reader.read("/agents")
    assert agent_id in reader.read("/agents?status=archived")
    assert "Try it" not in reader.read(f"/agents/{agent_id}")


def test_a_call_to_try_it_leads_to_the_live_page(api, reader, agent_id):
    page = f"/agents/{agent_id}"
    form = {"phone_number": factories.NUMBER, "agent_version": "1", "request_data.patient": "Ann"}
    answer = reader.send(f"{page}/call", form, since=page)
    (call,) = api.get("/v1/calls").json["data"]
    assert answer.headers["Location"] == f"/console/live/{call['id']}"
    details = api.get(f"/v1/calls/{call['id']}").json
    assert (details["agent_id"], details["agent_version"]) == (agent_id, 1)
    assert details["configuration"]["request_data"]["patient"] == "Ann"


def test_a_refused_call_says_what_is_missing(api, reader, agent_id):
    page = f"/agents/{agent_id}"
    form = {"phone_number": factories.NUMBER, "agent_version": "1"}
    answer = reader.send(f"{page}/call", form, since=page)
    assert answer.status_code == 400
    assert "request_data.patient-fault" in answer.text
    assert f'value="{factories.NUMBER}"' in answer.text
    assert api.get("/v1/calls").json["data"] == []


def test_who_may_only_read_is_offered_no_change(api, agent_id):
    reader = Reader(api)
    reader.sign_in(api.key("agents:read"))
    page = reader.read(f"/agents/{agent_id}")
    assert "Keep as a draft" not in page
    assert "Publish" not in page
    assert "Try it" not in page
    answer = reader.send("/agents/new", FORM, since="/agents")
    assert "agents:write" in answer.text
    assert len(api.get("/v1/agents").json["data"]) == 1


def test_voices_languages_and_models_are_offered(reader, agent_id):
    for page in ("/agents/new", f"/agents/{agent_id}"):
        words = reader.read(page)
        for name, value in (("voices", "coral"), ("languages", "en-US"), ("models", "gpt-")):
            offered = words.partition(f'<datalist id="{name}">')[2].partition("</datalist>")[0]
            assert f'<option value="{value}' in offered
            assert f'list="{name}"' in words


def test_an_agent_is_talked_with_in_writing(api, reader):
    body = {"task": "Confirm the appointment.", "first_sentence": "Hello, this is Rachel."}
    made = api.post("/v1/agents", json={"name": "Reminder", "configuration": body}).json
    page = f"/agents/{made['id']}/chat"
    assert f'href="/console{page}"' in reader.read(f"/agents/{made['id']}")
    begun = reader.send(page, {}, since=page).text
    assert "<span>Hello, this is Rachel.</span>" in begun
    held = begun.partition('name="said" value="')[2].partition('"')[0]
    said = {"said": html.unescape(held), "text": "Who <is> it?"}
    asked = reader.send(page, said, since=page).text
    assert "<span>Hello, this is Rachel.</span>" in asked
    assert "<span>Who &lt;is&gt; it?</span>" in asked
    assert "There is no model the-chains-own here. Set a key." in asked
    anew = reader.send(page, {**said, "again": "yes"}, since=page).text
    assert "Hello, this is Rachel." not in anew
