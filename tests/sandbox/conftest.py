"""One running product for all tests of this folder, with a call to every magic number under way."""

import re

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

NUMBERS = {
    "talk": "+12025550100",
    "busy": "+12025550101",
    "no answer": "+12025550102",
    "rejected": "+12025550103",
    "voicemail": "+12025550104",
    "menu": "+12025550105",
    "hangs up": "+12025550106",
    "interrupts": "+12025550107",
    "silent": "+12025550108",
    "dropped stream": "+12025550109",
    "failing model": "+12025550110",
    "tool call": "+12025550111",
    "opt out": "+12025550112",
}
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


def words(details, speaker):
    """Everything one side said, in lower case, without punctuation."""
    said = " ".join(turn["text"] for turn in details["transcript"] if turn["user"] == speaker)
    return re.sub(r"[^a-z0-9' ]", "", said.lower())
