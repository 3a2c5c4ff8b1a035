"""What was made lately, and may be asked for again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable


class RecentBytes:
    """Remembers up to `limit` bytes; what was asked for longest ago is forgotten first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """What is remembered under this name, or what `make` gives."""
        data = self._kept.get(name)
        if data is None:
            data = make()
            self.forget(name)  # somebody else may have made it meanwhile
            self._kept[name] = data
            self._size += len(data)
            self._make_room()
        else:
            self._kept.move_to_end(name)
        return data

    def forget(self, name: str) -> None:
        """Remember it no longer."""
        self._size -= len(self._kept.pop(name, b""))

    def _make_room(self) -> None:
        while self._size > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped)
