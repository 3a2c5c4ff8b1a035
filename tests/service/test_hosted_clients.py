"""A client that was written for the documented hosted API is answered as documented: requests with
the documented fields, and of the answers every field that is documented."""

import pytest

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service

CALL = {
    "id", "account_id", "phone_number", "from_phone_number", "status", "call_status",
    "external_call_id", "duration", "transcript", "recording_url", "call_summary", "error_message",
    "answered_by", "campaign_id", "lead_id", "completed", "created_at", "started_at", "end_at",
    "metadata",
}  # fmt: skip
LISTED_CALL = CALL - {"account_id", "external_call_id", "completed", "metadata"} | {
    "disposition",
    "actual_duration_billed",
}
LEAD = {
    "id", "account_id", "name", "phone_number", "status", "tags", "created_at", "updated_at",
    "email", "notes", "metadata", "converted_at", "list_ids",
}  # fmt: skip
PHONE_NUMBER = {
    "id", "account_id", "number", "source", "status", "phone_number_sid", "voip_carrier_sid",
    "carrier_name", "label", "error_message", "created_by_user_id", "created_at", "updated_at",
}  # fmt: skip
CARRIER = {
    "id", "account_id", "voip_carrier_sid", "sip_gateway_sid", "carrier_name", "trunk_type",
    "created_at",
}  # fmt: skip
SUBSCRIPTION = {
    "id", "account_id", "event", "url", "filters", "deleted_at", "created_by_api_key_id",
    "created_at",
}  # fmt: skip
PROBLEM = {"type", "title", "status", "detail", "instance"}
REALTIME_VOICES = ("alloy", "echo", "shimmer", "ash", "ballad", "coral", "sage", "verse")
WHOLE_CALL = {
    "phone_number": "+12025550100",
    "from_number": "+12025550199",
    "task": "Confirm the appointment of the patient.",
    "first_sentence": "Hi, this is Rachel from Bright Smile Dental.",
    "mode": "realtime",
    "voice": "alloy",
    "max_duration": 10,
    "background_audio": "office",
    "background_audio_gain": "medium",
    "request_data": {"patient_name": "John", "appointment_date": "Tuesday"},
    "webhook_url": "https://example.com/hook",
    "webhook_events": ["call.completed", "call.failed"],
}


@pytest.fixture
def kind():
    """What the databases do differently is tested by the verbs."""
    return "sqlite"


def create_call(api, **changes):
    wishes = {**WHOLE_CALL, **changes}
    made = api.post("/v1/calls", json={k: v for k, v in wishes.items() if v is not None})
    assert made.status_code == 201, made.json
    return made.json


def a_list(api):
    return api.post("/v1/lists", json={"name": "Customers"}).json["id"]


def a_lead(api, listed, **changes):
    body = {"name": "Ann", "phone_number": "+12025550100", "list_id": listed, **changes}
    return api.post("/v1/leads", json=body)


def test_a_call_with_every_documented_field(api):
    made = create_call(api)
    assert made.keys() >= {"call_id", "provider_call_id"}
    assert made["status"] == "queued"
    details = api.get(f"/v1/calls/{made['call_id']}").json
    assert details.keys() >= CALL
    assert details["from_phone_number"] == "+12025550199"
    assert details["transcript"] == []


@pytest.mark.parametrize("voice", REALTIME_VOICES)
def test_a_documented_voice(api, voice):
    assert create_call(api, voice=voice)["status"] == "queued"


def test_instructions_in_the_place_of_a_task(api):
    assert create_call(api, task=None, instructions="You are Rachel, a receptionist.")


def test_calls_are_listed_by_cursor_status_and_campaign(api):
    for _ in range(3):
        create_call(api)
    page = api.get("/v1/calls?limit=2").json
    assert page.keys() >= {"data", "next_cursor"}
    assert all(call.keys() >= LISTED_CALL for call in page["data"])
    rest = api.get("/v1/calls", query_string={"limit": 2, "cursor": page["next_cursor"]}).json
    assert (len(page["data"]), len(rest["data"]), rest["next_cursor"]) == (2, 1, None)
    nobody = "9f7d970f-9ffa-4254-8aa3-fcc2c90d0c09"
    assert api.get(f"/v1/calls?campaign_id={nobody}").json["data"] == []
    for status in ("completed", "no-answer", "failed", "busy", "dispatch_timeout"):
        assert api.get(f"/v1/calls?status={status}").json["data"] == []


