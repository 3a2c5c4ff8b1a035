"""How loud, and is that speech: the cheapest answer there is."""

from __future__ import annotations

import math
from typing import Final

from topcalls.audio.formats import L16_8K, AudioFormat
from topcalls.audio.pcm import audioop

SILENCE_DBFS: Final = -96.0  # the least that 16 bits can tell from nothing
_FULL_SCALE = 32768


def level_dbfs(l16: bytes) -> float:
    """Root mean square, relative to full scale: 0 for a full-scale square wave, -96 for silence."""
    rms = audioop.rms(l16, 2) if l16 else 0
    return max(SILENCE_DBFS, 20 * math.log10(rms / _FULL_SCALE)) if rms else SILENCE_DBFS


class EnergyVad:
    """Speech is what has been louder than `threshold_dbfs` for `onset_ms`.

    It lasts until everything has been quieter for `hangover_ms`, so that the gaps inside words
    and between them do not end it. Fit for a quiet line; noise above the threshold is speech.
    """

    def __init__(
        self,
        *,
        threshold_dbfs: float = -40.0,
        onset_ms: float = 60.0,
        hangover_ms: float = 300.0,
        audio_format: AudioFormat = L16_8K,
    ) -> None:
        self.speaking = False
        self._threshold_dbfs = threshold_dbfs
        self._onset_ms = onset_ms
        self._hangover_ms = hangover_ms
        self._format = audio_format
        self._against_ms = 0.0  # how long the audio has contradicted `speaking`

    def feed(self, l16: bytes) -> bool:
        """Hear one frame; whether there is speech now."""
        loud = level_dbfs(l16) >= self._threshold_dbfs
        if loud == self.speaking:
            self._against_ms = 0.0
        else:
            self._against_ms += self._format.milliseconds(len(l16))
            if self._against_ms >= (self._onset_ms if loud else self._hangover_ms):
                self.speaking = loud
                self._against_ms = 0.0
        return self.speaking
