"""Whose an inbound call is, and whether it is taken; every answer on a real database."""

from datetime import timedelta

import factories
import inbound_rig
import pytest
from inbound_rig import CALLER, NUMBER, arrival

from topcalls.core.call_events import Hangup, HungUp, HungUpBy
from topcalls.core.call_state import Effect, State
from topcalls.core.inbound import Refusal
from topcalls.core.inbound_sources import Sender
from topcalls.services.call_views import ClaimedCall, HangupView
from topcalls.services.inbound import TurnedAway

pytestmark = pytest.mark.service

CANCELLED = HungUp(Hangup("ORIGINATOR_CANCEL", 487, by=HungUpBy.CALLEE))
UNCLAIMED = HungUp(Hangup("NORMAL_TEMPORARY_FAILURE", by=HungUpBy.NETWORK))


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def agent(services, who):
    return inbound_rig.agent(services, who.account_id)


@pytest.fixture
def number(services, who, agent):
    return inbound_rig.number(services, who.account_id, agent)


def take(services, one=None, owner=factories.OWNER):
    return services.inbound.take(one or arrival(), owner, services.clock.now())


def only_call(services, who):
    (call,) = services.calls.list(who.account_id, 50).data
    return call


def carrier(services, who, addresses):
    body = {
        "carrier_name": "Trunk",
        "sip_gateway": {"ipv4": "192.0.2.254", "inbound": True, "inbound_addresses": addresses},
    }
    return services.carriers.create(who.account_id, body).id


def carrier_with_a_password(services, who, username):
    """A carrier that is known by its login alone: the switch asks for it whatever the address."""
    body = {
        "carrier_name": "Login",
        "trunk_type": "auth",
        "sip_gateway": {"ipv4": "sip.carrier.test", "inbound": True},
        "inbound_auth": {"username": username, "password": "a-long-password"},
        "outbound_auth": {"username": username, "password": "a-long-password"},
    }
    return services.carriers.create(who.account_id, body).id


def test_a_call_is_taken_by_the_numbers_agent(services, who, agent, number):
    taken = take(services, arrival(caller_name="Ann", headers={"X-Order": "7"}))
    assert isinstance(taken, ClaimedCall)
    assert taken.effects == (Effect.OPEN_BRIDGE, Effect.ANSWER)
    assert (taken.facts.state, taken.facts.inbound) == (State.RINGING, True)
    assert (taken.phone_number, taken.from_number) == (NUMBER, CALLER)
    assert taken.request.first_sentence == "Bright Smile Dental, hello Ann."
    assert taken.request.request_data == {"caller_name": "Ann", "sip_x_order": "7"}
    call = only_call(services, who)
    assert (call.agent_id, call.agent_version, call.direction) == (agent, 1, "inbound")
    assert services.quotas.balance(who.account_id).minutes_reserved == 10


def test_a_call_is_taken_once(services, who, number):
    assert isinstance(take(services), ClaimedCall)
    assert take(services, owner="controller-2") is None
    assert services.inbound.turn_away(arrival(), Refusal.NO_CAPACITY, services.clock.now()) is None
    assert services.inbound.missed(arrival(), CANCELLED, services.clock.now()) is None
    only_call(services, who)


@pytest.mark.parametrize("called", ["12025550142", "0012025550142", "+12025550142;npdi=yes"])
def test_a_number_in_whatever_form(services, number, called):
    assert isinstance(take(services, arrival(called=called)), ClaimedCall)


def test_a_national_number_is_one_of_the_trunk_it_came_by(services, who, agent):
    trunk = carrier(services, who, ["203.0.113.0/28"])
    inbound_rig.number(services, who.account_id, agent, voip_carrier_sid=trunk)
    came = arrival(called="2025550142", sender=Sender("203.0.113.9"))
    assert isinstance(take(services, came), ClaimedCall)
    elsewhere = arrival(called="2025550142", sender=Sender("192.0.2.1"), channel_uuid="other")
    assert take(services, elsewhere) == TurnedAway(Refusal.UNKNOWN_NUMBER)


