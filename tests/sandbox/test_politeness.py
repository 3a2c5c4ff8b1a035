"""Two carriers, one person: who may still be rung by the second, in the whole product."""

import pytest
from product import Product
from trunks import Trunks, dials

RINGS_LONG, RINGS_SHORTLY, PICKS_UP = "+12025550160", "+12025550161", "+12025550106"

THE_CARRIER_FAILS = """
name: {name}
number: "{number}"
description: The phone rings, whereupon the carrier fails with a 503.
callee:
  - ring: {seconds}
  - fail: NORMAL_TEMPORARY_FAILURE
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """The product, which holds two seconds of ringing for a person's phone."""
    directory = tmp_path_factory.mktemp("politeness")
    people = directory / "people"
    people.mkdir()
    for name, number, seconds in (("long", RINGS_LONG, 3), ("shortly", RINGS_SHORTLY, 0.3)):
        told = THE_CARRIER_FAILS.format(name=name, number=number, seconds=seconds)
        (people / f"{name}.yaml").write_text(told)
    product = Product(directory, TOPCALLS_POLITENESS_SECONDS="2").start("--scenario", str(people))
    yield product
    assert product.stop() == 0


@pytest.fixture
def trunks(product):
    return Trunks(product)


def test_whose_phone_rang_long_is_not_rung_again_by_the_next_carrier(trunks):
    first, _ = trunks.in_order("a.carrier.test", "b.carrier.test")
    call = trunks.call(RINGS_LONG)
    assert dials(call) == [(first, 503, "stop")]
    (dial,) = call["routing"]
    assert 2 <= dial["rang_seconds"] < 10
    assert "rung twice" in dial["why"]
    assert (call["status"], call["ended_by"]) == ("failed", "carrier")


def test_whose_phone_hardly_rang_is_called_by_the_next_carrier(trunks):
    first, second = trunks.in_order("a.carrier.test", "b.carrier.test")
    call = trunks.call(RINGS_SHORTLY)
    assert dials(call) == [(first, 503, "try_next"), (second, 503, "stop")]
    assert call["routing"][0]["rang_seconds"] < 2


@pytest.mark.parametrize(
    ("status", "call_status"), [(486, "busy"), (600, "busy"), (603, "rejected")]
)
def test_who_is_busy_or_declines_is_not_called_by_the_next_carrier(trunks, status, call_status):
    first, _ = trunks.in_order(f"{status}.carrier.test", "b.carrier.test")
    call = trunks.call(PICKS_UP)
    assert dials(call) == [(first, status, "stop")]
    assert (call["call_status"], call["ended_by"]) == (call_status, "callee")


@pytest.mark.parametrize("status", [503, 500, 408])
def test_a_carriers_own_trouble_is_left_to_the_next_one(trunks, status):
    first, second = trunks.in_order(f"{status}.carrier.test", "b.carrier.test")
    call = trunks.call(PICKS_UP)
    assert dials(call) == [(first, status, "try_next"), (second, None, None)]
    assert (call["call_status"], call["end_reason"]) == ("completed", "callee_hung_up")
