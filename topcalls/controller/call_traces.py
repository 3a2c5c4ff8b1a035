"""Keeps the traces of calls, and stores those that are worth it when their call is over."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import orjson
from gevent import get_hub

from topcalls import call_trace
from topcalls.call_trace import CallTrace
from topcalls.clock import Clock
from topcalls.core.call_state import State
from topcalls.core.hidden_numbers import NumberVeil
from topcalls.core.trace_shapes import stored
from topcalls.log import get_logger

MOST_FILES: Final = 5000
SWEEP: Final = timedelta(minutes=10)
_MODE: Final = 0o600

log = get_logger("controller.traces")


class CallTraces:
    """`which` calls leave a file in `folder`: none, those that failed, or all. Files go after
    `keep`, and the oldest beyond `MOST_FILES`. `whole`: with numbers and words."""

    def __init__(
        self,
        folder: Path,
        which: Literal["off", "failed", "all"],
        keep: timedelta,
        clock: Clock,
        *,
        whole: bool = False,
    ) -> None:
        self._folder = folder
        self._which = which
        self._keep = keep
        self._clock = clock
        self._whole = whole
        self._swept_at = 0.0

    def begin(self, call_id: str) -> None:
        """A call is carried from now on."""
        if self._which != "off":
            call_trace.begin(call_id)

    def finish(self, call_id: str, state: State, numbers: Iterable[str | None]) -> None:
        """A call is over, here at least. Returns when its trace is stored, where it is to be."""
        trace = call_trace.end(call_id)
        wanted = self._which == "all" or state is State.FAILED
        if trace is None or not (wanted and state.is_final):
            return
        try:
            get_hub().threadpool.apply(self._store, (call_id, trace, NumberVeil(numbers)))
        except OSError as error:
            log.warning("Trace of a call not stored", call_id=call_id, why=str(error))

    def _store(self, call_id: str, trace: CallTrace, veil: NumberVeil) -> None:
        """In a thread."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        half = self._folder / f".{call_id}.{os.getpid()}.part"
        try:
            with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT, _MODE), "wb") as file:
                for entry in trace.entries():
                    file.write(orjson.dumps(stored(entry, veil, whole=self._whole)) + b"\n")
            half.replace(trace_path(self._folder, call_id))
        finally:
            half.unlink(missing_ok=True)
        if self._clock.monotonic() - self._swept_at > SWEEP.total_seconds():
            self._swept_at = self._clock.monotonic()
            self._sweep()

    def _sweep(self) -> None:
        before = (self._clock.now() - self._keep).timestamp()
        dated = sorted((path.stat().st_mtime, path) for path in self._folder.glob("*.jsonl"))
        for number, (moment, path) in enumerate(reversed(dated)):
            if moment < before or number >= MOST_FILES:
                path.unlink(missing_ok=True)


def trace_path(folder: Path, call_id: str) -> Path:
    """Where the trace of a call is stored."""
    return folder / f"{call_id}.jsonl"
