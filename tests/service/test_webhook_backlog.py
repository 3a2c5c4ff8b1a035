"""Thousands of messages for the slow and the dead, scaled down: live ones pass them by."""

from __future__ import annotations

import factories
import gevent
import pytest
from gevent.event import Event
from worker_rig import Poster, Rig

from topcalls.net.http import HttpResponse

pytestmark = pytest.mark.service
GOOD = "https://good.example.com/hook"
LIMIT = 10


class Receivers(Poster):
    """The good one accepts; of the others none answers before `over`, and none accepts."""

    def __init__(self):
        super().__init__()
        self.over = Event()
        self.accepted = []
        self.waiting = 0

    def post(self, url, body, headers=None):
        if url == GOOD:
            self.accepted.append(headers["webhook-id"])
            return HttpResponse(204, {}, b"", 3)
        self.waiting += 1
        assert self.over.wait(LIMIT)
        return HttpResponse(503, {}, b"", 9000)


@pytest.fixture
def rig(services, tmp_path):
    rig = Rig(services, tmp_path, Receivers(), places=8, doubtful=4)
    yield rig
    rig.close()


def look(rig, times=1):
    for _ in range(times):
        rig.look()
        rig.begin()
        gevent.sleep(0)


def test_who_accepts_waits_for_none_of_the_others(services, rig):
    who = factories.principal(services, minutes=100_000)
    factories.queued_call(services, who, webhook_url=GOOD)
    look(rig, 2)
    assert len(rig.poster.accepted) == 1
    for number in range(200):
        url = f"https://dead{number % 40}.example.com/"
        factories.queued_call(services, who, webhook_url=url)
    look(rig, 5)
    assert (rig.poster.waiting, rig.lanes.room_for_doubtful) == (4, 0)
    for _ in range(3):
        factories.queued_call(services, who, webhook_url=GOOD)
    look(rig, 2)
    assert len(rig.poster.accepted) == 4
    assert rig.poster.waiting == 4
    rig.poster.over.set()
    assert rig.lanes.wait(LIMIT)
    look(rig, 3)
    assert rig.poster.waiting > 4


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
