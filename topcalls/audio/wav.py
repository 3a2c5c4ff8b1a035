"""WAV files of 16-bit samples, written and read in pieces.

These functions touch the disk: never call them where an event loop carries audio.
"""

from __future__ import annotations

import os
import struct
import wave
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from topcalls.audio.formats import AudioFormat

_PCM = 1
_EXTENSIBLE = 0xFFFE
_MAX_FORMAT_BYTES = 64
_PIECE_BYTES = 64_000


class WavError(ValueError):
    """Not a WAV file of 16-bit samples."""


class WavWriter:
    """Writes L16 to `path`. The header's sizes are set by `close`; `WavReader` can do without."""

    def __init__(self, path: Path, audio_format: AudioFormat) -> None:
        if audio_format.encoding != "L16":
            raise WavError("only L16 can be written")
        self._file = wave.open(str(path), "wb")  # noqa: SIM115 - closed by close()
        self._file.setsampwidth(2)
        self._file.setnchannels(audio_format.channels)
        self._file.setframerate(audio_format.rate)
        self._file.writeframesraw(b"")  # a header that promises nothing, until `close`

    def write(self, l16: bytes) -> None:
        """Append whole samples."""
        self._file.writeframesraw(l16)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> WavWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class WavReader:
    """Reads a file in pieces, by its path or opened; iterate over `chunks`.

    Unlike the standard library's it also reads a recording whose writer died: a header that
    promises nothing, or more than is there, means "to the end of the file".
    """

    def __init__(self, source: Path | BinaryIO) -> None:
        self._file = source.open("rb") if isinstance(source, Path) else source
        try:
            self.format, self._left = _read_header(self._file)
        except BaseException:
            self._file.close()
            raise

    def chunks(self, milliseconds: float = 1000.0) -> Iterator[bytes]:
        """What is left of the file, in pieces of so much audio; the last may be shorter."""
        size = max(self.format.frame_bytes, self.format.size_of(milliseconds))
        while data := self.read(size):
            yield data

    def read(self, size: int) -> bytes:
        """The next `size` bytes, whole samples; fewer at the end."""
        data = self._file.read(min(size, self._left))
        data = data[: len(data) - len(data) % self.format.frame_bytes]
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> WavReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def with_silence(source: Path, target: Path, places: Iterable[tuple[float, float]]) -> None:
    """Write a longer copy: at each place, (milliseconds of `source`, how many of silence).

    `places` are in order; one behind the end stands for the end.
    """
    with WavReader(source) as reader, WavWriter(target, reader.format) as writer:
        copied = 0
        for at, lasts in places:
            until = reader.format.size_of(at)
            for data in _pieces(reader.read, until - copied):
                writer.write(data)
            copied = until
            for data in _pieces(bytes, reader.format.size_of(lasts)):
                writer.write(data)
        for data in reader.chunks():
            writer.write(data)


def _pieces(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    """`size` bytes in pieces, or as many as there are."""
    while size > 0 and (data := read(min(size, _PIECE_BYTES))):
        size -= len(data)
        yield data


@dataclass(frozen=True)
class WavFacts:
    """What a file holds. `repaired`: its writer had died, and its header has been completed."""

    format: AudioFormat
    milliseconds: int
    repaired: bool


def complete(path: Path) -> WavFacts:
    """Make the header of a file tell what is there, whatever became of its writer.

    A writer that died, or whose disk was full, leaves sizes that promise nothing, or too much, and
    perhaps part of a sample. Most players would play nothing of it.

    Raises:
        WavError: it is no WAV file of 16-bit samples.
    """
    with path.open("r+b") as file:
        audio_format, usable = _read_header(file)
        start = file.tell()
        size = file.seek(0, os.SEEK_END)
        promised_file, promised = _promised(file, start)
        whole = usable - usable % audio_format.frame_bytes
        broken = promised != whole or promised_file > size - 8
        if broken:
            file.truncate(start + whole)
            _promise(file, start, whole)
        return WavFacts(audio_format, round(audio_format.milliseconds(whole)), broken)


def _promised(file: BinaryIO, start: int) -> tuple[int, int]:
    """What the header says of the sizes of the file and of its samples, which begin at `start`."""
    sizes = []
    for place in (4, start - 4):
        file.seek(place)
        sizes.append(int.from_bytes(file.read(4), "little"))
    return sizes[0], sizes[1]


def _promise(file: BinaryIO, start: int, samples: int) -> None:
    for place, size in ((4, start + samples - 8), (start - 4, samples)):
        file.seek(place)
        file.write(size.to_bytes(4, "little"))


def _read_header(file: BinaryIO) -> tuple[AudioFormat, int]:
    """The format, and the bytes of samples that follow the file's position."""
    riff = file.read(12)
    if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
        raise WavError("not a WAV file")
    audio_format = None
    while len(head := file.read(8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], "little")
        if name == b"data":
            if audio_format is None:
                raise WavError("samples before their format")
            return audio_format, _bytes_left(file, size)
        body = file.read(min(size, _MAX_FORMAT_BYTES))
        file.seek(size + size % 2 - len(body), os.SEEK_CUR)
        if name == b"fmt ":
            audio_format = _parse_format(body)
    raise WavError("no samples")


def _parse_format(body: bytes) -> AudioFormat:
    if len(body) < 16:
        raise WavError("broken format")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE and len(body) >= 26:
        tag = int.from_bytes(body[24:26], "little")
    if tag != _PCM or bits != 16 or not channels or not rate:
        raise WavError("not 16-bit PCM")
    return AudioFormat("L16", rate, channels)


def _bytes_left(file: BinaryIO, promised: int) -> int:
    start = file.tell()
    there = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    return min(promised, there) if promised else there