def test_another_trunk_of_the_same_account_is_accepted(services, who, agent):
    trunk = carrier(services, who, ["203.0.113.0/28"])
    carrier(services, who, ["198.51.100.0/24"])
    inbound_rig.number(services, who.account_id, agent, voip_carrier_sid=trunk)
    for source in ("198.51.100.7", "192.0.2.1"):
        came = arrival(channel_uuid=source, sender=Sender(source))
        assert isinstance(take(services, came), ClaimedCall)


def test_another_accounts_trunk_reaches_no_number_of_this_one(services, who, number):
    other = factories.principal(services, name="Other")
    carrier(services, other, ["198.51.100.0/24"])
    came = arrival(sender=Sender("198.51.100.7"))
    assert take(services, came) == TurnedAway(Refusal.FOREIGN_CARRIER)
    assert services.calls.list(who.account_id, 50).data == ()


def test_another_accounts_login_reaches_no_number_of_this_one(services, who, number):
    other = factories.principal(services, name="Other")
    login = carrier_with_a_password(services, other, "other")
    came = arrival(sender=Sender("192.0.2.1", carrier_id=login))
    assert take(services, came) == TurnedAway(Refusal.FOREIGN_CARRIER)
    assert services.calls.list(who.account_id, 50).data == ()


def test_a_login_reaches_its_accounts_numbers_in_national_form_too(services, who, agent):
    login = carrier_with_a_password(services, who, "acme")
    inbound_rig.number(services, who.account_id, agent, voip_carrier_sid=login)
    for called in ("2025550142", NUMBER):
        sender = Sender("192.0.2.1", carrier_id=login)
        came = arrival(called=called, sender=sender, channel_uuid=called)
        assert isinstance(take(services, came), ClaimedCall)


def test_the_login_of_a_carrier_that_was_deleted_reaches_nobody(services, who, number):
    login = carrier_with_a_password(services, who, "acme")
    services.carriers.delete(who.account_id, login)
    came = arrival(sender=Sender("192.0.2.1", carrier_id=login))
    assert take(services, came) == TurnedAway(Refusal.FOREIGN_CARRIER)


@pytest.mark.parametrize("called", ["+12025550199", "201", "nonsense", ""])
def test_a_number_that_nobody_has(services, who, number, called):
    assert take(services, arrival(called=called)) == TurnedAway(Refusal.UNKNOWN_NUMBER)
    assert services.calls.list(who.account_id, 50).data == ()


def refused(services, who, refusal):
    """Takes a call in vain; the call as its account sees it."""
    answer = take(services)
    assert isinstance(answer, TurnedAway)
    call = only_call(services, who)
    assert (answer.refusal, answer.call_id) == (refusal, call.id)
    assert (call.status, call.completed, call.actual_duration_billed) == ("failed", True, 0)
    assert services.quotas.balance(who.account_id).minutes_reserved == 0
    assert take(services) is None
    return call


def test_a_number_without_an_agent(services, who):
    inbound_rig.number(services, who.account_id, None)
    call = refused(services, who, Refusal.NO_AGENT)
    assert (call.end_reason, call.ended_by) == ("configuration", "configuration")
    assert "agent_id" in call.error_message


def test_an_inactive_number(services, who, number):
    services.phone_numbers.update(who.account_id, number, {"status": "inactive"})
    assert refused(services, who, Refusal.NUMBER_INACTIVE).end_reason == "configuration"


def test_an_agent_that_was_never_published(services, who):
    body = {"task": "Take the call."}
    draft = services.agents.create(who.account_id, "Draft", body).agent.id
    inbound_rig.number(services, who.account_id, draft)
    call = refused(services, who, Refusal.AGENT_UNUSABLE)
    assert "no published version" in call.error_message
    assert call.agent_id == draft


def test_a_configuration_that_breaks(services, who, number, monkeypatch):
    def broken(*args, **kwargs):
        raise KeyError("voice")

    monkeypatch.setattr(services.agents, "inbound_request", broken)
    call = refused(services, who, Refusal.AGENT_UNUSABLE)
    assert "configuration is broken" in call.error_message


def test_without_minutes(services):
    poor = factories.principal(services, name="Poor", minutes=0.5)
    inbound_rig.number(services, poor.account_id, inbound_rig.agent(services, poor.account_id))
    call = refused(services, poor, Refusal.NO_MINUTES)
    assert (call.end_reason, call.ended_by) == ("no_minutes", "customer")
    assert call.hangup == HangupView("SUBSCRIBER_ABSENT", 480, None, "gateway")


