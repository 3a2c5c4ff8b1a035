"""Turns of a Realtime session: what is appended when, and whose item is whose.

Without server VAD the service keeps everything that is appended until it is committed, and bills
it. So audio waits here, the last of it only, and goes out from a little before a turn's beginning
to its end. The item of a turn has no id before the service has made it: until then, and to
everybody above for good, it goes by a name of ours. Commits are carried out in order, and each is
answered by `input_audio_buffer.committed` or by an error that names its event.
"""

from __future__ import annotations

from collections import deque

from topcalls.providers.base import BYTES_PER_MS

ONSET_MS = 300
"""Audio from the first sound of a turn until somebody has noticed it."""


class ServerTurns:
    """Turns that the service finds by itself: everything is appended, and items have its ids."""

    def audio(self, audio: bytes) -> bytes:
        """Caller audio; what of it is to be appended now."""
        return audio

    def begin(self) -> tuple[str, bytes] | None:
        """A turn begins: its name, and the audio to append at once. None: that is no news."""
        return None

    def end(self) -> tuple[str, str] | None:
        """The turn is over: its name, and the id of the event that is to commit it."""
        return None

    def committed(self, item_id: str) -> str | None:
        """The service has made the oldest turn an item; returns it if it is to be deleted."""
        return None

    def refused(self, event_id: str | None) -> str | None:
        """An error answers this event: the name of the turn that will never be an item."""
        return None

    def delete(self, name: str) -> str | None:
        """Nobody wants this item any more: its id, if it is there already."""
        return name

    def name_of(self, item_id: str) -> str:
        """The name by which everybody above knows an item."""
        return item_id


class ManualTurns(ServerTurns):
    """Turns that we tell the service of; `prefix_ms` of audio before a turn go with it."""

    def __init__(self, prefix_ms: int) -> None:
        self._kept = bytearray()
        self._keep_bytes = (prefix_ms + ONSET_MS) * BYTES_PER_MS
        self._count = 0
        self._present = ""
        self._commits: deque[tuple[str, str]] = deque()  # event id and our name, unanswered
        self._items: dict[str, str] = {}  # the service's ids by our names
        self._names: dict[str, str] = {}  # and the other way round
        self._unwanted: set[str] = set()  # to be deleted once there is an id

    def audio(self, audio: bytes) -> bytes:
        if self._present:
            return audio
        self._kept += audio
        del self._kept[: -self._keep_bytes]
        return b""

    def begin(self) -> tuple[str, bytes] | None:
        if self._present:
            return None
        self._count += 1
        self._present = f"turn_{self._count}"
        kept = bytes(self._kept)
        self._kept.clear()
        return self._present, kept

    def end(self) -> tuple[str, str] | None:
        if not self._present:
            return None
        name, self._present = self._present, ""
        event_id = f"commit_{self._count}"
        self._commits.append((event_id, name))
        return name, event_id

    def committed(self, item_id: str) -> str | None:
        if not self._commits:
            return None
        _, name = self._commits.popleft()
        self._items[name] = item_id
        self._names[item_id] = name
        return item_id if name in self._unwanted else None

    def refused(self, event_id: str | None) -> str | None:
        for commit in self._commits:
            if commit[0] == event_id:
                self._commits.remove(commit)
                return commit[1]
        return None

    def delete(self, name: str) -> str | None:
        if any(waiting == name for _, waiting in self._commits):
            self._unwanted.add(name)
            return None
        return self._items.get(name, name)

    def name_of(self, item_id: str) -> str:
        return self._names.get(item_id, item_id)
