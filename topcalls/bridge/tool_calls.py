"""Customers' tools in a conversation: each call runs in its own greenlet and gets an answer.

Whatever goes wrong is told to the model as `{"error": …}`, in words that hold no secret, so that
it can tell the caller something; nothing is ever raised into the call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import gevent
import orjson

from topcalls.bridge.mailbox import Mailbox
from topcalls.log import get_logger
from topcalls.providers.base import ToolCall

ToolRunner = Callable[[str, dict[str, Any]], str]
TIME_LIMIT = 30.0

log = get_logger(__name__)


def error_output(message: str) -> str:
    """An error as the model shall read it."""
    return orjson.dumps({"error": message}).decode()


class ToolCalls:
    """Runs what the model calls; `done(call, output)` is told in the call's greenlet."""

    def __init__(
        self,
        names: Iterable[str],
        run_tool: ToolRunner | None,
        mailbox: Mailbox,
        time_limit: float = TIME_LIMIT,
    ) -> None:
        self._names = frozenset(names)
        self._run_tool = run_tool
        self._mailbox = mailbox
        self._time_limit = time_limit
        self._running: set[gevent.Greenlet] = set()

    @property
    def busy(self) -> bool:
        """A tool is at work."""
        return bool(self._running)

    def start(self, call: ToolCall, done: Callable[[ToolCall, str], None]) -> None:
        """Carry out one call; a call that cannot be is answered at once."""
        if not call.complete:
            done(call, error_output("The call was cut off before it was complete."))
        elif call.name not in self._names or self._run_tool is None:
            done(call, error_output("There is no tool of this name."))
        elif (arguments := arguments_of(call)) is None:
            done(call, error_output("The arguments are not a JSON object."))
        else:
            runner = gevent.spawn(self._run, call, arguments)
            self._running.add(runner)
            runner.link(partial(self._ended, call, done))

    def stop(self) -> None:
        """Stop whatever runs; no result follows."""
        running, self._running = self._running, set()
        for runner in running:
            runner.kill(block=False)

    def _run(self, call: ToolCall, arguments: dict[str, Any]) -> str:
        assert self._run_tool is not None
        try:
            with gevent.Timeout(self._time_limit):
                return self._run_tool(call.name, arguments)
        except gevent.Timeout:
            log.warning("Tool ran out of time", tool=call.name)
            return error_output("The tool did not answer in time.")
        except Exception as error:  # noqa: BLE001 - the model is told, the caller hears something
            log.warning("Tool failed", tool=call.name, error=type(error).__name__)
            return error_output("The tool failed.")

    def _ended(
        self, call: ToolCall, done: Callable[[ToolCall, str], None], runner: gevent.Greenlet
    ) -> None:
        if runner in self._running:
            self._mailbox.put(self._finish, call, done, runner)

    def _finish(
        self, call: ToolCall, done: Callable[[ToolCall, str], None], runner: gevent.Greenlet
    ) -> None:
        if runner in self._running:
            self._running.discard(runner)
            done(call, str(runner.value))


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """What the model calls a tool with; None if that is not an object."""
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        return None
    return arguments if isinstance(arguments, dict) else None
