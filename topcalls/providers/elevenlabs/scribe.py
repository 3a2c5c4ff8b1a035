"""ElevenLabs Scribe: live recognition that commits a transcript at every pause.

It does not say when speech begins: the first words do.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

import gevent
import orjson
from gevent.event import AsyncResult

from topcalls.audio import g711
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.net.websocket import WebSocketConnection
from topcalls.net.websocket_client import WebSocketHandshakeError, connect
from topcalls.providers import vendor_errors
from topcalls.providers.base import BYTES_PER_MS
from topcalls.providers.elevenlabs.voice import BASE_URL, VENDOR, socket_url
from topcalls.providers.languages import elevenlabs_code
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    Partial,
    TurnBegan,
    TurnEnded,
)

MODEL = "scribe_v2_realtime"
MOST_KEYTERMS, LONGEST_KEYTERM = 50, 20
PING_SECONDS = 20.0
_LAG_MS = 500  # between a word and its first partial transcript
_BARRED = frozenset("<>{}[]\\")
_FINAL = ("auth_error", "quota_exceeded", "unaccepted_terms", "input_error")

log = get_logger(__name__)


class ElevenLabsScribe:
    """Opens sessions with one key."""

    def __init__(
        self,
        api_key: str,
        model: str = MODEL,
        base_url: str = BASE_URL,
        *,
        open_timeout: float = 5.0,
    ) -> None:
        self.name = f"elevenlabs:{model}"
        self._headers = {"xi-api-key": api_key}
        self._model = model
        self._base_url = base_url
        self._timeout = open_timeout

    def open(
        self, config: HearingConfig, on_event: Callable[[HearingEvent], None]
    ) -> ScribeSession:
        """See `providers.stages.Recognizer`."""
        query = {
            "model_id": self._model,
            "audio_format": "ulaw_8000" if config.audio_format == "audio/pcmu" else "pcm_8000",
            "commit_strategy": "vad",
            "vad_silence_threshold_secs": str(max(0.3, config.ears.silence_ms / 1000)),
        }
        if config.language:
            query["language_code"] = elevenlabs_code(config.language)
        words = [("keyterms", word) for word in _boosted(config.keywords)]
        path = "/v1/speech-to-text/realtime"
        url = socket_url(self._base_url, path, [*query.items(), *words])
        try:
            connection = connect(url, self._headers, self._timeout)
        except WebSocketHandshakeError as error:
            raise vendor_errors.from_handshake(VENDOR, error) from None
        session = ScribeSession(connection, config, on_event)
        try:
            session.wait_started(self._timeout)
        except BaseException:
            session.close()
            raise
        return session


def _boosted(keywords: Sequence[str]) -> list[str]:
    """Those that the service takes: it refuses a session for one that is too long."""
    fit = (word for word in keywords if len(word) <= LONGEST_KEYTERM and not _BARRED & set(word))
    return list(islice(fit, MOST_KEYTERMS))


class ScribeSession:
    """One socket."""

    def __init__(
        self,
        connection: WebSocketConnection,
        config: HearingConfig,
        on_event: Callable[[HearingEvent], None],
    ) -> None:
        self._connection = connection
        self._on_event = on_event
        self._is_alaw = config.audio_format == "audio/pcma"
        self._silence_ms = config.ears.silence_ms
        self._sent = 0
        self._in_turn = False
        self._closed = False
        self._started: AsyncResult = AsyncResult()
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "session_started": lambda _: self._started.set(None),
            "partial_transcript": self._on_partial,
            "committed_transcript": self._on_committed,
        }
        connection.on_text = self._on_text
        connection.on_close = self._on_close
        self._pinger = gevent.spawn(self._ping)

    def wait_started(self, timeout: float) -> None:
        """Until the service has taken the settings. Raises `ProviderError`."""
        try:
            self._started.get(timeout=timeout)
        except gevent.Timeout:
            raise vendor_errors.unreachable(VENDOR, "no session within the time limit") from None

    def append_audio(self, audio: bytes) -> None:
        self._sent += len(audio)
        data = g711.decode(audio, "PCMA") if self._is_alaw else audio
        encoded = b2a_base64(data, newline=False).decode("ascii")
        self._connection.send_text(
            f'{{"message_type":"input_audio_chunk","audio_base_64":"{encoded}",'
            '"commit":false,"sample_rate":8000}'
        )

    def close(self) -> None:
        self._closed = True
        self._pinger.kill(block=False)
        self._connection.close()

    @property
    def _now_ms(self) -> int:
        return self._sent // BYTES_PER_MS

    def _on_text(self, text: str) -> None:
        if self._closed:
            return
        try:
            message = orjson.loads(text)
            handler = self._handlers.get(message["message_type"])
            if handler is not None:
                handler(message)
            elif message.get("error"):
                self._fail(_error(message))
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without it
            log.warning("Unintelligible message from ElevenLabs", error=type(error).__name__)

    def _on_partial(self, message: Mapping[str, Any]) -> None:
        text = (message.get("text") or "").strip()
        if text:
            self._begin()
            self._on_event(Partial(text))

    def _on_committed(self, message: Mapping[str, Any]) -> None:
        text = (message.get("text") or "").strip()
        if text:
            self._begin()
        if self._in_turn:
            self._in_turn = False
            self._on_event(TurnEnded(max(0, self._now_ms - self._silence_ms), text))

    def _begin(self) -> None:
        if not self._in_turn:
            self._in_turn = True
            self._on_event(TurnBegan(max(0, self._now_ms - _LAG_MS)))

    def _on_close(self, code: int, _: str) -> None:
        self._fail(vendor_errors.closed(VENDOR, code))

    def _fail(self, error: ProviderError) -> None:
        if self._closed:
            return
        self.close()
        if not self._started.ready():
            self._started.set_exception(error)
        else:
            self._on_event(HearingFailed(error))

    def _ping(self) -> None:
        while True:
            gevent.sleep(PING_SECONDS)
            self._connection.ping()


def _error(message: Mapping[str, Any]) -> ProviderError:
    kind = str(message.get("message_type"))[:64]
    return ProviderError(
        f"{VENDOR} reported an error.", retryable=kind not in _FINAL, provider_code=kind
    )