def test_a_call_is_stopped_and_cancelled(api):
    stopped, cancelled, deleted = (create_call(api)["call_id"] for _ in range(3))
    assert api.post(f"/v1/calls/{stopped}/stop").json == {"ok": True, "status": "cancelled"}
    assert api.post(f"/v1/calls/{cancelled}/cancel").json["ok"] is True
    assert api.send("DELETE", f"/v1/calls/{deleted}").status_code in (200, 204)


def test_a_request_is_repeated_by_its_key(api):
    headers = {"Idempotency-Key": "5f0c2a9e-7f5e-4b0d-9a52-0d6b9a3f2c11"}
    first, second = (api.post("/v1/calls", json=WHOLE_CALL, headers=headers) for _ in range(2))
    assert first.json == second.json


def test_a_wrong_number_is_told_as_documented(api):
    refused = api.post("/v1/calls", json={**WHOLE_CALL, "phone_number": "5551234"})
    assert refused.status_code == 400
    assert refused.json.keys() >= PROBLEM | {"errors"}
    assert refused.json["title"] == "Invalid request body"
    assert refused.json["type"] == "https://api.topcalls.ai/errors/invalid_request"
    assert refused.json["errors"][0].keys() >= {"path", "message", "code"}
    assert refused.json["errors"][0]["path"] == "phone_number"


def test_too_few_minutes_are_told_as_documented(api):
    refused = api.post("/v1/calls", json={**WHOLE_CALL, "max_duration": 60})
    while refused.status_code == 201:
        refused = api.post("/v1/calls", json={**WHOLE_CALL, "max_duration": 60})
    assert refused.status_code == 402
    assert refused.json["type"] == "https://api.topcalls.ai/errors/insufficient_quota"
    assert refused.json["title"] == "Insufficient Quota"


def test_a_lead_is_made_attached_changed_and_deleted(api):
    first, second = a_list(api), api.post("/v1/lists", json={"name": "Others"}).json["id"]
    made = a_lead(api, first, email="ann@example.com", notes="VIP", tags=["vip"], metadata={"n": 1})
    assert (made.status_code, made.json["existed"]) == (201, False)
    assert made.json.keys() >= LEAD
    again = a_lead(api, second, name="Somebody else")
    assert (again.status_code, again.json["existed"]) == (200, True)
    assert again.json["name"] == "Ann"
    assert set(again.json["list_ids"]) == {first, second}
    path = f"/v1/leads/{made.json['id']}"
    changed = api.send("PATCH", path, json={"status": "Converted", "notes_append": "Called."})
    assert (changed.status_code, changed.json["status"]) == (200, "Converted")
    assert api.get(path).json["converted_at"]
    assert api.send("DELETE", f"{path}?list_id={first}").status_code in (200, 204)
    assert api.get(path).json["list_ids"] == [second]
    assert api.send("DELETE", path).status_code in (200, 204)
    assert api.get(path).status_code == 404


def test_leads_are_listed_imported_and_deleted_in_bulk(api):
    listed = a_list(api)
    leads = [{"phone_number": f"+1202555010{n}", "name": "Ann", "tags": ["a"]} for n in range(3)]
    done = api.post("/v1/leads/bulk", json={"list_id": listed, "leads": leads, "mode": "merge"})
    assert done.json.keys() >= {
        "success", "inserted", "updated", "duplicates", "total_processed", "duration_ms",
    }  # fmt: skip
    assert (done.json["inserted"], done.json["total_processed"]) == (3, 3)
    again = api.post("/v1/leads/bulk", json={"list_id": listed, "leads": leads, "mode": "skip"})
    assert again.json["duplicates"] == 3
    page = api.get(f"/v1/leads?list_id={listed}&status=New&tag=a&limit=2").json
    assert page.keys() >= {"items", "has_more", "next_cursor"}
    assert (len(page["items"]), page["has_more"]) == (2, True)
    assert api.get("/v1/leads", query_string={"phone": "+12025550100"}).json["items"]
    nobody = "9f7d970f-9ffa-4254-8aa3-fcc2c90d0c09"
    ids = [page["items"][0]["id"], nobody]
    deleted = api.post("/v1/leads/bulk-delete", json={"ids": ids}).json
    assert (deleted["kind"], deleted["deleted"], deleted["skipped"]) == ("sync", 1, 1)
    assert deleted["skipped_payload"] == [{"lead_id": nobody, "reason": "not_found"}]
    rest = api.post("/v1/leads/bulk-delete", json={"filter": {"list_id": listed}}).json
    assert (rest["kind"], rest["deleted"]) == ("sync", 2)


