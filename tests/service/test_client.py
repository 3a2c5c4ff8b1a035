"""The Python client: typed operations, what it repeats, what it raises, streams and webhooks."""

import json
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import factories
import httpx2
import pytest
from gevent import subprocess
from standardwebhooks import Webhook

from topcalls.api import server as api_server
from topcalls.client import ApiError, TopCalls, Unreachable, WrongSignature, verified
from topcalls.core.transcript import Turn

pytest_plugins = ("api_fixtures",)
pytestmark = pytest.mark.service
ROOT = Path(__file__).parents[2]
KEY = "tc_test_" + "k" * 43
SECRET = "whsec_" + "c2VjcmV0" * 4
PROBLEM = {
    "type": "https://api.topcalls.ai/errors/invalid_request",
    "detail": "The body of this request is not right: see 'errors'. Correct it.",
    "remedy": "Correct it.",
    "errors": [{"path": "phone_number", "message": "Is not an E.164 number.", "code": "not_e164"}],
}


@pytest.fixture
def kind():
    """What the API answers is tried on both databases elsewhere."""
    return "sqlite"


@pytest.fixture
def topcalls(api):
    transport = httpx2.WSGITransport(app=api.app)
    with TopCalls("http://api.test", api.token, client=httpx2.Client(transport=transport)) as made:
        yield made


class Server:
    """Answers requests as it was told, one after the other, the last one for ever."""

    def __init__(self, *answers):
        self._answers = list(answers)
        self.requests = []
        self.waits = []
        self.client = httpx2.Client(transport=httpx2.MockTransport(self._answer))

    def _answer(self, request):
        self.requests.append(request)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return httpx2.Response(status, headers=headers, json={"ok": True})

    def topcalls(self, **options):
        sleep = self.waits.append
        return TopCalls("http://a.test/", KEY, client=self.client, sleep=sleep, **options)


# --- operations


def test_a_call_is_created_and_read(topcalls):
    made = topcalls.calls.create(phone_number=factories.NUMBER, task="Say hello.")
    call = topcalls.calls.get(made["call_id"])
    assert (call["phone_number"], call["status"]) == (factories.NUMBER, "queued")


def test_pages_are_followed(api, topcalls):
    made = {factories.queued_call(api.services, api.owner).id for _ in range(5)}
    assert {call["id"] for call in topcalls.calls.every(limit=2)} == made


def test_what_is_sent_by_a_name_of_python_arrives(topcalls):
    report = topcalls.analytics.get(from_="2026-11-01", to="2026-11-02")
    assert report["total"]["calls"] == 0


def test_nothing_comes_of_what_answers_nothing(topcalls):
    made = topcalls.agents.create(name="Front desk", configuration={"task": "Say hello."})
    assert topcalls.agents.archive(made["id"]) is None
    assert topcalls.agents.get(made["id"])["status"] == "archived"


def test_bytes_are_sent_and_told_as_they_are(topcalls):
    uploaded = topcalls.do_not_call.upload_entries(b"phone_number\n+12025550123\n")
    assert uploaded["inserted"] == 1
    assert b"+12025550123" in topcalls.do_not_call.export_entries()


def test_a_part_of_a_path_leads_nowhere_else(topcalls):
    with pytest.raises(ApiError) as refused:
        topcalls.calls.get("../account/balance")
    assert refused.value.status == 404


def test_a_refusal_tells_which_field_is_wrong(topcalls):
    with pytest.raises(ApiError, match=r"phone_number: Is not an E\.164 number") as refused:
        topcalls.calls.create(phone_number="12", task="Say hello.")
    assert refused.value.slug == "invalid_request"
    assert [fault.path for fault in refused.value.faults] == ["phone_number"]


@pytest.mark.parametrize(
    ("url", "key"), [("calls.example.com", KEY), ("http://a.test", "sk-123"), ("http://a.test", "")]
)
def test_what_is_no_address_and_no_key_is_refused_at_once(url, key, monkeypatch):
    monkeypatch.delenv("TOPCALLS_API_KEY", raising=False)
    with pytest.raises(ValueError, match="must be"):
        TopCalls(url, key)


# --- repeating


@pytest.mark.parametrize("first", [429, 503, 502, 500, 504, httpx2.ReadTimeout("slow")])
def test_reading_is_repeated(first):
    server = Server(first, 200)
    server.topcalls().account.get_balance()
    assert len(server.requests) == 2


@pytest.mark.parametrize("first", [429, 502, httpx2.ReadTimeout("slow")])
def test_what_has_an_idempotency_key_is_repeated_with_the_same(first):
    server = Server(first, 201)
    server.topcalls().calls.create(phone_number=factories.NUMBER, task="Say hello.")
    keys = [request.headers["Idempotency-Key"] for request in server.requests]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_two_calls_have_two_idempotency_keys_and_ones_own_is_kept():
    server = Server(201)
    topcalls = server.topcalls()
    for key in (None, None, "mine-and-no-other"):
        topcalls.calls.create(phone_number=factories.NUMBER, task="Hello.", idempotency_key=key)
    first, second, third = (request.headers["Idempotency-Key"] for request in server.requests)
    assert first != second
    assert third == "mine-and-no-other"


@pytest.mark.parametrize("first", [502, 500])
def test_what_may_have_been_done_is_not_done_again(first):
    server = Server(first, 201)
    with pytest.raises(ApiError):
        server.topcalls().lists.create(name="People")
    assert len(server.requests) == 1


def test_an_answer_that_was_lost_is_not_asked_for_again():
    server = Server(httpx2.ReadTimeout("slow"), 201)
    with pytest.raises(Unreachable, match="slow"):
        server.topcalls().lists.create(name="People")
    assert len(server.requests) == 1


