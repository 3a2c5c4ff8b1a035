"""`/v1/campaigns` by a client, whose every answer is held to the document."""

import itertools
import json
from datetime import timedelta

import pytest
from api_client import fault_paths
from campaign_rig import TASK

from topcalls.core.campaign_state import ContactState
from topcalls.store import campaign_contacts, campaigns

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
MISSING = "7f1c2f64-5b3e-4c8e-9f4e-0a6c6d3c2b1a"


@pytest.fixture
def kind():
    """What the databases do differently is tested by the verbs."""
    return "sqlite"


def a_list(api, count=2):
    made = api.post("/v1/lists", json={"name": "Leads"}).json["id"]
    leads = [{"phone_number": f"+1202555{n:04}"} for n in range(count)]
    if leads:
        api.post("/v1/leads/bulk", json={"list_id": made, "leads": leads})
    return made


def a_campaign(api, **body):
    body = {"name": "Spring", "call": {"task": TASK}, **body}
    return api.post("/v1/campaigns", json=body)


def act(api, campaign, verb, **options):
    return api.post(f"/v1/campaigns/{campaign}/{verb}", **options)


def test_from_the_draft_to_the_archive(api):
    listed = a_list(api)
    made = a_campaign(api, list_ids=[listed], pacing={"ramp_up": {"from": 10, "minutes": 5}})
    assert made.status_code == 201
    campaign = made.json["id"]
    assert made.headers["Location"] == f"/v1/campaigns/{campaign}"
    assert made.json["pacing"] == {"ramp_up": {"from": 10, "minutes": 5}}
    assert act(api, campaign, "start").json == {"ok": True, "status": "running"}
    assert act(api, campaign, "start").json == {"ok": True, "status": "running"}
    assert act(api, campaign, "pause").json == {"ok": True, "status": "paused"}
    found = api.get(f"/v1/campaigns/{campaign}").json
    assert found["paused_for"] == {"code": "user", "detail": "By request."}
    assert found["statistics"]["contacts"]["waiting"] == 2
    assert found["statistics"]["forecast"]["reason"] == "not_running"
    assert act(api, campaign, "resume").json["status"] == "running"
    assert act(api, campaign, "stop").json["status"] == "cancelled"
    refused = act(api, campaign, "pause")
    assert (refused.status_code, refused.json["reason"]) == (409, "campaign_state")
    assert act(api, campaign, "archive").json["status"] == "cancelled"
    assert api.get("/v1/campaigns").json["data"] == []
    (archived,) = api.get("/v1/campaigns?archived=yes").json["data"]
    assert archived["id"] == campaign


def test_every_fault_of_a_body_is_told_with_its_path(api):
    refused = a_campaign(
        api,
        naem="x",
        weight="2",
        call={"task": "no", "phone_number": "+12025550100"},
        schedule={"time_zone": "Mars/Olympus", "windows": [{"start": "9", "end": "17:00"}]},
    )
    assert refused.status_code == 400
    assert set(fault_paths(refused)) == {
        "call.phone_number",
        "call.task",
        "schedule.windows.0.start",
        "schedule.time_zone",
        "weight",
        "naem",
    }
    assert api.post("/v1/campaigns", json=[]).status_code == 400
    assert api.post("/v1/campaigns", json={}).status_code == 400


def test_a_start_that_is_refused_says_what_is_missing(api):
    campaign = a_campaign(api, call={}).json["id"]
    refused = act(api, campaign, "start")
    assert (refused.status_code, refused.json["reason"]) == (409, "not_ready")
    assert [one["path"] for one in refused.json["problems"]] == ["call.task", "list_ids"]
    checked = api.get(f"/v1/campaigns/{campaign}/check").json
    assert checked == {"ready": False, "problems": refused.json["problems"], "warnings": []}


def test_a_repeated_request_is_answered_as_before(api):
    headers = {"Idempotency-Key": "spring-2030"}
    body = {"name": "Spring", "call": {"task": TASK}, "list_ids": [a_list(api)]}
    first = api.post("/v1/campaigns", json=body, headers=headers)
    again = api.post("/v1/campaigns", json=body, headers=headers)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    campaign = first.json["id"]
    headers = {"Idempotency-Key": "start-spring-2030"}
    act(api, campaign, "start", headers=headers)
    act(api, campaign, "pause")
    assert act(api, campaign, "start", headers=headers).json["status"] == "running"
    assert api.get(f"/v1/campaigns/{campaign}").json["status"] == "paused"


