"""The stages of the chain that hear and speak, by the names that settings give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.errors import ConfigError
from topcalls.providers import registry
from topcalls.providers.deepgram.flux import DeepgramFlux
from topcalls.providers.deepgram.nova import DeepgramNova
from topcalls.providers.elevenlabs.scribe import ElevenLabsScribe
from topcalls.providers.elevenlabs.voice import ElevenLabsVoice
from topcalls.providers.local.engines import LocalRecognizer, LocalVoice
from topcalls.providers.openai.realtime import OpenAIRealtime
from topcalls.providers.openai.realtime_voice import RealtimeVoice
from topcalls.providers.openai.speech import SpeechEndpoint
from topcalls.providers.openai.transcription import RealtimeTranscription
from topcalls.providers.stages import Recognizer, Voice

_Stage = TypeVar("_Stage")


def recognizer(name: str, settings: Settings, vendors: Vendors) -> Recognizer:
    """A stage that hears. Raises `ConfigError` where there is none of this name, or its key is
    missing."""
    makers: dict[str, Callable[[], Recognizer]] = {
        "deepgram-flux": lambda: DeepgramFlux(
            _needed(vendors.deepgram_key, "deepgram_api_key", name),
            base_url=vendors.deepgram_url,
            eager=0.4 if settings.speculative_replies else None,
        ),
        "deepgram-nova": lambda: DeepgramNova(
            _needed(vendors.deepgram_key, "deepgram_api_key", name),
            base_url=vendors.deepgram_url,
        ),
        "elevenlabs": lambda: ElevenLabsScribe(
            _needed(vendors.elevenlabs_key, "elevenlabs_api_key", name),
            base_url=vendors.elevenlabs_url,
        ),
        "openai": lambda: RealtimeTranscription(
            vendors.openai_url,
            _needed(vendors.openai_key, "openai_api_key", name),
            settings.openai_transcription_model,
        ),
        "local": LocalRecognizer,
    }
    return _made(makers, name, "legacy_recognizers")


def voice(name: str, settings: Settings, vendors: Vendors) -> Voice:
    """A stage that speaks. Raises `ConfigError`, likewise."""
    makers: dict[str, Callable[[], Voice]] = {
        "elevenlabs": lambda: ElevenLabsVoice(
            _needed(vendors.elevenlabs_key, "elevenlabs_api_key", name),
            settings.elevenlabs_model,
            settings.elevenlabs_voice,
            vendors.elevenlabs_url,
        ),
        "openai": lambda: _openai_voice(
            settings, _needed(vendors.openai_key, "openai_api_key", name), vendors.openai_url
        ),
        "local": LocalVoice,
    }
    return _made(makers, name, "legacy_voices")


def _openai_voice(settings: Settings, key: str, url: str) -> Voice:
    model = settings.openai_speech_model
    if registry.reads_aloud(model):
        pcm24 = settings.realtime_audio == "pcm24"
        return RealtimeVoice(OpenAIRealtime(key, url, pcm24=pcm24), model)
    return SpeechEndpoint(url, key, model)


def _made(makers: dict[str, Callable[[], _Stage]], name: str, setting: str) -> _Stage:
    if name not in makers:
        raise ConfigError(
            f"{setting} names {name!r}, which there is not.",
            field=setting,
            remedy=f"There are: {', '.join(makers)}.",
        )
    return makers[name]()


def _needed(key: str, setting: str, name: str) -> str:
    if not key:
        raise ConfigError(
            f"The chain uses {name}, and {setting} is not set.",
            field=setting,
            remedy=f"Set TOPCALLS_{setting.upper()}, or take {name} out of the chain.",
        )
    return key
