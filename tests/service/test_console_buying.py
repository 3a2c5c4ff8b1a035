"""The console: numbers searched for, bought and given back, at the doubles of the carriers."""

import pytest
from carriers_at_hand import carriers_desk
from console_rig import ON_SQLITE, Reader
from number_rig import Numbers, api_of

pytestmark = [pytest.mark.service, ON_SQLITE]
PAGE = "/numbers/buy"
CHICAGO = f"{PAGE}?country=US&area_code=312&contains=&locality="


@pytest.fixture
def numbers(services):
    with carriers_desk() as desk:
        yield Numbers(services, desk)


@pytest.fixture
def api(numbers):
    return api_of(numbers)


@pytest.fixture
def reader(api):
    reader = Reader(api)
    reader.sign_in(api.token)
    return reader


def offers(api):
    found = api.get("/v1/phone-numbers/available?country=US&area_code=312").json["data"]
    return [offer for offer in found if offer["monthly_price"]]


def order(offer, **changes):
    """The form of the button behind an offer."""
    return {
        "number": offer["number"],
        "provider": offer["provider"],
        "price": str(offer["monthly_price"]),
        "currency": offer["currency"],
        **changes,
    }


def bought(api):
    return api.get("/v1/phone-numbers").json["data"]


def test_nothing_is_searched_for_before_it_is_asked(reader):
    page = reader.read(PAGE)
    assert 'value="US"' in page
    assert "<table" not in page


def test_a_search_shows_numbers_with_their_prices_to_buy_at_a_press(api, reader):
    page = reader.read(CHICAGO)
    (offer, *_) = offers(api)
    assert offer["number"] in page
    assert f"{float(offer['monthly_price']):.2f} {offer['currency']}" in page
    row = page.partition(offer["number"])[2].partition("</tr>")[0]
    for name, value in order(offer).items():
        assert f'name="{name}" value="{value}"' in row


def test_a_search_that_is_wrong_is_told_at_its_field(reader):
    answer = reader.open(f"{PAGE}?country=United+States&area_code=x")
    assert "country-fault" in answer.text
    assert 'value="United States"' in answer.text


def test_a_search_that_finds_nothing_says_what_to_do(reader):
    assert "Ask for less" in reader.read(f"{PAGE}?country=US&contains=99999999")


def test_a_number_is_bought_for_no_more_than_it_was_offered_for(api, numbers, reader):
    (offer, *_) = offers(api)
    answer = reader.send(PAGE, order(offer), since=CHICAGO)
    assert answer.headers["Location"] == "/console/numbers"
    assert "The carrier is asked." in reader.read("/numbers")
    (number,) = bought(api)
    numbers.settle(number["id"])
    (number,) = bought(api)
    assert (number["number"], number["status"]) == (offer["number"], "active")
    assert offer["number"] in reader.read("/numbers")


def test_a_number_that_costs_more_meanwhile_is_not_bought(api, numbers, reader):
    (offer, *_) = offers(api)
    price = float(offer["monthly_price"]) / 2
    reader.send(PAGE, order(offer, price=str(price)), since=CHICAGO)
    for number in bought(api):
        numbers.settle(number["id"])
    assert numbers.purchases(offer["provider"]) == 0
    assert all(number["status"] != "active" for number in bought(api))


@pytest.mark.parametrize("wrong", [{"price": "a lot"}, {"number": ""}, {"provider": "nobody"}])
def test_a_forged_order_is_refused_and_told(api, numbers, reader, wrong):
    (offer, *_) = offers(api)
    answer = reader.send(PAGE, order(offer, **wrong), since=CHICAGO)
    assert answer.headers["Location"] == f"/console{PAGE}"
    assert 'class="note fault"' in reader.read(PAGE)
    assert bought(api) == []


def test_a_number_that_was_bought_is_given_back(api, numbers, reader):
    (offer, *_) = offers(api)
    reader.send(PAGE, order(offer), since=CHICAGO)
    (number,) = bought(api)
    numbers.settle(number["id"])
    page = f"/numbers/{number['id']}"
    assert "give" in reader.read(page).lower()
    reader.send(f"{page}/release", since=page)
    assert "It is being given back." in reader.read("/numbers")


def test_who_may_only_read_is_offered_nothing_to_buy(api, numbers):
    reader = Reader(api)
    reader.sign_in(api.key("phone_numbers:read"))
    assert ">Buy</button>" not in reader.read(CHICAGO)
    (offer, *_) = offers(api)
    reader.send(PAGE, order(offer), since=PAGE)
    assert bought(api) == []
