"""Commands reach the controller that owns the call, once."""

from __future__ import annotations

import factories
import pytest

from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.commands import LEASE_SECONDS
from topcalls.store import commands

pytestmark = pytest.mark.service


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def call(services, who):
    return factories.claimed_call(services, who)


def submit(services, call, text="Hello"):
    now = services.clock.now()
    return services.commands.submit(call.call_id, "say", {"text": text}, now)


def claim(services, owner=factories.OWNER):
    return services.commands.claim(owner, services.clock.now())


def test_a_command_is_taken_by_the_owner_of_the_call(services, call):
    command = submit(services, call)
    assert claim(services, "other") == []
    (taken,) = claim(services)
    assert (taken.id, taken.call_id, taken.kind, taken.payload) == (
        command,
        call.call_id,
        "say",
        {"text": "Hello"},
    )
    assert claim(services) == []


def test_commands_are_taken_in_order(services, call):
    ids = []
    for number in range(3):
        ids.append(submit(services, call, str(number)))
        services.clock.advance(0.001)
    assert [row.id for row in claim(services)] == ids


def test_what_came_of_it_is_told_once(services, call):
    command = submit(services, call)
    claim(services)
    services.commands.finish(command, "done", services.clock.now())
    services.commands.finish(command, "again", services.clock.now())
    seen = services.commands.get(command)
    assert (seen.result, seen.finished_at) == ("done", services.clock.now())
    assert claim(services) == []


def test_a_command_that_was_taken_and_not_finished_comes_again(services, call):
    command = submit(services, call)
    claim(services)
    services.clock.advance(LEASE_SECONDS)
    assert [row.id for row in claim(services)] == [command]


def test_the_new_owner_of_a_call_gets_its_commands(services, call):
    command = submit(services, call)
    services.clock.advance(30)
    services.dispatch.adopt("heir", None, services.clock.now(), 1)
    assert claim(services) == []
    assert [row.id for row in claim(services, "heir")] == [command]


def test_what_was_asked_is_forgotten_when_it_is_done(services, call):
    command = submit(services, call, "a secret")
    claim(services)
    services.commands.finish(command, "done", services.clock.now())
    row = services.db.read(lambda: commands.get(command))
    assert row.payload == {}


def press(services, account_id, call_id, digits="12#", pause_ms=0):
    now = services.clock.now()
    return services.commands.press_keys(account_id, call_id, digits, pause_ms, now)


def test_keys_are_pressed_in_a_call_that_was_answered(services, who):
    talking = factories.claimed_call(services, who)
    factories.Life(services, talking).talk(1)
    command = press(services, who.account_id, talking.call_id, "12", 500)
    (taken,) = claim(services)
    assert (taken.id, taken.kind, taken.payload) == (command, "dtmf", {"digits": "1w2"})


def test_keys_are_pressed_in_no_other(services, who, call):
    with pytest.raises(Conflict):
        press(services, who.account_id, call.call_id)
    with pytest.raises(Conflict):
        press(services, who.account_id, factories.finished_call(services, who))
    with pytest.raises(NotFound):
        press(services, who.account_id, "nothing")
    talking = factories.claimed_call(services, who)
    factories.Life(services, talking).talk(1)
    stranger = factories.principal(services)
    with pytest.raises(NotFound):
        press(services, stranger.account_id, talking.call_id)
    with pytest.raises(InvalidRequest):
        press(services, who.account_id, talking.call_id, "1\n2")
    assert claim(services) == []


def test_a_call_that_is_not_live_takes_no_commands(services, who):
    over = factories.finished_call(services, who)
    waiting = factories.queued_call(services, who)
    now = services.clock.now()
    for call_id in (waiting.id, over):
        with pytest.raises(Conflict):
            services.commands.submit(call_id, "say", {}, now)
    with pytest.raises(NotFound):
        services.commands.submit("nothing", "say", {}, now)
    with pytest.raises(NotFound):
        services.commands.get("nothing")
