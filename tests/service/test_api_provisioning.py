"""Numbers searched, bought and given back through the API, from carriers on real sockets."""

import pytest
from api_client import fault_paths
from carriers_at_hand import carriers_desk, client
from number_rig import Numbers, api_of

pytestmark = pytest.mark.service
NUMBERS = "/v1/phone-numbers"
AVAILABLE, PURCHASE = f"{NUMBERS}/available", f"{NUMBERS}/purchase"
NUMBER = "+13125550123"
BODY = {"number": NUMBER, "max_monthly_price": 2}


@pytest.fixture
def numbers(services):
    with carriers_desk() as desk:
        yield Numbers(services, desk)


@pytest.fixture
def api(numbers):
    return api_of(numbers)


def test_search_buy_look_and_release(api, numbers):
    offers = api.get(f"{AVAILABLE}?area_code=312&limit=5").json["data"]
    assert len(offers) == 5
    offer = next(offer for offer in offers if offer["number"] == NUMBER)
    assert (offer["monthly_price"], offer["currency"], offer["provider"]) == (
        "1.00",
        "USD",
        "telnyx",
    )
    made = api.post(PURCHASE, json=BODY)
    assert made.status_code == 202
    assert (made.json["status"], made.json["provisioning"]["state"]) == ("pending", "buying")
    one = made.headers["Location"]
    numbers.settle(made.json["id"])
    bought = api.get(one).json
    assert (bought["status"], bought["provisioning"]["state"]) == ("active", "bought")
    assert bought["provisioning"]["monthly_price"] == "1.00"
    assert api.get(NUMBERS).json["data"] == [bought]
    given = api.send("DELETE", f"{one}?release=true")
    assert given.status_code == 202
    assert (given.json["status"], given.json["provisioning"]["state"]) == ("inactive", "releasing")
    numbers.look(60)
    assert api.get(one).status_code == 404
    assert numbers.desk.telnyx.stock.sold == {}


def test_the_same_key_buys_one_number(api, numbers):
    headers = {"Idempotency-Key": "the-very-same-key"}
    first = api.post(PURCHASE, json=BODY, headers=headers)
    numbers.settle(first.json["id"])
    again = api.post(PURCHASE, json=BODY, headers=headers)
    assert again.json == first.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert numbers.purchases("telnyx") == 1
    other = api.post(PURCHASE, json={**BODY, "number": "+13125550124"}, headers=headers)
    assert other.status_code == 409


def test_removing_without_release_changes_nothing_at_the_carrier(api, numbers):
    number = numbers.buy(NUMBER)
    numbers.settle(number)
    assert api.send("DELETE", f"{NUMBERS}/{number}").status_code == 204
    assert list(numbers.desk.telnyx.stock.sold) == [NUMBER]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("country=usa", "country"),
        ("area_code=3x", "area_code"),
        ("contains=1", "contains"),
        ("locality=", "locality"),
        ("features=pigeon", "features"),
        ("features=", "features"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("provider=acme", "provider"),
        ("city=Chicago", "city"),
    ],
)
def test_a_search_that_is_not_right_names_the_field(api, query, path):
    answer = api.get(f"{AVAILABLE}?{query}")
    assert answer.status_code == 400
    assert fault_paths(answer) == [path]


@pytest.mark.parametrize("body", ["text", [], 7, {}])
def test_what_is_no_purchase_is_refused(api, body):
    assert api.post(PURCHASE, json=body).status_code == 400


def test_every_fault_of_a_purchase_is_told(api):
    answer = api.post(PURCHASE, json={"number": "1", "max_monthly_price": "2", "colour": "red"})
    assert set(fault_paths(answer)) == {"number", "max_monthly_price", "colour"}


@pytest.mark.parametrize("query", ["release=yes", "release=", "force=true"])
def test_a_removal_that_is_not_understood_removes_nothing(api, numbers, query):
    number = numbers.buy(NUMBER)
    numbers.settle(number)
    assert api.send("DELETE", f"{NUMBERS}/{number}?{query}").status_code == 400
    assert numbers.get(number).status == "active"


def test_the_limit_of_the_day_is_named(api, numbers):
    for line in range(120, 130):
        numbers.buy(f"+13125550{line}")
    answer = api.post(PURCHASE, json={**BODY, "number": "+13125550130"})
    assert answer.status_code == 429
    assert answer.json["limit"] == "max_number_purchases_per_day"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_carriers_trouble_is_told_with_its_remedy(api, numbers):
    numbers.sellers["telnyx"] = lambda: client(numbers.desk, "telnyx", key="wrong")
    answer = api.get(AVAILABLE)
    assert answer.status_code == 502
    assert answer.json["type"].endswith("/provider_error")
    assert "TELNYX_API_KEY" in answer.json["detail"]
    numbers.sellers["telnyx"] = lambda: client(numbers.desk, "telnyx", url="http://127.0.0.1:9")
    assert "cannot be reached" in api.get(AVAILABLE).json["detail"]


def test_scopes(api):
    reader = api.key("phone_numbers:read")
    assert api.get(AVAILABLE, token=reader).status_code == 200
    assert api.post(PURCHASE, json=BODY, token=reader).status_code == 403
    assert api.get(AVAILABLE, token=api.key("calls:read")).status_code == 403
    assert api.get(AVAILABLE, token="").status_code == 401


def test_a_carriers_trunk_name_is_kept_changed_and_judged(api):
    body = {"carrier_name": "T", "preset": "telnyx", "sip_gateway": {"ipv4": "sip.example.com"}}
    made = api.post(f"{NUMBERS}/carriers", json={**body, "provider_trunk_id": "12345"}).json
    assert made["provider_trunk_id"] == "12345"
    one = f"{NUMBERS}/carriers/{made['id']}"
    assert api.send("PATCH", one, json={"priority": 3}).json["provider_trunk_id"] == "12345"
    changed = api.send("PATCH", one, json={"provider_trunk_id": None})
    assert changed.json["provider_trunk_id"] is None
    wrong = api.send("PATCH", one, json={"provider_trunk_id": "a b"})
    assert fault_paths(wrong) == ["provider_trunk_id"]
