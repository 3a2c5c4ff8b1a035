"""Files that can be read from any place, whatever they are made of."""

from __future__ import annotations

import io
import os


class PlacedReader(io.RawIOBase):
    """Knows its `size` and the place that is read next; who derives from it reads from there."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at
