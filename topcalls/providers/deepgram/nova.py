"""Deepgram Nova: streaming recognition; a turn is what lies between two ends of speech.

Final pieces are collected until one says `speech_final`, or `UtteranceEnd` says that no word has
followed the last one for long enough (in noise the first never comes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from topcalls.net.websocket import WebSocketConnection
from topcalls.providers.deepgram.link import (
    BASE_URL,
    ENCODINGS,
    ListenSession,
    boosted,
    open_socket,
)
from topcalls.providers.languages import RECOGNIZERS, with_known_region
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    Partial,
    TurnBegan,
    TurnEnded,
)

MODEL = "nova-3"
UTTERANCE_END_MS = 1000  # the least that the service takes
_MULTILINGUAL = "multi"
_REGIONAL = RECOGNIZERS["deepgram-nova"].regional


class DeepgramNova:
    """Opens streams with one key. `language` None in a call: the service finds out by itself."""

    def __init__(
        self,
        api_key: str,
        model: str = MODEL,
        base_url: str = BASE_URL,
        *,
        open_timeout: float = 5.0,
    ) -> None:
        self.name = f"deepgram:{model}"
        self._key = api_key
        self._model = model
        self._base_url = base_url
        self._timeout = open_timeout

    def open(self, config: HearingConfig, on_event: Callable[[HearingEvent], None]) -> NovaSession:
        """See `providers.stages.Recognizer`."""
        query = nova_query(self._model, config)
        connection = open_socket(self._base_url, "/v1/listen", query, self._key, self._timeout)
        return NovaSession(connection, on_event)


def nova_query(model: str, config: HearingConfig) -> list[tuple[str, str]]:
    """The stream's settings."""
    boost = "keyterm" if model.startswith("nova-3") else "keywords"
    return [
        ("model", model),
        ("language", with_known_region(config.language, _REGIONAL) or _MULTILINGUAL),
        ("encoding", ENCODINGS[config.audio_format]),
        ("sample_rate", "8000"),
        ("channels", "1"),
        ("interim_results", "true"),
        ("endpointing", str(config.ears.silence_ms)),
        ("utterance_end_ms", str(max(UTTERANCE_END_MS, config.ears.silence_ms))),
        ("vad_events", "true"),
        ("smart_format", "true"),
        ("punctuate", "true"),
        *((boost, word) for word in boosted(config.keywords)),
    ]


class NovaSession(ListenSession):
    """One stream."""

    def __init__(
        self, connection: WebSocketConnection, on_event: Callable[[HearingEvent], None]
    ) -> None:
        super().__init__(connection, on_event)
        self._in_turn = False
        self._final: list[str] = []
        self._last_word_ms = 0
        self._handlers = {
            "SpeechStarted": self._on_speech,
            "Results": self._on_results,
            "UtteranceEnd": self._on_utterance_end,
        }

    def _on_speech(self, message: Mapping[str, Any]) -> None:
        self._begin(_ms(message.get("timestamp")))

    def _on_results(self, message: Mapping[str, Any]) -> None:
        best = message["channel"]["alternatives"][0]
        text = (best.get("transcript") or "").strip()
        words = best.get("words") or ()
        begins_ms = _ms(message.get("start"))
        if text:
            self._begin(_ms(words[0].get("start")) if words else begins_ms)
            ends_ms = begins_ms + _ms(message.get("duration"))
            self._last_word_ms = _ms(words[-1].get("end")) if words else ends_ms
            self._on_event(Partial(" ".join([*self._final, text])))
            if message.get("is_final"):
                self._final.append(text)
        if message.get("speech_final"):
            if not self._final:
                self._last_word_ms = begins_ms
            self._end()

    def _on_utterance_end(self, message: Mapping[str, Any]) -> None:
        if self._final:
            at_ms = _ms(message.get("last_word_end"))
            self._last_word_ms = at_ms if at_ms > 0 else self._last_word_ms
            self._end()

    def _begin(self, at_ms: int) -> None:
        if not self._in_turn:
            self._in_turn = True
            self._on_event(TurnBegan(at_ms))

    def _end(self) -> None:
        if self._in_turn:
            text, self._final = " ".join(self._final), []
            self._in_turn = False
            self._on_event(TurnEnded(self._last_word_ms, text))


def _ms(seconds: Any) -> int:
    return round(seconds * 1000) if isinstance(seconds, int | float) else 0
