"""Who has voices, makes voices and speaks, as the settings say.

A vendor is met when it is called for, not before: the sandbox may not run yet. A sandbox only ever
asks its own double; a key in the environment is not used there.
"""

from __future__ import annotations

from functools import partial

from topcalls.compose.lineup import voices_of
from topcalls.compose.stages import voice
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.net.http import HttpClient
from topcalls.providers.elevenlabs.cloning import ElevenLabsCloner
from topcalls.providers.elevenlabs.rest import (
    MAX_ANSWER_BYTES,
    ElevenLabsLibrary,
    ElevenLabsRest,
)
from topcalls.providers.stages import Voice
from topcalls.services.voice_clones import VoiceCloners
from topcalls.services.voice_previews import Speakers
from topcalls.services.voices import VoiceLibraries

TIMEOUT_SECONDS = 60.0
"""Of one request: a voice is cloned within it."""

_ELEVENLABS = "elevenlabs"


def voice_libraries(settings: Settings) -> VoiceLibraries:
    """Vendors that speak here and have a list of voices."""
    if _ELEVENLABS not in voices_of(settings):
        return {}
    return {_ELEVENLABS: lambda: ElevenLabsLibrary(_rest(settings))}


def voice_cloners(settings: Settings) -> VoiceCloners:
    """Vendors that speak here and make voices of recordings."""
    if _ELEVENLABS not in voices_of(settings):
        return {}
    return {_ELEVENLABS: lambda: ElevenLabsCloner(_rest(settings))}


def speakers(settings: Settings) -> Speakers:
    """The stages of the chain that speak, by provider."""
    return {name: partial(_speaker, name, settings) for name in voices_of(settings)}


def _speaker(name: str, settings: Settings) -> Voice:
    return voice(name, settings, Vendors.of(settings))


def _rest(settings: Settings) -> ElevenLabsRest:
    vendors = Vendors.of(settings)
    http = HttpClient(TIMEOUT_SECONDS, MAX_ANSWER_BYTES, allow_private=True)
    return ElevenLabsRest(http, vendors.elevenlabs_key, vendors.elevenlabs_url)
