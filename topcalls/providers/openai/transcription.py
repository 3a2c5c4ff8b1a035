"""OpenAI's Realtime transcription sessions: words from the same socket that calls use.

The service finds the turns (server VAD); the words of one follow its end. So that a turn always
comes with its words, its end is told when they are there, or are known never to come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import gevent
import orjson
from gevent.event import AsyncResult

from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.providers import vendor_errors
from topcalls.providers.languages import language_code
from topcalls.providers.openai import realtime_errors as errors
from topcalls.providers.openai import realtime_events
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    Partial,
    TurnBegan,
    TurnEnded,
)

MODEL = "gpt-transcribe"
WORDS_SECONDS = 3.0
PING_SECONDS = 20.0
_VENDOR = "OpenAI"
_SCHEMES = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}

log = get_logger(__name__)


class RealtimeTranscription:
    """Opens transcription sessions with one key at one base URL."""

    def __init__(
        self, base_url: str, api_key: str, model: str = MODEL, *, open_timeout: float = 5.0
    ) -> None:
        parts = urlsplit(base_url)
        scheme = _SCHEMES.get(parts.scheme)
        if scheme is None or not parts.netloc:
            raise ProviderError("The AI base URL is not a web address.")
        path = parts.path.rstrip("/") + "/realtime"
        self.name = f"openai:{model}"
        self._url = urlunsplit((scheme, parts.netloc, path, "intent=transcription", ""))
        azure = (parts.hostname or "").endswith(".openai.azure.com")
        self._headers = {"api-key": api_key} if azure else {"Authorization": f"Bearer {api_key}"}
        self._model = model
        self._open_timeout = open_timeout

    def open(
        self, config: HearingConfig, on_event: Callable[[HearingEvent], None]
    ) -> TranscriptionSession:
        """Connect, send the settings and wait until the server has taken them."""
        try:
            connection = connect(self._url, self._headers, self._open_timeout)
        except WebSocketHandshakeError as error:
            raise vendor_errors.from_handshake(_VENDOR, error) from None
        session = TranscriptionSession(connection, config, on_event)
        try:
            session.configure(self._model, self._open_timeout)
        except BaseException:
            session.close()
            raise
        return session


@dataclass
class _Turn:
    item_id: str
    began_ms: int
    text: str = ""
    ended_ms: int | None = None
    complete: bool = False


class TranscriptionSession:
    """One socket; turns are told in the order in which they were spoken."""

    def __init__(
        self,
        connection: WebSocketConnection,
        config: HearingConfig,
        on_event: Callable[[HearingEvent], None],
    ) -> None:
        self._connection = connection
        self._config = config
        self._on_event = on_event
        self._configured: AsyncResult = AsyncResult()
        self._closed = False
        self._turns: deque[_Turn] = deque()
        self._told = False  # of the first turn: that it began
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "error": self._on_error,
            "session.updated": lambda _: self._on_configured(),
            "input_audio_buffer.speech_started": self._on_started,
            "input_audio_buffer.speech_stopped": self._on_stopped,
            "conversation.item.input_audio_transcription.delta": self._on_delta,
            "conversation.item.input_audio_transcription.completed": self._on_completed,
            "conversation.item.input_audio_transcription.failed": self._on_failed,
        }
        connection.on_text = self._on_text
        connection.on_close = self._on_close
        self._pinger = gevent.spawn(self._ping)

    def configure(self, model: str, timeout: float) -> None:
        """Send the settings; returns when they hold. Raises `ProviderError`."""
        event = {"type": "session.update", "session": _settings(model, self._config)}
        self._connection.send_text(orjson.dumps(event).decode())
        try:
            self._configured.get(timeout=timeout)
        except gevent.Timeout:
            raise vendor_errors.unreachable(_VENDOR, "no session within the time limit") from None

    def append_audio(self, audio: bytes) -> None:
        self._connection.send_text(realtime_events.append(audio))

    def close(self) -> None:
        self._closed = True
        self._pinger.kill(block=False)
        self._connection.close()

    # --- what the server says

    def _on_text(self, text: str) -> None:
        if self._closed:
            return
        try:
            event = orjson.loads(text)
            handler = self._handlers.get(event["type"])
            if handler is not None:
                handler(event)
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without it
            log.warning("Unintelligible event from OpenAI", error=type(error).__name__)

    def _on_close(self, code: int, _: str) -> None:
        if self._closed:
            return
        self._closed = True
        self._pinger.kill(block=False)
        if not self._configured.ready():
            self._configured.set_exception(vendor_errors.closed(_VENDOR, code))
        else:
            self._on_event(HearingFailed(vendor_errors.closed(_VENDOR, code)))

    def _on_configured(self) -> None:
        if not self._configured.ready():
            self._configured.set(None)

    def _on_error(self, event: Mapping[str, Any]) -> None:
        error = event["error"]
        if not self._configured.ready():
            self._configured.set_exception(errors.config_error(error))
        elif errors.is_fatal(error.get("code") or ""):
            self._on_event(HearingFailed(errors.provider_error(error)))

    def _on_started(self, event: Mapping[str, Any]) -> None:
        began_ms = event["audio_start_ms"] + self._config.ears.prefix_ms
        self._turns.append(_Turn(event["item_id"], began_ms))
        self._tell()

    def _on_stopped(self, event: Mapping[str, Any]) -> None:
        turn = self._find(event)
        if turn is not None:
            turn.ended_ms = max(0, event["audio_end_ms"] - self._config.ears.silence_ms)
            gevent.spawn_later(WORDS_SECONDS, self._waited_enough, turn)
            self._tell()

    def _on_delta(self, event: Mapping[str, Any]) -> None:
        turn = self._find(event)
        if turn is not None and not turn.complete:
            turn.text += event.get("delta") or ""
            if turn is self._turns[0]:
                self._on_event(Partial(turn.text))

    def _on_completed(self, event: Mapping[str, Any]) -> None:
        turn = self._find(event)
        if turn is not None:
            turn.text, turn.complete = event.get("transcript") or "", True
            self._tell()

    def _on_failed(self, event: Mapping[str, Any]) -> None:
        turn = self._find(event)
        if turn is not None:
            turn.complete = True
            self._tell()

    def _waited_enough(self, turn: _Turn) -> None:
        turn.complete = True
        if not self._closed:
            self._tell()

    def _find(self, event: Mapping[str, Any]) -> _Turn | None:
        return next((turn for turn in self._turns if turn.item_id == event["item_id"]), None)

    def _tell(self) -> None:
        """All that can be told in order."""
        while self._turns:
            turn = self._turns[0]
            if not self._told:
                self._told = True
                self._on_event(TurnBegan(turn.began_ms))
            if not turn.complete or turn.ended_ms is None:
                return
            self._turns.popleft()
            self._told = False
            self._on_event(TurnEnded(turn.ended_ms, turn.text))

    def _ping(self) -> None:
        while True:
            gevent.sleep(PING_SECONDS)
            self._connection.ping()


def _settings(model: str, config: HearingConfig) -> dict[str, Any]:
    transcription: dict[str, Any] = {
        "model": model,
        **realtime_events.expected_words(model, config.keywords),
    }
    if config.language:
        transcription["language"] = language_code(config.language)
    return {
        "type": "transcription",
        "audio": {
            "input": {
                "format": {"type": config.audio_format},
                "noise_reduction": {"type": "near_field"},
                "transcription": transcription,
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": config.ears.threshold,
                    "prefix_padding_ms": config.ears.prefix_ms,
                    "silence_duration_ms": config.ears.silence_ms,
                },
            }
        },
    }
