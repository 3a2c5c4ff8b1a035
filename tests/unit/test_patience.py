"""A time-out that ran out while the process was held up looks at the sockets once more."""

import time

import gevent
import pytest
from gevent import Timeout, socket
from gevent.event import AsyncResult

pytestmark = pytest.mark.unit
SECONDS = 0.05


@pytest.fixture
def answers():
    """What a reader greenlet has read, and the far end of its socket."""
    ours, theirs = socket.socketpair()
    read = AsyncResult()
    reading = gevent.spawn(lambda: read.set(ours.recv(10)))
    yield read, theirs
    reading.kill()
    ours.close()
    theirs.close()


def hold_up():
    """The whole process, for longer than anybody waits."""
    until = time.monotonic() + 2 * SECONDS
    while time.monotonic() < until:
        pass


def test_an_answer_that_came_while_we_were_held_up_is_in_time(answers):
    read, theirs = answers
    waiting = gevent.spawn(read.get, timeout=SECONDS)
    gevent.idle()
    theirs.sendall(b"yes")
    hold_up()
    assert waiting.get(timeout=5) == b"yes"


def test_without_an_answer_it_goes_off(answers):
    read, _ = answers
    began = time.monotonic()
    with pytest.raises(Timeout) as raised, Timeout(SECONDS) as limit:
        read.get()
    assert raised.value is limit
    assert time.monotonic() - began >= SECONDS
    with Timeout(SECONDS, False):
        read.get()
        pytest.fail("it did not go off")


def test_one_that_is_taken_back_does_not_go_off(answers):
    limit = Timeout.start_new(SECONDS)
    hold_up()
    gevent.sleep(0)  # it has run out, and gives way
    limit.close()
    for _ in range(10):
        gevent.idle()