def test_edits_are_previewed_and_guarded(api):
    made = a_campaign(api, list_ids=[a_list(api)])
    path = f"/v1/campaigns/{made.json['id']}"
    act(api, made.json["id"], "start")
    change = {"pacing": {"calls_per_minute": 10}, "call": {"language": "en"}}
    seen = api.post(f"{path}/preview", json=change).json
    assert [(one["path"], one["takes_effect"]) for one in seen["changes"]] == [
        ("call.language", "next_calls"),
        ("pacing.calls_per_minute", "at_once"),
    ]
    wrong = api.post(f"{path}/preview", json={"weight": 0}).json
    assert [one["path"] for one in wrong["errors"]] == ["weight"]
    edited = api.send("PATCH", path, json=change, headers={"If-Match": '"1"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    late = api.send("PATCH", path, json={"weight": 2}, headers={"If-Match": '"1"'})
    assert late.status_code == 409
    assert api.send("PATCH", path, json={"weight": 101}).status_code == 400


def test_contacts(api):
    listed = a_list(api, 3)
    ids = [one["id"] for one in api.get(f"/v1/leads?list_id={listed}").json["items"]]
    campaign = a_campaign(api).json["id"]
    path = f"/v1/campaigns/{campaign}/contacts"
    added = api.post(path, json={"lead_ids": ids})
    assert added.json == {"added": 3, "already": 0}
    assert api.post(path, json={"lead_ids": [MISSING]}).status_code == 400
    page = api.get(f"{path}?limit=2").json
    assert len(page["data"]) == 2
    rest = api.get(f"{path}?limit=2&cursor={page['next_cursor']}").json
    assert (len(rest["data"]), rest["next_cursor"]) == (1, None)
    gone = api.send("DELETE", f"{path}/{ids[0]}")
    assert (gone.status_code, gone.json["status"]) == (200, "removed")
    assert api.get(f"{path}?status=removed").json["data"] == [gone.json]
    details = api.get(f"{path}/{ids[1]}").json
    assert [entry["what"] for entry in details["timeline"]] == ["enrolled", "call"]
    assert api.get(f"{path}/{MISSING}").status_code == 404
    assert api.get(f"/v1/campaigns/{MISSING}/contacts").status_code == 404


def test_a_call_under_way_keeps_its_contact(api):
    campaign = a_campaign(api, list_ids=[a_list(api, 1)]).json["id"]
    act(api, campaign, "start")
    (contact,) = api.get(f"/v1/campaigns/{campaign}/contacts").json["data"]
    now = api.services.clock.now()
    api.services.db.run(
        campaign_contacts.change, campaign, contact["lead_id"], now, state=ContactState.IN_FLIGHT
    )
    refused = api.send("DELETE", f"/v1/campaigns/{campaign}/contacts/{contact['lead_id']}")
    assert (refused.status_code, refused.json["reason"]) == (409, "in_flight")


def test_scopes(api):
    campaign = a_campaign(api).json["id"]
    reads = api.key("campaigns:read")
    assert api.get("/v1/campaigns", token=reads).status_code == 200
    assert act(api, campaign, "start", token=reads).status_code == 403
    other = api.services.accounts.create("Other", minutes=10)
    stranger = api.key("campaigns:read", "campaigns:write", account_id=other.id)
    assert api.get(f"/v1/campaigns/{campaign}", token=stranger).status_code == 404
    assert act(api, campaign, "start", token=stranger).status_code == 404


# --- figures


def attempt(api, campaign, lead, number, **columns):
    now = api.services.clock.now()
    row = {
        "account": api.owner.account_id,
        "campaign": campaign,
        "lead_id": lead,
        "number": number,
        "created_at": now,
        **columns,
    }
    api.services.db.run(lambda: campaign_contacts.insert_attempt(**row))


def test_the_figures_of_calls(api):
    campaign = a_campaign(api, list_ids=[a_list(api, 4)], conversion_outcomes=["sold"]).json["id"]
    act(api, campaign, "start")
    leads = [one["lead_id"] for one in api.get(f"/v1/campaigns/{campaign}/contacts").json["data"]]
    now = api.services.clock.now()
    api.services.clock.advance(60)
    attempt(api, campaign, leads[0], 1, outcome="no_answer", ended_at=now, counted=True)
    sold = {"outcome": "completed", "disposition": "sold", "talk_seconds": 90, "ended_at": now}
    attempt(api, campaign, leads[0], 2, **sold)
    attempt(api, campaign, leads[1], 1)
    found = api.get(f"/v1/campaigns/{campaign}/statistics").json
    assert found["calls"] == {
        "total": 3,
        "open": 1,
        "dialled": 2,
        "answered": 1,
        "connected": 1,
        "by_outcome": {"no_answer": 1, "completed": 1},
    }
    assert (found["answer_rate"], found["conversion_rate"]) == (0.5, 1.0)
    assert (found["average_duration"], found["conversions"]) == (1.5, 1)
    assert found["forecast"]["calls_per_minute"] == 3.0
    details = api.get(f"/v1/campaigns/{campaign}/contacts/{leads[0]}").json
    assert [one["outcome"] for one in details["attempts"]] == ["no_answer", "completed"]


def events(response):
    """The events of a stream, as they come."""
    fields = {}
    lines = itertools.chain.from_iterable(
        chunk.decode().splitlines() for chunk in response.response
    )
    for line in lines:
        if ": " in line:
            name, _, value = line.partition(": ")
            fields[name] = value
        if name_of(fields):
            yield fields.pop("event"), json.loads(fields.pop("data")), fields["id"]


def name_of(fields):
    return {"event", "data", "id"} <= fields.keys()


def test_figures_are_followed_until_the_campaign_is_over(api):
    campaign = a_campaign(api, list_ids=[a_list(api, 2)]).json["id"]
    act(api, campaign, "start")
    headers = {"Authorization": f"Bearer {api.token}", "Accept": "text/event-stream"}
    path = f"/v1/campaigns/{campaign}/statistics"
    response = api.app.test_client().get(path, headers=headers)
    stream = events(response)
    name, first, _ = next(stream)
    assert (name, first["status"], first["contacts"]["waiting"]) == ("statistics", "running", 2)
    act(api, campaign, "pause")
    name, paused, _ = next(stream)
    assert (name, paused["status"], paused["campaign_id"]) == ("statistics", "paused", campaign)
    act(api, campaign, "stop")
    name, last, last_id = next(stream)
    assert (name, last["status"]) == ("end", "cancelled")
    assert next(stream, None) is None
    response.close()
    again = api.app.test_client().get(path, headers=headers | {"Last-Event-ID": last_id})
    assert again.status_code == 204
    assert api.app.extensions["topcalls"].campaign_streams._streams == {}


def test_a_campaign_that_ended_by_itself_says_why(api):
    campaign = a_campaign(api, list_ids=[a_list(api, 1)]).json["id"]
    act(api, campaign, "start")
    services, now = api.services, api.services.clock.now()

    def verb():
        row = campaigns.found(campaign, lock=True)
        return services.campaign_moves.finish(row, "all_done", "Nobody is left to be called.", now)

    assert services.db.run(verb)
    found = api.get(f"/v1/campaigns/{campaign}").json
    assert (found["status"], found["ended_for"]["code"]) == ("completed", "all_done")
    assert found["statistics"]["forecast"]["ends_at"] == found["ended_at"]


def test_a_scheduled_campaign_is_shown_as_such(api):
    soon = (api.services.clock.now() + timedelta(hours=1)).isoformat()
    campaign = a_campaign(api, list_ids=[a_list(api, 1)], schedule={"start_at": soon}).json["id"]
    assert act(api, campaign, "start").json["status"] == "scheduled"
    assert [one["id"] for one in api.get("/v1/campaigns?status=scheduled").json["data"]] == [
        campaign
    ]