def test_a_carrier_and_its_number(api):
    body = {
        "carrier_name": "My carrier",
        "trunk_type": "static_ip",
        "sip_gateway": {"ipv4": "203.0.113.10", "port": 5060, "inbound": True, "outbound": True},
    }
    carrier = api.post("/v1/phone-numbers/carriers", json=body)
    assert carrier.status_code == 201, carrier.json
    assert carrier.json.keys() >= CARRIER
    named = {"ipv4": "sip.example.com", "port": 5060, "inbound": True, "outbound": True}
    assert (
        api.post("/v1/phone-numbers/carriers", json={**body, "sip_gateway": named}).status_code
        == 400
    )
    wish = {
        "number": "+12025550123",
        "voip_carrier_sid": carrier.json["voip_carrier_sid"],
        "label": "Front desk",
    }
    number = api.post("/v1/phone-numbers", json=wish)
    assert number.status_code == 201, number.json
    path = f"/v1/phone-numbers/{number.json['id']}"
    assert api.get(path).json.keys() >= PHONE_NUMBER
    assert number.json["source"] == "byoc"
    assert number.json["status"] in ("active", "pending")
    assert api.send("DELETE", path).status_code in (200, 204)
    path = f"/v1/phone-numbers/carriers/{carrier.json['id']}"
    assert api.send("DELETE", path).status_code in (200, 204)


@pytest.mark.parametrize(
    "event",
    [
        "call.completed",
        "call.completed.booked_callback",
        "lead.status_changed",
        "campaign.activated",
        "campaign.paused",
    ],
)
def test_a_documented_subscription(api, event):
    filters = {"phone_number": "+1555%", "answered_by": ["human", "voicemail"]}
    if event.startswith("call."):
        filters["is_conversion"] = True
    body = {"event": event, "url": "https://example.com/hook", "filters": filters}
    made = api.post("/v1/webhooks", json=body)
    assert made.status_code == 201, made.json
    assert made.json.keys() >= SUBSCRIPTION


def test_a_campaign_is_started_and_paused(api):
    listed = a_list(api)
    a_lead(api, listed)
    body = {
        "name": "Reminders",
        "list_ids": [listed],
        "call": {"task": "Confirm the appointment of {{name}}."},
        "webhook_url": "https://example.com/hook",
        "webhook_events": ["campaign.started", "campaign.completed", "call.completed"],
        "conversion_outcomes": ["booked_callback"],
    }
    made = api.post("/v1/campaigns", json=body)
    assert made.json.keys() >= {
        "id", "name", "status", "webhook_url", "webhook_events", "conversion_outcomes",
    }  # fmt: skip
    assert made.json["status"] == "draft"
    path = f"/v1/campaigns/{made.json['id']}"
    for verb, status in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        assert api.post(f"{path}/{verb}").json["ok"] is True
        assert api.get(path).json["status"] == status
    assert api.get("/v1/campaigns").json["data"][0]["id"] == made.json["id"]


def test_a_knowledge_base_of_a_text(api):
    body = {"type": "text", "name": "FAQ", "description": "Hours.", "text": "We open at nine."}
    made = api.post("/v1/knowledge", json=body)
    assert made.status_code in (200, 201, 202), made.json
    assert create_call(api, knowledge_base_ids=[made.json["id"]])


def test_models_voices_and_the_balance_are_there(api):
    assert api.get("/v1/models").json["data"]
    assert api.get("/v1/voices/builtin").json["data"]
    assert api.get("/v1/account/balance").status_code == 200
