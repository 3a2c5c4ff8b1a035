"""Calls of customers' tools over real sockets, to the sandbox's double of a customer's server."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import factories
import gevent
import pytest
from gevent import socket

from topcalls.clock import ManualClock
from topcalls.core.tools import HIDDEN, ToolRecord, ToolRequest, ToolStatus
from topcalls.net.http import HttpResponse
from topcalls.sandbox.tool_server import ToolServer
from topcalls.services.carried import Carried
from topcalls.services.customer_tools import http_client
from topcalls.services.tool_results import ResultTokens
from topcalls.services.tool_runner import ToolRunners
from topcalls.store import rows

pytestmark = pytest.mark.service
PUBLIC_URL = "https://calls.example.com"
KEYS = ResultTokens(factories.SECRET_KEY)


@pytest.fixture
def clock():
    """Today: whoever verifies a signature looks at how old it is."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def server():
    server = ToolServer(slow_seconds=30)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def who(services):
    return factories.principal(services)


def tool(url, **changes):
    return {"name": "look_up_order", "description": "Finds an order.", "url": url, **changes}


def claimed(services, who, *tools, **fields):
    return factories.claimed_call(services, who, tools=tools, **fields)


def runner(services, call, *, allow_private=True, make_client=None):
    """As in a controller; time limits count by real time."""
    return ToolRunners(
        services.db,
        services.clock,
        services.calls.tools,
        make_client or http_client(allow_private),
        KEYS,
        PUBLIC_URL,
        builtin={},
    ).of(call)


def request(use="use-1", name="look_up_order", **arguments):
    text = json.dumps(arguments)
    return ToolRequest(ToolRecord(use, name, False, text, 1000), arguments)


def error_of(result):
    assert result.status is ToolStatus.FAILED
    return result.error, json.loads(result.output)["error"]


def test_a_call_is_a_signed_post_with_what_is_known_of_the_telephone_call(services, who, server):
    server.expect_secret(services.accounts.webhook_secret(who.account_id))
    metadata = {"customer": 17, "name": "Zoë"}
    call = claimed(services, who, tool(server.url + "orders?shop=1"), metadata=metadata)
    result = runner(services, call)(request(order=7))
    assert (result.status, result.http_status, result.attempts) == (ToolStatus.SUCCEEDED, 200, 1)
    assert json.loads(result.output)["status"] == "shipped"
    (called,) = server.calls
    assert called.is_verified
    assert called.path == "/orders"
    assert called.headers["webhook-id"] == "use-1"
    assert called.headers["idempotency-key"] == f"{call.call_id}.use-1"
    assert called.headers["topcalls-event"] == "tool.call"
    assert called.headers["content-type"] == "application/json"
    content = called.json()
    assert content["tool_call_id"] == "use-1"
    assert (content["tool"], content["arguments"]) == ("look_up_order", {"order": 7})
    told = content["call"]
    assert told["call_id"] == call.call_id
    assert told["direction"] == "outbound"
    assert told["phone_number"] == factories.NUMBER
    assert told["from_phone_number"] == factories.FROM_NUMBER
    assert told["metadata"] == metadata
    assert "result_url" not in content


def test_headers_go_with_the_request_and_their_values_never_come_back(services, who, server):
    secret = "Bearer s3cr3t-value"  # noqa: S105
    headers = {"Authorization": secret, "Accept": "application/vnd.shop+json"}
    call = claimed(services, who, tool(server.url, name="echo", headers=headers))
    server.answers["echo"] = {"you_sent": secret}
    result = runner(services, call)(request(name="echo"))
    (called,) = server.calls
    assert called.headers["authorization"] == secret
    assert called.headers["accept"] == "application/vnd.shop+json"
    assert result.output == f'{{"you_sent":"{HIDDEN}"}}'
    stored = services.calls.get(who.account_id, call.call_id).request
    assert "s3cr3t" not in json.dumps(stored)
    assert stored["tools"][0]["headers"] == dict.fromkeys(headers, HIDDEN)


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("404", "http_status", "404 Not Found"),
        ("500", "http_status", "500"),
        ("html", "content_type", "web page"),
        ("huge", "too_large", "larger than"),
        ("broken", "not_json", "valid JSON"),
        ("redirect", "redirect", "not followed"),
        ("drop", "connection_lost", "broke"),
        ("never", "no_result", "202"),
        ("slow", "timeout", "in time"),
    ],
)
def test_a_server_that_behaves_badly_is_told_in_words(services, who, server, path, error, words):
    call = claimed(services, who, tool(server.url + path, timeout_seconds=1))
    limited = replace(call, request=_quick(call.request))
    code, told = error_of(runner(services, limited)(request(order=7)))
    assert code == error
    assert words in told
    assert server.url not in told
    assert len(server.calls) == 1


def _quick(request):
    """With a time limit that no customer may choose, so that the test does not wait."""
    tools = tuple({**one, "timeout_seconds": 0.3} for one in request.tools)
    return replace(request, tools=tools)


def test_a_result_of_text_is_a_result(services, who, server):
    call = claimed(services, who, tool(server.url + "text"))
    assert runner(services, call)(request()).output == "in stock"


def test_a_private_address_is_refused_unless_it_is_allowed(services, who, server):
    call = claimed(services, who, tool(server.url))
    code, told = error_of(runner(services, call, allow_private=False)(request()))
    assert (code, "private" in told) == ("forbidden_address", True)
    assert not server.calls


def test_a_server_that_does_not_run_is_asked_twice_and_no_more(services, who):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    call = claimed(services, who, tool(f"http://127.0.0.1:{listener.getsockname()[1]}/"))
    result = runner(services, call)(request())
    assert error_of(result)[0] == "connect"
    assert result.attempts == 2
    listener.close()


