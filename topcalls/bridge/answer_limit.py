"""An answer that does not end: where in its sound it is cut, if possible between two sentences.

The words of a speech-to-speech model are not timed along its sound, so the end of a sentence is a
pause in the sound, as between the sentences of any voice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.levels import level_dbfs
from topcalls.providers.base import BYTES_PER_MS

PAUSE_MS: Final = 300  # voices pause for 300 to 700 ms between sentences, less after a comma
GRACE_MS: Final = 10_000  # for a pause to come; without one, the answer is cut anywhere
_FRAME_MS: Final = 20
_QUIET_DBFS: Final = -45.0


@dataclass
class AnswerLimit:
    """Of one answer, which may have several items of sound."""

    longest_ms: int
    codec: G711Codec
    _admitted: int = 0  # bytes
    _quiet_ms: int = 0

    def admit(self, audio: bytes) -> int | None:
        """More sound; how many bytes of it the answer still has. None: all, and it goes on."""
        begin = max(0, self.longest_ms * BYTES_PER_MS - self._admitted)
        for at in range(begin, len(audio), _FRAME_MS * BYTES_PER_MS):
            if self._ends(audio[at : at + _FRAME_MS * BYTES_PER_MS], self._admitted + at):
                return at
        self._admitted += len(audio)
        return None

    def _ends(self, frame: bytes, position: int) -> bool:
        """Whether the answer is over where this frame begins."""
        if self._quiet_ms >= PAUSE_MS:
            return True
        is_quiet = level_dbfs(g711.decode(frame, self.codec)) < _QUIET_DBFS
        self._quiet_ms = self._quiet_ms + len(frame) // BYTES_PER_MS if is_quiet else 0
        return position >= (self.longest_ms + GRACE_MS) * BYTES_PER_MS
