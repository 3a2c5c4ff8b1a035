"""The console: keys made and revoked, and numbers shown to whoever asks, which is written down."""

import re

import factories
import pytest
from console_rig import ON_SQLITE, Reader

from topcalls.console import sessions
from topcalls.core.transcript import Turn

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]


@pytest.fixture
def call_id(api):
    return api.create().json["call_id"]


# --- keys


def test_a_key_is_made_shown_once_and_listed(api, reader):
    form = {"name": "night shift", "scopes": ["calls:read", "leads:read"]}
    answer = reader.send("/keys", form, since="/keys")
    assert answer.status_code == 200
    token = re.search(r'value="(tc_[^"]+)"', answer.text).group(1)
    assert api.services.keys.authenticate(token).scopes == {"calls:read", "leads:read"}
    page = reader.read("/keys")
    assert "night shift" in page
    assert token not in page


def test_a_refused_key_keeps_what_was_written_and_says_what_is_wrong(reader):
    form = {"name": "night shift", "expires_at": "2020-01-01T10:00", "scopes": ["calls:read"]}
    answer = reader.send("/keys", form, since="/keys")
    assert answer.status_code == 400
    assert "Must be in the future." in answer.text
    assert 'value="night shift"' in answer.text
    assert 'value="calls:read" checked' in answer.text


def test_a_key_without_scopes_is_refused_by_the_api(api, reader):
    answer = reader.send("/keys", {"name": "nothing"}, since="/keys")
    assert "Name at least one scope." in answer.text
    assert "nothing" not in {key.name for key in api.services.keys.list(api.owner.account_id)}


def test_only_scopes_that_the_reader_has_are_offered(api):
    reader = Reader(api)
    reader.sign_in(api.key("admin", "calls:read"))
    page = reader.read("/keys")
    assert 'value="calls:read"' in page
    assert 'value="calls:write"' not in page


def test_a_key_is_revoked_and_the_readers_own_is_not(api, reader):
    other = api.services.keys.authenticate(api.key("calls:read")).key_id
    mine = api.services.keys.authenticate(api.token).key_id
    page = reader.read("/keys")
    assert f"/keys/{other}/revoke" in page
    assert f"/keys/{mine}/revoke" not in page
    reader.send(f"/keys/{other}/revoke")
    assert "The key is revoked." in reader.read("/keys")
    reader.send(f"/keys/{mine}/revoke")
    assert "It cannot revoke itself." in reader.read("/keys")
    reader.send(f"/keys/{other}/revoke", since="/keys")
    assert "revoked a key" in reader.read("/keys/audit")


def test_keys_are_for_an_admin(api):
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert ">Keys</a>" not in reader.read("/calls")
    assert reader.open("/keys").status_code == 403
    assert reader.open("/keys/audit").status_code == 403
    assert reader.send("/keys", {"name": "x", "scopes": "admin"}, since="/calls").status_code == 403


# --- numbers


def test_no_number_stands_on_the_page_of_a_call(api, reader, call_id):
    page = reader.read(f"/calls/{call_id}")
    assert factories.NUMBER not in page
    assert factories.NUMBER.removeprefix("+") not in page
    assert "Show the number" in page


def test_numbers_in_what_was_said_are_hidden_too(api, reader):
    call = factories.claimed_call(api.services, api.owner)
    life = factories.Life(api.services, call).talk(10)
    digits = factories.NUMBER.removeprefix("+")
    words = f"Call me at {digits} or +442079460123."
    api.services.calls.append_turn(life.call_id, Turn(1, "user", words, 0, 900))
    page = reader.read(f"/calls/{life.call_id}")
    assert digits not in page
    assert "442079460123" not in page
    assert "Call me at" in page


def test_who_sees_a_number_is_written_down(api, reader, call_id):
    answer = reader.send(f"/calls/{call_id}/number", since=f"/calls/{call_id}")
    assert answer.status_code == 303
    page = reader.read(f"/calls/{call_id}")
    assert page.count(factories.NUMBER) >= 2
    (entry,) = api.get("/v1/account/audit").json["data"]
    assert (entry["action"], entry["subject_id"]) == ("number_shown", call_id)
    assert entry["api_key_id"] == api.services.keys.authenticate(api.token).key_id
    audit = reader.read("/keys/audit")
    assert f"/console/calls/{call_id}" in audit
    assert "saw the numbers of a call" in audit


def test_a_number_is_shown_for_ten_minutes_to_this_session_and_of_this_call(api, reader, call_id):
    other = api.create(phone_number="+12025550177").json["call_id"]
    reader.send(f"/calls/{call_id}/number", since=f"/calls/{call_id}")
    assert "+12025550177" not in reader.read(f"/calls/{other}")
    colleague = Reader(api)
    colleague.sign_in(api.token)
    assert factories.NUMBER not in colleague.read(f"/calls/{call_id}")
    api.services.clock.advance(sessions.SHOWN_FOR.total_seconds() - 1)
    assert factories.NUMBER in reader.read(f"/calls/{call_id}")
    api.services.clock.advance(1)
    assert factories.NUMBER not in reader.read(f"/calls/{call_id}")


def test_a_forged_form_shows_nothing_and_writes_nothing(api, reader, call_id):
    assert reader.browser.post(f"/console/calls/{call_id}/number").status_code == 400
    assert factories.NUMBER not in reader.read(f"/calls/{call_id}")
    assert api.get("/v1/account/audit").json["data"] == []


def test_a_call_of_others_is_neither_shown_nor_written_down(api, reader):
    stranger = factories.principal(api.services, name="Other")
    foreign = factories.queued_call(api.services, stranger)
    assert reader.send(f"/calls/{foreign.id}/number", since="/calls").status_code == 404
    assert api.get("/v1/account/audit").json["data"] == []


def test_many_numbers_fit_into_the_cookie(api, reader):
    calls = [factories.queued_call(api.services, api.owner).id for _ in range(25)]
    for call_id in calls:
        reader.send(f"/calls/{call_id}/number", since="/calls")
    assert factories.NUMBER in reader.read(f"/calls/{calls[-1]}")
    assert factories.NUMBER not in reader.read(f"/calls/{calls[0]}")
    assert len(reader.browser.get_cookie(sessions.COOKIE, path="/console").value) < 3500