def test_a_server_that_says_when_is_asked_again_then_by_the_same_key(services, who, server):
    call = claimed(services, who, tool(server.url + "busy", timeout_seconds=10))
    result = runner(services, call)(request())
    assert (result.status, result.attempts, result.http_status) == (ToolStatus.SUCCEEDED, 2, 200)
    first, second = server.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (first.headers["topcalls-attempt"], second.headers["topcalls-attempt"]) == ("1", "2")


def test_a_server_that_is_busy_for_longer_than_there_is_time_is_not_asked_again(
    services, who, server
):
    call = claimed(services, who, tool(server.url + "busy", timeout_seconds=1))
    result = runner(services, call)(request())
    assert error_of(result)[0] == "http_status"
    assert result.attempts == 1


def test_a_call_that_is_made_again_because_nobody_knows_has_the_same_key(services, who, server):
    call = claimed(services, who, tool(server.url + "drop"))
    run = runner(services, call)
    run(request("use-1", order=7))
    run(request("use-2", order=7))
    run(request("use-3", order=8))
    keys = [called.headers["idempotency-key"] for called in server.calls]
    first = f"{call.call_id}.use-1"
    assert keys == [first, first, f"{call.call_id}.use-3"]


def test_a_call_that_is_made_again_after_an_answer_is_another_one(services, who, server):
    call = claimed(services, who, tool(server.url))
    run = runner(services, call)
    run(request("use-1", order=7))
    run(request("use-2", order=7))
    keys = [called.headers["idempotency-key"] for called in server.calls]
    assert keys == [f"{call.call_id}.use-1", f"{call.call_id}.use-2"]


@pytest.mark.parametrize(
    ("status", "error", "same"),
    [
        (ToolStatus.INTERRUPTED, None, True),
        (ToolStatus.FAILED, "timeout", True),
        (ToolStatus.FAILED, "dns", False),
        (ToolStatus.SUCCEEDED, None, False),
    ],
)
def test_what_another_controller_may_have_done_has_the_same_key(
    services, who, server, status, error, same
):
    call = claimed(services, who, tool(server.url))
    before = ToolRecord("use-0", "look_up_order", False, '{ "order": 7 }', 10, status, error=error)
    heir = replace(call, carried=Carried(tools=(before,)))
    runner(services, heir)(request("use-1", order=7))
    (called,) = server.calls
    assert called.headers["idempotency-key"] == f"{call.call_id}.use-{0 if same else 1}"


def test_a_result_that_comes_later_is_stored_as_awaited_before_the_server_is_asked(
    services, who, server
):
    call = claimed(services, who, {**tool(server.url + "never"), "async": True})
    result = runner(services, call)(request("use-1", order=7))
    assert (result.status, result.http_status) == (ToolStatus.PENDING, 202)
    (view,) = services.calls.tools.of_call(who.account_id, call.call_id)
    assert (view.id, view.status, view.arguments) == ("use-1", ToolStatus.RUNNING, {"order": 7})
    content = server.calls[0].json()
    path = f"/v1/calls/{call.call_id}/tool-results/use-1"
    assert content["result_url"] == PUBLIC_URL + path
    KEYS.check(call.call_id, "use-1", content["result_token"], services.clock.now())


def test_an_account_whose_secret_cannot_be_read_calls_no_tool(services, who, server):
    call = claimed(services, who, tool(server.url, headers={"X-Key": "abcdefgh"}))
    text = 'UPDATE "tool_secret" SET "headers" = ?'
    services.db.run(rows.change, text, "of another key")
    code, told = error_of(runner(services, call)(request()))
    assert code == "secret"
    assert "secrets cannot be read" in told
    assert not server.calls


def test_a_tool_that_the_call_does_not_have_is_none(services, who):
    result = runner(services, claimed(services, who))(request())
    assert (result.status, result.error) == (ToolStatus.REFUSED, "unknown_tool")


def test_calls_of_several_tools_do_not_wait_for_each_other(services, who, server):
    call = claimed(
        services, who, tool(server.url + "slow", timeout_seconds=30), tool(server.url, name="quick")
    )
    run = runner(services, call)
    slow = gevent.spawn(run, request("use-1"))
    server.wait_for(1)
    assert run(request("use-2", "quick")).status is ToolStatus.SUCCEEDED
    slow.kill()


# --- the page about tools


def test_the_server_in_the_documents_takes_what_is_sent(services, who, server, monkeypatch):
    """Its code is run as it stands there."""
    page = (Path(__file__).parents[2] / "docs" / "tools.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    secret = services.accounts.webhook_secret(who.account_id)
    monkeypatch.setenv("TOPCALLS_WEBHOOK_SECRET", secret)
    scope = {"__name__": "their_server"}
    exec(code, scope)
    client = scope["app"].test_client()

    class Flask:
        def __init__(self, seconds):
            pass

        def post(self, url, body, headers):
            answer = client.post("/tools/orders", data=body, headers=headers)
            kind = {"content-type": answer.content_type}
            return HttpResponse(answer.status_code, kind, answer.data, 1)

    call = claimed(services, who, tool("https://shop.example.com/tools/orders"))
    run = runner(services, call, make_client=Flask)
    assert json.loads(run(request(order=7)).output) == {"status": "shipped", "arrives": "tomorrow"}
    unknown = json.loads(run(request("use-2", order=8)).output)
    assert "Ask for it again" in unknown["answer"]["error"]
    services.accounts.rotate_webhook_secret(who.account_id)
    assert "401" in json.loads(run(request("use-3", order=7)).output)["error"]
