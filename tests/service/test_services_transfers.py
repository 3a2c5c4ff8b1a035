"""The rows of transfers, users' wishes for one, and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import factories
import orjson
import pytest

from topcalls.core.call_events import HandedToCarrier, Transferred, TransferTargetLeft
from topcalls.core.transfer import Destination, Failure, Outcome
from topcalls.errors import Conflict, InsufficientScope, InvalidRequest, NotFound
from topcalls.store import calls
from topcalls.store.models import Command, WebhookEvent

pytestmark = pytest.mark.service

LISTED = {"name": "support", "number": "+12025550114", "kind": "warm", "briefing": "Ann."}
SUPPORT = Destination("support", "+12025550114", "warm", briefing="Ann.")
HOOK = "https://example.com/hook"


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def life(services, who):
    call = factories.claimed_call(
        services, who, transfer={"destinations": [LISTED]}, webhook_url=HOOK
    )
    return factories.Life(services, call).talk(10)


@pytest.fixture
def verbs(services):
    return services.calls.transfers


def intend(services, verbs, life, **more):
    given = {"asked_by": "agent", "summary": "A bill.", "channel_id": "u2"}
    return verbs.intend(life.call_id, SUPPORT, now=services.clock.now(), **{**given, **more})


def test_a_transfer_is_counted_and_the_same_wish_is_one(services, verbs, who, life):
    assert intend(services, verbs, life) == 1
    assert intend(services, verbs, life) == 1
    services.clock.advance(5)
    assert intend(services, verbs, life, asked_by="api", channel_id=None) == 2
    first, second = verbs.of_call(who.account_id, life.call_id)
    assert (first.destination, first.kind, first.summary) == ("support", "warm", "A bill.")
    assert (first.outcome, first.ended_at) == (None, None)
    assert (second.asked_by, second.channel_id) == ("api", None)
    assert verbs.of_call("nobody", life.call_id) == []


def test_what_is_learnt_is_noted(services, verbs, who, life):
    number, now = intend(services, verbs, life), services.clock.now()
    told = {"outcome": Outcome.FAILED, "failure": Failure.BUSY, "sip_status": 486, "ended_at": now}
    verbs.note(life.call_id, number, told)
    [made] = verbs.of_call(who.account_id, life.call_id)
    assert (made.outcome, made.failure, made.sip_status) == ("failed", "busy", 486)
    assert made.ended_at == now
    with pytest.raises(ValueError, match="phone_number"):
        verbs.note(life.call_id, number, {"phone_number": "+1"})


def test_the_end_of_a_call_ends_what_nobody_ended(services, verbs, who, life):
    intend(services, verbs, life)
    services.clock.advance(3)
    life.hang_up()
    [made] = verbs.of_call(who.account_id, life.call_id)
    assert made.outcome is None
    assert made.ended_at == services.clock.now()


def payload(services, kind):
    rows = services.db.read(lambda: list(WebhookEvent.select()))
    [found] = [orjson.loads(row.payload) for row in rows if row.kind == kind]
    return found


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (Transferred("support"), Outcome.TRANSFERRED),
        (HandedToCarrier("support"), Outcome.REFERRED),
    ],
)
def test_the_webhook_says_to_whom(services, verbs, life, event, outcome):
    number, now = intend(services, verbs, life), services.clock.now()
    verbs.note(life.call_id, number, {"outcome": outcome, "connected_at": now})
    life.take(event)
    told = payload(services, "call.transferred")
    assert told["transfer"] == {
        "destination": "support",
        "phone_number": "+12025550114",
        "kind": "warm",
        "method": "bridge",
        "asked_by": "agent",
        "summary": "A bill.",
        "connected_at": now.isoformat().replace("+00:00", "Z"),
    }
    assert "transfer" not in payload(services, "call.started")


def test_minutes_count_on_until_the_two_have_hung_up(services, who, life):
    life.take(Transferred("support"))
    services.clock.advance(50)
    life.take(TransferTargetLeft())
    life.hang_up()
    call = services.calls.get(who.account_id, life.call_id)
    assert (call.end_reason, call.ended_by) == ("transfer_ended", "transferee")
    assert call.actual_duration_billed == pytest.approx(1.0)


def ask(services, verbs, who, life, **wanted):
    return verbs.ask(who, life.call_id, wanted, services.clock.now())


def test_a_listed_destination_becomes_a_command(services, verbs, who, life):
    made = ask(services, verbs, who, life, destination="support")
    row = services.db.read(lambda: Command.get_by_id(made))
    assert (row.kind, row.payload["destination"]) == ("transfer", LISTED)
    (noted,) = services.db.read(calls.events_of_kind, [life.call_id], "TransferAsked")
    assert noted.detail == {"command_id": made, "destination": "support", "key_id": who.key_id}


def test_other_numbers_are_for_keys_that_may(services, verbs, who, life):
    with pytest.raises(InsufficientScope):
        ask(services, verbs, who, life, number="+12025550100")
    may = replace(who, scopes=who.scopes | {"calls:transfer"})
    made = ask(services, verbs, may, life, number="+12025550100")
    row = services.db.read(lambda: Command.get_by_id(made))
    assert row.payload["destination"]["number"] == "+12025550100"
    with pytest.raises(InvalidRequest):
        ask(services, verbs, may, life, number="911")


def test_wishes_that_cannot_be(services, verbs, who, life):
    with pytest.raises(InvalidRequest, match="support"):
        ask(services, verbs, who, life, destination="sales")
    with pytest.raises(NotFound):
        verbs.ask(who, "nothing", {"destination": "support"}, services.clock.now())
    life.take(Transferred("support"))
    with pytest.raises(Conflict):
        ask(services, verbs, who, life, destination="support")


def test_two_who_talk_keep_their_call_when_its_controller_dies(services, life):
    life.take(Transferred("support"))
    later = services.clock.now() + timedelta(minutes=2)
    [adopted] = services.dispatch.adopt("controller-2", factories.NODE, later, 10)
    assert (adopted.call_id, adopted.facts.state) == (life.call_id, "transferred")
