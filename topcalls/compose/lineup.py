"""The engines of this installation, read from its settings. Asks nobody, and needs no sandbox."""

from __future__ import annotations

from topcalls.config import Settings
from topcalls.services.lineup import Lineup

_OPENAI_URL = Settings.model_fields["openai_base_url"].default


def lineup_of(settings: Settings) -> Lineup:
    """Which models and stages calls meet."""
    return Lineup(
        realtime_model=settings.realtime_model,
        legacy_model=settings.legacy_model,
        fallback_models=names(settings.legacy_fallback_models),
        realtime_fallback=settings.realtime_fallback,
        recognizers=recognizers_of(settings),
        voices=voices_of(settings),
        transcription_model=settings.openai_transcription_model,
        speech_model=settings.openai_speech_model,
        elevenlabs_model=settings.elevenlabs_model,
        elevenlabs_voice=settings.elevenlabs_voice,
        own_server=settings.ai_mode == "live" and settings.openai_base_url != _OPENAI_URL,
    )


def recognizers_of(settings: Settings) -> tuple[str, ...]:
    """Who hears, in the order in which they are tried; the operator's, or those who have a key."""
    deepgram = _has_key(settings, "deepgram_api_key")
    keyed = {"deepgram-flux": deepgram, "deepgram-nova": deepgram, "openai": _openai(settings)}
    given = names(settings.legacy_recognizers)
    return given or tuple(name for name, there in keyed.items() if there)


def voices_of(settings: Settings) -> tuple[str, ...]:
    """Who speaks, likewise."""
    keyed = {"elevenlabs": _has_key(settings, "elevenlabs_api_key"), "openai": _openai(settings)}
    return names(settings.legacy_voices) or tuple(name for name, there in keyed.items() if there)


def names(text: str) -> tuple[str, ...]:
    """A list with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _openai(settings: Settings) -> bool:
    return _has_key(settings, "openai_api_key")


def _has_key(settings: Settings, name: str) -> bool:
    """The sandbox is every vendor."""
    key = getattr(settings, name)
    return settings.ai_mode == "sandbox" or bool(key and key.get_secret_value())
