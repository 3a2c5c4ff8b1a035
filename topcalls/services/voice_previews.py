"""How a voice sounds on the telephone: a sentence, spoken by the stage that speaks in calls."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Mapping

from topcalls.audio import g711
from topcalls.core.languages import primary
from topcalls.errors import ConfigError, NotFound, ProviderError
from topcalls.providers.stages import SpeakingConfig, Voice
from topcalls.services.voices import Voices

Speakers = Mapping[str, Callable[[], Voice]]
"""Who speaks, by provider; calling one gives it."""

LONGEST_TEXT = 200
_RATE = 8000
_MOST_BYTES = 60 * _RATE
_TEXTS = {
    "de": "Guten Tag! So klinge ich am Telefon.",
    "en": "Hello! This is how I sound on the telephone.",
    "es": "¡Hola! Así sueno por teléfono.",
    "fr": "Bonjour ! Voici comment je sonne au téléphone.",
    "it": "Buongiorno! Ecco come suono al telefono.",
    "nl": "Hallo! Zo klink ik door de telefoon.",
    "pl": "Dzień dobry! Tak brzmię przez telefon.",
    "pt": "Olá! É assim que eu soo ao telefone.",
    "sv": "Hej! Så här låter jag i telefon.",
}


class VoicePreviews:
    """Speaks for those who choose a voice. It costs what the vendor takes for a sentence."""

    def __init__(self, voices: Voices, speakers: Speakers) -> None:
        self._voices = voices
        self._speakers = speakers

    def sound(
        self, account_id: str, name: str, text: str | None = None, language: str | None = None
    ) -> bytes:
        """A WAV file of 8 kHz, as a caller would hear it. Without a `text`: a sentence in the
        language.

        Raises:
            NotFound: calls on the chain have no such voice.
            ProviderError: its vendor does not speak.
        """
        book = self._voices.book(account_id)
        known = book.find(name, "legacy")
        if known is None or known.provider not in self._speakers:
            why = book.absence(name, "legacy")
            listed = "See GET /v1/voices and GET /v1/voices/builtin?mode=legacy."
            raise NotFound(f"The voice cannot be heard. {why}".strip(), remedy=listed)
        tag = language or "en"
        config = SpeakingConfig(language=tag, voice=known.voice_id)
        session = self._speaker(known.provider).open(config)
        try:
            heard = bytearray()
            for spoken in session.speak(text or _TEXTS.get(primary(tag), _TEXTS["en"])):
                heard += spoken.audio
                if len(heard) > _MOST_BYTES:
                    break
        finally:
            session.close()
        return _wav(g711.decode(bytes(heard[:_MOST_BYTES]), "PCMU"))

    def _speaker(self, provider: str) -> Voice:
        try:
            return self._speakers[provider]()
        except ConfigError as error:
            raise ProviderError(str(error), retryable=True) from None


def _wav(l16: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(l16)
    return file.getvalue()
