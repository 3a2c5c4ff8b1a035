"""Fixtures of the tests on a real switch: one running product for all of them."""

import os
import shutil
from pathlib import Path

import pytest
from freeswitch_lab import SHARED, LiveProduct, Relay, callee_address, switch_address
from telephones import Callee

from topcalls.esl.connection import EventSocketConnection


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A directory that the switch sees too."""
    if not (shared := os.environ.get(SHARED)):
        yield tmp_path_factory.mktemp("live")
        return
    directory = Path(shared) / f"topcalls-test-{os.getpid()}"
    directory.mkdir(parents=True)
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def relay():
    relay = Relay(switch_address())
    yield relay
    relay.close()


@pytest.fixture(scope="session")
def product(home, relay):
    product = LiveProduct(home / "product", switch_address(), relay.port)
    yield product.start()
    assert product.stop() == 0


@pytest.fixture
def switch():
    """A line to the switch, as an operator has one: asks, and returns the answer."""
    address = switch_address()
    with EventSocketConnection(address.host, address.port, address.password) as line:
        yield lambda command: line.send(f"api {command}").data.strip()


@pytest.fixture
def telephone(tmp_path):
    """Makes the one telephone of a test."""
    made = []

    def make(scenario, **settings):
        made.append(Callee(callee_address(), tmp_path, scenario, **settings))
        return made[-1]

    yield make
    for callee in made:
        callee.close()


@pytest.fixture
def say(product, request):
    """The callee's voice, in words that the AI understands."""
    return product.mind.voice_of(request.node.name)
