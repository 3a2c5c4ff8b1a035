"""A speech-to-speech model as a voice: it hears nobody, and reads aloud what it is given.

One session serves a call. Each text is a response of its own, which is taken out of the
conversation when it was spoken: what was said before is not read, and not paid for, again. Such a
model reads what it is told to, nearly always word for word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gevent.queue import Empty, Queue

from topcalls.core.pronunciation import told
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    AudioDelta,
    Ears,
    ProviderClosed,
    ProviderEvent,
    ProviderFailed,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
)
from topcalls.providers.openai.realtime import OpenAIRealtime, OpenAIRealtimeSession
from topcalls.providers.stages import SpeakingConfig, Spoken

STALL_SECONDS = 4.0
_READER: Final = "You read texts aloud on the telephone, word for word, and say nothing else."


class RealtimeVoice:
    """One model with one key; `voice` is for calls that name none."""

    def __init__(
        self,
        service: OpenAIRealtime,
        model: str,
        *,
        voice: str = "marin",
        stall_timeout: float = STALL_SECONDS,
    ) -> None:
        self.name = f"openai:{model}"
        self._service = service
        self._model = model
        self._voice = voice
        self._timeout = stall_timeout

    def open(self, config: SpeakingConfig) -> RealtimeVoiceSession:
        """See `providers.stages.Voice`."""
        spelt = [entry for entry in config.pronunciations if entry.say is None]
        settings = SessionConfig(
            self._model,
            " ".join((_READER, *told(spelt))),
            voice=config.voice or self._voice,
            audio_format=config.audio_format,
            language=config.language,
            spoken_forms=False,  # they are in the text
            ears=Ears(local=True),
            speed=config.speed,
        )
        session = RealtimeVoiceSession(self._service, settings, self._timeout)
        session.connect()
        return session


class RealtimeVoiceSession:
    """The voice of one call."""

    def __init__(self, service: OpenAIRealtime, settings: SessionConfig, timeout: float) -> None:
        self._service = service
        self._settings = settings
        self._timeout = timeout
        self._session: OpenAIRealtimeSession | None = None
        self._events: Queue[ProviderEvent] = Queue()
        self._untold = TokenUsage()  # of texts that were cut off
        self._count = 0

    def connect(self) -> None:
        """Open a session anew; the vendor ends each after an hour. Raises `ProviderError`."""
        self.close()
        events: Queue[ProviderEvent] = Queue()
        self._session = self._service.open(self._settings, events.put)
        self._events = events

    def speak(self, text: str) -> Iterator[Spoken]:
        """See `providers.stages.VoiceSession`."""
        if self._is_over():
            self.connect()
        session = self._session
        assert session is not None
        self._count += 1
        tag, items = f"text-{self._count}", dict[str, None]()
        session.speak(text, tag=tag)
        done = False
        try:
            for event in self._until_done(tag):
                if isinstance(event, ResponseDone):
                    done = True
                    yield Spoken(b"", usage=event.usage)
                    continue
                untold, self._untold = self._untold, TokenUsage()
                yield Spoken(event.audio, "" if items else text, untold)
                items[event.item_id] = None
        finally:
            if not done:
                session.cancel_response()
            for item_id in items:
                session.delete_item(item_id)

    def close(self) -> None:
        """The call is over."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _until_done(self, tag: str) -> Iterator[AudioDelta | ResponseDone]:
        """The sound of a text, and its end."""
        ours = ""
        while True:
            try:
                event = self._events.get(timeout=self._timeout)
            except Empty:
                raise ProviderError("The voice stalled.", retryable=True) from None
            if isinstance(event, ProviderFailed | ProviderClosed):
                self.close()
                raise _lost(event)
            if isinstance(event, ResponseStarted) and event.tag == tag:
                ours = event.response_id
            elif isinstance(event, AudioDelta) and event.response_id == ours:
                yield event
            elif isinstance(event, ResponseDone) and event.tag == tag:
                if event.error is not None:
                    raise event.error
                yield event
                return

    def _is_over(self) -> bool:
        """Whether the session has ended since the last text."""
        over = self._session is None
        while not self._events.empty():
            event = self._events.get()
            over = over or isinstance(event, ProviderFailed | ProviderClosed)
            if isinstance(event, ResponseDone):
                self._untold += event.usage
        return over


def _lost(event: ProviderFailed | ProviderClosed) -> ProviderError:
    if isinstance(event, ProviderFailed):
        return event.error
    return ProviderError("The voice was disconnected.", retryable=True)
