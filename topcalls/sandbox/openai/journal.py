"""What went over a Realtime connection, both ways: for tests to wait on, for users to read."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from gevent import Timeout
from gevent.event import Event as Signal

from topcalls.clock import Clock
from topcalls.sandbox.openai.realtime_wire import Event

_AUDIO_FIELDS = {"input_audio_buffer.append": "audio", "response.output_audio.delta": "delta"}

Direction = Literal["client", "server"]


@dataclass(frozen=True)
class Entry:
    """One frame, `at` seconds after the connection. `event` is None for what is no event."""

    at: float
    direction: Direction
    event: Event | None
    raw: str = ""


class Journal:
    """The latest frames in memory, all of them in a file if there is one (JSON lines).

    In memory, and unless `with_audio` in the file, audio is replaced by its length in bytes: it is
    most of the traffic.
    """

    def __init__(
        self, clock: Clock, path: Path | None = None, *, with_audio: bool = False, keep: int = 2000
    ) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._entries: deque[Entry] = deque(maxlen=keep)
        self._changed = Signal()
        self._with_audio = with_audio
        self._file: IO[str] | None = None
        if path is not None:
            path.touch(mode=0o600)
            self._file = path.open("a", encoding="utf-8")

    def add(self, direction: Direction, event: Event | None, raw: str = "") -> None:
        """A frame was received from the `client`, or sent by the `server`."""
        light = _without_audio(event)
        at = round(self._clock.monotonic() - self._began, 6)
        self._entries.append(Entry(at, direction, light, raw))
        if self._file is not None:
            written = event if self._with_audio else light
            line: dict[str, Any] = {"at": at, "direction": direction}
            line |= {"raw": raw} if event is None else {"event": written}
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        self._changed.set()
        self._changed.clear()

    def entries(self, direction: Direction | None = None) -> list[Entry]:
        """The frames so far."""
        return [item for item in self._entries if direction in (None, item.direction)]

    def events(self, direction: Direction, kind: str | None = None) -> list[Event]:
        """The events so far, of one type or (None) of all."""
        found = (item.event for item in self.entries(direction) if item.event is not None)
        return [event for event in found if kind in (None, event.get("type"))]

    def wait_for(
        self,
        direction: Direction,
        kind: str,
        predicate: Callable[[Event], bool] = lambda _: True,
        timeout: float = 5.0,
    ) -> Event:
        """The first event of a type that fits, past or to come. Raises `TimeoutError`."""
        with Timeout(timeout, TimeoutError(f"No {kind} from the {direction} in {timeout} s.")):
            while True:
                for event in self.events(direction, kind):
                    if predicate(event):
                        return event
                self._changed.wait()

    def close(self) -> None:
        """No more frames come."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _without_audio(event: Event | None) -> Event | None:
    field = _AUDIO_FIELDS.get(str(event.get("type"))) if event else None
    if event is None or field is None:
        return event
    audio = str(event.get(field, ""))
    return {**event, field: "", "audio_bytes": len(audio.rstrip("=")) * 3 // 4}
