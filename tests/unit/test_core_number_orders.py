"""Waiting times and prices of number orders."""

from datetime import timedelta
from decimal import Decimal

import pytest

from topcalls.core.number_orders import TRIES, delay, plain, price_fault

pytestmark = pytest.mark.unit


def fault(monthly, upfront=None, currency="USD", limit="2"):
    given = [None if price is None else Decimal(price) for price in (monthly, upfront)]
    return price_fault(*given, currency, Decimal(limit), "USD")


def test_a_price_within_the_limit_is_well():
    assert fault("2.00") is None
    assert fault("1", "2") is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("2.01",), "It costs 2.01 USD a month; the limit is 2.00."),
        (("1", "3"), "3.00 USD to set up"),
        ((None,), "tells no price"),
        (("1", None, "EUR"), "sold in EUR"),
    ],
)
def test_any_other_price_is_refused_by_name(arguments, words):
    assert words in fault(*arguments)


def test_prices_are_written_with_two_decimals_or_more():
    assert [plain(Decimal(text)) for text in ("1.00000", "1.5", "0.0125")] == [
        "1.00",
        "1.50",
        "0.0125",
    ]


def test_looks_become_rare_and_go_on_for_days():
    waits = [delay(TRIES - count) for count in range(1, TRIES)]
    assert waits[:3] == [timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=4)]
    assert waits == sorted(waits)
    assert max(waits) == timedelta(hours=1)
    assert timedelta(days=7) < sum(waits, timedelta()) < timedelta(days=14)
