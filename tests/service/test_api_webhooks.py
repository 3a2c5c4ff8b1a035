"""`/v1/webhooks` over HTTP: as documented, strict, and nobody else's business."""

from __future__ import annotations

import factories
import pytest
from api_client import fault_paths
from standardwebhooks import Webhook

from topcalls.core.webhook_retry import Outcome

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
URL = "https://crm.example.com/hook"
DOCUMENTED = {
    "id",
    "account_id",
    "event",
    "url",
    "filters",
    "deleted_at",
    "created_by_api_key_id",
    "created_at",
}


def create(api, headers=None, **changes):
    body = {"event": "call.completed", "url": URL, **changes}
    return api.post("/v1/webhooks", json=body, headers=headers or {})


def answer(api, status):
    now = api.services.clock.now()
    for item in api.services.webhooks.due(now, 50):
        outcome = Outcome(status, response="the answer", duration_ms=5)
        api.services.webhooks.record_attempt(item.id, item.attempt, outcome, now)


def test_a_subscription_is_made_shown_changed_and_deleted(api):
    made = create(api, filters={"phone_number": "+1555%"})
    assert made.status_code == 201
    assert made.json.keys() >= DOCUMENTED
    assert "secret" not in str(made.json)
    path = made.headers["Location"]
    assert api.get(path).json == made.json
    assert api.get("/v1/webhooks").json == {"data": [made.json]}
    changed = api.send("PATCH", path, json={"event": "call.completed.sold", "filters": None})
    assert (changed.json["event"], changed.json["filters"]) == ("call.completed.sold", None)
    assert api.send("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    assert api.get("/v1/webhooks").json == {"data": []}


def test_a_repeated_request_makes_one(api):
    headers = {"Idempotency-Key": "webhook-0001"}
    first, second = create(api, headers), create(api, headers)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json == second.json
    assert len(api.get("/v1/webhooks").json["data"]) == 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"event": "call.failed"}, "event"),
        ({"event": None}, "event"),
        ({"url": "https://192.168.1.1/"}, "url"),
        ({"url": "https://calls.example.com/v1/calls"}, "url"),
        ({"filters": {"phone": 1}}, "filters.phone"),
        ({"filters": []}, "filters"),
        ({"secret": "x"}, "secret"),
    ],
)
def test_what_is_wrong_is_named(api, changes, path):
    refused = create(api, **changes)
    assert refused.status_code == 400
    assert fault_paths(refused) == [path]
    assert api.get("/v1/webhooks").json == {"data": []}


def test_scopes_and_accounts_are_kept_apart(api):
    path = create(api).headers["Location"]
    reader = api.key("webhooks:read")
    assert api.get(path, token=reader).status_code == 200
    assert api.send("DELETE", path, token=reader).status_code == 403
    assert api.get(path, token=api.key("calls:read")).status_code == 403
    stranger = factories.principal(api.services, name="Other")
    token = api.key("webhooks:read", "webhooks:write", account_id=stranger.account_id)
    for verb, where in (("GET", ""), ("DELETE", ""), ("POST", "/test")):
        assert api.send(verb, path + where, token=token).status_code == 404
    body = {"from": "2026-01-01T00:00:00Z"}
    assert api.post(f"{path}/replay", json=body, token=token).status_code == 404


def test_a_test_is_sent_and_its_answer_shown(api):
    path = create(api).headers["Location"]
    sent = api.post(f"{path}/test")
    assert sent.status_code == 202
    answer(api, 500)
    page = api.get(f"{path}/deliveries", query_string={"status": "pending"}).json
    (delivery,) = page["data"]
    assert delivery["message_id"] == sent.json["message_id"]
    assert (delivery["event"], delivery["last_status"]) == ("webhook.test", 500)
    assert delivery["log"][0]["response"] == "the answer"
    shown = api.get(f"/v1/webhooks/deliveries/{delivery['id']}").json
    assert shown["request"]["headers"]["topcalls-event"] == "webhook.test"
    assert '"webhook_id"' in shown["request"]["body"]
    assert api.get("/v1/webhooks/deliveries").json["data"][0]["id"] == delivery["id"]
    assert api.get(path).json["receiver"]["status"] == "failing"


def test_one_and_a_range_are_replayed(api):
    path = create(api).headers["Location"]
    api.post(f"{path}/test")
    answer(api, 200)
    (delivery,) = api.get(f"{path}/deliveries").json["data"]
    again = api.post(f"/v1/webhooks/deliveries/{delivery['id']}/replay")
    assert again.status_code == 202
    assert again.json["delivery_id"] != delivery["id"]
    answer(api, 200)
    body = {"from": "2026-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z", "status": "delivered"}
    assert api.post(f"{path}/replay", json=body).json == {"replayed": 1, "go_on_from": None}
    assert api.post(f"{path}/replay", json={**body, "status": "dead"}).json["replayed"] == 0
    refused = api.post(f"{path}/replay", json={"status": "pending"})
    assert sorted(fault_paths(refused)) == ["from", "status"]


