"""`/audio/speech`: OpenAI's synthesis, and that of servers that speak like it.

It answers with raw samples at 24 kHz as they are made; pieces end anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import orjson

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.resampler import Resampler
from topcalls.core.pronunciation import told
from topcalls.net.http import HttpError
from topcalls.net.http_stream import StreamingClient
from topcalls.providers import vendor_errors
from topcalls.providers.stages import SpeakingConfig, Spoken

RATE = 24000
STALL_SECONDS = 4.0
_CODECS: dict[str, G711Codec] = {"audio/pcmu": "PCMU", "audio/pcma": "PCMA"}


class SpeechEndpoint:
    """One model at one base URL; `voice` is for calls that name none."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        model: str,
        *,
        voice: str = "alloy",
        instructions: str = "",
        rate: int = RATE,
        stall_timeout: float = STALL_SECONDS,
    ) -> None:
        azure = (urlsplit(base_url).hostname or "").endswith(".openai.azure.com")
        key = {"api-key": api_key} if azure else {"Authorization": f"Bearer {api_key or 'none'}"}
        self.name = f"openai:{model}"
        self._client = StreamingClient(base_url, {**key, "Content-Type": "application/json"})
        self._model = model
        self._voice = voice
        self._instructions = instructions
        self._rate = rate
        self._timeout = stall_timeout

    def open(self, config: SpeakingConfig) -> SpeechSession:
        """Nothing to connect: every clause is a request, on a connection that is kept."""
        instructions = self._told(config)
        body = {
            "model": self._model,
            "voice": config.voice or self._voice,
            "response_format": "pcm",
            **({"instructions": instructions} if instructions else {}),
            **({"speed": config.speed} if config.speed is not None else {}),
        }
        codec = _CODECS[config.audio_format]
        return SpeechSession(self._client, body, codec, self._rate, self._timeout)

    def _told(self, config: SpeakingConfig) -> str:
        """How to speak. The oldest models cannot be told."""
        spelt = [entry for entry in config.pronunciations if entry.say is None]
        lines = [] if self._model.startswith("tts-1") else told(spelt)
        return " ".join(filter(None, (self._instructions, *lines)))


class SpeechSession:
    """The voice of one call."""

    def __init__(
        self,
        client: StreamingClient,
        body: dict[str, object],
        codec: G711Codec,
        rate: int,
        timeout: float,
    ) -> None:
        self._client = client
        self._body = body
        self._codec = codec
        self._rate = rate
        self._timeout = timeout

    def speak(self, text: str) -> Iterator[Spoken]:
        """See `providers.stages.VoiceSession`."""
        resampler = Resampler(self._rate, 8000)
        body = orjson.dumps({**self._body, "input": text})
        words = text
        try:
            with self._client.request(
                "POST", "/audio/speech", body, timeout=self._timeout
            ) as answer:
                if answer.status != 200:
                    raise vendor_errors.refused("The voice's server", answer.status)
                for piece in answer.pieces():
                    audio = g711.encode(resampler.feed(piece), self._codec)
                    if audio:
                        yield Spoken(audio, words)
                        words = ""
        except HttpError as error:
            raise vendor_errors.from_http("The voice's server", error) from None
        if not words and (tail := g711.encode(resampler.flush(), self._codec)):
            yield Spoken(tail)

    def close(self) -> None:
        """Connections belong to the process, not to the call."""
