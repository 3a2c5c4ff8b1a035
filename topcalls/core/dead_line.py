"""A line that carries no audio at all is dead: a telephone whose owner is silent sends audio.

A peer that vanished sends no BYE, so the switch counts packets and hangs up (`MEDIA_TIMEOUT`). It
has to do so before the agent gives up on somebody who says nothing: that is another end, and at
another's door.
"""

from __future__ import annotations

from typing import Final

LONGEST_SECONDS: Final = 60.0
ASKED_SECONDS: Final = 5.0
"""The agent asks whether anybody is there, and is not cut off in its question."""


def seconds_without_audio(silence_timeout: float) -> float:
    """How long an answered leg may send no audio, where the agent asks after `silence_timeout`
    seconds and gives up at the earliest after as much again, or 10 s."""
    return min(LONGEST_SECONDS, silence_timeout + min(ASKED_SECONDS, silence_timeout / 2))
