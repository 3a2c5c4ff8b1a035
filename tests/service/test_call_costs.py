"""What calls cost, from their creation to their webhook."""

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import factories
import pytest

from topcalls.core.call_events import Answered, BridgeReady, Rang, StreamConnected
from topcalls.core.call_request import Recording
from topcalls.core.prices import PriceBook
from topcalls.core.rates import Rate
from topcalls.core.routing import Attempt, Route
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transfer import Destination
from topcalls.providers.price_list import LIST_PRICES
from topcalls.services.costs import OWN_TRUNK, Costs
from topcalls.services.lineup import Lineup

pytestmark = pytest.mark.service
pytest_plugins = ("api_fixtures",)

CARRIER = {
    "carrier_name": "Telnyx",
    "trunk_type": "static_ip",
    "sip_gateway": {"ipv4": "127.0.0.1"},
    "rate": {"per_minute": "0.0090", "minimum_seconds": 6, "increment_seconds": 6},
}


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def carrier(services, who):
    return services.carriers.create(who.account_id, CARRIER)


def finish(services, who, carrier=None, seconds=42, usage=(), **fields):
    """The id of a call that was answered, with all of its work done."""
    life = factories.Life(services, factories.claimed_call(services, who, **fields))
    now = services.clock.now()
    route = Route(carrier.id, carrier.carrier_name, "g") if carrier else None
    attempt = Attempt(1, route) if route else None
    life.version = services.calls.intend_dial(
        life.call_id, life.version, life.channel_uuid, now, attempt
    )
    life.facts = replace(life.facts, dialled=True)
    for event in (Rang(), Answered(), StreamConnected(), BridgeReady()):
        life.take(event)
    for model, taken in usage:
        services.calls.note_usage(life.call_id, model, taken, 1, now)
    services.clock.advance(seconds)
    life.hang_up()
    wrap_up(services)
    return life.call_id


def wrap_up(services):
    """Everything that follows the calls that are over."""
    for _ in range(60):
        for call_id in services.wrap_ups.due(services.clock.now(), 50):
            services.wrap_ups.run(call_id, services.clock.now())
        services.clock.advance(5)


def component(cost, name):
    (found,) = [one for one in cost["components"] if one["component"] == name]
    return found


def test_a_call_is_counted_by_its_carrier_and_its_models(services, who, carrier):
    usage = [
        ("gpt-realtime-2.1-mini", TokenUsage(1000, 1000, 700, 100, 1200, 400)),
        ("gpt-transcribe", TokenUsage(heard_ms=30_000)),
    ]
    call_id = finish(services, who, carrier, 42, usage)
    cost = services.calls.get(who.account_id, call_id).cost
    assert cost["currency"] == "USD"
    assert cost["actual"]["total"] == "0.039348"
    assert component(cost["actual"], "telephony")["name"] == "Telnyx"
    assert component(cost["actual"], "telephony")["amount"] == "0.0063"
    assert component(cost["actual"], "model")["items"][0]["as_of"] == "2026-11-30"


def test_what_is_not_known_is_null_with_the_reason(services, who):
    call_id = finish(services, who, None, 42, [("my-model", TokenUsage(5, output_text=5))])
    cost = services.calls.get(who.account_id, call_id).cost["actual"]
    assert (cost["total"], cost["known"]) == (None, "0.00")
    assert component(cost, "telephony")["name"] == OWN_TRUNK
    assert component(cost, "telephony")["reason"] == "The carrier has no rate."
    assert component(cost, "model")["amount"] is None


def test_a_call_that_fails_costs_nothing_at_once(services, who, carrier):
    life = factories.Life(services, factories.claimed_call(services, who)).dial()
    life.fail("USER_BUSY")
    assert services.calls.get(who.account_id, life.call_id).cost["actual"]["total"] == "0.00"


def test_what_a_call_took_while_it_rang_is_counted(services, who):
    life = factories.Life(services, factories.claimed_call(services, who)).dial()
    usage = TokenUsage(output_audio=1_000_000)
    services.calls.note_usage(life.call_id, "gpt-realtime-2.1", usage, 1, services.clock.now())
    life.fail("NO_ANSWER")
    assert services.calls.get(who.account_id, life.call_id).cost["actual"]["total"] == "64.00"


