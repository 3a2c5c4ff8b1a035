"""Carriers and numbers through the API, on real rows."""

from datetime import timedelta

import factories
import pytest
from api_client import fault_paths

from topcalls.core.carrier_status import GatewayState, judge
from topcalls.services.carriers import Report
from topcalls.store.current import current

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
CARRIERS = "/v1/phone-numbers/carriers"
NUMBERS = "/v1/phone-numbers"
PASSWORD = "a very long secret"
GOOD = {
    "carrier_name": "Telnyx",
    "trunk_type": "reg",
    "sip_gateway": {"ipv4": "sip.example.com"},
    "registration": {"username": "calls", "password": PASSWORD},
}


def add_carrier(api, **changes):
    answer = api.post(CARRIERS, json={**GOOD, **changes})
    assert answer.status_code == 201, answer.json
    return answer.json


def add_number(api, number="+12025550123", **fields):
    return api.post(NUMBERS, json={"number": number, **fields})


def stored(api, sql):
    return api.services.db.read(lambda: list(current().peewee.execute_sql(sql)))


def tell(api, carrier, state, node="node-1", **more):
    """A controller reports how its switch has the carrier."""
    now = api.services.clock.now()
    api.services.nodes.heartbeat("c-1", node, now, capacity=10)
    report = Report(carrier["id"], more.pop("version", 1), judge(state), state.sip_status, **more)
    api.services.carriers.report(node, [report], now)


# --- carriers


def test_a_carrier_is_added_shown_listed_and_deleted(api):
    made = add_carrier(api)
    assert made["voip_carrier_sid"] == made["sip_gateway_sid"] == made["id"]
    assert made["sip_gateway"]["port"] == 5060
    assert made["status"]["state"] == "pending"
    one = f"{CARRIERS}/{made['id']}"
    assert api.get(one).json == made
    assert api.get(CARRIERS).json == {"data": [made]}
    assert api.send("DELETE", one).status_code == 204
    assert api.get(one).status_code == 404
    assert api.send("DELETE", one).status_code == 404


def test_a_password_is_encrypted_and_never_shown(api):
    made = add_carrier(api)
    assert PASSWORD not in api.get(f"{CARRIERS}/{made['id']}").get_data(as_text=True)
    ((trunk, password),) = stored(api, "SELECT trunk, password FROM carrier")
    assert PASSWORD not in trunk
    assert PASSWORD not in password
    (desired,) = api.services.carriers.desired()
    assert desired.trunk.login.password == PASSWORD


def test_the_same_key_makes_one_carrier(api):
    headers = {"Idempotency-Key": "the-very-same-key"}
    first = api.post(CARRIERS, json=GOOD, headers=headers)
    again = api.post(CARRIERS, json=GOOD, headers=headers)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(api.get(CARRIERS).json["data"]) == 1


def test_every_fault_of_a_carrier_is_told(api):
    body = {"carrier_name": "", "trunk_type": "reg", "sip_gateway": {"ipv4": "a b"}, "x": 1}
    answer = api.post(CARRIERS, json=body)
    assert answer.status_code == 400
    assert set(fault_paths(answer)) == {"carrier_name", "registration", "sip_gateway.ipv4", "x"}


@pytest.mark.parametrize("body", ["text", [], 7])
def test_what_is_no_object_is_no_carrier(api, body):
    assert api.post(CARRIERS, json=body).status_code == 400
    assert api.post(NUMBERS, json=body).status_code == 400


def test_a_change_keeps_what_it_does_not_name(api):
    made = add_carrier(api)
    one = f"{CARRIERS}/{made['id']}"
    api.services.clock.advance(5)
    changed = api.send("PATCH", one, json={"sip_gateway": {"port": 5080}, "priority": 3})
    assert changed.status_code == 200
    assert changed.json["sip_gateway"] == {**made["sip_gateway"], "port": 5080}
    assert changed.json["priority"] == 3
    assert changed.json["updated_at"] > made["updated_at"]
    (desired,) = api.services.carriers.desired()
    assert (desired.version, desired.trunk.login.password) == (2, PASSWORD)


def test_a_password_is_changed(api):
    one = f"{CARRIERS}/{add_carrier(api)['id']}"
    assert api.send("PATCH", one, json={"registration": {"password": "new"}}).status_code == 200
    (desired,) = api.services.carriers.desired()
    assert (desired.trunk.login.username, desired.trunk.login.password) == ("calls", "new")


