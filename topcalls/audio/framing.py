"""Cuts a stream of bytes that comes in any chunking into frames of one size."""

from __future__ import annotations


class Framer:
    """Give it chunks, get whole frames of `size` bytes; the rest waits for the next chunk."""

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a frame has at least one byte")
        self._size = size
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes."""
        if self._rest:
            data = self._rest + data
        size = self._size
        end = len(data) - len(data) % size
        self._rest = data[end:]
        return [data[at : at + size] for at in range(0, end, size)]

    def flush(self, padding: bytes) -> bytes | None:
        """The last frame, filled up with `padding` (one byte); None when nothing is left."""
        rest, self._rest = self._rest, b""
        return rest + padding * (self._size - len(rest)) if rest else None
