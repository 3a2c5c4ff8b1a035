"""Tools: what a model may call in a conversation, and what became of a call.

A customer's tool is a function on a server of theirs; built-in ones are `core/builtin_tools.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

DEFAULT_TIMEOUT = 10.0
DESCRIPTION_LENGTH = (1, 1_000)
BRIDGE_LENGTH = (1, 300)
"""Of what is said while a tool is waited for."""

NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
HIDDEN = "[hidden]"
"""What is shown, and stored beside the rest, in the place of a header's value."""


@dataclass(frozen=True)
class ToolSpec:
    """A function the model may call; `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: NO_PARAMETERS)


@dataclass(frozen=True)
class Tool:
    """A customer's tool. `headers` go with the request; `headers_id` names their stored values.

    `timeout_seconds` is for all of the request, a second try included. `is_async`: the server may
    take the call and bring the result later.
    """

    name: str
    description: str
    url: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: NO_PARAMETERS)
    headers: Mapping[str, str] = field(default_factory=dict)
    headers_id: str | None = None
    timeout_seconds: float = DEFAULT_TIMEOUT
    speak_while_waiting: str | None = None
    is_async: bool = False

    @property
    def spec(self) -> ToolSpec:
        """What the model is told of it."""
        return ToolSpec(self.name, self.description, self.parameters)


def tools_of(definitions: Iterable[Mapping[str, Any]]) -> tuple[Tool, ...]:
    """The tools of a call, which `core.tool_rules` found right."""
    return tuple(_tool(definition) for definition in definitions)


def _tool(definition: Mapping[str, Any]) -> Tool:
    given = {key: value for key, value in definition.items() if value is not None}
    given["is_async"] = given.pop("async", False)
    return Tool(**{key: given[key] for key in Tool.__dataclass_fields__ if key in given})


class ToolStatus(StrEnum):
    """How it stands with a call of a tool.

    `pending`: the server has taken it, and brings the result later. `refused`: it was not carried
    out. `interrupted`: the conversation ended first, and what became of it is not known.
    """

    RUNNING = "running"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        return self not in (ToolStatus.RUNNING, ToolStatus.PENDING)


@dataclass(frozen=True)
class ToolResult:
    """What became of it. `output` is what the model shall read; `error` says in one word what went
    wrong, `http_status` how the server answered, in the last of `attempts`."""

    output: str
    status: ToolStatus = ToolStatus.SUCCEEDED
    error: str | None = None
    http_status: int | None = None
    attempts: int = 0


@dataclass(frozen=True)
class ToolRecord:
    """One call of a tool, as it is kept. `arguments` is JSON as the model wrote it; times are
    milliseconds since the call was answered."""

    id: str
    name: str
    is_builtin: bool
    arguments: str
    called_ms: int
    status: ToolStatus = ToolStatus.RUNNING
    output: str | None = None
    error: str | None = None
    http_status: int | None = None
    attempts: int = 0
    duration_ms: int | None = None


@dataclass(frozen=True)
class ToolRequest:
    """A call of a tool that shall be carried out. `record` is how it is kept meanwhile."""

    record: ToolRecord
    arguments: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Ours, and unique."""
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name


ToolRunner = Callable[[ToolRequest], ToolResult]
"""Carries out a tool. May block its greenlet; whatever it raises, the tool has failed."""


def refused(error: str, message: str, **more: Any) -> ToolResult:
    """The result of a call that is not carried out. `more` is told to the model as well."""
    return ToolResult(told(error=message, **more), ToolStatus.REFUSED, error)


def failed(error: str, message: str, **more: Any) -> ToolResult:
    """The result of a call that came to nothing."""
    return ToolResult(told(error=message, **more), ToolStatus.FAILED, error)


def succeeded(**result: Any) -> ToolResult:
    """The result of a call that was carried out here."""
    return ToolResult(told(**result))


def told(**content: Any) -> str:
    """Something as the model shall read it."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
