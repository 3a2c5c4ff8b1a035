"""`topcalls listen` over a socket: what happens is printed, verified and forwarded."""

from __future__ import annotations

import factories
import gevent
import pytest
import waiting
from api_client import PUBLIC_URL, api_services
from click.testing import CliRunner

from topcalls.api import server
from topcalls.api.app import create_app
from topcalls.cli import listen
from topcalls.cli.client import ApiClient, ApiError
from topcalls.config import Settings
from topcalls.sandbox.webhook_receiver import WebhookReceiver
from topcalls.store.models import WebhookListener

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
LIMIT = 10


@pytest.fixture
def served(api):
    app = create_app(api_services(api.services), public_url=PUBLIC_URL)
    running = server.build(app, "127.0.0.1", 0)
    running.start()
    yield f"http://127.0.0.1:{running.port}"
    running.stop()


@pytest.fixture
def receiver():
    receiver = WebhookReceiver()
    receiver.start()
    yield receiver
    receiver.stop()


def message_of(api, served):
    """What a listener gets of a call."""
    client = ApiClient(served, api.token)
    listener = client.post("/v1/webhooks/listeners")
    api.create()
    api.services.clock.advance(2)
    path = f"/v1/webhooks/listeners/{listener['id']}/messages"
    (message,) = client.get(path, cursor=listener["cursor"], wait=1)["data"]
    return listener["secret"], message


@pytest.fixture
def today(api):
    """Whoever verifies a signature looks at how old it is."""
    api.services.clock.advance(listen.time.time() - factories.START.timestamp())


def test_a_message_is_verified_printed_and_forwarded(api, served, today, receiver, capsys):
    secret, message = message_of(api, served)
    receiver.expect_secret(secret)
    listen.show(message, secret, receiver.url, as_json=False)
    assert [one.is_verified for one in receiver.deliveries] == [True]
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split() == ["call.queued", message["call_id"], "#1", ">", "200"]


def test_a_message_that_was_changed_is_refused(api, served, today):
    secret, message = message_of(api, served)
    with pytest.raises(ApiError, match="not signed"):
        listen.show({**message, "body": message["body"] + " "}, secret, None, as_json=True)


def test_a_local_server_that_does_not_run_is_told(api, served, today, capsys):
    secret, message = message_of(api, served)
    listen.show(message, secret, "http://127.0.0.1:1/", as_json=False)
    assert "no answer" in capsys.readouterr().out


def test_the_command_follows_until_it_is_interrupted(api, served, today, monkeypatch):
    settings = Settings(public_url=served, api_key=api.token)
    printed = []

    def stop_after_one(message, *_):
        printed.append(message["event"])
        raise KeyboardInterrupt

    monkeypatch.setattr(listen, "show", stop_after_one)
    wish = ["--event", "call.queued"]
    running = gevent.spawn(CliRunner().invoke, listen.listen, wish, obj=settings)
    waiting.until(lambda: listeners(api), "the listener")
    api.create()
    api.services.clock.advance(2)
    result = running.get(timeout=LIMIT)
    assert result.exit_code == 0
    assert printed == ["call.queued"]
    assert not listeners(api)


def listeners(api):
    return api.services.db.read(WebhookListener.select().count)
