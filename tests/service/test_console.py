"""The console: who gets in, what they see and may do, and what wrong input comes to."""

from datetime import timedelta

import factories
import pytest
from console_rig import ON_SQLITE, SECRET, Reader

from topcalls.console import sessions
from topcalls.core.transcript import Turn

pytest_plugins = ("api_fixtures", "console_fixtures")
pytestmark = [pytest.mark.service, ON_SQLITE]
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def call_id(api):
    answer = api.create()
    assert answer.status_code == 201, answer.text
    return answer.json["call_id"]


# --- signing in


@pytest.mark.parametrize("path", ["/", "/live", "/calls", "/charts/calls.svg"])
def test_nobody_reads_who_is_not_signed_in(api, path):
    answer = Reader(api).open(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/console/sign-in?back=/console")


def test_one_is_led_back_to_where_one_wanted_to_be(api):
    reader = Reader(api)
    reader.browser.get(reader.open("/calls?status=busy").headers["Location"])
    form = {"key": api.token, "back": "/console/calls?status=busy"}
    answer = reader.send("/sign-in", form, since="/sign-in")
    assert answer.headers["Location"] == "/console/calls?status=busy"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/console/", "//evil.example", "/v1/calls", "/console/\\evil"]
)
def test_no_link_leads_out_of_the_console(api, elsewhere):
    form = {"key": api.token, "back": elsewhere}
    answer = Reader(api).send("/sign-in", form, since="/sign-in")
    assert answer.headers["Location"] == "/console/"


def test_a_wrong_key_is_told_and_opens_nothing(api):
    reader = Reader(api)
    answer = reader.sign_in("tc_test_" + "x" * 43)
    assert answer.status_code == 401
    assert "This key is not known." in answer.text
    assert reader.open("/").status_code == 303


def test_whoever_tries_many_keys_has_to_wait(api):
    reader = Reader(api)
    answers = [reader.sign_in("tc_test_" + f"{n:x>43}").status_code for n in range(61)]
    assert answers[:60] == [401] * 60
    assert answers[60] == 429


@pytest.mark.parametrize("tls", [False, True])
def test_the_cookie_is_for_this_site_and_no_script(api, tls):
    cookie = Reader(api, tls=tls).sign_in(api.token).headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/console"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) == tls
    assert api.token not in cookie


def test_a_signature_of_another_install_opens_nothing(api, reader):
    stranger = Reader(api, "another-secret")
    held = reader.browser.get_cookie(sessions.COOKIE, path="/console")
    stranger.browser.set_cookie(sessions.COOKIE, held.value, path="/console")
    assert stranger.open("/").status_code == 303


def test_a_new_secret_key_keeps_sessions_of_the_old_one(api, reader):
    held = reader.browser.get_cookie(sessions.COOKIE, path="/console")
    renewed = Reader(api, f"a-new-key,{SECRET}")
    renewed.browser.set_cookie(sessions.COOKIE, held.value, path="/console")
    assert renewed.open("/").status_code == 200


def test_a_session_ends_with_its_key(api, reader):
    keys = api.services.keys.list(api.owner.account_id)
    (shown,) = [key for key in keys if api.token.startswith(key.prefix)]
    api.services.keys.revoke(shown.id)
    assert reader.open("/calls").status_code == 303
    assert "This key was revoked." in reader.open("/sign-in").text


def test_no_session_lasts_longer_than_a_working_day(api, reader):
    api.services.clock.advance(sessions.LONGEST.total_seconds() + 1)
    assert reader.open("/calls").status_code == 303
    assert "twelve hours" in reader.open("/sign-in").text


def test_who_signs_out_is_out(api, reader):
    assert reader.send("/sign-out", since="/calls").status_code == 303
    assert reader.open("/calls").status_code == 303


# --- forms


def test_a_form_from_elsewhere_does_nothing(api, reader):
    form = {"phone_number": factories.NUMBER, "task": "Say hello."}
    answer = reader.browser.post("/console/calls", data=form)
    assert answer.status_code == 400
    assert "Nothing was changed." in answer.text
    assert api.send("GET", "/v1/calls").json["data"] == []


def test_a_call_is_placed_by_a_form(api, reader):
    form = {"phone_number": factories.NUMBER, "task": "Say hello."}
    answer = reader.send("/calls", form, since="/calls")
    (made,) = api.send("GET", "/v1/calls").json["data"]
    assert answer.headers["Location"] == f"/console/live/{made['id']}"


