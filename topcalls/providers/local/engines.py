"""The engines on the own machine as a recogniser and a voice of the chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gevent
import orjson
from gevent.event import AsyncResult
from gevent.queue import Queue

from topcalls.audio.formats import G711Codec
from topcalls.errors import ProviderError
from topcalls.providers.base import AudioFormat
from topcalls.providers.local.process import AUDIO, END, JSON, Child
from topcalls.providers.local.voice_process import WORDS_PER_MINUTE
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    Partial,
    SpeakingConfig,
    Spoken,
    TurnBegan,
    TurnEnded,
)

OPEN_SECONDS = 10.0
SPEAK_SECONDS = 5.0
_EARS = "topcalls.providers.local.ears_process"
_VOICE = "topcalls.providers.local.voice_process"
_CODECS: dict[AudioFormat, G711Codec] = {"audio/pcmu": "PCMU", "audio/pcma": "PCMA"}
_PIECE = 1600  # bytes: 200 ms


def _ended(what: str) -> ProviderError:
    return ProviderError(
        f"The local {what} has ended.", retryable=True, provider_code="local_ended"
    )


def _missing() -> ProviderError:
    return ProviderError(
        "The local engines are not installed.",
        remedy="Run: pip install 'topcalls[local]'",
        provider_code="not_installed",
    )


def _wait(ready: AsyncResult, what: str) -> None:
    try:
        ready.get(timeout=OPEN_SECONDS)
    except gevent.Timeout:
        raise ProviderError(
            f"The local {what} does not start.", retryable=True, provider_code="no_answer"
        ) from None


class LocalRecognizer:
    """English only: that is the model which comes with the package."""

    name = "local:pocketsphinx"

    def open(self, config: HearingConfig, on_event: Callable[[HearingEvent], None]) -> LocalHearing:
        """See `providers.stages.Recognizer`."""
        if config.language and config.language.partition("-")[0].lower() != "en":
            raise ProviderError(
                "The local recogniser knows English only.", provider_code="language"
            )
        session = LocalHearing(config, on_event)
        try:
            session.wait_ready()
        except BaseException:
            session.close()
            raise
        return session


class LocalHearing:
    """One call's ears, in a process of their own."""

    def __init__(self, config: HearingConfig, on_event: Callable[[HearingEvent], None]) -> None:
        self._on_event = on_event
        self._ready: AsyncResult = AsyncResult()
        self._closed = False
        self._child = Child(_EARS, self._told, self._gone)
        settings = {"codec": _CODECS[config.audio_format], "silence_ms": config.ears.silence_ms}
        self._child.send(JSON, orjson.dumps(settings))
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "ready": lambda _: self._ready.set(None),
            "missing": lambda _: self._ready.set_exception(_missing()),
            "began": lambda event: on_event(TurnBegan(event["at_ms"])),
            "partial": lambda event: on_event(Partial(event["text"])),
            "ended": lambda event: on_event(TurnEnded(event["at_ms"], event["text"])),
        }

    def wait_ready(self) -> None:
        """Until the model is loaded. Raises `ProviderError`."""
        _wait(self._ready, "recogniser")

    def append_audio(self, audio: bytes) -> None:
        self._child.send(AUDIO, audio)

    def close(self) -> None:
        self._closed = True
        self._child.close()

    def _told(self, _: bytes, payload: bytes) -> None:
        message = orjson.loads(payload)
        if not self._closed:
            self._handlers[message["type"]](message)

    def _gone(self) -> None:
        if self._closed:
            return
        self._closed = True
        if not self._ready.ready():
            self._ready.set_exception(_ended("recogniser"))
        else:
            self._on_event(HearingFailed(_ended("recogniser")))


class LocalVoice:
    """Any language that eSpeak NG knows, in its own, mechanical voice."""

    name = "local:espeak-ng"

    def open(self, config: SpeakingConfig) -> LocalSpeaking:
        """See `providers.stages.Voice`."""
        session = LocalSpeaking(config)
        try:
            session.wait_ready()
        except BaseException:
            session.close()
            raise
        return session


class LocalSpeaking:
    """One call's voice, in a process of its own."""

    def __init__(self, config: SpeakingConfig) -> None:
        self._wish = {
            "language": config.language or "en-us",
            "variant": config.voice,
            "codec": _CODECS[config.audio_format],
            "words_per_minute": round(WORDS_PER_MINUTE * (config.speed or 1.0)),
        }
        self._ready: AsyncResult = AsyncResult()
        self._answers: Queue = Queue()
        self._asked = self._answered = 0  # texts; what was cancelled is answered all the same
        self._child = Child(_VOICE, self._told, self._gone)

    def wait_ready(self) -> None:
        """Until the engine is loaded. Raises `ProviderError`."""
        _wait(self._ready, "voice")

    def speak(self, text: str) -> Iterator[Spoken]:
        """See `providers.stages.VoiceSession`. A clause is made at once, and given in pieces."""
        self._child.send(JSON, orjson.dumps({**self._wish, "text": text}))
        self._asked += 1
        mine = self._asked
        audio = b""
        while self._answered < mine:
            audio = self._next()
        for start in range(0, len(audio), _PIECE):
            yield Spoken(audio[start : start + _PIECE], "" if start else text)

    def close(self) -> None:
        self._child.close()

    def _next(self) -> bytes:
        """The sound of the next text that is answered."""
        audio = b""
        while True:
            try:
                kind, payload = self._answers.get(timeout=SPEAK_SECONDS)
            except gevent.queue.Empty:
                raise ProviderError(
                    "The local voice is stuck.", retryable=True, provider_code="no_answer"
                ) from None
            if kind is None:
                raise _ended("voice")
            if kind == END:
                self._answered += 1
                return audio
            audio += payload

    def _told(self, kind: bytes, payload: bytes) -> None:
        if kind != JSON:
            self._answers.put((kind, payload))
        elif orjson.loads(payload)["type"] == "ready":
            self._ready.set(None)
        else:
            self._ready.set_exception(_missing())

    def _gone(self) -> None:
        if not self._ready.ready():
            self._ready.set_exception(_ended("voice"))
        self._answers.put((None, b""))
