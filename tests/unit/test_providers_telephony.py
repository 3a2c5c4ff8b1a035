"""What our clients make of carriers' answers, over real sockets to their doubles."""

from decimal import Decimal

import pytest
from carriers_at_hand import TRUNKS, carriers_desk, client, double

from topcalls.ids import new_id
from topcalls.net.http import HttpResponse
from topcalls.providers.telephony.base import CarrierApiError, OrderState, Search, Trouble
from topcalls.providers.telephony.telnyx import TelnyxNumbers
from topcalls.providers.telephony.twilio import TwilioNumbers

pytestmark = pytest.mark.unit
NUMBER = "+13125550123"
GONE, NO_FUNDS, LOST = "+13125550190", "+13125550191", "+13125550193"
BUSY, SLOW = "+13125550194", "+13125550196"
LONDON = "+442079460123"


@pytest.fixture
def desk():
    with carriers_desk() as desk:
        yield desk


@pytest.fixture(params=["telnyx", "twilio"])
def name(request):
    return request.param


@pytest.fixture
def carrier(desk, name):
    return client(desk, name)


def bought(carrier, name, number=NUMBER):
    """Buy, and look until the number is ours; how many looks it took."""
    reference = new_id()
    order = carrier.buy(number, TRUNKS[name], reference)
    for looks in range(10):
        if order.state is OrderState.DONE:
            return order, reference, looks
        order = carrier.find(number, reference)
    raise AssertionError(f"not delivered: {order}")


def refusal(work, *arguments):
    with pytest.raises(CarrierApiError) as caught:
        work(*arguments)
    assert caught.value.remedy
    return caught.value


def test_a_search_gives_offers_with_prices(carrier, name):
    offers = carrier.search(Search("US", area_code="312", limit=3))
    assert len(offers) == 3
    first = offers[0]
    assert first.number == "+13125550120"
    assert (first.country, first.region, first.currency) == ("US", "IL", "USD")
    assert first.locality.upper() == "CHICAGO"
    assert {"voice", "sms"} <= set(first.features)
    expected = {"telnyx": (Decimal("1"), Decimal("1")), "twilio": (Decimal("1.15"), None)}
    assert (first.monthly_price, first.upfront_price) == expected[name]


def test_a_search_narrows_by_digits_city_and_features(carrier):
    assert [o.number for o in carrier.search(Search("US", contains="4155550133"))] == [
        "+14155550133"
    ]
    cities = {o.locality.upper() for o in carrier.search(Search("US", locality="Miami", limit=9))}
    assert cities == {"MIAMI"}
    assert carrier.search(Search("GB", features=("sms",))) == []
    assert carrier.search(Search("US", area_code="999")) == []


def test_a_number_is_quoted_bought_found_bound_and_released(carrier, name, desk):
    assert carrier.quote(NUMBER).number == NUMBER
    assert carrier.owned(NUMBER) is None
    order, reference, _ = bought(carrier, name)
    assert order.trunk_id == TRUNKS[name]
    assert carrier.quote(NUMBER) is None
    assert carrier.owned(NUMBER).provider_id == order.provider_id
    assert carrier.find(NUMBER, reference).provider_id == order.provider_id
    carrier.assign(order.provider_id, TRUNKS[name][:-1] + "1")
    assert carrier.owned(NUMBER).trunk_id == TRUNKS[name][:-1] + "1"
    carrier.release(order.provider_id)
    assert carrier.owned(NUMBER) is None
    carrier.release(order.provider_id)
    assert double(desk, name).stock.purchases == 1


def test_a_wrong_key_is_named(desk, name):
    error = refusal(client(desk, name, key="wrong").search, Search("US"))
    assert error.trouble is Trouble.WRONG_KEY
    assert name.upper() in error.remedy
    assert "wrong" not in error.message


