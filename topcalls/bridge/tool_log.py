"""Every call of a tool in a conversation: from the model's wish to what came of it.

Whoever follows the conversation is told of each call as it begins and as it ends. What is said
while the recording is paused, and the keys that are pressed, are told to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import orjson

from topcalls.bridge import prompt
from topcalls.bridge.parts import Parts
from topcalls.core.builtin_tools import ON_CONVERSATION, RESERVED, SEND_DTMF
from topcalls.core.redaction import MASKED
from topcalls.core.tool_log import kept
from topcalls.core.tools import ToolRecord, ToolResult, ToolStatus
from topcalls.ids import new_id
from topcalls.providers.base import ToolCall

MOST_REMEMBERED = 10
"""Results that a session learns which takes the place of another."""


@dataclass
class Use:
    """One call of a tool, and how it is kept while it runs. `began` is monotonic."""

    call: ToolCall
    record: ToolRecord
    epoch: int
    began: float
    output: str | None = None
    is_over: bool = False

    @property
    def id(self) -> str:
        """Ours, not that of the model's vendor."""
        return self.record.id


class ToolLog:
    """The uses of one conversation; `past` are those in a process that is gone."""

    def __init__(self, parts: Parts, past: tuple[ToolRecord, ...] = ()) -> None:
        self._parts = parts
        self._uses: dict[tuple[str, str], Use] = {}  # by response and call
        self._past = [_remembered(one) for one in past if one.name not in ON_CONVERSATION]

    def begin(self, call: ToolCall, *, tell: bool = True) -> Use:
        """The model calls a tool. `tell`: the call takes a while, and is told before its end."""
        parts = self._parts
        name, arguments = call.name, self._arguments(call)
        record = ToolRecord(new_id(), name, name in RESERVED, arguments, parts.call_ms())
        use = Use(call, record, parts.link.epoch, parts.now)
        self._uses[_key(call)] = use
        if tell:
            parts.observer.tool(record)
        return use

    def find(self, call: ToolCall) -> Use:
        """The use that this call is."""
        return self._uses[_key(call)]

    def of_id(self, use_id: str) -> Use | None:
        """The use of this id, if it was in this conversation."""
        return next((use for use in self._uses.values() if use.id == use_id), None)

    def end(self, use: Use, result: ToolResult) -> None:
        """This came of it; or (`pending`) this for now."""
        use.is_over = result.status.is_final
        use.output = result.output
        self._finish(
            use,
            status=result.status,
            output=kept(result.output),
            error=result.error,
            http_status=result.http_status,
            attempts=result.attempts,
        )

    def interrupt(self) -> None:
        """The conversation is over: what is not over by now never will be here."""
        for use in self._uses.values():
            if not use.is_over and use.output is None:
                use.is_over = True
                self._finish(use, status=ToolStatus.INTERRUPTED)

    def memory(self) -> list[str]:
        """What another session of the model has to know of the tools used so far."""
        present = [
            prompt.tool_memory(use.call.name, use.call.arguments, use.output)
            for use in self._uses.values()
            if use.output is not None and use.call.name not in ON_CONVERSATION
        ]
        return [*self._past, *present][-MOST_REMEMBERED:]

    def _finish(self, use: Use, **learnt: Any) -> None:
        elapsed_ms = round((self._parts.now - use.began) * 1000)
        record = replace(use.record, duration_ms=elapsed_ms, **learnt)
        if self._parts.redaction.is_on or record.arguments == MASKED:
            output = None if record.output is None else MASKED
            record = replace(record, arguments=MASKED, output=output)
        self._parts.observer.tool(record)

    def _arguments(self, call: ToolCall) -> str:
        if self._parts.redaction.is_on:
            return MASKED
        if call.name == SEND_DTMF.name and not self._parts.config.show_keys:
            return orjson.dumps({"digits": MASKED}).decode()
        return kept(call.arguments)


def _key(call: ToolCall) -> tuple[str, str]:
    return call.response_id, call.call_id


def _remembered(record: ToolRecord) -> str:
    return prompt.tool_memory(record.name, record.arguments, record.output)