def test_the_cost_is_in_the_webhook(services, who, carrier):
    hook = {"webhook_url": "https://example.com/hook", "webhook_events": ("call.completed",)}
    call_id = finish(services, who, carrier, 6, recording=Recording(enabled=False), **hook)
    (sent,) = services.webhooks.due(services.clock.now(), 50)
    content = json.loads(sent.payload)
    assert content["call_id"] == call_id
    assert content["cost"]["actual"]["total"] == "0.0009"


def test_the_second_line_of_a_transfer_is_charged_too(services, who, carrier):
    claimed = factories.claimed_call(services, who)
    life = factories.Life(services, claimed).talk(30)
    transfers, now = services.calls.transfers, services.clock.now()
    target = Destination("support", "+12025550114")
    wish = {"asked_by": "agent", "summary": None, "channel_id": "other-leg"}
    number = transfers.intend(life.call_id, target, now=now, **wish)
    transfers.note(life.call_id, number, {"answered_at": now})
    services.clock.advance(60)
    life.hang_up()
    wrap_up(services)
    cost = services.calls.get(who.account_id, life.call_id).cost["actual"]
    amounts = [one["amount"] for one in cost["components"] if one["component"] == "telephony"]
    assert amounts == [None, "0.009"]  # the call itself was dialled by the installation's trunk


# --- predictions


def test_a_call_is_predicted_by_its_longest_time_and_by_that_of_the_last_calls(
    services, who, carrier
):
    first = factories.queued_call(services, who, max_duration=2)
    predicted = first.cost["predicted"]
    assert predicted["expected"] is None
    assert predicted["at_most"]["minutes"] == 2
    assert component(predicted["at_most"], "telephony")["amount"] == "0.018"
    assert Decimal(predicted["at_most"]["total"]) > Decimal("0.1")
    finish(services, who, carrier, 60)
    services.clock.advance(timedelta(minutes=2).total_seconds())
    later = factories.queued_call(services, who, max_duration=2).cost["predicted"]
    assert later["expected"]["minutes"] == 1
    assert component(later["expected"], "telephony")["amount"] == "0.009"
    assert first.cost["actual"] is None


def test_calls_alike_are_predicted_once(services, who, carrier):
    one, other = (factories.queued_call(services, who).cost["predicted"] for _ in range(2))
    assert one == other
    longer = factories.queued_call(services, who, max_duration=20).cost["predicted"]
    assert longer["at_most"]["minutes"] == 20


def test_the_chain_is_predicted_by_its_stages(services, who, clock):
    book = PriceBook(telephony=Rate(Decimal("0.01"))).over(LIST_PRICES)
    lineup = Lineup(recognizers=("deepgram-nova",), voices=("elevenlabs",))
    costs = Costs(clock, book.without({"eleven_flash_v2_5"}), lineup)
    request = factories.request(mode="legacy", max_duration=1)
    cost = services.db.read(costs.predicted, who.account_id, request).told["at_most"]
    names = {one["component"]: (one["name"], one["amount"]) for one in cost["components"]}
    assert names["telephony"] == (OWN_TRUNK, "0.01")
    assert names["transcription"] == ("nova-3", "0.0048")
    assert names["voice"] == ("eleven_flash_v2_5", None)
    assert cost["total"] is None


# --- over the API


def test_a_carrier_has_a_rate_which_is_judged(api):
    made = api.post("/v1/phone-numbers/carriers", json=CARRIER)
    assert made.status_code in (200, 201)
    path = f"/v1/phone-numbers/carriers/{made.json['id']}"
    assert made.json["rate"]["per_minute"] == "0.0090"
    changed = api.send("PATCH", path, json={"rate": {"per_minute": "0.01"}})
    assert changed.json["rate"] == {"per_minute": "0.01"}
    kept = api.send("PATCH", path, json={"number_prefix": "9"})
    assert kept.json["rate"] == {"per_minute": "0.01"}
    wrong = api.send("PATCH", path, json={"rate": {"per_minute": 0.01}})
    assert wrong.status_code == 400
    assert wrong.json["errors"][0]["path"] == "rate.per_minute"


def test_lists_and_details_have_the_cost(api):
    created = api.create()
    shown = api.get(created.headers["Location"]).json
    assert shown["cost"]["predicted"]["at_most"]["minutes"] == 10
    (listed,) = api.get("/v1/calls").json["data"]
    assert listed["cost"] == shown["cost"]


def test_models_tell_where_their_prices_were_read(api):
    models = api.get("/v1/models").json["data"]
    (model,) = [one for one in models if one["id"] == "gpt-realtime-2.1"]
    assert model["prices"][0]["source"].startswith("https://")
    assert model["prices_as_of"] == "2026-11-30"
