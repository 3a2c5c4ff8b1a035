"""The built-in voices."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_VOICES = {"realtime": "alloy", "legacy": "rachel"}


@dataclass(frozen=True)
class Voice:
    """A built-in voice of one mode."""

    name: str
    mode: str
    vendor: str
    recommended: bool = False


_REALTIME_VOICES = "alloy ash ballad coral echo sage shimmer verse marin cedar"
_LEGACY_VOICES = "rachel domi bella antoni elli josh arnold sam adam nicole matilda"
VOICES = (
    *(
        Voice(name, "realtime", "openai", recommended=name in ("marin", "cedar"))
        for name in _REALTIME_VOICES.split()
    ),
    *(Voice(name, "legacy", "elevenlabs") for name in _LEGACY_VOICES.split()),
)


def voices(mode: str | None = None) -> list[Voice]:
    """The built-in voices, of one mode or of all."""
    return [voice for voice in VOICES if mode in (None, voice.mode)]
