"""What the doctor says of the AI server and its model, against the double and worse peers."""

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import gevent
import pytest
from doctor_rig import by_check, dead_port, frozen_peer, levels
from gevent.pywsgi import WSGIServer

from topcalls.clock import ManualClock, SystemClock
from topcalls.core.checkup import Level
from topcalls.providers.openai import checkup
from topcalls.providers.openai.checkup import ServerCheckup
from topcalls.providers.registry import DEFAULT_REALTIME_MODEL
from topcalls.sandbox.server import Sandbox

pytestmark = pytest.mark.service
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def openai_url(tmp_path_factory):
    """The double's base URL."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"))
    sandbox.openai.start()
    yield sandbox.openai.base_url
    sandbox.openai.stop()


@pytest.fixture
def answering():
    """Starts a server that gives one answer to everything; returns its base URL."""
    servers = []

    def start(status, body="{}", **headers):
        def app(_, start_response):
            given = [(name.replace("_", "-"), value) for name, value in headers.items()]
            start_response(status, [("Content-Type", "application/json"), *given])
            return [body.encode()]

        server = WSGIServer(("127.0.0.1", 0), app, log=None)
        server.start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/v1"

    yield start
    for server in servers:
        server.stop(timeout=0)


def look(url, *, key="sk-test", model=DEFAULT_REALTIME_MODEL, clock=None):
    return list(ServerCheckup(url, key, model, clock or SystemClock()).findings())


@pytest.mark.parametrize(
    ("name", "level", "words"),
    [
        (DEFAULT_REALTIME_MODEL, Level.OK, "no shutdown"),
        ("gpt-realtime", Level.WARNING, "2027-01-20"),
        ("gpt-4o-realtime-preview", Level.FAULT, "2026-05-07"),
        ("gpt-4o-mini", Level.FAULT, "speech-to-speech"),
        ("our-own-model", Level.OK, "not on our list"),
    ],
)
def test_what_is_known_of_a_model(name, level, words):
    (finding,) = checkup.model(name, TODAY)
    assert finding.level is level
    assert words in finding.found


def test_a_server_that_takes_the_key_and_has_the_model(openai_url, monkeypatch):
    monkeypatch.setattr(checkup, "SLOW_SECONDS", 60)
    found = levels(look(openai_url))
    assert found["ai_server"] is Level.OK
    assert found["ai_model_offered"] is Level.OK


def test_a_server_that_is_slow_is_told_of(openai_url, monkeypatch):
    monkeypatch.setattr(checkup, "SLOW_SECONDS", 0)
    found = by_check(look(openai_url))["ai_server"]
    assert found.level is Level.WARNING
    assert "answers in" in found.found


def test_a_key_that_is_refused(openai_url):
    (finding, *_) = look(openai_url, key="sk-bad")
    assert finding.level is Level.FAULT
    assert "does not accept the key" in finding.found
    assert "sk-bad" not in finding.found + finding.remedy


def test_a_model_that_the_server_does_not_list(openai_url):
    found = by_check(look(openai_url, model="gpt-nobody"))["ai_model_offered"]
    assert found.level is Level.WARNING


def test_a_model_that_the_server_will_end(openai_url):
    near = ManualClock(datetime(2026, 12, 1, tzinfo=UTC))
    past = ManualClock(datetime(2027, 2, 1, tzinfo=UTC))
    found = by_check(look(openai_url, model="gpt-realtime", clock=near))["ai_model_offered"]
    assert found.level is Level.WARNING
    assert DEFAULT_REALTIME_MODEL in found.remedy
    found = by_check(look(openai_url, model="gpt-realtime", clock=past))["ai_model_offered"]
    assert found.level is Level.FAULT


@pytest.mark.parametrize(
    ("status", "level", "words"),
    [
        ("403 Forbidden", Level.WARNING, "403"),
        ("404 Not Found", Level.WARNING, "404"),
        ("429 Too Many Requests", Level.WARNING, "credit"),
        ("500 Internal Server Error", Level.FAULT, "out of order"),
        ("302 Found", Level.FAULT, ""),
    ],
)
def test_other_refusals(answering, status, level, words):
    (finding, *_) = look(answering(status))
    assert finding.level is level
    assert words in finding.found


@pytest.mark.parametrize("body", ["<html>", '"text"', "[1]", '{"data": 5}', "{}", ""])
def test_an_answer_that_is_no_list_of_models(answering, body):
    found = levels(look(answering("200 OK", body)))
    assert found["ai_server"] is Level.FAULT
    assert "ai_model_offered" not in found


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, Level.OK), (-30, Level.WARNING), (3600, Level.FAULT)]
)
def test_clocks_are_compared_even_where_the_key_is_refused(answering, seconds, level):
    theirs = datetime.now(UTC) + timedelta(seconds=seconds)
    url = answering("401 Unauthorized", Date=format_datetime(theirs, usegmt=True))
    found = levels(look(url))
    assert found["clock_of_ai"] is level
    assert found["ai_server"] is Level.FAULT


def test_nobody_listens():
    (finding,) = look(f"http://127.0.0.1:{dead_port()}/v1")
    assert finding.level is Level.FAULT
    assert "cannot be reached" in finding.found


def test_somebody_accepts_and_never_answers(monkeypatch):
    monkeypatch.setattr(checkup, "SECONDS", 0.3)
    with frozen_peer() as port, gevent.Timeout(30):
        (finding,) = look(f"http://127.0.0.1:{port}/v1")
    assert finding.level is Level.FAULT
    assert "does not answer" in finding.found


@pytest.mark.parametrize("url", ["api.openai.com/v1", "ftp://x/v1", "", "http://"])
def test_a_base_url_that_is_none(url):
    (finding,) = look(url)
    assert finding.level is Level.FAULT
    assert finding.remedy
