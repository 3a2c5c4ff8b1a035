"""What a tool's server answered: a result for the model, or what to tell it instead.

The model reads the words, and the customer reads them in the log of the call: they name the fault
and hold neither address nor secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses

from topcalls.core.tools import ToolResult, ToolStatus, failed, told

MOST_BYTES = 32_768
"""Of an answer: the model reads all of it."""

_TRY_LATER = (429, 503)
_LONGEST_WHY = 2_000
_ACCEPTED = told(
    status="accepted",
    note="The result comes later, by itself. Go on with the conversation, and do not call this "
    "again for the same thing.",
)
_NO_ANSWER = {
    "invalid_url": "The tool's address is wrong.",
    "invalid_request": "The tool's address or one of its headers is wrong.",
    "forbidden_address": "The tool's address leads into a private network.",
    "own_address": "The tool's address leads back to TopCalls itself.",
    "dns": "The host of the tool's address is not known.",
    "connect": "The tool's server cannot be reached.",
    "connection_lost": "The connection to the tool's server broke.",
    "tls": "The tool's server has no valid certificate.",
    "timeout": "The tool did not answer in time.",
    "too_large": f"The tool's answer is larger than {MOST_BYTES} bytes.",
    "protocol": "The tool's server does not answer in HTTP.",
}


UNKNOWN = frozenset({"timeout", "protocol", "too_large", "connection_lost", "internal"})
"""Faults after which the server may have done what was asked of it."""


def no_answer(kind: str, *, may_have_arrived: bool) -> ToolResult:
    """The result where no answer came; both are those of a `net.http.HttpError`."""
    if kind == "connect" and may_have_arrived:
        kind = "connection_lost"
    return failed(kind, _NO_ANSWER.get(kind, "The tool cannot be reached."))


def read(
    status: int, headers: Mapping[str, str], body: bytes, *, is_async: bool = False
) -> ToolResult:
    """The result in an answer. `headers` have lower-case names."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if status == 202:
        return _accepted(is_async)
    if 300 <= status < 400:
        return failed("redirect", "The tool's server redirects elsewhere, which is not followed.")
    if status == HTTPStatus.LOOP_DETECTED:
        return failed("own_address", _NO_ANSWER["own_address"])
    if not 200 <= status < 300:
        return _refused(status, kind, body)
    if not body.strip():
        return ToolResult(told(status="done"))
    if kind in ("text/html", "application/xhtml+xml") or _looks_like_a_page(body):
        return failed("content_type", "The tool answered with a web page instead of a result.")
    return _result(kind, body)


def retry_after(headers: Mapping[str, str], status: int, now: datetime) -> float | None:
    """In how many seconds the server wants to be asked again; None where it says nothing of it."""
    value = headers.get("retry-after", "").strip()
    if status not in _TRY_LATER or not value:
        return None
    if value.isascii() and value.isdecimal() and len(value) < 8:
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _accepted(is_async: bool) -> ToolResult:
    if is_async:
        return ToolResult(_ACCEPTED, ToolStatus.PENDING)
    return failed(
        "no_result", "The tool took the call without a result (202), and none comes later."
    )


def _refused(status: int, kind: str, body: bytes) -> ToolResult:
    """What a server says with its refusal is of use to the model: that a slot is taken."""
    words = f"The tool's server answered {status} {responses.get(status, '')}".rstrip() + "."
    why = _json(body) if 400 <= status < 500 and kind.endswith("json") else None
    if why is not None and len(json.dumps(why)) <= _LONGEST_WHY:
        return failed("http_status", words, answer=why[0])
    return failed("http_status", words)


def _result(kind: str, body: bytes) -> ToolResult:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return failed("content_type", "The tool's answer is not text in UTF-8.")
    value = _json(body)
    if value is not None:
        return ToolResult(json.dumps(value[0], ensure_ascii=False, separators=(",", ":")))
    if kind.endswith("json"):
        return failed("not_json", "The tool's answer is not valid JSON.")
    if kind.startswith("text/") or not kind:
        return ToolResult(text)
    return failed("content_type", f"The tool answered with '{kind[:80]}' instead of JSON.")


def _json(body: bytes) -> tuple[object] | None:
    try:
        return (json.loads(body),)
    except (ValueError, RecursionError):
        return None


def _looks_like_a_page(body: bytes) -> bool:
    start = body.lstrip()[:20].lower()
    return start.startswith((b"<!doctype html", b"<html"))