def test_another_kind_of_trunk_drops_the_old_ones_login(api):
    one = f"{CARRIERS}/{add_carrier(api)['id']}"
    changed = api.send("PATCH", one, json={"trunk_type": "static_ip"})
    assert changed.status_code == 200
    assert changed.json["registration"] is None


def test_a_change_is_judged_as_a_whole(api):
    one = f"{CARRIERS}/{add_carrier(api)['id']}"
    answer = api.send("PATCH", one, json={"sip_gateway": {"inbound": True}})
    assert answer.status_code == 400
    assert fault_paths(answer) == ["sip_gateway.ipv4"]
    assert "IPv4 address" in answer.json["errors"][0]["message"]


def test_two_carriers_cannot_prove_themselves_alike(api):
    login = {"username": "gate", "password": "p"}
    wanted = {
        "carrier_name": "PBX",
        "trunk_type": "auth",
        "sip_gateway": {"ipv4": "10.0.0.7", "inbound": True},
        "inbound_auth": login,
    }
    assert api.post(CARRIERS, json=wanted).status_code == 201
    answer = api.post(CARRIERS, json=wanted)
    assert answer.status_code == 400
    assert fault_paths(answer) == ["inbound_auth.username"]


def test_a_carrier_of_another_account_does_not_exist(api):
    made = add_carrier(api)
    other = factories.principal(api.services, name="Other")
    token = api.key("phone_numbers:read", "phone_numbers:write", account_id=other.account_id)
    one = f"{CARRIERS}/{made['id']}"
    assert api.get(one, token=token).status_code == 404
    assert api.send("PATCH", one, token=token, json={"priority": 1}).status_code == 404
    assert api.send("DELETE", one, token=token).status_code == 404
    assert api.get(CARRIERS, token=token).json == {"data": []}
    assert add_number(api, voip_carrier_sid=made["id"]).status_code == 201
    answer = api.post(
        NUMBERS, token=token, json={"number": "+12025550124", "voip_carrier_sid": made["id"]}
    )
    assert fault_paths(answer) == ["voip_carrier_sid"]


def test_a_carrier_in_use_names_its_users(api):
    made = add_carrier(api)
    one = f"{CARRIERS}/{made['id']}"
    add_number(api, voip_carrier_sid=made["id"])
    factories.queued_call(api.services, api.owner, carrier_id=made["id"])
    answer = api.send("DELETE", one)
    assert answer.status_code == 409
    assert "+12025550123" in answer.json["detail"]
    assert "1 call that asked for it" in answer.json["detail"]


def test_presets_link_to_the_carriers_own_pages(api):
    presets = {one["id"]: one for one in api.get(f"{CARRIERS}/presets").json["data"]}
    assert set(presets) == {"twilio", "telnyx", "plivo", "bandwidth", "voipms", "generic"}
    assert all(one["docs_url"].startswith("https://") for one in presets.values())


# --- status


def test_a_node_tells_how_it_has_the_carrier(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("REGED", True, False, 200))
    status = api.get(f"{CARRIERS}/{made['id']}").json["status"]
    assert (status["state"], status["registered"], status["reachable"]) == (
        "registered",
        True,
        True,
    )
    (node,) = status["nodes"]
    assert (node["node"], node["remedy"]) == ("node-1", None)


def test_a_wrong_password_is_told_in_words(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("FAIL_WAIT", False, False, 403), phrase="Forbidden")
    (node,) = api.get(f"{CARRIERS}/{made['id']}").json["status"]["nodes"]
    assert (node["state"], node["sip_status"]) == ("failed", 403)
    assert "SIP 403 Forbidden" in node["found"]
    assert "public address" in node["remedy"]


def test_a_change_is_pending_until_the_node_has_it(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("REGED", True, False))
    one = f"{CARRIERS}/{made['id']}"
    api.send("PATCH", one, json={"priority": 3})
    assert api.get(one).json["status"]["state"] == "pending"
    tell(api, made, GatewayState("REGED", True, False), version=2)
    assert api.get(one).json["status"]["state"] == "registered"


def test_what_was_said_long_ago_is_not_known_any_more(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("REGED", True, False))
    api.services.clock.advance(timedelta(minutes=5).total_seconds())
    now = api.services.clock.now()
    api.services.nodes.heartbeat("c-1", "node-1", now, capacity=10)
    status = api.get(f"{CARRIERS}/{made['id']}").json["status"]
    assert (status["state"], status["registered"]) == ("pending", None)


