"""Tools in a conversation that are carried out elsewhere: each call runs in its own greenlet.

Whatever goes wrong is told to the model as `{"error": …}`, in words that hold no secret, so that
it can tell the caller something or do better; nothing is ever raised into the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import gevent
import orjson

from topcalls.bridge.mailbox import Mailbox
from topcalls.core.json_schema import Checker
from topcalls.core.tools import (
    Tool,
    ToolRecord,
    ToolRequest,
    ToolResult,
    ToolRunner,
    ToolSpec,
    failed,
    refused,
)
from topcalls.log import get_logger
from topcalls.providers.base import ToolCall

TIME_LIMIT = 30.0
"""For a tool that has no limit of its own."""

GRACE = 2.0
"""How much later than the tool's own limit it is given up here."""

LONGEST_ARGUMENTS = 32_768
_AGAIN = "The arguments do not fit. Correct them and call the tool again."

log = get_logger(__name__)

Done = Callable[[ToolCall, ToolResult], None]


class ToolCalls:
    """Runs what the model calls; `done(call, result)` is told in the call's greenlet.

    `specs` are the tools that can be called here, `tools` those of them that are the customer's.
    """

    def __init__(
        self,
        specs: Iterable[ToolSpec],
        tools: Iterable[Tool],
        run_tool: ToolRunner | None,
        mailbox: Mailbox,
        grace: float = GRACE,
    ) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._limits = {tool.name: tool.timeout_seconds for tool in tools}
        self._checkers: dict[str, Checker] = {}
        self._run_tool = run_tool
        self._mailbox = mailbox
        self._grace = grace
        self._running: dict[str, gevent.Greenlet] = {}

    @property
    def busy(self) -> bool:
        """A tool is at work."""
        return bool(self._running)

    def is_running(self, use_id: str) -> bool:
        """This call of a tool is under way."""
        return use_id in self._running

    def start(self, record: ToolRecord, call: ToolCall, done: Done) -> None:
        """Carry out one call, kept as `record`; one that cannot be is answered at once."""
        arguments = arguments_of(call)
        wrong = self._fault(call, arguments)
        if wrong is not None or arguments is None:
            done(call, wrong or refused("arguments", "The arguments are not a JSON object."))
            return
        runner = gevent.spawn(self._run, ToolRequest(record, arguments))
        self._running[record.id] = runner
        runner.link(partial(self._ended, record.id, call, done))

    def stop(self) -> None:
        """Stop whatever runs; no result follows."""
        running, self._running = self._running, {}
        for runner in running.values():
            runner.kill(block=False)

    def _fault(self, call: ToolCall, arguments: dict[str, Any] | None) -> ToolResult | None:
        if not call.complete:
            return refused("cut_off", "The call was cut off before it was complete.")
        if call.name not in self._specs or self._run_tool is None:
            return refused("unknown_tool", "There is no tool of this name.")
        if len(call.arguments) > LONGEST_ARGUMENTS:
            return refused("arguments", "The arguments are too long.")
        if arguments is None:
            return refused("arguments", "The arguments are not a JSON object.")
        problems = self._checker(call.name).problems(arguments)
        told = [f"{at}: {what}" if at else what for at, what in problems]
        return refused("arguments", _AGAIN, problems=told) if told else None

    def _checker(self, name: str) -> Checker:
        if name not in self._checkers:
            self._checkers[name] = Checker(self._specs[name].parameters)
        return self._checkers[name]

    def _run(self, request: ToolRequest) -> ToolResult:
        assert self._run_tool is not None
        try:
            limit = self._limits.get(request.name, TIME_LIMIT) + self._grace
            with gevent.Timeout(limit):
                return self._run_tool(request)
        except gevent.Timeout:
            log.warning("Tool ran out of time", tool=request.name)
            return failed("timeout", "The tool did not answer in time.")
        except Exception as error:  # noqa: BLE001 - the model is told, the caller hears something
            log.warning("Tool failed", tool=request.name, error=type(error).__name__)
            return failed("internal", "The tool failed.")

    def _ended(self, use_id: str, call: ToolCall, done: Done, runner: Any) -> None:
        if runner in self._running.values():
            self._mailbox.put(self._finish, use_id, call, done, runner)

    def _finish(self, use_id: str, call: ToolCall, done: Done, runner: Any) -> None:
        if runner not in self._running.values():
            return  # it was stopped meanwhile
        del self._running[use_id]
        done(call, runner.value)


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """What the model calls a tool with; None if that is not an object."""
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        return None
    return arguments if isinstance(arguments, dict) else None
