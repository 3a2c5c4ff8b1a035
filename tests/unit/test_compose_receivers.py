"""In the sandbox its own receivers are reached, and nothing else of the machine it runs on."""

import json
import os

import pytest
from cryptography.fernet import Fernet

from topcalls.compose.receivers import ourselves, private_webhooks_allowed, reach
from topcalls.config import Settings
from topcalls.net.http import HttpClient, HttpError
from topcalls.sandbox.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.unit
LIMIT = 10
KEY = Fernet.generate_key().decode()


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


def test_our_own_servers_are_known_by_every_name_that_is_configured(settings):
    live = settings(
        public_url="https://calls.example.com",
        listen_url="https://listen.example.com/node-1",
        recording_api_url="https://inside.example.com:8443",
        api_host="0.0.0.0",
        api_port=8080,
        secret_key=KEY,
    )
    named = {"calls.example.com:443", "listen.example.com:443", "inside.example.com:8443"}
    here = {"127.0.0.1:8080", "localhost:8080", "::1:8080"}
    assert ourselves(live).endpoints == named | here
    assert reach(live)().own == named | here


def test_the_mark_is_of_the_installation_and_tells_nothing_of_its_key(settings):
    mark = ourselves(settings(secret_key=KEY)).mark
    assert mark == ourselves(settings(secret_key=KEY, api_port=9)).mark
    assert mark != ourselves(settings(secret_key=Fernet.generate_key().decode())).mark
    assert KEY not in mark


def test_what_may_be_reached_follows_the_sandbox(settings):
    now = reach(settings(secret_key=KEY))
    write(settings, webhook_url="http://127.0.0.1:9001/")
    assert now().private == {"127.0.0.1:9001"}
    assert reach(settings(allow_private_webhooks=True, secret_key=KEY))().private is True
