"""`playback` on a channel: what is played when, frame by frame, as the switch's session does it.

`Player.tick` is called once per 20 ms and returns what goes out to the caller. After each frame the
session looks around, in this order: a break ends the file; without an event lock the next queued
command starts at once, inside the running one (so unlocked files end in reverse order); then the
next frame is fetched. The file is read again when one frame or less is left of what was read, so a
growing file must hold a frame 40 ms before it is due.
"""

from __future__ import annotations

import audioop
import io
import wave
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from topcalls.sandbox.freeswitch.codec import CODECS, FRAME_BYTES, RATE, Codec
from topcalls.sandbox.freeswitch.tone_stream import Endless, open_tones

READ_AHEAD_BYTES = 32 * 1024
_MAX_NESTED = 32
_PADDING = b"\xff"

Source = io.FileIO | io.BytesIO | Endless


@dataclass
class Execution:
    """A queued `sendmsg execute`."""

    application: str
    argument: str
    event_lock: bool
    event_uuid: str


class Session(Protocol):
    """What the player needs of its channel."""

    @property
    def codec(self) -> Codec:
        """The channel's codec."""
        ...

    def begin_application(self, execution: Execution) -> bool:
        """Fire CHANNEL_EXECUTE; True for `playback`, else the application is carried out, and true
        if it lasts."""
        ...

    def end_application(self, execution: Execution, response: str) -> None:
        """Fire CHANNEL_EXECUTE_COMPLETE."""
        ...

    def playback_started(self, path: str) -> None:
        """Fire PLAYBACK_START."""
        ...

    def playback_stopped(self, path: str, status: str, samples: int, last_offset: int) -> None:
        """Fire PLAYBACK_STOP."""
        ...


class PlayingFile:
    """A file that is being played: buffer, read-ahead, end of file, pause."""

    def __init__(self, execution: Execution, path: str, source: Source, native: bool) -> None:
        self.execution = execution
        self.path = path
        self.paused = False
        self.samples_read = 0
        self.offset = 0
        self._source = source
        self._native = native
        self._frame_bytes = FRAME_BYTES if native else 2 * FRAME_BYTES
        self._buffer = b""
        self._at_end = False

    def fetch(self, codec: Codec) -> bytes | None:
        """The next frame in `codec`; None at the end of the file."""
        if self.paused:
            return _PADDING * FRAME_BYTES
        refilled = len(self._buffer) <= self._frame_bytes and not self._at_end and self._refill()
        frame = self._buffer[: self._frame_bytes]
        self._buffer = self._buffer[len(frame) :]
        if not frame:
            return None
        self.offset += len(frame) if self._native and not refilled else len(frame) // 2
        frame = frame.ljust(self._frame_bytes, _PADDING)
        return frame if self._native else codec.from_linear(frame)

    def close(self) -> None:
        """Give the file back."""
        self._source.close()

    def _refill(self) -> bool:
        data = self._source.read(READ_AHEAD_BYTES)
        self._at_end = not data
        self._buffer += data
        self.samples_read += len(data) if self._native else len(data) // 2
        return bool(data)


