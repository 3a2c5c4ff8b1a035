"""The libraries of voices that the settings lead to.

A sandbox only ever asks its own double: a key in the environment is not used there.
"""

from __future__ import annotations

from topcalls.compose.lineup import voices_of
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.net.http import HttpClient
from topcalls.providers.elevenlabs.rest import MAX_ANSWER_BYTES, ElevenLabsLibrary
from topcalls.services.voices import VoiceLibraries

TIMEOUT_SECONDS = 60.0
"""Of one request: a voice is cloned within it."""


def voice_libraries(settings: Settings) -> VoiceLibraries:
    """Vendors that speak here and have a list of voices. One is met when it is called for, not
    before: the sandbox may not run yet."""
    if "elevenlabs" not in voices_of(settings):
        return {}

    def elevenlabs() -> ElevenLabsLibrary:
        vendors = Vendors.of(settings)
        http = HttpClient(TIMEOUT_SECONDS, MAX_ANSWER_BYTES, allow_private=True)
        return ElevenLabsLibrary(http, vendors.elevenlabs_key, vendors.elevenlabs_url)

    return {"elevenlabs": elevenlabs}
