"""Numbers bought and given back on real rows, from carriers on real sockets."""

from datetime import timedelta
from decimal import Decimal

import factories
import pytest
from carriers_at_hand import TRUNKS, carriers_desk, client, double
from number_rig import PROVIDERS, Numbers

from topcalls.core.number_orders import TRIES
from topcalls.errors import Conflict, InvalidRequest, NotFound, RateLimited
from topcalls.providers.telephony.base import CarrierApiError, Offer, Order, OrderState, Trouble
from topcalls.services.number_orders import LEASE_SECONDS

pytestmark = pytest.mark.service
NUMBER, OTHER = "+13125550123", "+13125550124"
GONE, NO_FUNDS, LOST = "+13125550190", "+13125550191", "+13125550193"
BUSY, DEAR, SLOW = "+13125550194", "+13125550195", "+13125550196"
LONDON = "+442079460123"


@pytest.fixture
def desk():
    with carriers_desk() as desk:
        yield desk


@pytest.fixture
def numbers(services, desk):
    return Numbers(services, desk)


def add_carrier(numbers, preset="telnyx", **fields):
    body = {
        "carrier_name": preset,
        "preset": preset,
        "sip_gateway": {"ipv4": f"{preset}.carrier.test"},
        **fields,
    }
    return numbers.services.carriers.create(numbers.account, body).id


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_number_is_bought_and_arrives_bound(numbers, provider):
    trunk = TRUNKS[provider][:-1] + "7"
    carrier = add_carrier(numbers, provider, provider_trunk_id=trunk)
    number = numbers.buy(NUMBER, provider, label="Chicago")
    before = numbers.get(number)
    assert (before.status, before.provisioning.state) == ("pending", "buying")
    assert numbers.services.phone_numbers.called(NUMBER) is None
    after = numbers.settle(number)
    assert (after.status, after.provisioning.state, after.error_message) == (
        "active",
        "bought",
        None,
    )
    assert (after.source, after.voip_carrier_sid, after.label) == (provider, carrier, "Chicago")
    assert after.provisioning.monthly_price == {"telnyx": "1.00", "twilio": "1.15"}[provider]
    assert numbers.services.phone_numbers.called(NUMBER) is not None
    (record,) = double(numbers.desk, provider).stock.sold.values()
    assert trunk in (record.get("connection_id"), record.get("trunk_sid"))


def test_without_a_carrier_it_is_bound_to_the_installations_own_trunk(numbers):
    after = numbers.settle(numbers.buy(NUMBER, "twilio"))
    assert (after.status, after.voip_carrier_sid) == ("active", None)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_number_is_given_back_and_goes(numbers, provider):
    number = numbers.buy(NUMBER, provider)
    numbers.settle(number)
    view = numbers.services.provisioning.release(numbers.account, number)
    assert (view.status, view.provisioning.state) == ("inactive", "releasing")
    assert numbers.services.phone_numbers.called(NUMBER) is None
    with pytest.raises(Conflict, match="being given back"):
        numbers.services.provisioning.release(numbers.account, number)
    assert numbers.look(3600) == 1
    with pytest.raises(NotFound):
        numbers.get(number)
    assert double(numbers.desk, provider).stock.sold == {}


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_lost_answer_is_looked_up_and_nothing_is_bought_twice(numbers, provider):
    number = numbers.buy(LOST, provider)
    numbers.look()
    view = numbers.get(number)
    assert (view.status, view.provisioning.state) == ("pending", "confirming")
    assert numbers.settle(number).status == "active"
    assert numbers.purchases(provider) == 1


class Dies(BaseException):
    """A worker that is killed."""


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("asked", [False, True])
def test_a_worker_killed_around_the_request_buys_once_or_not_at_all(numbers, provider, asked):
    carrier = numbers.sellers[provider]()
    buy = carrier.buy

    def killed(*arguments):
        if asked:
            buy(*arguments)
        raise Dies

    carrier.buy = killed
    numbers.sellers[provider] = lambda: carrier
    number = numbers.buy(NUMBER, provider)
    with pytest.raises(Dies):
        numbers.look()
    assert numbers.look(1) == 0, "its lease holds"
    carrier.buy = buy
    numbers.look(LEASE_SECONDS)
    after = numbers.settle(number)
    assert after.status == ("active" if asked else "failed")
    assert numbers.purchases(provider) == int(asked)
    if not asked:
        assert "did not reach it" in after.error_message


