"""The playback side of one FreeSWITCH channel, as measured, on a clock turned by hand.

Commands reach it and events leave it with a delay. Every 20 ms it plays one frame: from what it
has read ahead, reading again when one frame or less is left; it stops when it finds nothing new.
`heard` is what the caller heard, frame by frame (None: silence).
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from topcalls.audio import g711
from topcalls.clock import ManualClock
from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.heard import Heard

STEP_MS = 5
FRAME_MS = 20
READ_AHEAD = 32768
SWITCH_EPOCH_US = 1_900_000_000_000_000


@dataclass
class _Current:
    path: str
    content: bytes | None  # a stream file, complete; None for a growing file on disk
    position: int
    handle: object = None
    buffer: bytes = b""
    read: int = 0
    at_end: bool = False
    paused: bool = False
    frames: int = 0


@dataclass
class Switch:
    """Implements `SwitchPlayer`; `playback` gets the events."""

    command_ms: int = 0
    event_ms: int = 0
    lost: Callable[[str, str], bool] = lambda name, path: False  # events that never arrive
    playback: object = None
    clock: ManualClock = field(
        default_factory=lambda: ManualClock(datetime(2030, 1, 1, tzinfo=UTC))
    )
    now_ms: int = 0
    heard: list[bytes | None] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._arriving: deque = deque()
        self._leaving: deque = deque()
        self._queue: deque[str] = deque()
        self._current: _Current | None = None
        self._break = False
        self._files: dict[str, bytes] = {}

    # SwitchPlayer

    def play(self, target: str) -> None:
        self._command("play", target)

    def break_all(self) -> None:
        self._command("break")

    def toggle_pause(self) -> None:
        self._command("pause")

    def send_stream_text(self, text: str) -> None:
        data = json.loads(text)["data"]
        self._command("stream", data)

    # The passing of time

    def run(self, milliseconds: int) -> None:
        """Let time pass, with everything that happens in it."""
        for _ in range(milliseconds // STEP_MS):
            self.clock.advance(STEP_MS / 1000)
            self.now_ms += STEP_MS
            self._carry_out()
            if self.now_ms % FRAME_MS == 0:
                self._frame()
            self._deliver()

    def run_until_idle(self, limit_ms: int = 60_000) -> None:
        """Until the switch plays nothing and nothing is on its way."""
        for _ in range(limit_ms // FRAME_MS):
            self.run(FRAME_MS)
            if not (self._queue or self._current or self._arriving or self._leaving):
                return
        raise AssertionError("the switch is never idle")

    @property
    def voice(self) -> bytes:
        """All voice heard, silence left out."""
        return b"".join(frame for frame in self.heard if frame is not None)

    def longest_gap(self) -> int:
        """Silent frames inside the voice, at most in a row."""
        longest = run = 0
        frames = list(self.heard)
        while frames and frames[-1] is None:
            frames.pop()
        started = False
        for frame in frames:
            started = started or frame is not None
            run = run + 1 if frame is None and started else 0
            longest = max(longest, run)
        return longest

    def hang_up(self) -> None:
        """The caller is gone: the current playback ends as `done`, what waits is dropped."""
        self._queue.clear()
        if self._current is not None:
            self._stop("done")

    # Inside

    def _command(self, name: str, argument: object = None) -> None:
        self.commands.append(name)
        self._arriving.append((self.now_ms + self.command_ms, name, argument))

    def _carry_out(self) -> None:
        while self._arriving and self._arriving[0][0] <= self.now_ms:
            _, name, argument = self._arriving.popleft()
            if name == "play":
                self._queue.append(argument)
            elif name == "break":
                self._queue.clear()
                self._break = self._current is not None
            elif name == "pause" and self._current is not None:
                self._current.paused = not self._current.paused
            elif name == "stream":
                self._write(argument)

    def _write(self, data: dict) -> None:
        path = f"/tmp/uuid_{len(self._files)}.tmp.r8"
        self._files[path] = g711.encode(base64.b64decode(data["audioData"]), "PCMU")
        self._event("file", path, data.get("chunk", ""))

    def _frame(self) -> None:
        if self._current is not None and self._break:
            self._stop("break")
        frame = self._next_frame()
        while self._current is None and self._queue:
            self._start(self._queue.popleft())
        self.heard.append(frame)

    def _next_frame(self) -> bytes | None:
        current = self._current
        if current is None or current.paused:
            return None
        if len(current.buffer) <= 160 and not current.at_end:
            data = self._read(current)
            current.buffer += data
            current.read += len(data)
            current.at_end = not data
        frame, current.buffer = current.buffer[:160], current.buffer[160:]
        if not frame:
            self._stop("done")
            return self._joined()
        return frame

    def _joined(self) -> bytes | None:
        """The next playback in the queue joins without a gap."""
        if not self._queue:
            return None
        self._start(self._queue.popleft())
        return self._next_frame()

    def _read(self, current: _Current) -> bytes:
        if current.content is not None:
            data = current.content[current.position : current.position + READ_AHEAD]
        else:
            current.handle.seek(current.position)
            data = current.handle.read(READ_AHEAD)
        current.position += len(data)
        return data

    def _start(self, target: str) -> None:
        path, _, position = target.partition("@@")
        content = self._files.get(path)
        handle = None
        if content is None:
            if not Path(path).exists():
                return  # FILE NOT FOUND: no event
            handle = open(path, "rb", buffering=0)  # noqa: SIM115 - closed by _stop
        self._current = _Current(path, content, int(position or 0), handle)
        self._event("start", path)

    def _stop(self, status: str) -> None:
        current, self._current = self._current, None
        self._break = False
        if current.handle is not None:
            current.handle.close()
        self._event("stop", current.path, status, current.read)

    def _event(self, name: str, path: str, *arguments: object) -> None:
        if not self.lost(name, path):
            us = SWITCH_EPOCH_US + self.now_ms * 1000
            self._leaving.append((self.now_ms + self.event_ms, name, path, us, arguments))

    def _deliver(self) -> None:
        while self._leaving and self._leaving[0][0] <= self.now_ms:
            _, name, path, us, arguments = self._leaving.popleft()
            if name == "start":
                self.playback.playback_started(path, us)
            elif name == "stop":
                self.playback.playback_stopped(path, us, *arguments)
            else:
                self.playback.stream_file_ready(path, *arguments)


def speech(milliseconds: int, seed: int = 1) -> bytes:
    """Audio in which every 20 ms are different, without a byte that could be silence."""
    return bytes(1 + (seed * 31 + at // 160 * 7 + at) % 120 for at in range(milliseconds * 8))


class GrowingFileCall:
    """A playback, its switch, and what it told."""

    def __init__(self, directory, **options) -> None:
        preroll = options.pop("preroll_ms", 100)
        codec = options.pop("codec", "PCMU")
        self.directory = directory
        self.switch = Switch(**options)
        self.playback = GrowingFilePlayback(
            self.switch, directory, codec, self.switch.clock, preroll_ms=preroll
        )
        self.switch.playback = self.playback
        self.started: list[str] = []
        self.finished: list[Heard] = []
        self.playback.on_started = lambda utterance_id, at: self.started.append(utterance_id)
        self.playback.on_finished = self.finished.append

    def say(self, utterance_id: str, audio: bytes, *, finish: bool = True) -> None:
        self.playback.begin(utterance_id)
        self.playback.append(utterance_id, audio)
        if finish:
            self.playback.finish(utterance_id)

    @property
    def files(self) -> list:
        return list(self.directory.iterdir())
