"""`eavesdrop` on a channel: somebody hears a call, and is heard by whom they choose.

As measured on FreeSWITCH 1.10.12: `1` mixes the listener into what the spied channel says (whoever
it is connected with hears that, and so do its streams and recordings), `2` into what it hears, `3`
into both, `0` into neither. Both are heard all the time, without the listener's own voice. The
application ends with the spied channel, by `*`, or when the listener's channel is connected.
"""

from __future__ import annotations

import audioop
from collections import deque
from collections.abc import Callable

MOST_FRAMES_WAITING = 4
_SAID, _HEARD = "13", "23"


class Spy:
    """One listener. `spies` are those of the channel; `ended` is called once."""

    def __init__(self, spies: list[Spy], mix: str, ended: Callable[[], None]) -> None:
        self._spies = spies
        self.mix = mix
        self._ended = ended
        self._voice: bytes | None = None
        self._waiting: deque[bytes] = deque(maxlen=MOST_FRAMES_WAITING)
        spies.append(self)

    def command(self, key: str) -> None:
        """A key, or an `eavesdrop-command`."""
        if key in ("0", "1", "2", "3"):
            self.mix = key
        elif key == "*":
            self.end()

    def end(self) -> None:
        """Listen no more."""
        if self in self._spies:
            self._spies.remove(self)
            self._ended()

    # --- 20 ms at a time, as 16-bit samples

    def says(self, voice: bytes | None) -> None:
        """What the listener says now."""
        self._voice = voice

    def hears(self) -> bytes | None:
        """What the listener hears now."""
        return self._waiting.popleft() if self._waiting else None

    def overhears(self, said: bytes | None, heard: bytes | None) -> None:
        """What the spied channel says and hears now."""
        both = added(said, heard)
        if both is not None:
            self._waiting.append(both)

    def into_said(self, said: bytes | None) -> bytes | None:
        """What the channel says, as others get it."""
        return added(said, self._voice) if self.mix in _SAID else said

    def into_heard(self, heard: bytes | None) -> bytes | None:
        """What the channel hears."""
        return added(heard, self._voice) if self.mix in _HEARD else heard


def added(one: bytes | None, other: bytes | None) -> bytes | None:
    """Two sounds together."""
    if one is None or other is None:
        return one if other is None else other
    return audioop.add(one, other, 2)
