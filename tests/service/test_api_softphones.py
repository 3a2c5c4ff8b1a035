"""Softphones through the API, on real rows."""

import factories
import pytest
from api_client import fault_paths

from topcalls.store.current import current

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
SOFTPHONES = "/v1/softphones"


def add(api, extension="201", **fields):
    return api.post(SOFTPHONES, json={"extension": extension, **fields})


def test_a_softphone_is_added_shown_listed_and_deleted(api):
    answer = add(api, name="Ann")
    assert answer.status_code == 201, answer.json
    made = dict(answer.json)
    password = made.pop("password")
    assert (made["extension"], made["name"], made["may_supervise"]) == ("201", "Ann", True)
    assert made["username"].startswith("201-")
    assert made["registered_at"] == []
    one = f"{SOFTPHONES}/{made['id']}"
    assert answer.headers["Location"].endswith(one)
    assert api.get(one).json == made
    assert api.get(SOFTPHONES).json == {"data": [made]}
    assert password not in api.get(SOFTPHONES).text
    assert api.send("DELETE", one).status_code == 204
    assert api.get(one).status_code == 404


def test_a_password_is_encrypted_at_rest_and_rotated(api):
    password = add(api).json["password"]
    stored = api.services.db.read(
        lambda: list(current().peewee.execute_sql("SELECT password FROM softphone"))
    )
    assert password not in str(stored)
    (login,) = api.services.softphones.logins()
    assert login.password == password
    assert "softphone.password" in {one.column for one in api.services.secrets.rotate()}


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        ({}, ["extension"]),
        ({"extension": "2"}, ["extension"]),
        ({"extension": 201}, ["extension"]),
        ({"extension": "201", "name": "x" * 101}, ["name"]),
        ({"extension": "201", "may_supervise": "yes"}, ["may_supervise"]),
        ({"extension": "201", "password": "mine"}, ["password"]),
        ({"extension": "2", "name": 1, "pin": 1}, ["extension", "name", "pin"]),
    ],
)
def test_every_fault_of_a_softphone_is_named(api, body, paths):
    answer = api.post(SOFTPHONES, json=body)
    assert answer.status_code == 400
    assert sorted(fault_paths(answer)) == paths
    assert api.get(SOFTPHONES).json == {"data": []}


def test_an_extension_is_had_once_in_an_account(api):
    assert add(api).status_code == 201
    assert add(api).status_code == 409
    other = factories.principal(api.services, name="Other")
    assert api.services.softphones.create(other.account_id, {"extension": "201"}).extension == "201"


def test_another_accounts_softphone_is_not_there(api):
    other = factories.principal(api.services, name="Other")
    theirs = api.services.softphones.create(other.account_id, {"extension": "201"})
    one = f"{SOFTPHONES}/{theirs.id}"
    assert api.get(one).status_code == 404
    assert api.send("DELETE", one).status_code == 404
    assert api.get(SOFTPHONES).json == {"data": []}


def test_where_it_is_registered(api):
    made = add(api).json
    softphones, now = api.services.softphones, api.services.clock.now()
    softphones.report("node-1", {made["username"], "somebody-else"}, now)
    softphones.report("node-2", {made["username"]}, now)
    one = f"{SOFTPHONES}/{made['id']}"
    assert api.get(one).json["registered_at"] == ["node-1", "node-2"]
    softphones.report("node-1", set(), now)
    assert api.get(one).json["registered_at"] == ["node-2"]
    api.services.clock.advance(61)
    assert api.get(one).json["registered_at"] == []  # nobody has said so lately


def test_a_carrier_cannot_take_a_softphones_name(api):
    username = add(api).json["username"]
    body = {
        "carrier_name": "Trunk",
        "trunk_type": "auth",
        "sip_gateway": {"ipv4": "sip.carrier.test", "inbound": True},
        "inbound_auth": {"username": username, "password": "a-long-password"},
    }
    answer = api.post("/v1/phone-numbers/carriers", json=body)
    assert answer.status_code == 400
    assert fault_paths(answer) == ["inbound_auth.username"]