def test_a_task_that_runs_twice_asks_once(numbers):
    numbers.buy(NUMBER)
    worker, now = numbers.services.number_orders, numbers.clock.now()
    (order,) = worker.due(now)
    carrier = numbers.sellers["telnyx"]()
    buy = carrier.buy

    def twice(*arguments):
        worker.run(order, now)
        return buy(*arguments)

    carrier.buy = twice
    numbers.sellers["telnyx"] = lambda: carrier
    worker.run(order, now)
    worker.run(order, now)
    assert numbers.purchases("telnyx") == 1


def test_a_lease_that_somebody_else_holds_is_left_alone(numbers, services):
    number = numbers.buy(NUMBER)
    (order,) = numbers.services.number_orders.due(numbers.clock.now())
    numbers.worker(services, "another").run(order, numbers.clock.now())
    assert numbers.get(number).provisioning.state == "buying"
    assert numbers.purchases("telnyx") == 0


@pytest.mark.parametrize(
    ("number", "provider", "words"),
    [
        (GONE, "telnyx", "does not offer this number any more"),
        (GONE, "twilio", "does not offer this number any more"),
        (NO_FUNDS, "telnyx", "too little credit"),
        (NO_FUNDS, "twilio", "too little credit"),
        (DEAR, "telnyx", "It costs 25.00 USD a month; the limit is 2.00."),
        ("+12065550123", "twilio", "does not offer this number any more"),
        (LONDON, "twilio", "documents or an address"),
    ],
)
def test_a_number_that_cannot_be_had_says_why(numbers, number, provider, words):
    after = numbers.settle(numbers.buy(number, provider))
    assert (after.status, after.provisioning.state) == ("failed", "failed")
    assert words in after.error_message


def test_a_wrong_key_is_told_and_nothing_is_bought(numbers):
    numbers.sellers["telnyx"] = lambda: client(numbers.desk, "telnyx", key="wrong")
    after = numbers.settle(numbers.buy(NUMBER))
    assert "TELNYX_API_KEY" in after.error_message


def test_documents_are_waited_for(numbers):
    number = numbers.buy(LONDON)
    numbers.look()
    numbers.look(60)
    view = numbers.get(number)
    assert view.provisioning.state == "buying"
    assert "documents" in view.error_message
    (order,) = numbers.desk.telnyx.orders
    order["requirements_met"] = True
    assert numbers.settle(number).status == "active"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_one_request_too_many_is_made_again_when_the_carrier_says(numbers, provider):
    number = numbers.buy(BUSY, provider)
    numbers.look()
    assert "no more requests" in numbers.get(number).error_message
    assert numbers.settle(number).status == "active"
    assert numbers.purchases(provider) == 1


def test_an_order_that_takes_its_time_is_looked_at_again(numbers):
    after = numbers.settle(numbers.buy(SLOW))
    assert after.status == "active"


def test_an_order_that_never_ends_is_given_up_and_said_to_be_unknown(numbers):
    class Asleep:
        def owned(self, _):
            raise CarrierApiError(Trouble.UNAVAILABLE, "It sleeps.", "Wake it.")

    numbers.sellers["telnyx"] = Asleep
    number = numbers.buy(NUMBER)
    looks = sum(numbers.look(3600) for _ in range(TRIES + 5))
    assert looks == TRIES
    after = numbers.get(number)
    assert (after.status, after.provisioning.state) == ("failed", "unknown")
    assert "console" in after.error_message
    numbers.services.phone_numbers.delete(numbers.account, number)


def test_a_number_that_the_carriers_account_had_before_is_not_bought_again(numbers):
    carrier = numbers.sellers["twilio"]()
    carrier.buy(NUMBER, TRUNKS["twilio"], "by hand")
    after = numbers.settle(numbers.buy(NUMBER, "twilio"))
    assert "has this number already" in after.error_message
    assert numbers.purchases("twilio") == 1


def test_a_number_on_the_wrong_trunk_is_moved(numbers):
    assigned = []

    class Elsewhere:
        def owned(self, _):
            return None

        def quote(self, number):
            return Offer(number, "US", None, None, Decimal("1"), None, "USD", ("voice",), None)

        def buy(self, *_):
            return Order(OrderState.DONE, "their-id", "another trunk")

        def assign(self, *arguments):
            assigned.append(arguments)

    numbers.sellers["twilio"] = Elsewhere
    assert numbers.settle(numbers.buy(NUMBER, "twilio")).status == "active"
    assert assigned == [("their-id", TRUNKS["twilio"])]


def test_a_purchase_that_failed_makes_way_for_the_next(numbers):
    first = numbers.buy(DEAR)
    numbers.settle(first)
    second = numbers.buy(DEAR, max_monthly_price=30)
    assert numbers.settle(second).status == "active"
    with pytest.raises(NotFound):
        numbers.get(first)


