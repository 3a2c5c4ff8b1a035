"""Greenlets are counted while they live."""

import gc

import gevent
import pytest
from gevent.event import Event

from topcalls.census import Census

pytestmark = pytest.mark.unit


@pytest.fixture
def census():
    made = Census()
    yield made
    made.close()


def test_greenlets_count_from_their_start_to_their_end(census):
    over = Event()
    waiting = [gevent.spawn(over.wait) for _ in range(3)]
    gevent.idle()
    assert census.count() == 3
    over.set()
    gevent.joinall(waiting)
    assert census.count() == 0


def test_nobody_is_kept_by_being_counted(census):
    gevent.joinall([gevent.spawn(int) for _ in range(20)])
    gevent.idle()
    gc.collect()
    assert len(census._started) <= 1  # the hub may still hold the last one


def test_greenlets_after_its_end_do_not_count(census):
    census.close()
    waiting = gevent.spawn(gevent.sleep, 10)
    gevent.idle()
    assert census.count() == 0
    waiting.kill()