def test_a_call_lasts_no_longer_than_the_minutes_that_are_left(services):
    poor = factories.principal(services, name="Poor", minutes=4)
    inbound_rig.number(services, poor.account_id, inbound_rig.agent(services, poor.account_id))
    assert take(services).request.max_duration == 4
    assert services.quotas.balance(poor.account_id).minutes_available == 0


def test_an_account_at_its_limit(services):
    busy = factories.principal(services, name="Busy", max_concurrent_calls=1)
    inbound_rig.number(services, busy.account_id, inbound_rig.agent(services, busy.account_id))
    factories.claimed_call(services, busy)
    answer = take(services)
    assert answer.refusal is Refusal.TOO_MANY_CALLS
    assert services.calls.get(busy.account_id, answer.call_id).call_status == "busy"


def test_calls_that_come_in_count_for_calls_out(services):
    busy = factories.principal(services, name="Busy", max_concurrent_calls=1)
    inbound_rig.number(services, busy.account_id, inbound_rig.agent(services, busy.account_id))
    take(services)
    factories.queued_call(services, busy)
    now = services.clock.now()
    assert services.dispatch.claim(factories.OWNER, factories.NODE, 10, now) == []


def test_a_node_that_is_full(db, tmp_path):
    services = factories.services(db, tmp_path, node_capacity=1)
    who = factories.principal(services)
    inbound_rig.number(services, who.account_id, inbound_rig.agent(services, who.account_id))
    factories.claimed_call(services, who)
    assert take(services).refusal is Refusal.NO_CAPACITY


def test_an_anonymous_caller_is_nobody(services, who, number):
    hidden = arrival(
        caller_name="Ann", is_hidden=True, headers={"P-Asserted-Identity": CALLER, "X-A": "1"}
    )
    taken = take(services, hidden)
    assert taken.from_number is None
    assert taken.request.from_number is None
    assert taken.request.request_data == {"sip_x_a": "1"}
    assert taken.request.first_sentence == "Bright Smile Dental, hello there."


@pytest.mark.parametrize(
    ("ended", "outcome", "hangup"),
    [
        (
            CANCELLED,
            ("no-answer", "caller_hung_up", "caller"),
            HangupView("ORIGINATOR_CANCEL", 487, None, "far_end"),
        ),
        (
            UNCLAIMED,
            ("failed", "no_capacity", "gateway"),
            HangupView("NORMAL_TEMPORARY_FAILURE", None, None, "network"),
        ),
    ],
)
def test_a_call_that_was_over_before_it_was_taken(services, who, number, ended, outcome, hangup):
    now = services.clock.now()
    call_id = services.inbound.missed(arrival(), ended, now)
    call = services.calls.get(who.account_id, call_id)
    assert (call.call_status, call.end_reason, call.ended_by) == outcome
    assert call.hangup == hangup
    assert call.end_at == now
    assert take(services) is None


def test_a_missed_call_to_nobody_is_nothing(services, who, number):
    to_nobody = arrival(called="+12025550199")
    assert services.inbound.missed(to_nobody, CANCELLED, services.clock.now()) is None
    assert services.calls.list(who.account_id, 50).data == ()


def test_webhooks_of_a_call_that_is_refused(services, who, number):
    hook = "https://hooks.example.com/calls"
    agent = inbound_rig.agent(services, who.account_id, webhook_url=hook)
    services.phone_numbers.update(who.account_id, number, {"agent_id": agent})
    services.quotas.grant(who.account_id, -999.5, "spent", services.clock.now())
    answer = take(services)
    (delivery,) = services.webhook_log.deliveries(who.account_id, answer.call_id).data
    assert (delivery.event, delivery.url) == ("call.failed", hook)


def test_a_call_whose_controller_vanished_is_settled(services, who, number):
    taken = take(services)
    later = services.clock.now() + timedelta(hours=1)
    assert services.dispatch.recover_abandoned(later) == 1
    call = services.calls.get(who.account_id, taken.call_id)
    assert (call.call_status, call.end_reason) == ("failed", "channel_lost")
