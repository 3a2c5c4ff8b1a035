"""Keys as sound, in the words of mod_tone_stream."""

from __future__ import annotations

from typing import Final

from topcalls.audio import dtmf
from topcalls.core.keys import KEY_MS, Sounds
from topcalls.errors import InvalidRequest

_DECIBELS: Final = -4  # measured: each sine peaks at -13 dBFS, -10 dBm0


def tone_stream(keys: Sounds) -> str:
    """What FreeSWITCH can play as a file; `lead_ms` is not in it. Raises `InvalidRequest`."""
    tones = ";".join(f"%({KEY_MS},{quiet},{_pair(key)})" for key, quiet in keys.keys)
    return f"tone_stream://v={_DECIBELS};{tones}"


def _pair(key: str) -> str:
    if len(key) != 1 or key not in dtmf.KEYS:
        raise InvalidRequest("Is no key of a telephone.", field="keys")
    at = dtmf.KEYS.index(key)
    return f"{dtmf.LOW[at // 4]:.0f},{dtmf.HIGH[at % 4]:.0f}"
