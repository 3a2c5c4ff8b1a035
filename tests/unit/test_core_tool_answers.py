"""What the answer of a tool's server is to the model: a result, or words about what is wrong."""

import json
from datetime import UTC, datetime

import pytest

from topcalls.core.tool_answers import MOST_BYTES, UNKNOWN, no_answer, read, retry_after
from topcalls.core.tools import ToolStatus

pytestmark = pytest.mark.unit

JSON = {"content-type": "application/json; charset=utf-8"}
NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "body", "output"),
    [
        (JSON, b'{"status": "sent",\n "n": 1}', '{"status":"sent","n":1}'),
        (JSON, '["Zoë"]'.encode(), '["Zoë"]'),
        (JSON, b"null", "null"),
        ({"content-type": "application/problem+json"}, b'{"a": 1}', '{"a":1}'),
        ({}, b'{"a": 1}', '{"a":1}'),
        ({"content-type": "text/plain"}, b"in stock", "in stock"),
        ({"content-type": "text/plain"}, b"7", "7"),
        ({}, b"in stock", "in stock"),
        (JSON, b"", '{"status":"done"}'),
        ({"content-type": "text/html"}, b" ", '{"status":"done"}'),
    ],
)
def test_a_result_is_told_as_it_is(headers, body, output):
    result = read(200, headers, body)
    assert (result.status, result.output) == (ToolStatus.SUCCEEDED, output)


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (200, {"content-type": "text/html"}, b"<p>Log in", "content_type"),
        (200, {"content-type": "text/plain"}, b"\n<!DOCTYPE html><p>", "content_type"),
        (200, {}, b"<html>", "content_type"),
        (200, {"content-type": "image/png"}, b"PNG", "content_type"),
        (200, {}, b"\xff\xfe", "content_type"),
        (200, JSON, b"{", "not_json"),
        (200, JSON, b"[" * 20_000, "not_json"),
        (202, JSON, b"", "no_result"),
        (301, {}, b"", "redirect"),
        (307, JSON, b"{}", "redirect"),
        (404, JSON, b'{"why": "no such order"}', "http_status"),
        (500, {}, b"Traceback: secret", "http_status"),
        (199, {}, b"", "http_status"),
    ],
)
def test_what_is_no_result_is_told_in_words(status, headers, body, error):
    result = read(status, headers, body)
    assert (result.status, result.error) == (ToolStatus.FAILED, error)
    told = json.loads(result.output)
    assert told["error"].endswith(".")
    assert "secret" not in result.output


def test_the_reason_of_a_refusal_reaches_the_model():
    told = json.loads(read(409, JSON, b'{"why": "taken", "free": ["10:30"]}').output)
    assert told["answer"] == {"why": "taken", "free": ["10:30"]}
    assert "409 Conflict" in told["error"]
    assert "answer" not in json.loads(read(500, JSON, b'{"why": "broken"}').output)
    long = json.dumps({"why": "x" * 3_000}).encode()
    assert "answer" not in json.loads(read(409, JSON, long).output)


def test_a_call_that_was_taken_has_its_result_later():
    result = read(202, JSON, b"", is_async=True)
    assert result.status is ToolStatus.PENDING
    assert "later" in result.output
    at_once = read(200, JSON, b'{"a": 1}', is_async=True)
    assert (at_once.status, at_once.output) == (ToolStatus.SUCCEEDED, '{"a":1}')


KINDS = (
    "invalid_url",
    "invalid_request",
    "forbidden_address",
    "dns",
    "connect",
    "tls",
    "timeout",
    "too_large",
    "protocol",
    "something new",
)


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_told_in_words_too(kind):
    result = no_answer(kind, may_have_arrived=False)
    assert (result.status, result.error) == (ToolStatus.FAILED, kind)
    assert json.loads(result.output)["error"].endswith(".")


def test_a_connection_that_broke_is_not_one_that_never_was():
    broken = no_answer("connect", may_have_arrived=True)
    assert broken.error == "connection_lost"
    assert broken.error in UNKNOWN
    assert no_answer("connect", may_have_arrived=False).error not in UNKNOWN
    assert str(MOST_BYTES) in no_answer("too_large", may_have_arrived=True).output


@pytest.mark.parametrize(
    ("status", "value", "seconds"),
    [
        (503, "2", 2.0),
        (429, "0", 0.0),
        (503, "Thu, 31 Jan 2030 12:00:05 GMT", 5.0),
        (503, "Thu, 31 Jan 2030 11:00:00 GMT", 0.0),
        (503, "soon", None),
        (503, "-1", None),
        (503, "99999999999", None),
        (503, "", None),
        (500, "2", None),
        (200, "2", None),
    ],
)
def test_when_a_server_wants_to_be_asked_again(status, value, seconds):
    assert retry_after({"retry-after": value}, status, NOW) == seconds
    assert retry_after({}, status, NOW) is None
