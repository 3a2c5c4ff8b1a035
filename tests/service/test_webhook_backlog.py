"""Thousands of messages for the slow and the dead, scaled down: live ones pass them by."""

from __future__ import annotations

import factories
import pytest
from gevent.event import Event
from gevent.queue import Queue
from worker_rig import Poster, Rig

from topcalls.net.http import HttpResponse

pytestmark = pytest.mark.service
GOOD = "https://good.example.com/hook"
LIMIT = 10


class Receivers(Poster):
    """The good one accepts; of the others none answers before `over`, and none accepts. Who was
    sent something is in `accepted` or in `kept_waiting`."""

    def __init__(self):
        super().__init__()
        self.over = Event()
        self.accepted = Queue()
        self.kept_waiting = Queue()

    def post(self, url, body, headers=None):
        if url == GOOD:
            self.accepted.put(url)
            return HttpResponse(204, {}, b"", 3)
        self.kept_waiting.put(url)
        self.over.wait()
        return HttpResponse(503, {}, b"", 9000)


@pytest.fixture
def rig(services, tmp_path):
    rig = Rig(services, tmp_path, Receivers(), places=8, doubtful=4)
    yield rig
    rig.poster.over.set()
    rig.close()


def look(rig, times=1):
    for _ in range(times):
        rig.look()
        rig.begin()


def come(messages, count):
    """So many have come, and no more."""
    for _ in range(count):
        messages.get(timeout=LIMIT)
    return messages.empty()


def test_who_accepts_waits_for_none_of_the_others(services, rig):
    who = factories.principal(services, minutes=100_000)
    factories.queued_call(services, who, webhook_url=GOOD)
    look(rig)
    assert rig.lanes.wait(LIMIT)
    assert come(rig.poster.accepted, 1)
    for number in range(200):
        url = f"https://dead{number % 40}.example.com/"
        factories.queued_call(services, who, webhook_url=url)
    look(rig, 5)
    assert come(rig.poster.kept_waiting, 4)
    assert rig.lanes.room_for_doubtful == 0
    for _ in range(3):
        factories.queued_call(services, who, webhook_url=GOOD)
    look(rig, 2)
    assert come(rig.poster.accepted, 3)
    assert rig.poster.kept_waiting.empty()
    rig.poster.over.set()
    assert rig.lanes.wait(LIMIT)
    look(rig)
    assert rig.poster.kept_waiting.get(timeout=LIMIT)


def test_in_one_lane_what_is_new_passes_what_is_tried_again(services, rig):
    """Its receiver was down for long, and is back."""
    who = factories.principal(services, minutes=100_000)
    for _ in range(30):
        factories.queued_call(services, who, webhook_url=GOOD + "/was-down")
    rig.poster.over.set()
    for _ in range(60):
        look(rig)
        assert rig.lanes.wait(LIMIT)
    services.clock.advance(60)
    fresh = factories.queued_call(services, who, webhook_url=GOOD)
    taken = services.webhooks.due(services.clock.now(), 4)
    assert fresh.id in {item.payload.decode().partition('"call_id":"')[2][:36] for item in taken}
    assert len(taken) == 4
