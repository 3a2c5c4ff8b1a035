"""One running product for all tests of this folder, with a call to every magic number under way."""

import pytest
from fault_fixtures import (  # noqa: F401 - fixtures
    clock_settings,
    fault_directory,
    faulty,
    full_disk,
    idle,
    place,
    set_clock,
    small_disks,
)
from product import Product
from scenarios import NUMBERS

WISHES = {
    "no answer": {"ring_timeout_seconds": 5},
    "silent": {"silence_timeout_seconds": 5},
}


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    """The product, running."""
    product = Product(tmp_path_factory.mktemp("product")).start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="session")
def calls(product):
    """A call to every magic number, all placed at once: name to call id."""
    return {
        name: product.place(number, metadata={"scenario": name}, **WISHES.get(name, {}))
        for name, number in NUMBERS.items()
    }


@pytest.fixture
def ended(product, calls):
    """Details of the named scenario's call, once it is over and wrapped up."""
    return lambda name: product.wait_over(calls[name], seconds=120)
