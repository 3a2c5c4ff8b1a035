"""The routes of calls, from a request to the rows and back."""

from dataclasses import asdict
from datetime import timedelta

import factories
import pytest
from api_client import GOOD_CALL

from topcalls.core.latency import TurnTiming
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.services.call_views import ClaimedCall

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def claimed(api) -> ClaimedCall:
    (call,) = api.services.dispatch.claim("c", "node-1", 1, api.services.clock.now())
    return call


def talked(api, **fields) -> str:
    return factories.finished_call(api.services, api.owner, **fields)


# --- create


def test_a_created_call_is_queued_with_its_minutes_reserved(api):
    response = api.create(max_duration=5)
    assert response.status_code == 201
    created = response.json
    assert created["status"] == "queued"
    assert response.headers["Location"] == f"/v1/calls/{created['call_id']}"
    details = api.get(response.headers["Location"]).json
    assert details["external_call_id"] == created["provider_call_id"]
    assert details["from_phone_number"] == factories.FROM_NUMBER
    assert api.get("/v1/account/balance").json["minutes_reserved"] == 5


def test_everything_asked_for_is_stored_and_shown(api):
    wishes = {
        "first_sentence": "Hello there.",
        "voice": "verse",
        "language": "en-GB",
        "temperature": 0.5,
        "silence_timeout_seconds": 12,
        "interruption": {
            "sensitivity": "low",
            "protect_first_sentence": True,
            "enabled": False,
            "min_words": 3,
            "acknowledgements": ["roger"],
            "endpointing": {"min_ms": 500, "max_ms": 4000},
        },
        "recording": {"enabled": False},
        "priority": 9,
        "request_data": {"patient": "Ann"},
        "metadata": {"order": 7, "tags": ["a", "b"]},
        "webhook_url": "https://example.com/hook",
        "webhook_events": ["call.failed"],
    }
    call_id = api.create(**wishes).json["call_id"]
    details = api.get(f"/v1/calls/{call_id}").json
    assert details["metadata"] == wishes["metadata"]
    assert details["configuration"] == details["configuration"] | wishes
    request = claimed(api).request
    assert request.interruption.protect_first_sentence is True
    assert request.recording.enabled is False


def test_null_means_not_given(api):
    optional = {"instructions": None, "voice": None, "webhook_events": None, "metadata": None}
    created = api.create(**optional, recording=None, schedule_at=None)
    assert created.status_code == 201
    configuration = api.get(created.headers["Location"]).json["configuration"]
    assert configuration["voice"] == "alloy"


def test_a_scheduled_call_waits_for_its_time(api):
    moment = (factories.START + timedelta(hours=2)).isoformat()
    created = api.create(schedule_at=moment).json
    assert created["status"] == "pending"
    assert api.services.dispatch.claim("c", "node-1", 9, factories.START) == []
    details = api.get(f"/v1/calls/{created['call_id']}").json
    assert details["schedule_at"] == "2026-11-23T14:00:00.123456Z"


def test_webhooks_of_a_call_are_listed(api):
    call_id = api.create(webhook_url="https://example.com/hook").json["call_id"]
    (delivery,) = api.get(f"/v1/calls/{call_id}/webhooks").json["data"]
    assert (delivery["event"], delivery["status"]) == ("call.queued", "pending")
    assert (delivery["attempts"], delivery["log"]) == (0, [])


# --- look


def test_a_finished_call_tells_all(api):
    call = factories.claimed_call(api.services, api.owner, metadata={"order": 7})
    life = factories.Life(api.services, call).talk(90)
    api.services.calls.append_turn(call.call_id, Turn(1, "assistant", "Hello.", 100, 900))
    api.services.calls.append_turn(call.call_id, Turn(2, "user", "Hi!", 1100, 1500, True))
    api.services.calls.append_timing(call.call_id, TurnTiming(3, 500, 400, 20))
    usage = TokenUsage(10, voice_characters=70, wasted_tokens=5, wasted_characters=9)
    api.services.calls.note_usage(call.call_id, "gpt-6-luna", usage, 2, api.services.clock.now())
    api.services.calls.note_stages_replaced(call.call_id, ("voice",))
    life.hang_up()
    details = api.get(f"/v1/calls/{call.call_id}").json
    assert details["usage"] == [{"model": "gpt-6-luna", "responses": 2, **asdict(usage)}]
    assert details["stages_replaced"] == ["voice"]
    assert (details["status"], details["call_status"]) == ("completed", "completed")
    assert (details["end_reason"], details["ended_by"]) == ("callee_hung_up", "callee")
    assert details["hangup"] == {
        "cause": "NORMAL_CLEARING",
        "sip_status": 200,
        "q850": 16,
        "by": "far_end",
    }
    assert details["duration"] == 1.5
    assert details["actual_duration_billed"] == 1.5
    assert [(turn["user"], turn["text"]) for turn in details["transcript"]] == [
        ("assistant", "Hello."),
        ("user", "Hi!"),
    ]
    assert details["transcript"][1]["interrupted"] is True
    (timing,) = details["timings"]
    shares = ("turn", "endpointing_ms", "provider_ms", "gateway_ms", "ear_ms", "unexplained_ms")
    assert [timing[name] for name in shares] == [3, 500, 400, 20, None, None]
    assert details["latency"]["provider"] == {"answers": 1, "p50": 400, "p95": 400, "p99": 400}
    assert details["latency"]["ear"] is None
    assert details["sandbox"] is True


