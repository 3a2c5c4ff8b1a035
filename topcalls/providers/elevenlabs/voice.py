"""ElevenLabs' multi-context socket: one per call, a context per clause, G.711 as the call has it.

A clause's context is closed as soon as its text is in, which makes the service render it at once
and say when that is done. What still comes of a clause that was cancelled is left unread. The
service takes five contexts on a socket: when cancelled ones pile up, a new socket is opened.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import gevent
import orjson
from gevent.queue import Queue

from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.providers import vendor_errors, voices
from topcalls.providers.base import AudioFormat
from topcalls.providers.languages import elevenlabs_code
from topcalls.providers.stages import SpeakingConfig, Spoken

VENDOR = "ElevenLabs"
BASE_URL = "https://api.elevenlabs.io"
MODEL = "eleven_flash_v2_5"
STALL_SECONDS = 4.0
MOST_OPEN = 4
IDLE_SECONDS = 180  # the longest that the service lets a socket be idle
FORMATS: dict[AudioFormat, str] = {"audio/pcmu": "ulaw_8000", "audio/pcma": "alaw_8000"}
TOLD_LANGUAGE = ("eleven_flash_v2_5", "eleven_turbo_v2_5", "eleven_v3")
"""Models that can be told the language; others refuse to be."""
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

log = get_logger(__name__)


def socket_url(
    base_url: str, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]]
) -> str:
    """The address of a socket under the API's base URL."""
    parts = urlsplit(base_url)
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise ProviderError("ElevenLabs' base URL is not a web address.")
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + path, urlencode(query), ""))


class ElevenLabsVoice:
    """One model with one key; `voice` (a name or an id) is for calls that name none."""

    def __init__(
        self,
        api_key: str,
        model: str = MODEL,
        voice: str = "rachel",
        base_url: str = BASE_URL,
        *,
        open_timeout: float = 5.0,
        stall_timeout: float = STALL_SECONDS,
    ) -> None:
        self.name = f"elevenlabs:{model}"
        self._headers = {"xi-api-key": api_key}
        self._model = model
        self._voice = voice
        self._base_url = base_url
        self._open_timeout = open_timeout
        self._stall_timeout = stall_timeout

    def open(self, config: SpeakingConfig) -> ElevenLabsSession:
        """See `providers.stages.Voice`."""
        voice_id = _voice_id(config.voice or self._voice)
        query = {
            "model_id": self._model,
            "output_format": FORMATS[config.audio_format],
            "inactivity_timeout": str(IDLE_SECONDS),
            "auto_mode": "true",
            "sync_alignment": "true",
        }
        if config.language and self._model.startswith(TOLD_LANGUAGE):
            query["language_code"] = elevenlabs_code(config.language)
        path = f"/v1/text-to-speech/{quote(voice_id, safe='')}/multi-stream-input"
        settings = {"speed": config.speed} if config.speed is not None else {}
        session = ElevenLabsSession(
            socket_url(self._base_url, path, query),
            self._headers,
            settings,
            self._open_timeout,
            self._stall_timeout,
        )
        session.connect()
        return session


def _voice_id(name: str) -> str:
    """A name of ours, or an id as it is."""
    known = voices.named(name)
    return known.voice_id if known and known.provider == "elevenlabs" else name


class ElevenLabsSession:
    """The voice of one call."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        settings: Mapping[str, Any],
        open_timeout: float,
        stall_timeout: float,
    ) -> None:
        self._url = url
        self._headers = headers
        self._settings = settings
        self._open_timeout = open_timeout
        self._stall_timeout = stall_timeout
        self._connection: WebSocketConnection | None = None
        self._contexts: set[str] = set()  # that the service has not said the end of
        self._current = ""
        self._messages: Queue = Queue()

    def connect(self) -> None:
        """A new socket. Raises `ProviderError`."""
        self._drop()
        try:
            connection = connect(self._url, self._headers, self._open_timeout)
        except WebSocketHandshakeError as error:
            raise vendor_errors.from_handshake(VENDOR, error) from None
        connection.on_text = self._on_text
        connection.on_close = self._on_close
        self._contexts.clear()
        self._connection = connection

    def speak(self, text: str) -> Iterator[Spoken]:
        """See `providers.stages.VoiceSession`."""
        if self._connection is None or self._connection.closed or len(self._contexts) >= MOST_OPEN:
            self.connect()
        context = self._current = f"c{new_id()}"
        self._contexts.add(context)
        self._messages = Queue()
        self._ask(context, text)
        words = _Words(text)
        while True:
            message = self._next()
            if message.get("is_final") or message.get("isFinal"):
                return
            if audio := message.get("audio"):
                yield Spoken(a2b_base64(audio), words.of(message))

    def close(self) -> None:
        """The call is over."""
        if self._connection is not None and not self._connection.closed:
            self._connection.send_text('{"close_socket":true}')
        self._drop()

    def _ask(self, context: str, text: str) -> None:
        assert self._connection is not None
        first: dict[str, Any] = {"text": " ", "context_id": context}
        if self._settings:
            first["voice_settings"] = dict(self._settings)
        for message in (
            first,
            {"text": f"{text} ", "context_id": context, "flush": True},
            {"context_id": context, "close_context": True},
        ):
            self._connection.send_text(orjson.dumps(message).decode())

    def _next(self) -> Mapping[str, Any]:
        try:
            with gevent.Timeout(self._stall_timeout):
                message = self._messages.get()
        except gevent.Timeout:
            raise ProviderError(
                f"{VENDOR} does not answer.", retryable=True, provider_code="no_answer"
            ) from None
        if isinstance(message, ProviderError):
            raise message
        found: Mapping[str, Any] = message
        return found

    def _on_text(self, text: str) -> None:
        try:
            message = orjson.loads(text)
            context = message.get("contextId") or message.get("context_id")
            if message.get("error"):
                self._messages.put(_error(message))
                return
            if message.get("is_final") or message.get("isFinal"):
                self._contexts.discard(context)
            if context == self._current:
                self._messages.put(message)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without it
            log.warning("Unintelligible message from ElevenLabs", error=type(error).__name__)

    def _on_close(self, code: int, _: str) -> None:
        self._messages.put(vendor_errors.closed(VENDOR, code))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.on_text = connection.on_close = _ignore
            connection.close()


class _Words:
    """Which words begin in each piece of sound: by the characters' moments, or all with the first
    piece where there are none."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._told = 0  # characters

    def of(self, message: Mapping[str, Any]) -> str:
        alignment = message.get("alignment")
        chars = alignment.get("chars") if isinstance(alignment, Mapping) else None
        rest = self._text[self._told :]
        count = len(rest) if not chars else sum(len(char) for char in chars)
        taken = rest[:count]
        # a word belongs to the piece that it begins in
        tail = rest[count:]
        if taken and tail and not taken[-1].isspace() and not tail[0].isspace():
            word, _, _ = tail.partition(" ")
            taken += word
        self._told += len(taken)
        return taken.strip()


def _error(message: Mapping[str, Any]) -> ProviderError:
    code = str(message.get("error"))[:64]
    final = any(word in code for word in ("quota", "auth", "api_key", "voice", "invalid"))
    return ProviderError(f"{VENDOR} refused to speak.", retryable=not final, provider_code=code)


def _ignore(*_: Any) -> None:
    """Nobody reads a socket that was given up."""
