"""`uuid_record`: a WAV file of both sides of a call, written as the real switch writes it.

Sound reaches the file in pieces of a buffer's size, and the header tells no sizes before the end:
a switch that dies leaves a file whose header promises nothing. A full disk ends neither call nor
recording: what does not fit is lost.
"""

from __future__ import annotations

import audioop
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, RATE

log = get_logger("sandbox.recording")

DEFAULT_BUFFER_BYTES = 65_536
_SILENCE = b"\0" * FRAME_BYTES * 2
_TRUE = ("true", "yes", "1")
_HEADER_BYTES = 44


def _header(channels: int, samples: int, *, whole: bool) -> bytes:
    """Before the end its sizes are those of an empty file, as libsndfile leaves them."""
    size = samples if whole else 0
    riff = _HEADER_BYTES - 8 + samples if whole else 8
    rate = RATE * channels * 2
    form = struct.pack("<HHIIHH", 1, channels, RATE, rate, channels * 2, 16)
    return (
        b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + struct.pack("<I", len(form)) + form
        + b"data" + struct.pack("<I", size)
    )  # fmt: skip


class Recording:
    """16-bit 8 kHz; left the caller, right what is played to them, or both mixed in one."""

    def __init__(self, path: Path, variables: dict[str, str], *, limit_seconds: int = 0) -> None:
        """Create the file. Raises `OSError` where that is impossible. 0: no limit."""
        self.limit = limit_seconds * RATE
        self.path = path
        self.samples = 0
        self.masked = False
        self.paused = False
        self._stereo = variables.get("RECORD_STEREO", "") in _TRUE
        self._channels = 2 if self._stereo else 1
        self._most = _buffer_bytes(variables.get("enable_file_write_buffering", ""))
        self._buffer = bytearray()
        self._file = path.open("wb", buffering=0)
        self._file.write(_header(self._channels, 0, whole=False))

    def write(self, said: bytes | None, played: bytes | None) -> None:
        """20 ms of 16-bit samples of either side; None is silence. Raises `OSError`."""
        if self.paused:
            return
        left = said if said and not self.masked else _SILENCE
        right = played if played and not self.masked else _SILENCE
        if self._stereo:
            both = audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)
        else:
            both = audioop.add(left, right, 2)
        self.samples += FRAME_BYTES
        self._buffer += both
        if len(self._buffer) >= self._most:
            self._flush()

    def close(self) -> None:
        """Complete the file, as far as the disk lets us."""
        with suppress(OSError):
            self._flush()
        size = os.fstat(self._file.fileno()).st_size
        self._file.seek(0)
        self._file.write(_header(self._channels, size - _HEADER_BYTES, whole=True))
        self._file.close()

    def abandon(self) -> None:
        """The switch has died: nobody completes the file, and what was in the buffer is lost."""
        self._file.close()

    @property
    def milliseconds(self) -> int:
        """Length so far."""
        return self.samples * 1000 // RATE

    def _flush(self) -> None:
        data, self._buffer = bytes(self._buffer), bytearray()
        while data:
            data = data[self._file.write(data) :]


def _buffer_bytes(value: str) -> int:
    """The value of `enable_file_write_buffering`: a size, or no buffer at all."""
    if value in ("false", "no", "0"):
        return 1
    return int(value) if value.isdigit() and int(value) > 1 else DEFAULT_BUFFER_BYTES


class Recordings:
    """The recordings of one channel, by path."""

    def __init__(
        self, variables: dict[str, str], fire: Callable[[str, dict[str, str]], None]
    ) -> None:
        """`variables` are the channel's; `fire(name, headers)` raises an event."""
        self.active: dict[str, Recording] = {}
        self._variables = variables
        self._fire = fire
        self._failing: set[str] = set()

    def start(self, path: str, limit: str = "", variables: dict[str, str] | None = None) -> bool:
        """RECORD_START; False where the file cannot be made. `limit`: seconds. `variables` go
        before those of the channel. A recording that runs already goes on."""
        if path in self.active:
            return True
        seconds = int(limit) if limit.isdigit() else 0
        given = {**self._variables, **(variables or {})}
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self.active[path] = Recording(Path(path), given, limit_seconds=seconds)
        except OSError:
            return False
        self._fire("RECORD_START", {"Record-File-Path": path})
        return True

    def stop(self, path: str) -> bool:
        """RECORD_STOP; False when `path` is not being recorded."""
        recording = self.active.pop(path, None)
        if recording is None:
            return False
        recording.close()
        self._variables |= {
            "record_samples": str(recording.samples),
            "record_seconds": str(recording.milliseconds // 1000),
            "record_ms": str(recording.milliseconds),
        }
        self._fire("RECORD_STOP", {"Record-File-Path": path})
        return True

    def change(self, verb: str, path: str) -> bool:
        """`mask`, `unmask`, `pause`, `resume`; False when `path` is not being recorded. What is so
        already is no error."""
        recording = self.active.get(path)
        if recording is None or verb not in ("mask", "unmask", "pause", "resume"):
            return False
        if verb in ("mask", "unmask"):
            recording.masked = verb == "mask"
        else:
            recording.paused = verb == "pause"
        return True

    def stop_all(self) -> None:
        """The call is over."""
        for path in tuple(self.active):
            self.stop(path)

    def write(self, said: bytes | None, played: bytes | None) -> None:
        """20 ms of either side."""
        for path, recording in tuple(self.active.items()):
            try:
                recording.write(said, played)
            except OSError as error:
                if path not in self._failing:
                    log.error("A recording cannot be written.", error=error.strerror)
                self._failing.add(path)
            if recording.limit and recording.samples >= recording.limit:
                self.stop(path)

    def abandon(self) -> None:
        """The switch has died: the files stay as they are, and nobody is told."""
        for recording in self.active.values():
            recording.abandon()
        self.active.clear()