def test_a_wrong_form_is_told_field_by_field(reader):
    reader.send("/calls", {"phone_number": "12", "task": ""}, since="/calls")
    words = reader.read("/calls")
    assert "phone_number: Is not an E.164 number." in words
    assert "task: " in words


# --- scopes


def test_a_key_sees_what_it_may(api):
    reader = Reader(api)
    reader.sign_in(api.key("leads:read"))
    answer = reader.open("/calls")
    assert answer.status_code == 403
    assert "calls:read" in answer.text
    assert ">Calls</a>" not in answer.text


def test_a_key_that_may_only_read_is_offered_no_change(api, call_id):
    reader = Reader(api)
    reader.sign_in(api.key("calls:read"))
    assert "Place a call" not in reader.read("/calls")
    assert "Hang up" not in reader.read(f"/live/{call_id}")
    reader.send(f"/live/{call_id}/stop", since="/calls")
    assert "calls:write" in reader.read("/calls")
    assert api.send("GET", f"/v1/calls/{call_id}").json["status"] == "queued"


# --- pages


def test_the_overview_of_an_install_without_calls_says_what_to_do(reader):
    assert "No calls yet." in reader.read("/")


def test_the_overview_tells_what_is_down(reader):
    assert "Worker is down" in reader.read("/")


@pytest.mark.parametrize("name", ["calls", "latency"])
def test_charts_are_pictures_without_script(reader, name):
    answer = reader.open(f"/charts/{name}.svg")
    assert answer.mimetype == "image/svg+xml"
    assert "<script" not in answer.text


def test_calls_are_listed_page_by_page_without_their_numbers(api, reader):
    for _ in range(52):
        factories.queued_call(api.services, api.owner)
    first = reader.read("/calls")
    assert factories.NUMBER not in first
    assert first.count('href="/console/calls/') == 50
    older = first.split('rel="next"')[0].rpartition('href="/console')[2].rstrip('" ')
    assert reader.read(older).count('href="/console/calls/') == 2


def test_a_call_that_is_over_has_its_page(api, reader, call_id):
    api.send("POST", f"/v1/calls/{call_id}/cancel")
    assert reader.open(f"/live/{call_id}").headers["Location"] == f"/console/calls/{call_id}"
    assert "cancelled" in reader.read(f"/calls/{call_id}")


def test_a_live_call_is_followed_as_it_happens(reader, call_id):
    path = f"/console/live/{call_id}/events"
    answer = reader.browser.get(path, headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    answer.close()


def test_a_call_that_is_not_dialled_yet_is_among_the_live_ones(api, reader):
    call = factories.claimed_call(api.services, api.owner)
    factories.Life(api.services, call).dial()
    page = reader.read("/live")
    assert f"/live/{call.call_id}" in page
    assert "dialling" in page


def test_what_strangers_said_is_text(api, reader):
    call = factories.claimed_call(api.services, api.owner)
    life = factories.Life(api.services, call).talk(10)
    api.services.calls.append_turn(life.call_id, Turn(1, "user", SCRIPT, 0, 900))
    page = reader.open(f"/live/{call.call_id}").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page


def test_another_accounts_call_is_not_there(api, reader):
    other = factories.principal(api.services, name="Other")
    foreign = factories.queued_call(api.services, other)
    for path in (f"/calls/{foreign.id}", f"/live/{foreign.id}", f"/calls/{foreign.id}/recording"):
        assert reader.open(path).status_code == 404


def test_a_page_that_is_not_there_says_so(reader):
    assert "There is no such page" in reader.open("/nothing").text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/calls", "/nothing", "/static/console.css"])
def test_no_page_loads_or_runs_anything_from_elsewhere(reader, path):
    answer = reader.open(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    if answer.mimetype == "text/html":
        assert "style=" not in answer.text
        assert "onclick" not in answer.text


def test_a_fault_of_ours_tells_no_details(api, reader, monkeypatch):
    services = api.app.extensions["topcalls"]
    monkeypatch.setattr(services.calls, "list", lambda *_: 1 / 0)
    answer = reader.open("/calls")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text


def test_idle_sessions_end(reader):
    held = reader.browser.get_cookie(sessions.COOKIE, path="/console")
    assert timedelta(0) < sessions.IDLE <= timedelta(hours=1)
    assert held.http_only
