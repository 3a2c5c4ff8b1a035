"""One running product for all tests of this folder, and calls to its magic numbers."""

import pytest
from browser_fixtures import browser, clinic, reader, told, window  # noqa: F401 - fixtures
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


class Calls(dict):
    """Name to call id. A call is placed when somebody first wants it."""

    def __init__(self, product):
        super().__init__()
        self._product = product

    def __missing__(self, name):
        wishes = {"metadata": {"scenario": name}, **WISHES.get(name, {})}
        self[name] = self._product.place(NUMBERS[name], **wishes)
        return self[name]

    def place_all(self):
        for name in NUMBERS:
            self[name]


@pytest.fixture(scope="session")
def calls(product):
    """One call to each magic number that a test asks for."""
    return Calls(product)


@pytest.fixture
def ended(product, calls):
    """Details of the named scenario's call, once it is over and wrapped up."""
    return lambda name: product.wait_over(calls[name], seconds=120)
