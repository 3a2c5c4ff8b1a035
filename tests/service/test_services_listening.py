"""Who may listen to calls, by which address, and what is written of it."""

from datetime import timedelta

import factories
import pytest

from topcalls.core.call_events import Transferred
from topcalls.core.listening import parse_path
from topcalls.errors import Unauthorized
from topcalls.services.listening import ALLOWED, VALID, ListenTokens
from topcalls.services.nodes import SILENT_AFTER

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
BASE = "https://calls.example.com/node-1"
TOKENS = ListenTokens(factories.SECRET_KEY)


@pytest.fixture
def life(api):
    call = factories.claimed_call(api.services, api.owner)
    return factories.Life(api.services, call).talk(10)


@pytest.fixture
def token(api):
    return api.key("calls:read", "calls:supervise")


@pytest.fixture
def controller(api):
    beat(api)


def beat(api, url=BASE):
    now = api.services.clock.now()
    api.services.nodes.heartbeat(factories.OWNER, "node-1", now, capacity=10, listen_url=url)


def listen(api, life, token):
    return api.get(f"/v1/calls/{life.call_id}/listen", token=token)


def test_the_address_is_the_controllers_and_good_for_a_while(api, life, token, controller):
    answer = listen(api, life, token)
    assert answer.status_code == 200
    base, _, path = answer.json["url"].partition("/listen/")
    assert base == BASE
    address = parse_path(f"/listen/{path}")
    assert address.call_id == life.call_id
    now = api.services.clock.now()
    keys = {key.id for key in api.services.keys.list(api.owner.account_id)}
    assert TOKENS.check(life.call_id, address.token, now) in keys
    with pytest.raises(Unauthorized, match="time of this address"):
        TOKENS.check(life.call_id, address.token, now + VALID + timedelta(seconds=1))
    with pytest.raises(Unauthorized, match="not made for"):
        TOKENS.check("another call", address.token, now)
    with pytest.raises(Unauthorized):
        ListenTokens("another secret").check(life.call_id, address.token, now)


@pytest.mark.parametrize("wrong", ["", "1", "1.2.3", "é", "1.9999999999.key.00"])
def test_anything_else_is_no_token(wrong):
    with pytest.raises(Unauthorized):
        TOKENS.check("call", wrong, factories.START)


def test_it_is_written_who_was_let_in(api, life, token, controller):
    listen(api, life, token)
    events = api.get(f"/v1/calls/{life.call_id}/events").json["data"]
    (told,) = [event for event in events if event["kind"] == ALLOWED]
    assert told["detail"]["key_id"]


def test_a_key_needs_the_scope_of_supervisors(api, life, controller):
    answer = listen(api, life, api.key("calls:read", "calls:write"))
    assert (answer.status_code, answer.json["scope"]) == (403, "calls:supervise")


def test_a_call_that_nobody_can_hear_is_refused(api, life, token, controller):
    ringing = factories.Life(api.services, factories.claimed_call(api.services, api.owner)).dial()
    assert listen(api, ringing, token).status_code == 409
    life.take(Transferred("Ann", "supervisor"))
    with_person = listen(api, life, token)
    assert (with_person.status_code, "supervise" in with_person.json["detail"]) == (409, True)
    life.hang_up()
    assert listen(api, life, token).status_code == 409


def test_a_call_whose_controller_is_away_is_heard_later(api, life, token):
    assert listen(api, life, token).status_code == 503
    beat(api, url=None)
    assert listen(api, life, token).status_code == 503
    beat(api)
    assert listen(api, life, token).status_code == 200
    api.services.clock.advance(SILENT_AFTER.total_seconds() + 1)
    answer = listen(api, life, token)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_another_accounts_call_is_not_there(api, life, controller):
    theirs = factories.principal(api.services, name="Other")
    token = api.key("calls:read", "calls:supervise", account_id=theirs.account_id)
    assert listen(api, life, token).status_code == 404