@pytest.mark.parametrize("first", [429, 503, httpx2.ConnectError("refused")])
def test_what_was_certainly_not_done_is_asked_again(first):
    server = Server(first, 201)
    server.topcalls().lists.create(name="People")
    assert len(server.requests) == 2


def test_it_waits_as_long_as_it_is_told():
    server = Server((429, {"Retry-After": "7"}), 200)
    server.topcalls().account.get_balance()
    assert server.waits == [7]


def test_who_would_have_to_wait_for_too_long_is_told():
    server = Server((429, {"Retry-After": "3600"}), 200)
    with pytest.raises(ApiError):
        server.topcalls().account.get_balance()
    assert server.waits == []


def test_it_gives_up_after_some_tries_each_later_than_the_one_before():
    server = Server(httpx2.ConnectError("refused"))
    with pytest.raises(Unreachable, match="refused"):
        server.topcalls(tries=4).account.get_balance()
    assert len(server.requests) == 4
    assert server.waits == sorted(server.waits)
    assert server.waits[0] >= 0.3


def test_a_refusal_is_told_at_once():
    server = Server(400)
    with pytest.raises(ApiError):
        server.topcalls().account.get_balance()
    assert len(server.requests) == 1


def test_an_error_that_is_no_problem_document_has_its_status():
    client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(418, text="?")))
    with pytest.raises(ApiError, match="Status 418"):
        TopCalls("http://a.test", KEY, client=client).account.get_balance()


def test_all_of_a_problem_is_told():
    error = ApiError(400, PROBLEM)
    assert str(error).splitlines() == [
        PROBLEM["detail"],
        "phone_number: Is not an E.164 number.",
    ]
    assert error.remedy == "Correct it."


# --- streams


@pytest.fixture
def life(api):
    call = factories.claimed_call(api.services, api.owner)
    return factories.Life(api.services, call).talk(10)


@pytest.fixture
def server(api):
    streams = api.app.extensions["topcalls"].event_streams
    made = api_server.build(api.app, "127.0.0.1", 0, streams.close)
    made.start()
    yield made
    made.stop(timeout=1)


def follow(api, server, life):
    with TopCalls(f"http://127.0.0.1:{server.port}", api.token) as topcalls:
        return list(topcalls.live_calls.follow_call_events(life.call_id))


def test_a_call_is_followed_to_its_end(api, server, life):
    api.services.calls.append_turn(life.call_id, Turn(1, "user", "Hello?", 500, 1500))
    life.hang_up()
    events = follow(api, server, life)
    assert [event.data["text"] for event in events if event.name == "turn"] == ["Hello?"]
    assert events[-1].name == "end"


def test_who_was_cut_off_comes_again_with_the_last_id():
    first = b'id: 7\nevent: turn\ndata: {"id": 1}\n\n'
    last = b"id: 8\nevent: end\ndata: {}\n\n"
    seen = []

    def answer(request):
        seen.append(request.headers.get("Last-Event-ID"))
        content = first if len(seen) == 1 else last
        return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, content=content)

    client = httpx2.Client(transport=httpx2.MockTransport(answer))
    topcalls = TopCalls("http://a.test", KEY, client=client, sleep=lambda _: None)
    events = list(topcalls.live_calls.follow_call_events("c"))
    assert [event.name for event in events] == ["turn", "end"]
    assert seen == [None, "7"]


def test_a_stream_that_is_over_is_empty():
    client = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(204)))
    topcalls = TopCalls("http://a.test", KEY, client=client)
    assert list(topcalls.live_calls.follow_call_events("c")) == []


def test_a_stream_that_is_refused_says_why():
    answer = httpx2.Response(403, json={"detail": "This key lacks the scope 'calls:read'."})
    client = httpx2.Client(transport=httpx2.MockTransport(lambda _: answer))
    with pytest.raises(ApiError, match="lacks the scope"):
        list(TopCalls("http://a.test", KEY, client=client).live_calls.follow_call_events("c"))


# --- webhooks


def signed(body, secret=SECRET, at=None):
    at = at or datetime.now(UTC)
    headers = {
        "Webhook-Id": "m1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("m1", at, body),
    }
    return body.encode(), headers


def test_a_signed_webhook_is_believed():
    body, headers = signed(json.dumps({"event": "call.completed"}))
    assert verified(body, headers, SECRET) == {"event": "call.completed"}
    assert verified(body, headers, ["whsec_" + "b2xk" * 8, SECRET])["event"] == "call.completed"


@pytest.mark.parametrize("wrong", ["body", "secret", "old", "nothing"])
def test_any_other_is_not(wrong):
    old = datetime.now(UTC) - timedelta(minutes=6)
    body, headers = signed("{}", at=old if wrong == "old" else None)
    secret = "whsec_" + "b3RoZXI=" * 4 if wrong == "secret" else SECRET
    body = b"[]" if wrong == "body" else body
    headers = {} if wrong == "nothing" else headers
    with pytest.raises(WrongSignature):
        verified(body, headers, secret)


# --- the page about it


def test_every_example_of_the_page_runs(api, server, life, tmp_path):
    life.hang_up()
    page = (ROOT / "docs" / "client.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 4
    program = tmp_path / "examples.py"
    program.write_text("\n".join(blocks))
    settings = {
        "TOPCALLS_PUBLIC_URL": f"http://127.0.0.1:{server.port}",
        "TOPCALLS_API_KEY": api.token,
        "CALL_ID": str(life.call_id),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-W", "error", str(program)]
    # The server answers in this process meanwhile.
    ran = subprocess.run(
        command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60
    )
    assert ran.returncode == 0, ran.stdout.decode()