class Player:
    """The queue and the stack of playbacks of one channel."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._queue: deque[Execution] = deque()
        self._stack: list[PlayingFile] = []
        self._pending: bytes | None = None
        self._break = False
        self._lasting: Execution | None = None  # an application that is no playback

    @property
    def is_playing(self) -> bool:
        """Whether a file is open."""
        return bool(self._stack)

    def queue(self, execution: Execution) -> None:
        """Take a command; it is looked at with the next frame."""
        self._queue.append(execution)

    def stop(self, *, flush: bool) -> None:
        """`uuid_break`: end what is playing, after the frame already due; `flush` the queue too."""
        if flush:
            self._queue.clear()
        self._break = bool(self._stack)

    def toggle_pause(self) -> bool:
        """`uuid_fileman pause`; False when no file is open."""
        if not self._stack:
            return False
        self._stack[-1].paused = not self._stack[-1].paused
        return True

    def tick(self) -> bytes | None:
        """What is written to the caller now; None: nothing is playing."""
        written, self._pending = self._pending, None
        self._look_around()
        return written

    def application_over(self) -> None:
        """What lasted has ended."""
        if self._lasting is not None:
            execution, self._lasting = self._lasting, None
            self._session.end_application(execution, "_none_")

    def hang_up(self) -> None:
        """End everything because the channel is gone."""
        self._queue.clear()
        while self._stack:
            self._finish(self._stack.pop(), "done")

    def close(self) -> None:
        """Give every file back, and tell nobody."""
        self._queue.clear()
        while self._stack:
            self._stack.pop().close()

    def _look_around(self) -> None:
        if self._break:
            self._break = False
            while self._stack:
                self._finish(self._stack.pop(), "break")
            return
        while self._may_start_next():
            self._start(self._queue.popleft())
        while self._stack:
            self._pending = self._stack[-1].fetch(self._session.codec)
            if self._pending is not None:
                return
            self._finish(self._stack.pop(), "done")
            while self._may_start_next():
                self._start(self._queue.popleft())

    def _may_start_next(self) -> bool:
        if not self._queue or self._lasting or len(self._stack) >= _MAX_NESTED:
            return False
        return not any(playing.execution.event_lock for playing in self._stack)

    def _start(self, execution: Execution) -> None:
        if not self._session.begin_application(execution):
            self._session.end_application(execution, "_none_")
            return
        if execution.application != "playback":
            self._lasting = execution
            return
        path, _, seek = execution.argument.partition("@@")
        opened = open_sound(path, int(seek) if seek.isdigit() else 0)
        if opened is None:
            self._session.end_application(execution, "FILE NOT FOUND")
            return
        source, native = opened
        self._stack.append(PlayingFile(execution, path, source, native))
        self._session.playback_started(path)

    def _finish(self, playing: PlayingFile, status: str) -> None:
        playing.close()
        self._session.playback_stopped(playing.path, status, playing.samples_read, playing.offset)
        self._session.end_application(playing.execution, "FILE PLAYED")


def open_sound(path: str, seek: int = 0) -> tuple[Source, bool] | None:
    """(source, whether native) of a sound file from sample `seek` on; None when it cannot be read.

    Native: `.PCMU`, `.PCMA` in capitals, codec bytes, may grow. `.r8`, `.r16`, `.wav`,
    `tone_stream://…` and `silence_stream://<ms>` give 16-bit samples at 8 kHz, as long as they were
    when opened.
    """
    if path.startswith("tone_stream://"):
        tones = open_tones(path)
        return (tones, False) if tones is not None else None
    if path.startswith("silence_stream://"):
        milliseconds = path.removeprefix("silence_stream://").partition(",")[0]
        return (
            (_samples(b"\0" * int(milliseconds) * 16, seek), False)
            if milliseconds.isdigit()
            else None
        )
    extension = Path(path).suffix.removeprefix(".")
    try:
        if extension in CODECS:
            source = io.FileIO(path)
            source.seek(seek)
            return source, True
        read = _READERS.get(extension)
        return (_samples(read(path), seek), False) if read else None
    except (OSError, EOFError, wave.Error):
        return None


def _samples(data: bytes, seek: int) -> Source:
    return io.BytesIO(data[seek * 2 :])


def _raw(rate: int) -> Callable[[str], bytes]:
    return lambda path: _at_8_khz(Path(path).read_bytes(), 1, rate)


def _wav(path: str) -> bytes:
    with wave.open(path, "rb") as audio:
        if audio.getsampwidth() != 2:
            raise wave.Error("not 16 bit")
        data = audio.readframes(audio.getnframes())
        return _at_8_khz(data, audio.getnchannels(), audio.getframerate())


def _at_8_khz(data: bytes, channels: int, rate: int) -> bytes:
    data = data[: len(data) - len(data) % (2 * channels)]
    if channels == 2:
        data = audioop.tomono(data, 2, 0.5, 0.5)
    if rate != RATE:
        data, _ = audioop.ratecv(data, 2, 1, rate, RATE, None)
    return data


_READERS: dict[str, Callable[[str], bytes]] = {"r8": _raw(8000), "r16": _raw(16000), "wav": _wav}