@pytest.mark.parametrize(
    ("number", "trouble"), [(GONE, Trouble.GONE), (NO_FUNDS, Trouble.NO_FUNDS)]
)
def test_refusals_of_a_purchase_are_told_apart(carrier, name, number, trouble):
    error = refusal(carrier.buy, number, TRUNKS[name], new_id())
    assert (error.trouble, error.may_have_happened, error.retryable) == (trouble, False, False)


def test_a_trunk_that_is_none_is_refused(carrier):
    error = refusal(carrier.buy, NUMBER, "no-trunk", new_id())
    assert (error.trouble, error.may_have_happened) == (Trouble.REFUSED, False)


def test_one_request_too_many_says_when_to_come_again(carrier, name):
    error = refusal(carrier.buy, BUSY, TRUNKS[name], new_id())
    assert (error.trouble, error.retry_after, error.retryable) == (Trouble.RATE_LIMITED, 1, True)
    assert not error.may_have_happened
    bought(carrier, name, BUSY)


def test_a_lost_answer_may_have_happened_and_is_found(carrier, name, desk):
    reference = new_id()
    error = refusal(carrier.buy, LOST, TRUNKS[name], reference)
    assert (error.trouble, error.may_have_happened) == (Trouble.UNAVAILABLE, True)
    assert carrier.find(LOST, reference).state is OrderState.DONE
    assert double(desk, name).stock.purchases == 1


def test_what_cannot_be_reached_has_not_happened(desk, name):
    gone = client(desk, name, url="http://127.0.0.1:9")
    error = refusal(gone.buy, NUMBER, TRUNKS[name], new_id())
    assert (error.trouble, error.may_have_happened) == (Trouble.UNAVAILABLE, False)


def test_a_purchase_that_nobody_made_is_not_found(carrier):
    assert carrier.find(NUMBER, new_id()) is None


def test_telnyx_orders_wait_for_documents(desk):
    carrier, reference = client(desk, "telnyx"), new_id()
    carrier.buy(LONDON, TRUNKS["telnyx"], reference)
    order = carrier.find(LONDON, reference)
    assert order.state is OrderState.PENDING
    assert "documents" in order.why


def test_twilio_tells_documents_before_and_refuses_without(desk):
    carrier = client(desk, "twilio")
    assert carrier.quote(LONDON).requirements == ("address (any)",)
    error = refusal(carrier.buy, LONDON, TRUNKS["twilio"], new_id())
    assert error.trouble is Trouble.DOCUMENTS
    assert "AddressSid" in error.message


def test_telnyx_takes_its_time(desk):
    _, _, looks = bought(client(desk, "telnyx"), "telnyx", SLOW)
    assert looks > 1


def test_a_number_that_another_purchase_got_at_twilio_is_not_ours(desk):
    carrier = client(desk, "twilio")
    bought(carrier, "twilio")
    assert carrier.find(NUMBER, new_id()).state is OrderState.FAILED


class Canned:
    """Answers every request alike."""

    def __init__(self, status, body):
        self.answer = HttpResponse(status, {}, body, 1)

    def request(self, *_):
        return self.answer


@pytest.mark.parametrize(
    ("status", "body", "trouble", "happened"),
    [
        (502, b"<html>Bad gateway</html>", Trouble.UNAVAILABLE, True),
        (200, b"<html>Welcome</html>", Trouble.UNAVAILABLE, True),
        (408, b"", Trouble.UNAVAILABLE, True),
        (403, b"{}", Trouble.REFUSED, False),
        (402, b"", Trouble.NO_FUNDS, False),
        (422, b"[1]", Trouble.REFUSED, False),
    ],
)
def test_answers_that_nobody_documents(name, status, body, trouble, happened):
    http = Canned(status, body)
    made = {
        "telnyx": lambda: TelnyxNumbers(http, "k"),
        "twilio": lambda: TwilioNumbers(http, "a", "b"),
    }
    error = refusal(made[name]().buy, NUMBER, TRUNKS[name], new_id())
    assert (error.trouble, error.may_have_happened) == (trouble, happened)
