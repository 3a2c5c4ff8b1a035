"""Structured logging: events with fields, `call_id` everywhere, personal data nowhere.

A message is a constant sentence; everything variable is a field. Fields whose name starts with
`pii_` are dropped, and anything that looks like a telephone number is masked in every other field,
so that a forgotten `number=` cannot leak.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any, TextIO

import structlog
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from topcalls.json_texts import with_texts

_TELEPHONE_NUMBER = re.compile(r"\+\d{5,13}(?=\d{2})")
LEVELS = ("debug", "info", "warning", "error")


def mask_numbers(text: str) -> str:
    """Replace all but the last two digits of every E.164 number in `text`."""
    return _TELEPHONE_NUMBER.sub(lambda match: "+" + "*" * (len(match.group()) - 1), text)


def _naming(process: str) -> Processor:
    """Every event says which process it comes from."""

    def name(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        return {"process": process, **event} if process else event

    return name


def _protect_personal_data(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in [key for key in event if key.startswith("pii_")]:
        del event[key]
    return {key: with_texts(value, mask_numbers) for key, value in event.items()}


def configure(level: str = "info", stream: TextIO | None = None, *, process: str = "") -> None:
    """Send log events to `stream` (stderr): readable on a terminal, JSON lines elsewhere."""
    stream = stream or sys.stderr
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if stream.isatty() else structlog.processors.JSONRenderer()
    )
    shared: list[Any] = [
        merge_contextvars,
        _naming(process),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _protect_personal_data,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def get_logger(name: str) -> Any:
    """A logger whose events carry `component=name`; bind `call_id` on it as soon as it is known."""
    return structlog.get_logger(component=name)
