"""In the sandbox its own receivers are reached, and nothing else of the machine it runs on."""

import json
import os

import pytest

from topcalls.compose.receivers import private_webhooks_allowed
from topcalls.config import Settings
from topcalls.net.http import HttpClient, HttpError
from topcalls.sandbox.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.unit
LIMIT = 10


@pytest.fixture
def settings(tmp_path):
    return lambda **fields: Settings(data_dir=tmp_path, **fields)


def write(settings, **endpoints):
    file = settings().sandbox_file
    file.write_text(json.dumps({"faults_url": "http://127.0.0.1:9003/", **endpoints}))
    write.moment += 1
    os.utime(file, (write.moment, write.moment))


write.moment = 1


def test_a_setting_decides_for_all_addresses(settings):
    live = {"telephony": "freeswitch"}
    assert private_webhooks_allowed(settings(allow_private_webhooks=True)) is True
    assert private_webhooks_allowed(settings(allow_private_webhooks=True, **live)) is True
    assert private_webhooks_allowed(settings(**live)) is False


def test_the_sandbox_knows_its_receivers_as_they_are_now(settings):
    allowed = private_webhooks_allowed(settings())
    assert allowed.endpoints() == frozenset()
    write(settings, webhook_url="http://127.0.0.1:9001/")
    assert allowed.endpoints() == {"127.0.0.1:9001"}
    write(settings, webhook_url="http://127.0.0.1:9002/")
    assert allowed.endpoints() == {"127.0.0.1:9002"}
    assert allowed("127.0.0.1", 9002)
    assert not allowed("127.0.0.1", 9003)
    settings().sandbox_file.write_text("half a fi")
    os.utime(settings().sandbox_file, (99, 99))
    assert not allowed("127.0.0.1", 9002)


def test_a_receiver_of_the_sandbox_is_reached_and_its_neighbour_is_not(settings):
    receiver, neighbour = WebhookReceiver(), WebhookReceiver()
    for each in (receiver, neighbour):
        each.start()
    try:
        write(settings, webhook_url=receiver.url)
        http = HttpClient(LIMIT, allow_private=private_webhooks_allowed(settings()))
        assert http.post(receiver.url, b"{}").status == 200
        with pytest.raises(HttpError) as refused:
            http.post(neighbour.url, b"{}")
        assert refused.value.kind == "forbidden_address"
    finally:
        for each in (receiver, neighbour):
            each.stop()
