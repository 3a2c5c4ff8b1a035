"""The built-in voices that are known without asking a vendor.

ElevenLabs has many more: the worker reads them from the vendor (`services/voices.py`). Genders are
as people hear them, where the vendor names none.
"""

from __future__ import annotations

from dataclasses import dataclass

BOTH, LEGACY = ("realtime", "legacy"), ("legacy",)
DEFAULT_REALTIME_VOICE = "alloy"
GENDERS = ("female", "male", "neutral")


@dataclass(frozen=True)
class Voice:
    """A voice by the name that calls use; `voice_id` is its provider's own."""

    name: str
    provider: str
    modes: tuple[str, ...]
    gender: str
    voice_id: str
    recommended: bool = False


def _openai(name: str, gender: str, modes: tuple[str, ...] = BOTH) -> Voice:
    return Voice(name, "openai", modes, gender, name, recommended=name in ("marin", "cedar"))


def _elevenlabs(name: str, gender: str, voice_id: str) -> Voice:
    return Voice(name, "elevenlabs", LEGACY, gender, voice_id)


VOICES = (
    _openai("alloy", "neutral"),
    _openai("ash", "male"),
    _openai("ballad", "male"),
    _openai("cedar", "male"),
    _openai("coral", "female"),
    _openai("echo", "male"),
    _openai("fable", "neutral", LEGACY),
    _openai("marin", "female"),
    _openai("nova", "female", LEGACY),
    _openai("onyx", "male", LEGACY),
    _openai("sage", "female"),
    _openai("shimmer", "female"),
    _openai("verse", "male"),
    _elevenlabs("adam", "male", "pNInz6obpgDQGcFmaJgB"),
    _elevenlabs("antoni", "male", "ErXwobaYiN019PkySvjV"),
    _elevenlabs("arnold", "male", "VR6AewLTigWG4xSOukaG"),
    _elevenlabs("bella", "female", "EXAVITQu4vr4xnSDxMaL"),
    _elevenlabs("domi", "female", "AZnzlk1XvdvUeBnXmlld"),
    _elevenlabs("elli", "female", "MF3mGyEYCl7XYWbV9V6O"),
    _elevenlabs("josh", "male", "TxGEqnHWrfWFTfGW9XjX"),
    _elevenlabs("matilda", "female", "XrExE9yKIg1WjnnlVkGX"),
    _elevenlabs("nicole", "female", "piTKgcLEGmPE4e6mEKNj"),
    _elevenlabs("rachel", "female", "21m00Tcm4TlvDq8ikWAM"),
    _elevenlabs("sam", "male", "yoZ06aMxZJJ28mfd3POQ"),
    Voice("espeak-male", "local", LEGACY, "male", ""),
    Voice("espeak-female", "local", LEGACY, "female", "f2"),
)
_OLD_SPEECH = ("alloy", "ash", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer")


def is_spoken_by(voice: Voice, speech_model: str) -> bool:
    """Whether a voice is one of this model of `/audio/speech`: the oldest have fewer. One of speech
    to speech that reads aloud has those of its mode."""
    if speech_model.startswith("gpt-realtime"):
        return "realtime" in voice.modes
    return not speech_model.startswith("tts-1") or voice.name in _OLD_SPEECH


def named(name: str) -> Voice | None:
    """The voice of this name, whatever its provider."""
    return next((voice for voice in VOICES if voice.name == name.lower()), None)