def test_the_trail_of_a_call_is_listed_in_order(api):
    call_id = talked(api)
    events = api.get(f"/v1/calls/{call_id}/events").json["data"]
    assert [event["to_state"] for event in events][:4] == [
        "dispatching",
        "ringing",
        "answered",
        "answered",
    ]
    assert events[-1]["to_state"] == "completed"
    assert [event["version"] for event in events] == sorted(event["version"] for event in events)


def test_a_call_of_another_account_is_not_found(api):
    call_id = api.create().json["call_id"]
    stranger = factories.principal(api.services, name="Other")
    token = api.key("calls:read", "calls:write", account_id=stranger.account_id)
    for method, path in [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/stop"),
        ("POST", "/cancel"),
        ("GET", "/events"),
        ("GET", "/webhooks"),
    ]:
        response = api.send(method, f"/v1/calls/{call_id}{path}", token=token)
        assert response.status_code == 404, path
    assert api.get("/v1/calls", token=token).json["data"] == []


@pytest.mark.parametrize("call_id", [UNKNOWN, "42", "not-a-uuid", UNKNOWN + "0"])
def test_an_unknown_call_is_not_found(api, call_id):
    response = api.get(f"/v1/calls/{call_id}")
    assert response.status_code == 404
    assert response.json["type"].endswith("/not_found")


def test_pages_lose_and_repeat_nothing_even_for_calls_of_one_moment(api):
    made = [api.create().json["call_id"] for _ in range(7)]
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = api.get("/v1/calls", query_string=query).json
        seen += [call["id"] for call in page["data"]]
        api.create()  # later calls do not move the pages
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_the_list_filters_by_telephone_outcome(api):
    finished = talked(api)
    busy = factories.Life(api.services, factories.claimed_call(api.services, api.owner))
    busy.dial().fail("USER_BUSY")
    api.create()
    found = {
        status: [call["id"] for call in api.get(f"/v1/calls?status={status}").json["data"]]
        for status in ("completed", "busy", "no-answer")
    }
    assert found == {"completed": [finished], "busy": [busy.call_id], "no-answer": []}
    assert api.get(f"/v1/calls?campaign_id={UNKNOWN}").json["data"] == []


# --- stop and cancel


def test_stopping_a_waiting_call_cancels_it_and_gives_its_minutes_back(api):
    call_id = api.create().json["call_id"]
    response = api.post(f"/v1/calls/{call_id}/stop")
    assert (response.status_code, response.json) == (200, {"ok": True, "status": "cancelled"})
    assert api.get(f"/v1/calls/{call_id}").json["status"] == "cancelled"
    assert api.get("/v1/account/balance").json["minutes_reserved"] == 0


def test_stopping_a_live_call_asks_its_controller(api):
    call_id = api.create().json["call_id"]
    claimed(api)
    assert api.post(f"/v1/calls/{call_id}/stop").json["ok"] is True
    assert api.post(f"/v1/calls/{call_id}/stop", json={}).json["ok"] is True
    (command,) = api.services.commands.claim("c", api.services.clock.now())
    assert (command.call_id, command.kind) == (call_id, "stop")


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("DELETE", "")])
def test_cancelling_works_until_the_call_starts(api, method, path):
    waiting = api.create().json["call_id"]
    assert api.send(method, f"/v1/calls/{waiting}{path}").json == {"ok": True}
    started = api.create().json["call_id"]
    claimed(api)
    response = api.send(method, f"/v1/calls/{started}{path}")
    assert response.status_code == 409
    assert "Use stop" in response.json["detail"]
    assert api.services.commands.claim("c", api.services.clock.now()) == []


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/stop"), ("POST", "/cancel"), ("DELETE", "")]
)
def test_a_call_that_ended_can_not_be_stopped(api, method, path):
    call_id = talked(api)
    response = api.send(method, f"/v1/calls/{call_id}{path}")
    assert response.status_code == 409
    assert response.json["type"].endswith("/conflict")
    assert response.json["detail"] == "The call is over."
    assert api.get(f"/v1/calls/{call_id}").json["status"] == "completed"


def test_the_smallest_documented_body_is_enough(api):
    assert set(GOOD_CALL) == {"phone_number", "task"}
    assert api.post("/v1/calls", json=GOOD_CALL).status_code == 201
