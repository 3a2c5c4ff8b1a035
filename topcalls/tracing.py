"""OpenTelemetry traces: off unless a collector is named (`tracing_otlp.py` speaks to it).

A call's spans are told from its rows once it is over, by a worker: nothing is traced where audio
runs, and a call that was handed over or taken over still has one trace. What a span is called in
its trace follows from what it is about (`child`), so that a request which is sent in the middle of
a call can name its span before that is told.

No attribute holds a telephone number or what somebody said: callers give ids, counts and words of
the product's own.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from topcalls.errors import ConfigError
from topcalls.loading import load

HEADER: Final = "traceparent"
"""Of the W3C Trace Context recommendation; version 00."""

ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
NO_PARENT: Final = "0" * 16
STOP_SECONDS: Final = 2.0
_MOST_AT_ONCE: Final = 128
"""Spans that are sent together: writing them takes a few milliseconds of the interpreter."""

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 1

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Context:
    """A place in a trace: hexadecimal ids. Not `is_sampled`: nothing of it is told."""

    trace_id: str
    span_id: str
    is_sampled: bool = True

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-0{int(self.is_sampled)}"

    def child(self, *about: object) -> Context:
        """The place of what this is about, in the same trace; the same for the same words."""
        words = "\0".join((self.trace_id, *map(str, about)))
        span_id = hashlib.sha256(words.encode()).hexdigest()[:16]
        return Context(self.trace_id, span_id, self.is_sampled)


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time, told once it is over. `kind`: internal | server | client."""

    name: str
    context: Context
    parent: Context | None
    began: datetime
    ended: datetime
    attributes: Mapping[str, Value | None] = field(default_factory=dict)
    kind: str = "internal"
    failed: str | None = None


class Tracer(Protocol):
    """Where spans go."""

    def is_sampled(self, trace_id: str, parent: Context | None, name: str) -> bool:
        """Whether a new trace, or what follows `parent`, is told."""
        ...

    def tell(self, span: Span) -> None:
        """Never waits, never raises; of too many some are lost."""
        ...

    def stop(self, seconds: float) -> None:
        """Send what is left, for at most so long."""
        ...


_tracer: Tracer | None = None
_current: ContextVar[Context | None] = ContextVar("topcalls_trace", default=None)


def is_on() -> bool:
    """Whether anything is traced."""
    return _tracer is not None


def start(process: str, environment: Mapping[str, str] = os.environ) -> None:
    """Trace from now on, if the environment names a collector. Raises ConfigError without the
    extra."""
    disabled = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if disabled or not any(environment.get(name) for name in ENDPOINTS):
        return
    use(_otlp(process, environment))


def use(tracer: Tracer | None) -> None:
    """Let spans go there; None: nowhere."""
    global _tracer  # noqa: PLW0603 - a process traces or does not
    _tracer = tracer


def stop() -> None:
    """Send what is left, without waiting for a collector that is away."""
    if _tracer is not None:
        _tracer.stop(STOP_SECONDS)


def parsed(header: str | None) -> Context | None:
    """The place that a `traceparent` names; None for what names none."""
    found = _FORM.fullmatch((header or "").strip())
    if found is None or found[1] == "ff" or found[2] == "0" * 32:
        return None
    if found[1] == "00" and found[5]:
        return None
    return Context(found[2], found[3], bool(int(found[4], 16) & _SAMPLED))


def begin(name: str, header: str | None = None) -> tuple[Context, Context | None] | None:
    """A new place below what `header` names, or in a new trace; and its parent. None: off."""
    if _tracer is None:
        return None
    parent = parsed(header)
    parent = None if parent is None or parent.span_id == NO_PARENT else parent
    trace_id = secrets.token_hex(16) if parent is None else parent.trace_id
    sampled = _tracer.is_sampled(trace_id, parent, name)
    return Context(trace_id, secrets.token_hex(8), sampled), parent


def enter(context: Context | None) -> None:
    """What this greenlet does from now on belongs there."""
    _current.set(context)


def for_new_call() -> str | None:
    """What is stored with a call that is created now: where in a trace. None: off."""
    if _tracer is None:
        return None
    current = _current.get()
    if current is not None:
        return str(current)
    began = begin("call")
    assert began is not None
    return str(Context(began[0].trace_id, NO_PARENT, began[0].is_sampled))


def call_context(stored: str | None) -> tuple[Context, Context | None] | None:
    """The place of a call, and of whatever created it, from what is stored with it."""
    parent = parsed(stored)
    if parent is None:
        return None
    return parent.child("call"), None if parent.span_id == NO_PARENT else parent


def headers_for(stored: str | None, *about: object) -> dict[str, str]:
    """What a request in the course of a call carries: the place of what it is about."""
    found = call_context(stored)
    return {} if found is None else {HEADER: str(found[0].child(*about))}


def tell(spans: Iterable[Span]) -> None:
    """Hand spans over; those of traces that are not sampled are left out."""
    if _tracer is not None:
        for span in spans:
            if span.context.is_sampled:
                _tracer.tell(span)


def _otlp(process: str, environment: Mapping[str, str]) -> Tracer:
    try:
        module = load("topcalls.tracing_otlp")
    except ModuleNotFoundError as missing:
        raise ConfigError(
            f"Traces are asked for, and {missing.name} is not installed.",
            field=ENDPOINTS[1],
            remedy="pip install 'topcalls[tracing]', or unset it.",
        ) from None
    tracer: Tracer = module.OtlpTracer(process, _MOST_AT_ONCE)
    return tracer
