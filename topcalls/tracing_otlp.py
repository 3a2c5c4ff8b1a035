"""Spans to a collector by OTLP over HTTP. The only module that imports OpenTelemetry.

Its standard variables hold: endpoint, headers, time limit, `OTEL_SERVICE_NAME`,
`OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import gevent
from gevent.threadpool import ThreadPool
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from topcalls import __version__
from topcalls.tracing import Context, Span

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
}
_SCOPE: Final = InstrumentationScope("topcalls", __version__)


class OtlpTracer:
    """Sends spans in batches of at most `most_at_once`; keeps 2048, or OTEL_BSP_MAX_QUEUE_SIZE."""

    def __init__(self, process: str, most_at_once: int) -> None:
        own = {"topcalls.process": process}
        if not os.environ.get("OTEL_SERVICE_NAME"):
            own["service.name"] = "topcalls"
        resource = Resource.create(own)
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = _Elsewhere(OTLPSpanExporter())
        self._processor = BatchSpanProcessor(exporter, max_export_batch_size=most_at_once)

    def is_sampled(self, trace_id: str, parent: Context | None, name: str) -> bool:
        """As OTEL_TRACES_SAMPLER says; by default all but what follows something unsampled."""
        above = None
        if parent is not None:
            above = set_span_in_context(NonRecordingSpan(_place(parent, is_remote=True)))
        sampler = self._provider.sampler
        decided: bool = sampler.should_sample(above, int(trace_id, 16), name).decision.is_sampled()  # type: ignore[no-untyped-call]
        return decided

    def tell(self, span: Span) -> None:
        """Queue it."""
        parent = span.parent
        self._processor.on_end(
            ReadableSpan(
                name=span.name,
                context=_place(span.context),
                parent=None if parent is None else _place(parent, is_remote=True),
                resource=self._provider.resource,
                attributes={
                    name: value for name, value in span.attributes.items() if value is not None
                },
                kind=_KINDS[span.kind],
                status=Status(StatusCode.ERROR, span.failed) if span.failed else Status(),
                start_time=_nanoseconds(span.began),
                end_time=max(_nanoseconds(span.ended), _nanoseconds(span.began)),
                instrumentation_scope=_SCOPE,
            )
        )

    def stop(self, seconds: float) -> None:
        """Send what is queued; a collector that is away is not waited for."""
        with gevent.Timeout(seconds, False):
            self._processor.force_flush(int(seconds * 1000))


class _Elsewhere(SpanExporter):
    """Writes and sends in a thread of its own: the hub has calls to serve."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._thread = ThreadPool(1)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._thread.apply(self._exporter.export, (spans,))  # type: ignore[no-any-return]

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _place(context: Context, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        is_remote,
        TraceFlags(TraceFlags.SAMPLED if context.is_sampled else TraceFlags.DEFAULT),
    )


def _nanoseconds(moment: datetime) -> Any:
    return int(moment.timestamp() * 1_000_000) * 1000
