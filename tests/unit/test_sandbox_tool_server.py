"""The double of a customer's tool server, over real sockets."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from topcalls.net.http import HttpClient, HttpError
from topcalls.sandbox.http_wire import HttpServer
from topcalls.sandbox.tool_server import ToolServer

pytestmark = pytest.mark.unit
LIMIT = 5.0
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def server():
    server = ToolServer(slow_seconds=0.3, later_seconds=0.01)
    server.start()
    yield server
    server.stop()


def call(server, path="", *, tool="look_up_order", key="call.use", secret=None, **more):
    body = json.dumps({"tool": tool, "arguments": {"order": 7}, **more}).encode()
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "idempotency-key": key,
        "webhook-id": "use",
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if secret:
        signed = Webhook(secret).sign(msg_id="use", timestamp=now, data=body.decode())
        headers["webhook-signature"] = signed
    client = HttpClient(LIMIT, 20 << 20, allow_private=True)
    return client.post(server.url + path, body, headers)


def test_known_functions_have_answers_and_others_say_what_they_got(server):
    assert json.loads(call(server).body)["status"] == "shipped"
    told = json.loads(call(server, tool="other", key="2").body)
    assert told == {"you_called": "other", "with": {"order": 7}}
    assert [one.tool for one in server.wait_for(2)] == ["look_up_order", "other"]


def test_answers_can_be_given_and_the_journal_read(server):
    client = HttpClient(LIMIT, allow_private=True)
    put = client.request("PUT", server.url + "-/answers", b'{"look_up_order": {"status": "lost"}}')
    assert put.status == 204
    assert json.loads(call(server).body) == {"status": "lost"}
    listed = json.loads(client.request("GET", server.url).body)["calls"]
    assert [one["body"]["arguments"] for one in listed] == [{"order": 7}]
    assert client.request("DELETE", server.url).status == 204
    assert not server.calls
    assert client.request("PUT", server.url + "-/answers", b"[1]").status == 400
    assert client.request("PUT", server.url + "-/nothing", b"1").status == 404


def test_the_same_key_gets_the_same_answer_and_nothing_is_done_twice(server):
    first = call(server).body
    server.answers["look_up_order"] = {"status": "changed"}
    assert call(server).body == first
    assert [one.is_repeated for one in server.calls] == [False, True]
    assert json.loads(call(server, key="another").body) == {"status": "changed"}


def test_what_is_not_signed_is_refused_once_the_secret_is_known(server):
    server.expect_secret(SECRET)
    assert call(server).status == 401
    assert call(server, secret="whsec_" + "A" * 32).status == 401
    assert call(server, secret=SECRET).status == 200
    assert [one.is_verified for one in server.calls] == [False, False, True]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("slow", 200, "application/json"),
        ("html", 200, "text/html"),
        ("huge", 200, "application/json"),
        ("text", 200, "text/plain; charset=utf-8"),
        ("broken", 200, "application/json"),
        ("redirect", 302, None),
        ("never", 202, None),
        ("404", 404, "application/json"),
    ],
)
def test_a_path_decides_how_badly_it_behaves(server, path, status, kind):
    answer = call(server, path)
    assert (answer.status, answer.headers.get("content-type")) == (status, kind)
    if path == "huge":
        assert len(answer.body) == 10 << 20


def test_a_dropped_connection_and_a_busy_moment(server):
    with pytest.raises(HttpError):
        call(server, "drop")
    busy = call(server, "busy")
    assert (busy.status, busy.headers["retry-after"]) == (503, "1")
    assert call(server, "busy").status == 200


def test_a_result_is_brought_later_to_where_the_call_says(server):
    taken = []

    def take(exchange):
        request = exchange.request
        taken.append((request.path, request.headers["authorization"], request.json()))
        exchange.respond_json(202, {"ok": True})

    gateway = HttpServer(("127.0.0.1", 0), take)
    gateway.start()
    try:
        url = f"http://127.0.0.1:{gateway.port}/results/1"
        assert call(server, "later", result_url=url, result_token="1.2.3").status == 202
        server.wait_for_brought(1)
    finally:
        gateway.stop()
    ((path, authorization, content),) = taken
    assert (path, authorization) == ("/results/1", "ToolResult 1.2.3")
    assert content["result"]["status"] == "shipped"
    assert server.brought[0][0] == 202
