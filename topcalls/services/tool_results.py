"""Results that a customer's server brings later, of tools that it took with 202.

Who brings one shows an API key, or the token that came with the call of the tool: it is signed with
a key that is derived from the install's secret key, and good for this one call of this tool.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from topcalls import metrics
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import LIVE_STATES, State
from topcalls.core.redaction import MASKED
from topcalls.core.tool_answers import MOST_BYTES
from topcalls.core.tool_log import kept
from topcalls.core.tools import ToolResult, ToolStatus, failed, tools_of
from topcalls.errors import Conflict, FieldError, InvalidRequest, NotFound
from topcalls.services.expiring_tokens import ExpiringTokens
from topcalls.services.redacted_calls import json_without, rules_for_writers, text_without
from topcalls.services.tools import CUSTOM
from topcalls.store import calls, commands, tools
from topcalls.store.database import Database
from topcalls.store.locking import lock_call
from topcalls.store.models import Call, CallTool

PATH = "/v1/calls/{call_id}/tool-results/{tool_call_id}"
SCHEME = "ToolResult"
VALID = timedelta(days=1)
"""How long after a tool was called its result is taken."""

COMMAND = "tool_result"
_TRIES = 5
_PURPOSE = b"topcalls: result of a tool, version 1"


@dataclass(frozen=True, slots=True)
class Brought:
    """A result that was taken. `delivered`: the agent is told of it; else the call is over, and it
    stands in the call's log."""

    delivered: bool


class ResultTokens:
    """Signs and checks tokens. `secret_keys`: see `Signer`."""

    def __init__(self, secret_keys: str) -> None:
        self._tokens = ExpiringTokens(
            secret_keys,
            _PURPOSE,
            foreign="This token was not made for the result of this tool.",
            over="The time of this token is over.",
        )

    def issue(self, call_id: str, tool_call_id: str, now: datetime) -> str:
        """For bringing the result of this call of a tool."""
        return self._tokens.issue(f"{call_id} {tool_call_id}", now + VALID)

    def check(self, call_id: str, tool_call_id: str, token: str, now: datetime) -> None:
        """Raises Unauthorized: it was not made here, not for this, or its time is over."""
        self._tokens.check(f"{call_id} {tool_call_id}", token, now)


class ToolResults:
    """Takes results."""

    def __init__(self, db: Database, tokens: ResultTokens) -> None:
        self._db = db
        self._tokens = tokens

    def bring(
        self,
        account_id: str,
        call_id: str,
        tool_call_id: str,
        content: Mapping[str, Any],
        now: datetime,
    ) -> Brought:
        """Take the result in `content`: its `result`, any JSON, or its `error`, a text. The same
        one again changes nothing.

        Raises:
            Conflict: the tool is none whose result comes later, or it has one, or it is too late.
            InvalidRequest: the result is too large.
            NotFound: no such call of a tool in this account.
        """
        return self._bring(account_id, call_id, tool_call_id, content, now)

    def bring_by_token(
        self,
        token: str,
        call_id: str,
        tool_call_id: str,
        content: Mapping[str, Any],
        now: datetime,
    ) -> Brought:
        """The same, from whoever shows the token of this call of the tool. Raises also
        Unauthorized."""
        self._tokens.check(call_id, tool_call_id, token, now)
        return self._bring(None, call_id, tool_call_id, content, now)

    def _bring(
        self,
        account_id: str | None,
        call_id: str,
        tool_call_id: str,
        content: Mapping[str, Any],
        now: datetime,
    ) -> Brought:
        result = _result(content)

        def verb() -> tuple[Brought, bool]:
            lock_call(call_id)
            call = calls.get(call_id)
            use = tools.locked_use(tool_call_id)
            mine = call is not None and account_id in (None, call.account_id)
            if call is None or use is None or not mine or use.call_id != call_id:
                raise NotFound("No such call of a tool.")
            return _take(call, use, result, now)

        brought, is_news = self._db.run(verb)
        if is_news:
            metrics.tool_calls.labels(CUSTOM, result.status.value).inc()
        return brought


def _take(call: Call, use: CallTool, result: ToolResult, now: datetime) -> tuple[Brought, bool]:
    is_live = State(call.state) in LIVE_STATES and call.answered_at is not None
    rules = rules_for_writers(call)
    output = MASKED if use.arguments == MASKED else json_without(kept(result.output), rules)
    error = text_without(result.error, rules)
    if use.status == result.status and use.output == output:
        return Brought(is_live), False
    _refuse_unawaited(call, use, now)
    learnt = {"status": result.status, "output": output, "error": error}
    tools.change(call.id, use.id, **learnt, finished_at=now)
    if is_live:
        told = {"tool_call_id": use.id, "tool": use.name, "output": result.output}
        commands.insert(call.id, COMMAND, told, _TRIES, now)
    return Brought(is_live), True


def _refuse_unawaited(call: Call, use: CallTool, now: datetime) -> None:
    request = CallRequest.from_mapping(call.request)
    if not any(tool.name == use.name and tool.is_async for tool in tools_of(request.tools)):
        raise Conflict(
            f"The tool '{use.name}' answers at once.",
            remedy="Define it as 'async' to bring results later.",
        )
    if use.status not in (ToolStatus.RUNNING, ToolStatus.PENDING, ToolStatus.INTERRUPTED):
        raise Conflict(f"This call of the tool is over: it {use.status}.")
    if now - use.called_at > VALID:
        raise Conflict("The result comes too late: the tool was called over a day ago.")


def _result(content: Mapping[str, Any]) -> ToolResult:
    if content.get("error") is not None:
        result = failed("reported", content["error"])
    else:
        result = ToolResult(orjson.dumps(content["result"]).decode())
    if len(result.output.encode()) > MOST_BYTES:
        name = "error" if result.error else "result"
        message = f"Is larger than {MOST_BYTES} bytes as JSON: the agent reads all of it."
        raise InvalidRequest("The result is too large.", [FieldError(name, message, "too_large")])
    return result
