"""A child process that is spoken to in frames: a kind, a length, a payload; both ways.

The parent never waits: what it sends is queued, what it gets is told by a greenlet. A child ends
with its standard input, so that none outlives the controller.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable, Iterator
from typing import IO, Any

import gevent
from gevent import subprocess
from gevent.queue import Full, Queue

from topcalls import child_process

HEAD = struct.Struct(">cI")
MOST_WAITING = 1000
_LONGEST = 1 << 24

AUDIO, JSON, END = b"a", b"j", b"e"


class Child:
    """`told(kind, payload)` for every frame; `ended()` once, when it ends without our doing."""

    def __init__(
        self, module: str, told: Callable[[bytes, bytes], None], ended: Callable[[], None]
    ) -> None:
        self._told = told
        self._ended = ended
        self._closed = False
        self._queue: Queue = Queue(MOST_WAITING)
        self._process: Any = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._writer = gevent.spawn(self._write)
        self._reader = gevent.spawn(self._read)

    def send(self, kind: bytes, payload: bytes) -> None:
        """A frame; to a child that cannot keep up, its end."""
        if self._closed:
            return
        try:
            self._queue.put_nowait(HEAD.pack(kind, len(payload)) + payload)
        except Full:
            self._stop()
            self._ended()

    def close(self) -> None:
        """End the child; nothing is told any more."""
        self._stop()

    def _stop(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._process.kill()
        gevent.spawn(self._bury)

    def _bury(self) -> None:
        self._writer.kill()
        self._reader.kill()
        child_process.end(self._process)

    def _write(self) -> None:
        try:
            while True:
                self._process.stdin.write(self._queue.get())
                self._process.stdin.flush()
        except OSError:
            return  # the reader finds out as well

    def _read(self) -> None:
        try:
            for kind, payload in frames(self._process.stdout):
                if self._closed:
                    return
                self._told(kind, payload)
        except (OSError, ValueError):
            pass  # an end like any other
        if not self._closed:
            self._stop()
            self._ended()


def frames(stream: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The frames of a stream until its end. Raises ValueError for what is none."""
    while len(head := _exactly(stream, HEAD.size)) == HEAD.size:
        kind, size = HEAD.unpack(head)
        if size > _LONGEST:
            raise ValueError("a frame without end")
        payload = _exactly(stream, size)
        if len(payload) < size:
            return
        yield kind, payload


def put(stream: IO[bytes], kind: bytes, payload: bytes = b"") -> None:
    """One frame, at once."""
    stream.write(HEAD.pack(kind, len(payload)) + payload)
    stream.flush()


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data