def test_a_node_that_has_not_reported_is_pending(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("REGED", True, False))
    api.services.nodes.heartbeat("c-2", "node-2", api.services.clock.now(), capacity=10)
    status = api.get(f"{CARRIERS}/{made['id']}").json["status"]
    assert [node["state"] for node in status["nodes"]] == ["registered", "pending"]
    assert status["state"] == "pending"


def test_a_state_keeps_its_beginning(api):
    made = add_carrier(api)
    tell(api, made, GatewayState("REGED", True, False))
    began = api.services.clock.now()
    api.services.clock.advance(10)
    tell(api, made, GatewayState("REGED", True, False))
    ((since, checked),) = stored(api, "SELECT since, checked_at FROM carrier_status")
    assert checked - since == 10_000_000
    (node,) = api.services.carriers.get(api.owner.account_id, made["id"]).status.nodes
    assert node.since == began


def test_one_controller_looks_after_a_node(api):
    carriers, now = api.services.carriers, api.services.clock.now()
    assert carriers.hold("node-1", "a", now)
    assert not carriers.hold("node-1", "b", now)
    assert carriers.hold("node-2", "b", now)
    assert carriers.hold("node-1", "b", now + timedelta(minutes=1))


# --- numbers


def test_a_number_is_added_shown_changed_and_deleted(api):
    carrier = add_carrier(api)
    made = add_number(api, label="Reception")
    assert made.status_code == 201
    number = made.json
    assert number["voip_carrier_sid"] == carrier["id"]
    assert (number["carrier_name"], number["source"]) == ("Telnyx", "byoc")
    one = f"{NUMBERS}/{number['id']}"
    assert api.get(one).json == number
    assert api.get(NUMBERS).json == {"data": [number]}
    changed = api.send("PATCH", one, json={"voip_carrier_sid": None, "status": "inactive"}).json
    assert (changed["voip_carrier_sid"], changed["status"]) == (None, "inactive")
    assert api.send("DELETE", one).status_code == 204
    assert api.get(one).status_code == 404


def test_without_a_carrier_a_number_is_the_installations(api):
    number = add_number(api).json
    assert (number["voip_carrier_sid"], number["source"]) == (None, "topcalls")


def test_a_number_twice_is_a_conflict(api):
    first = add_number(api).json
    again = add_number(api)
    assert again.status_code == 409
    assert first["id"] in again.json["detail"]
    other = factories.principal(api.services, name="Other")
    token = api.key("phone_numbers:write", account_id=other.account_id)
    foreign = api.post(NUMBERS, token=token, json={"number": "+12025550123"})
    assert foreign.status_code == 409
    assert first["id"] not in foreign.get_data(as_text=True)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "number"),
        ({"number": "020 7946 0000"}, "number"),
        ({"number": "+99912345678"}, "number"),
        ({"number": 12025550123}, "number"),
        ({"number": "+12025550123", "label": "x" * 101}, "label"),
        ({"number": "+12025550123", "label": 5}, "label"),
        ({"number": "+12025550123", "voip_carrier_sid": "nobody"}, "voip_carrier_sid"),
        ({"number": "+12025550123", "agent_id": "nobody"}, "agent_id"),
        ({"number": "+12025550123", "lable": "x"}, "lable"),
    ],
)
def test_what_is_wrong_with_a_number_is_named(api, body, path):
    answer = api.post(NUMBERS, json=body)
    assert answer.status_code == 400
    assert fault_paths(answer) == [path]
    assert api.get(NUMBERS).json == {"data": []}


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"number": "+12025550124"}, "number"), ({"status": "deleted"}, "status")],
)
def test_what_cannot_be_changed_is_named(api, changes, path):
    one = f"{NUMBERS}/{add_number(api).json['id']}"
    answer = api.send("PATCH", one, json=changes)
    assert answer.status_code == 400
    assert fault_paths(answer) == [path]


def test_whose_a_called_number_is(api):
    numbers = api.services.phone_numbers
    made = add_number(api).json
    called = numbers.called("+12025550123")
    assert (called.account_id, called.number_id) == (api.owner.account_id, made["id"])
    assert numbers.called("+12025550199") is None
    api.send("PATCH", f"{NUMBERS}/{made['id']}", json={"status": "inactive"})
    assert numbers.called("+12025550123") is None


def test_reading_needs_its_scope_and_writing_another(api):
    reader = api.key("phone_numbers:read")
    assert api.get(CARRIERS, token=reader).status_code == 200
    assert api.post(CARRIERS, token=reader, json=GOOD).status_code == 403
    assert api.get(NUMBERS, token=api.key("calls:read")).status_code == 403