def test_a_number_is_not_asked_for_twice(numbers):
    numbers.buy(NUMBER)
    with pytest.raises(Conflict, match="in your account already"):
        numbers.buy(NUMBER)


def test_what_is_under_way_is_not_touched(numbers):
    number = numbers.buy(NUMBER)
    phone_numbers = numbers.services.phone_numbers
    with pytest.raises(Conflict, match="being bought"):
        phone_numbers.delete(numbers.account, number)
    with pytest.raises(Conflict, match="being bought"):
        phone_numbers.update(numbers.account, number, {"status": "active"})
    with pytest.raises(Conflict, match="being bought"):
        numbers.services.provisioning.release(numbers.account, number)
    assert phone_numbers.update(numbers.account, number, {"label": "Mine"}).label == "Mine"


def test_a_number_that_was_not_got_is_not_switched_on(numbers):
    number = numbers.buy(GONE)
    numbers.settle(number)
    with pytest.raises(Conflict, match="was not got"):
        numbers.services.phone_numbers.update(numbers.account, number, {"status": "active"})


def test_a_number_of_somebody_elses_making_is_not_given_back(numbers):
    view = numbers.services.phone_numbers.add(numbers.account, {"number": NUMBER})
    with pytest.raises(Conflict, match="not bought here"):
        numbers.services.provisioning.release(numbers.account, view.id)


def test_an_account_buys_so_many_a_day(services, desk):
    numbers = Numbers(services, desk, per_day=2)
    failed = numbers.buy(GONE)
    numbers.settle(failed)
    for number in (NUMBER, OTHER):
        numbers.buy(number)
    with pytest.raises(RateLimited) as caught:
        numbers.buy("+13125550125")
    assert caught.value.extra["limit"] == "max_number_purchases_per_day"
    assert 0 < caught.value.extra["retry_after"] <= timedelta(days=1).total_seconds()
    numbers.clock.advance(caught.value.extra["retry_after"] + 1)
    numbers.buy("+13125550125")


def test_no_purchases_may_be_allowed_at_all(services, desk):
    with pytest.raises(RateLimited):
        Numbers(services, desk, per_day=0).buy(NUMBER)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"provider": "acme"}, "provider"),
        ({"provider": ["telnyx"]}, "provider"),
        ({"max_monthly_price": None}, "max_monthly_price"),
        ({"max_monthly_price": "2"}, "max_monthly_price"),
        ({"max_monthly_price": True}, "max_monthly_price"),
        ({"max_monthly_price": float("nan")}, "max_monthly_price"),
        ({"max_monthly_price": -1}, "max_monthly_price"),
        ({"currency": "dollars"}, "currency"),
        ({"number": "0312"}, "number"),
        ({"number": None}, "number"),
        ({"voip_carrier_sid": "none"}, "voip_carrier_sid"),
        ({"agent_id": "none"}, "agent_id"),
        ({"label": 7}, "label"),
        ({"trunk": "x"}, "trunk"),
    ],
)
def test_a_purchase_that_is_not_right_names_the_field(numbers, body, path):
    with pytest.raises(InvalidRequest) as caught:
        numbers.buy(**{"number": NUMBER, **body})
    assert path in [fault.path for fault in caught.value.errors]


def test_carrier_and_provider_must_go_together(numbers):
    carrier = add_carrier(numbers, "twilio")
    with pytest.raises(InvalidRequest, match="twilio's"):
        numbers.buy(NUMBER, "telnyx", voip_carrier_sid=carrier)


def test_a_carrier_that_is_not_configured_is_named(numbers):
    del numbers.sellers["twilio"]
    with pytest.raises(InvalidRequest, match="TWILIO_ACCOUNT_SID"):
        numbers.buy(NUMBER, "twilio")
    numbers.sellers.clear()
    with pytest.raises(InvalidRequest, match="No carrier's API is configured"):
        numbers.services.provisioning.search({"country": "US"})


def test_a_trunk_that_nobody_named_is_asked_for(services, desk, monkeypatch):
    monkeypatch.setitem(TRUNKS, "telnyx", "")
    numbers = Numbers(services, desk)
    with pytest.raises(InvalidRequest, match="provider_trunk_id"):
        numbers.buy(NUMBER)


def test_another_account_sees_nothing_of_it(numbers, services):
    number = numbers.buy(NUMBER)
    other = factories.principal(services, name="Other").account_id
    with pytest.raises(NotFound):
        numbers.services.provisioning.release(other, number)
    with pytest.raises(Conflict, match="another account"):
        numbers.services.provisioning.purchase(
            other, {"number": NUMBER, "provider": "telnyx", "max_monthly_price": 2}
        )
