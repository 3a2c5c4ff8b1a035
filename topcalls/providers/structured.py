"""A language model that answers in a form that is asked for, in words no vendor owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from topcalls.core.dialogue import Message
from topcalls.core.token_usage import TokenUsage


@dataclass(frozen=True)
class StructuredRequest:
    """`schema` is one of a strict mode, see `core/strict_schema.py`; its `name` is of letters,
    digits, `_` and `-`. `proven`: it is our own, and a server that refuses it has no such mode."""

    messages: Sequence[Message]
    name: str
    schema: Mapping[str, Any]
    proven: bool = False


@dataclass(frozen=True)
class StructuredAnswer:
    """JSON, in the form asked for where the server has a strict mode. `problem` is set instead
    where there is no answer that can be used: it was refused, cut off, or is no JSON."""

    content: Any = None
    problem: str = ""
    usage: TokenUsage = field(default_factory=TokenUsage)


class StructuredModel(Protocol):
    """`name` is what it is billed as."""

    name: str

    def ask(self, request: StructuredRequest) -> StructuredAnswer:
        """Blocks the calling greenlet. Raises `ProviderError`, whose `extra` may hold
        `retry_after`: the seconds that the server asks to be left alone."""
