"""Deepgram Flux: recognition that knows from the words when a turn is over.

It says early when a turn is probably over, so that the answer can be begun; and takes that back
when the caller goes on. It knows no message to keep an idle stream open: it is sent silence, which
moves the positions it reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from topcalls.audio import g711
from topcalls.errors import ProviderError
from topcalls.net.websocket import WebSocketConnection
from topcalls.providers.base import BYTES_PER_MS
from topcalls.providers.deepgram.link import (
    BASE_URL,
    ENCODINGS,
    VENDOR,
    ListenSession,
    boosted,
    open_socket,
)
from topcalls.providers.languages import language_code
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    Partial,
    TurnBegan,
    TurnEnded,
    TurnLikelyOver,
    TurnResumed,
)

ENGLISH, MULTILINGUAL = "flux-general-en", "flux-general-multi"
END_THRESHOLD = 0.7
EAGER_THRESHOLD = 0.4
LONGEST_PAUSE_MS = 5000
_SILENCE_MS = 100
_CHUNK_BYTES = 80 * BYTES_PER_MS  # what the service advises


class DeepgramFlux:
    """Opens streams with one key. `model` "" is the one for the call's language. `eager` None: no
    answer is begun early."""

    def __init__(
        self,
        api_key: str,
        model: str = "",
        base_url: str = BASE_URL,
        *,
        eager: float | None = EAGER_THRESHOLD,
        open_timeout: float = 5.0,
    ) -> None:
        self.name = f"deepgram:{model or 'flux'}"
        self._key = api_key
        self._model = model
        self._base_url = base_url
        self._eager = eager
        self._timeout = open_timeout

    def open(self, config: HearingConfig, on_event: Callable[[HearingEvent], None]) -> FluxSession:
        """See `providers.stages.Recognizer`."""
        query = flux_query(self._model, config, self._eager)
        connection = open_socket(self._base_url, "/v2/listen", query, self._key, self._timeout)
        silence = g711.silence(
            "PCMU" if config.audio_format == "audio/pcmu" else "PCMA", _SILENCE_MS
        )
        return FluxSession(connection, on_event, silence)


def flux_query(model: str, config: HearingConfig, eager: float | None) -> list[tuple[str, str]]:
    """The stream's settings."""
    language = language_code(config.language)
    model = model or (ENGLISH if language == "en" else MULTILINGUAL)
    multilingual = "multi" in model
    return [
        ("model", model),
        ("encoding", ENCODINGS[config.audio_format]),
        ("sample_rate", "8000"),
        ("eot_threshold", str(END_THRESHOLD)),
        *([("eager_eot_threshold", str(eager))] if eager is not None else []),
        ("eot_timeout_ms", str(LONGEST_PAUSE_MS)),
        *([("language_hint", language)] if multilingual and language else []),
        *(("keyterm", word) for word in boosted(config.keywords)),
    ]


class FluxSession(ListenSession):
    """One stream."""

    def __init__(
        self,
        connection: WebSocketConnection,
        on_event: Callable[[HearingEvent], None],
        silence: bytes,
    ) -> None:
        super().__init__(connection, on_event)
        self._silence = silence
        self._padding_ms = 0
        self._pending = bytearray()
        self._turns: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "StartOfTurn": self._on_start,
            "Update": self._on_update,
            "EagerEndOfTurn": lambda turn: self._on_event(TurnLikelyOver(_text(turn))),
            "TurnResumed": lambda _: self._on_event(TurnResumed()),
            "EndOfTurn": self._on_end,
        }
        self._handlers = {"TurnInfo": self._on_turn, "Error": self._on_error}

    def append_audio(self, audio: bytes) -> None:
        self._pending += audio
        if len(self._pending) >= _CHUNK_BYTES:
            super().append_audio(bytes(self._pending))
            self._pending.clear()

    def stay(self) -> None:
        self._padding_ms += _SILENCE_MS
        self._connection.send_binary(self._silence)

    def _on_turn(self, message: Mapping[str, Any]) -> None:
        handler = self._turns.get(message["event"])
        if handler is not None:
            handler(message)

    def _on_start(self, turn: Mapping[str, Any]) -> None:
        self._on_event(TurnBegan(self._at(turn.get("audio_window_start"))))
        self._on_update(turn)

    def _on_update(self, turn: Mapping[str, Any]) -> None:
        if _text(turn):
            self._on_event(Partial(_text(turn)))

    def _on_end(self, turn: Mapping[str, Any]) -> None:
        self._on_event(TurnEnded(self._at(turn.get("audio_window_end")), _text(turn)))

    def _on_error(self, message: Mapping[str, Any]) -> None:
        code = str(message.get("code") or "error")
        self.fail(ProviderError(f"{VENDOR} reported an error.", retryable=True, provider_code=code))

    def _at(self, seconds: Any) -> int:
        position = round(seconds * 1000) if isinstance(seconds, int | float) else 0
        return max(0, position - self._padding_ms)


def _text(turn: Mapping[str, Any]) -> str:
    return str(turn.get("transcript") or "").strip()
