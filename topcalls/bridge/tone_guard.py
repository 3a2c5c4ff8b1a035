"""Keys that come as tones in the caller's audio: told as keys, and never taken for speech.

Lines that negotiated `telephone-event` tell keys apart from the audio, so nothing is looked for
there until the first key comes; from then on tones that leak into the audio are taken out. Without
it, the tones are all there is. The setting can force the search, for trunks that promise events and
send tones, or forbid it.

`hear` runs in the event loop. On a line that is watched it costs 0.05 CPU-ms for each second of
silence and about 1 to 2 for each second of sound; on others nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from topcalls.audio.dtmf import ToneFilter
from topcalls.clock import Clock

InBandKeys = Literal["auto", "always", "never"]
SAME_KEY_SECONDS = 2.0
"""How much later the switch may tell of a key that was found in the audio."""


class ToneGuard:
    """Stands between the line and the uplink. `pressed(key)` is called from `hear`."""

    def __init__(
        self,
        mode: InBandKeys,
        clock: Clock,
        uplink: Callable[[bytes], None],
        pressed: Callable[[str], None],
    ) -> None:
        self._mode = mode
        self._clock = clock
        self._uplink = uplink
        self._pressed = pressed
        self._filter: ToneFilter | None = None
        self._switch_tells = False
        self._told: deque[tuple[float, str]] = deque(maxlen=64)

    def line_is(self, *, keys_in_band: bool) -> None:
        """Whether the line has no other way to tell keys."""
        if self._mode == "always" or (self._mode == "auto" and keys_in_band):
            self._watch()

    def hear(self, l16: bytes) -> None:
        """Audio of the caller."""
        if self._filter is None:
            self._uplink(l16)
            return
        audio, keys = self._filter.clean(l16)
        for key in keys if not self._switch_tells else "":
            self._told.append((self._clock.monotonic(), key))
            self._pressed(key)
        self._uplink(audio)

    def is_news(self, key: str) -> bool:
        """The switch tells a key; False if it was found in the audio a moment ago."""
        self._switch_tells = True
        if self._mode != "never":
            self._watch()
        oldest = self._clock.monotonic() - SAME_KEY_SECONDS
        while self._told:
            at, told = self._told.popleft()
            if at >= oldest and told == key:
                return False
        return True

    def _watch(self) -> None:
        if self._filter is None:
            self._filter = ToneFilter()
