"""What is promised for the seconds after a call: its recording, and its webhook."""

import time
from datetime import datetime

import pytest
from product import Product

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

FRIENDLY = "+12025550100"
BUSY = "+12025550101"
PROMISED = 15.0
AT_ONCE = 20
CLOSE = 5.0
"""Seconds that a webhook may come later on a machine that is busy."""


@pytest.fixture(scope="module")
def promised(tmp_path_factory):
    """A product that sends its webhooks when it does by default."""
    product = Product(tmp_path_factory.mktemp("promised"))
    del product.environment["TOPCALLS_COMPLETED_WEBHOOK_SECONDS"]
    product.start()
    yield product
    assert product.stop() == 0


@pytest.fixture(scope="module")
def over(promised):
    """Twenty calls at once that are over, and when the recording of each was first seen there."""
    ids = {promised.place(FRIENDLY, summary={}) for _ in range(AT_ONCE)}
    seen = {}

    def all_there(page):
        for call in page["data"]:
            if call["id"] in ids and call["recording_url"]:
                seen.setdefault(call["id"], (call, time.time()))
        return len(seen) == AT_ONCE

    promised.wait_at("/v1/calls?limit=200", all_there, seconds=120)
    return seen


def moment(text):
    return datetime.fromisoformat(text).timestamp()


def test_recordings_of_twenty_calls_that_end_together_are_ready_in_fifteen_seconds(promised, over):
    for call, at in over.values():
        assert at - moment(call["end_at"]) <= PROMISED
        sound = promised.request("GET", call["recording_url"].removeprefix(promised.url))
        assert (sound.status, sound.headers["Content-Type"]) == (200, "audio/mpeg")
        assert len(sound.body) > 10_000


def test_their_webhooks_come_fifteen_seconds_after_their_ends_with_everything(promised, over):
    for call_id in over:
        delivery = promised.wait_webhook(call_id, "call.completed", seconds=40)
        late = moment(delivery["finished_at"]) - moment(promised.details(call_id)["end_at"])
        assert PROMISED <= late <= PROMISED + CLOSE
    told = {
        one["body"]["call_id"]: one["body"]
        for one in promised.received_webhooks()["deliveries"]
        if one["body"]["event"] == "call.completed"
    }
    for call_id in over:
        body = told[call_id]
        assert body["completed"]
        assert body["recording_url"]
        assert body["call_summary"]
        assert len(body["transcript"]) > 1


def test_a_call_that_fails_is_told_at_once(promised):
    call_id = promised.place(BUSY)
    delivery = promised.wait_webhook(call_id, "call.failed")
    late = moment(delivery["finished_at"]) - moment(promised.details(call_id)["end_at"])
    assert late <= CLOSE
