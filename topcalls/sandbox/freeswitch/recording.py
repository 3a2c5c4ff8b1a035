"""`uuid_record`: a WAV file of both sides of a call."""

from __future__ import annotations

import audioop
import io
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from topcalls.log import get_logger
from topcalls.sandbox.freeswitch.codec import FRAME_BYTES, RATE

log = get_logger("sandbox.recording")

_SILENCE = b"\0" * FRAME_BYTES * 2


class Recording:
    """16-bit 8 kHz; left the caller, right what is played to them, or both mixed in one."""

    def __init__(self, path: Path, *, stereo: bool, limit_seconds: int = 0) -> None:
        """Create the file. Raises `OSError` where that is impossible. 0: no limit."""
        self.limit = limit_seconds * RATE
        self.path = path
        self.samples = 0
        self.masked = False
        self.paused = False
        self._stereo = stereo
        self._raw = io.BufferedWriter(io.FileIO(path, "w"))
        self._file = wave.Wave_write(self._raw)
        self._file.setnchannels(2 if stereo else 1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)

    def write(self, said: bytes | None, played: bytes | None) -> None:
        """20 ms of 16-bit samples of either side; None is silence."""
        if self.paused:
            return
        left = said if said and not self.masked else _SILENCE
        right = played if played and not self.masked else _SILENCE
        if self._stereo:
            both = audioop.add(audioop.tostereo(left, 2, 1, 0), audioop.tostereo(right, 2, 0, 1), 2)
        else:
            both = audioop.add(left, right, 2)
        self._file.writeframesraw(both)
        self.samples += FRAME_BYTES

    def close(self) -> None:
        """Complete the file, as far as the disk lets us."""
        for part in (self._file, self._raw):
            with suppress(OSError):
                part.close()

    @property
    def milliseconds(self) -> int:
        """Length so far."""
        return self.samples * 1000 // RATE


class Recordings:
    """The recordings of one channel, by path."""

    def __init__(
        self, variables: dict[str, str], fire: Callable[[str, dict[str, str]], None]
    ) -> None:
        """`variables` are the channel's; `fire(name, headers)` raises an event."""
        self.active: dict[str, Recording] = {}
        self._variables = variables
        self._fire = fire

    def start(self, path: str, limit: str = "") -> bool:
        """RECORD_START; False where the file cannot be made. `limit`: seconds. One that runs
        already goes on."""
        if path in self.active:
            return True
        stereo = self._variables.get("RECORD_STEREO", "") in ("true", "yes", "1")
        try:
            self.active[path] = Recording(
                Path(path), stereo=stereo, limit_seconds=int(limit) if limit.isdigit() else 0
            )
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
        """`mask`, `unmask`, `pause`, `resume`; False when `path` is not being recorded."""
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
        """20 ms of either side. A recording whose disk is full ends there; the call goes on."""
        for path, recording in tuple(self.active.items()):
            try:
                recording.write(said, played)
            except OSError as error:
                log.error("A recording cannot be written.", error=error.strerror)
                self.stop(path)
                continue
            if recording.limit and recording.samples >= recording.limit:
                self.stop(path)

    def close(self) -> None:
        """Complete the files, and tell nobody."""
        for recording in self.active.values():
            recording.close()
        self.active.clear()