def test_a_gap_is_closed(api):
    call_id = api.create(webhook_url=URL).json["call_id"]
    path = f"/v1/calls/{call_id}/webhooks/events"
    assert [one["sequence"] for one in api.get(path).json["data"]] == [1]
    assert api.get(path, query_string={"after": 1}).json == {"data": []}
    assert fault_paths(api.get(path, query_string={"after": "x"})) == ["after"]


def test_a_new_secret_signs_beside_the_old_one_for_a_time(api):
    account_id = api.owner.account_id
    old = api.services.accounts.webhook_secret(account_id)
    made = api.post("/v1/webhooks/secret/rotate", json={"overlap_hours": 2}).json
    assert made["previous_valid_until"] == "2026-11-23T14:00:00.123456Z"
    api.create(webhook_url=URL)
    (item,) = api.services.webhooks.due(api.services.clock.now(), 1)
    assert item.secrets == (made["secret"], old)
    api.services.clock.advance(2 * 3600)
    (item,) = api.services.webhooks.due(api.services.clock.now(), 1)
    assert item.secrets == (made["secret"],)
    assert fault_paths(api.post("/v1/webhooks/secret/rotate", json={"overlap_hours": -1})) == [
        "overlap_hours"
    ]


def test_a_listener_gets_what_nobody_else_wants(api):
    listener = api.post("/v1/webhooks/listeners").json
    path = f"/v1/webhooks/listeners/{listener['id']}"
    call_id = api.create().json["call_id"]
    query = {"cursor": listener["cursor"]}
    assert api.get(f"{path}/messages", query_string=query).json["data"] == []
    api.services.clock.advance(2)
    page = api.get(f"{path}/messages", query_string=query).json
    (message,) = page["data"]
    assert (message["event"], message["call_id"]) == ("call.queued", call_id)
    assert message["headers"]["webhook-signature"].startswith("v1,")
    signed = Webhook(listener["secret"]).sign(
        message["id"], api.services.clock.now(), message["body"]
    )
    assert message["headers"]["webhook-signature"] == signed
    query = {"cursor": page["next_cursor"]}
    assert api.get(f"{path}/messages", query_string=query).json["data"] == []
    assert api.send("DELETE", path).status_code == 204
    assert api.get(f"{path}/messages", query_string=query).status_code == 404


def test_a_listener_that_asks_no_more_is_forgotten(api):
    listener = api.post("/v1/webhooks/listeners").json
    api.services.clock.advance(121)
    path = f"/v1/webhooks/listeners/{listener['id']}/messages"
    query = {"cursor": listener["cursor"]}
    assert api.get(path, query_string=query).status_code == 404
    api.create()
    assert api.services.housekeeping.run(api.services.clock.now()).webhook_listeners == 1
    for cursor in ("x", "1", "-1.", "99999999999999999999."):
        refused = api.get(path, query_string={"cursor": cursor})
        assert fault_paths(refused) == ["cursor"]


def test_failing_receivers_are_listed_and_enabled(api):
    api.create(webhook_url=URL)
    answer(api, 500)
    (receiver,) = api.get("/v1/webhooks/receivers").json["data"]
    assert (receiver["url"], receiver["status"]) == (URL, "failing")
    enabled = api.post(f"/v1/webhooks/receivers/{receiver['id']}/enable")
    assert enabled.json["status"] == "ok"
    path = f"/v1/webhooks/receivers/{receiver['id']}/replay"
    body = {"from": "2026-01-01T00:00:00Z", "status": "any"}
    assert api.post(path, json=body).json["replayed"] == 0  # it is on its way
    api.services.clock.advance(60)
    answer(api, 200)
    api.create(webhook_url=URL + "/another")
    answer(api, 200)
    assert api.post(path, json=body).json["replayed"] == 1
    stranger = factories.principal(api.services, name="Other")
    token = api.key("webhooks:write", account_id=stranger.account_id)
    assert api.post(path, json=body, token=token).status_code == 404
    assert api.get("/v1/webhooks/receivers").json == {"data": []}


def test_a_call_may_not_name_our_own_api(api):
    refused = api.create(webhook_url="https://calls.example.com/v1/calls")
    assert (refused.status_code, fault_paths(refused)) == (400, ["webhook_url"])
