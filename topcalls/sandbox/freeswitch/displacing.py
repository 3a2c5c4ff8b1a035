"""`uuid_displace` on a channel: files mixed into whatever is written to the caller.

Muxed (`m`) or instead of the audio, looping (`l`) or once, before the recording (`f`) or behind it.
The frame at the end of each round is without the file, as on the real switch.
"""

from __future__ import annotations

import audioop
from collections.abc import Iterable
from dataclasses import dataclass

from topcalls.sandbox.freeswitch.codec import FRAME_BYTES
from topcalls.sandbox.freeswitch.playback import Source, open_sound

_FRAME = 2 * FRAME_BYTES


@dataclass
class _Layer:
    source: Source
    loops: bool
    first: bool
    muxed: bool
    over: bool = False

    def onto(self, samples: bytes, frame: bytes) -> bytes:
        """What is heard of both: `frame` is the file's, empty at its end."""
        if not frame:
            return samples
        padded = frame.ljust(_FRAME, b"\0")
        return audioop.add(samples, padded, 2) if self.muxed else padded

    def fetch(self) -> bytes:
        """20 ms of samples; nothing at the end of a round."""
        frame = self.source.read(_FRAME) or b""
        if not frame:
            self.over = not self.loops
            self.source.seek(0)
        return frame


class Displacing:
    """The files of one channel, by path."""

    def __init__(self) -> None:
        self._layers: dict[str, _Layer] = {}

    def start(self, path: str, flags: str) -> bool:
        """False: the file cannot be read, or is on the channel already."""
        opened = open_sound(path) if path not in self._layers else None
        if opened is None:
            return False
        source, native = opened
        if native:  # its bytes are no samples: on a real switch it is noise
            source.close()
            return False
        self._layers[path] = _Layer(source, "l" in flags, "f" in flags, "m" in flags)
        return True

    def stop(self, path: str) -> bool:
        """False: there is no such file on the channel."""
        layer = self._layers.pop(path, None)
        if layer is not None:
            layer.source.close()
        return layer is not None

    def mix(self, written: bytes | None) -> tuple[bytes | None, bytes | None]:
        """What the caller hears, and what a recording gets; None as long as nothing is written."""
        if written is None or not self._layers:
            return written, written
        heard = recorded = written
        for path, layer in tuple(self._layers.items()):
            frame = layer.fetch()
            heard = layer.onto(heard, frame)
            recorded = layer.onto(recorded, frame) if layer.first else recorded
            if layer.over:
                self.stop(path)
        return heard, recorded

    def close(self) -> None:
        """The channel is gone."""
        for path in tuple(self._layers):
            self.stop(path)

    @property
    def paths(self) -> Iterable[str]:
        """The files that are heard."""
        return tuple(self._layers)
