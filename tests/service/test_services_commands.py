"""Commands reach the controller that owns the call, once."""

from __future__ import annotations

import factories
import pytest

from topcalls.core.call_events import GivenBack, Misconfigured, StopRequested
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.services.commands import LEASE_SECONDS
from topcalls.store import calls, commands

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


def test_a_command_that_is_put_off_keeps_its_place_and_its_tries(services, call):
    first = submit(services, call, "first")
    for _ in range(10):
        services.clock.advance(0.1)
        assert [row.id for row in claim(services)] == [first]
        services.commands.put_off(first, factories.OWNER)
    second = submit(services, call, "second")
    assert [row.id for row in claim(services)] == [first, second]


def test_a_command_that_somebody_has_taken_is_looked_for_without_a_lock(services, call):
    submit(services, call)
    claim(services)
    now = services.clock.now()
    assert not services.db.read(commands.anything_for, factories.OWNER, now)


# --- stopping


def stop(services, who, call):
    """Stop a live call; its command."""
    services.calls.stop(who.account_id, call.call_id)
    return services.db.read(commands.open_stop, call.call_id).id


def test_a_stop_is_done_when_its_transition_is_stored(services, who, call):
    command = stop(services, who, call)
    life = factories.Life(services, call).dial()
    assert services.commands.get(command).finished_at is None
    life.take(StopRequested())
    assert services.commands.get(command).result == "done"


@pytest.mark.parametrize("event", [GivenBack(), Misconfigured()])
def test_a_call_that_is_to_be_stopped_does_not_go_back_to_the_queue(services, who, call, event):
    command = stop(services, who, call)
    life = factories.Life(services, call)
    life.take(event)
    view = services.calls.get(who.account_id, call.call_id)
    assert (view.status, view.end_reason, view.ended_by) == ("cancelled", "stopped", "customer")
    assert services.commands.get(command).result == "done"
    assert services.dispatch.claim(factories.OWNER, factories.NODE, 9, services.clock.now()) == []
    trail = services.db.read(calls.events, call.call_id)
    assert [row.kind for row in trail] == ["Claimed", "GivenBack", "StopRequested"]
    assert life.version == trail[-1].version


def test_a_call_that_nobody_stops_goes_back_to_the_queue(services, who, call):
    factories.Life(services, call).take(GivenBack())
    (again,) = services.dispatch.claim("other", factories.NODE, 9, services.clock.now())
    assert again.call_id == call.call_id


def test_an_undialled_call_without_an_owner_is_stopped_by_the_sweep(services, who, call):
    stop(services, who, call)
    services.clock.advance(120)
    assert services.dispatch.recover_abandoned(services.clock.now()) == 1
    assert services.calls.get(who.account_id, call.call_id).status == "cancelled"


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


def press(services, who, call_id, digits="12#", pause_ms=0):
    now = services.clock.now()
    return services.commands.press_keys(who, call_id, digits, pause_ms, now)


def test_keys_are_pressed_in_a_call_that_was_answered(services, who):
    talking = factories.claimed_call(services, who)
    factories.Life(services, talking).talk(1)
    command = press(services, who, talking.call_id, "12", 500)
    (taken,) = claim(services)
    assert (taken.id, taken.kind, taken.payload) == (command, "dtmf", {"digits": "1w2"})
    assert trail(services, talking.call_id, "KeysAsked") == [
        {"command_id": command, "keys": 2, "key_id": who.key_id}
    ]


def trail(services, call_id, kind):
    """The details of one kind of event of a call."""
    return [row.detail for row in services.db.read(calls.events_of_kind, [call_id], kind)]


def test_keys_are_pressed_in_no_other(services, who, call):
    with pytest.raises(Conflict):
        press(services, who, call.call_id)
    with pytest.raises(Conflict):
        press(services, who, factories.finished_call(services, who))
    with pytest.raises(NotFound):
        press(services, who, "nothing")
    talking = factories.claimed_call(services, who)
    factories.Life(services, talking).talk(1)
    stranger = factories.principal(services)
    with pytest.raises(NotFound):
        press(services, stranger, talking.call_id)
    with pytest.raises(InvalidRequest):
        press(services, who, talking.call_id, "1\n2")
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
