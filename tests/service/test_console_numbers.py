"""The console: numbers, carriers with how they stand, softphones."""

import pytest
from console_rig import ON_SQLITE, Reader

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
NUMBER = "+12025550123"
CARRIER = {
    "carrier_name": "Mine",
    "trunk_type": "reg",
    "sip_gateway.ipv4": "sip.example.com",
    "sip_gateway.outbound": "yes",
    "sip_gateway.ping": "yes",
    "registration.username": "me",
    "registration.password": "a long secret",
}
BASE = "/v1/phone-numbers"


@pytest.fixture
def carrier_id(reader):
    answer = reader.send("/carriers/new", CARRIER, since="/carriers/new")
    assert answer.status_code == 303
    return answer.headers["Location"][-36:]


@pytest.fixture
def number_id(reader, api, carrier_id):
    form = {"number": NUMBER, "label": "Reception", "voip_carrier_sid": carrier_id}
    assert reader.send("/numbers", form, since="/numbers").status_code == 303
    return api.get(BASE).json["data"][0]["id"]


def test_pages_without_anything_say_what_to_do(reader):
    assert "No numbers yet." in reader.read("/numbers")
    assert "No carriers yet" in reader.read("/carriers")
    assert "No softphones yet." in reader.read("/softphones")


def test_a_preset_fills_the_form(reader):
    page = reader.read("/carriers/new?preset=voipms")
    assert "atlanta1.voip.ms" in page
    assert "https://wiki.voip.ms" in page


def test_a_carrier_is_added_and_shows_how_it_stands(api, reader, carrier_id):
    carrier = api.get(f"{BASE}/carriers/{carrier_id}").json
    assert carrier["registration"]["username"] == "me"
    assert carrier["sip_gateway"]["outbound"] is True
    assert carrier["sip_gateway"]["inbound"] is False
    page = reader.read(f"/carriers/{carrier_id}")
    assert carrier["status"]["state"] in page
    assert "a long secret" not in page
    assert "Mine" in reader.read("/carriers")


def test_a_changed_carrier_keeps_its_password(api, reader, carrier_id):
    page = f"/carriers/{carrier_id}"
    form = {**CARRIER, "registration.password": "", "priority": "7", "sip_gateway.ping": ""}
    assert reader.send(page, form, since=page).status_code == 303
    carrier = api.get(f"{BASE}/carriers/{carrier_id}").json
    assert carrier["priority"] == 7
    assert carrier["sip_gateway"]["ping"] is False
    assert carrier["registration"]["username"] == "me"
    assert carrier["trunk_type"] == "reg"


def test_a_refused_carrier_keeps_what_was_written(api, reader):
    form = {**CARRIER, "sip_gateway.ipv4": "not a host!", "priority": "500"}
    answer = reader.send("/carriers/new", form, since="/carriers/new")
    assert answer.status_code == 400
    assert "sip_gateway.ipv4-fault" in answer.text
    assert "priority-fault" in answer.text
    assert 'value="not a host!"' in answer.text
    assert api.get(f"{BASE}/carriers").json["data"] == []


def test_a_carrier_with_numbers_is_not_deleted(api, reader, carrier_id, number_id):
    page = f"/carriers/{carrier_id}"
    assert reader.send(f"{page}/delete", since=page).headers["Location"].endswith(page)
    assert 'class="note fault"' in reader.read(page)
    reader.send(f"/numbers/{number_id}/remove", since=f"/numbers/{number_id}")
    reader.send(f"{page}/delete", since=page)
    assert api.get(f"{BASE}/carriers").json["data"] == []


def test_a_number_is_bound_named_and_switched_off(api, reader, carrier_id, number_id):
    body = {"name": "Desk", "configuration": {"task": "Take messages."}}
    agent = api.post("/v1/agents", json=body).json["id"]
    api.post(f"/v1/agents/{agent}/publish")
    page = f"/numbers/{number_id}"
    form = {
        "label": "Desk",
        "voip_carrier_sid": carrier_id,
        "agent_id": agent,
        "status": "inactive",
    }
    assert reader.send(page, form, since=page).status_code == 303
    number = api.get(f"{BASE}/{number_id}").json
    assert (number["label"], number["agent_id"], number["status"]) == ("Desk", agent, "inactive")
    assert "Desk" in reader.read("/numbers")
    reader.send(page, {**form, "agent_id": "", "label": ""}, since=page)
    number = api.get(f"{BASE}/{number_id}").json
    assert (number["label"], number["agent_id"]) == (None, None)


def test_a_wrong_number_is_told_at_its_field(reader):
    answer = reader.send("/numbers", {"number": "12"}, since="/numbers")
    assert answer.status_code == 400
    assert "number-fault" in answer.text
    assert 'value="12"' in answer.text


def test_where_no_provider_is_set_up_it_says_so(reader):
    answer = reader.open("/numbers/buy?country=US")
    assert answer.status_code == 200
    assert "note fault" in answer.text


def test_a_softphone_shows_its_password_once(api, reader):
    form = {"extension": "201", "name": "Ann", "may_supervise": "yes"}
    answer = reader.send("/softphones", form, since="/softphones")
    (phone,) = api.get("/v1/softphones").json["data"]
    assert phone["username"] in answer.text
    assert "shown this once" in answer.text
    assert phone["may_supervise"] is True
    assert "shown this once" not in reader.read("/softphones")
    reader.send(f"/softphones/{phone['id']}/delete", since="/softphones")
    assert api.get("/v1/softphones").json["data"] == []


def test_who_may_only_read_is_offered_no_change(api, number_id, carrier_id):
    reader = Reader(api)
    reader.sign_in(api.key("phone_numbers:read"))
    assert "<textarea" not in reader.read(f"/carriers/{carrier_id}")
    assert "Remove" not in reader.read(f"/numbers/{number_id}")
    assert reader.open("/softphones").status_code == 403
    reader.send(f"/numbers/{number_id}/remove", since="/numbers")
    assert api.get(f"{BASE}/{number_id}").status_code == 200


def test_a_key_for_softphones_alone_finds_them_in_the_menu(api):
    reader = Reader(api)
    reader.sign_in(api.key("softphones:read"))
    page = reader.read("/softphones")
    assert 'href="/console/softphones" aria-current="page">Softphones</a>' in page
    assert 'href="/console/numbers"' not in page
    both = Reader(api)
    both.sign_in(api.key("softphones:read", "phone_numbers:read"))
    menu = both.read("/softphones").partition("</nav>")[0]
    assert ">Softphones</a>" not in menu
    assert 'href="/console/numbers" aria-current="page">Numbers</a>' in menu
