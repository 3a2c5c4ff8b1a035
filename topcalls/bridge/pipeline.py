"""The chain as a speech-to-speech model: recogniser, language model and voice behind one session.

To the conversation above it is a `RealtimeSession` like any other, so that turn-taking, transcript,
tools and recovery are the same in both modes. What differs is underneath: words are known as such,
sound is made clause by clause, and each stage that fails in a call is replaced by the next
configured one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from topcalls import metrics
from topcalls.bridge.pipeline_ears import Ears
from topcalls.bridge.pipeline_reply import Minds, Reply
from topcalls.bridge.pipeline_voice import Mouth
from topcalls.clock import Clock
from topcalls.core.dialogue import Dialogue, Message
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.providers.base import (
    CallerTranscript,
    CallerTranscriptFailed,
    ProviderEvent,
    ProviderFailed,
    Rendered,
    ResponseDone,
    SessionConfig,
    Spent,
    StageReplaced,
)
from topcalls.providers.stages import (
    ChatModel,
    ChatRequest,
    HearingConfig,
    Recognizer,
    SpeakingConfig,
    Voice,
    billed_as,
)


@dataclass(frozen=True)
class Chain:
    """Who is asked, in this order, at each stage; none of them may be empty.

    `voice` is the name of the first voice's speaker ("": its own choice).
    """

    recognizers: tuple[Recognizer, ...]
    minds: tuple[ChatModel, ...]
    voices: tuple[Voice, ...]
    voice: str = ""
    temperature: float | None = None  # of models that have one


class Pipeline:
    """`chain_for` chooses the stages of a call by its settings."""

    def __init__(self, chain_for: Callable[[SessionConfig], Chain], clock: Clock) -> None:
        self._chain_for = chain_for
        self._clock = clock

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> PipelineSession:
        """Connect ears and voice; the mind is asked when there is something to answer."""
        session = PipelineSession(self._chain_for(config), config, on_event, self._clock)
        try:
            session.open()
        except BaseException:
            session.close()
            raise
        return session


@dataclass(frozen=True)
class _Request:
    """`text` None: an answer to the conversation. `exact`: it needs no knowledge of it."""

    tag: str
    text: str | None = None
    exact: bool = False


class PipelineSession:
    """See `providers.base.RealtimeSession` for what its methods promise."""

    def __init__(
        self,
        chain: Chain,
        config: SessionConfig,
        on_event: Callable[[ProviderEvent], None],
        clock: Clock,
    ) -> None:
        self._config = config
        self._chain = chain
        self._on_event = on_event
        self._closed = False
        self._dialogue = Dialogue()
        self._minds = Minds(list(chain.minds), clock, self._replaced)
        speaking = SpeakingConfig(
            config.audio_format, config.language, chain.voice, config.speed, config.pronunciations
        )
        self._mouth = Mouth(
            chain.voices, speaking, clock, self._replaced, config.forms(), self._spent
        )
        self._ears = Ears(
            chain.recognizers,
            HearingConfig(config.audio_format, config.language, config.ears, config.keywords),
            self._emit,
            heard=self._heard,
            likely=self._speculate,
            resumed=self._discard_speculation,
            lost=self._lost,
            replaced=self._replaced,
            spent=self._spent,
        )
        self._waiting: deque[_Request] = deque()
        self._reply: Reply | None = None
        self._speculation: Reply | None = None

    def open(self) -> None:
        """Raises `ProviderError` when no recogniser can be had."""
        self._mouth.warm_up()
        self._ears.open()

    # --- what the conversation may ask

    def append_audio(self, audio: bytes) -> None:
        if not self._closed:
            self._ears.append_audio(audio)

    def begin_turn(self, audio_ms: int) -> None:
        if not self._closed:
            self._ears.speech_began(audio_ms)

    def commit_turn(self, audio_ms: int) -> None:
        if not self._closed:
            self._ears.speech_ended(audio_ms)

    def end_turn(self, audio_ms: int) -> None:
        """At the gap that comes next: `audio_ms` is now."""
        if not self._closed:
            self._ears.split_turn()

    def speak(self, text: str, *, exact: bool = True, tag: str = "") -> None:
        self._ask(_Request(tag, text, exact))

    def render(self, text: str) -> None:
        self._mouth.render(text, self._rendered)

    def create_response(self, *, tag: str = "") -> None:
        self._ask(_Request(tag))

    def cancel_response(self) -> None:
        self._discard_speculation()
        self._waiting.clear()
        reply, self._reply = self._reply, None
        if reply is None:
            return
        reply.cancel()
        if reply.started:
            self._emit(ResponseDone(reply.id, reply.tag, "cancelled", "client_cancelled"))

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        self._dialogue.truncate(item_id, played_ms, received_ms)

    def delete_item(self, item_id: str) -> None:
        self._dialogue.delete(item_id)

    def add_message(self, role: Literal["user", "assistant", "system"], text: str) -> None:
        self._dialogue.add(role, text)

    def add_tool_output(self, call_id: str, output: str) -> None:
        self._dialogue.output(call_id, output)

    def close(self) -> None:
        if self._closed:
            return
        self._discard_speculation()
        self._closed = True
        self._waiting.clear()
        if self._reply is not None:
            self._reply.cancel()
            self._reply = None
        self._ears.close()
        self._mouth.close()

    # --- replies

    def _ask(self, request: _Request) -> None:
        if not self._closed:
            self._waiting.append(request)
            self._next()

    def _next(self) -> None:
        while self._reply is None and self._waiting:
            if not self._waiting[0].exact and self._ears.words_to_come:
                return
            request = self._waiting.popleft()
            if request.text is not None:
                self._say(request, request.text)
            elif self._dialogue.has_news:
                self._answer(request)
            else:  # a noise: there is nothing to answer
                self._emit(ResponseDone("", request.tag, "cancelled", "nothing_to_answer"))

    def _say(self, request: _Request, text: str) -> None:
        reply = self._new_reply(request.tag)
        if request.exact:
            reply.text = text
        else:
            reply.request = ChatRequest(
                self._messages(Message("system", text)),
                max_output_tokens=self._config.max_output_tokens,
                temperature=self._chain.temperature,
            )
        self._begin(reply)

    def _answer(self, request: _Request) -> None:
        wanted = self._chat_request(self._messages())
        ready, self._speculation = self._speculation, None
        if ready is not None and ready.request == wanted:
            metrics.speculations.labels("used").inc()
            self._reply = ready
            ready.release(request.tag)
            return
        self._discard(ready)
        reply = self._new_reply(request.tag)
        reply.request = wanted
        self._begin(reply)

    def _begin(self, reply: Reply) -> None:
        self._reply = reply
        reply.start()

    def _new_reply(self, tag: str) -> Reply:
        return Reply(
            tag,
            self._minds,
            self._mouth,
            self._dialogue,
            self._emit,
            self._done,
        )

    def _messages(self, *further: Message) -> tuple[Message, ...]:
        return tuple(self._dialogue.messages(self._config.instructions, *further))

    def _chat_request(self, messages: tuple[Message, ...]) -> ChatRequest:
        return ChatRequest(
            messages,
            self._config.tools,
            self._config.max_output_tokens,
            self._chain.temperature,
        )

    def _done(self, reply: Reply) -> None:
        """In the reply's own greenlet, at its end."""
        if reply is self._reply:
            self._reply = None
            self._next()

    # --- the caller

    def _heard(self, item_id: str, text: str) -> None:
        self._dialogue.add("user", text, item_id)

    def _speculate(self, text: str) -> None:
        """Begin to answer what the caller has probably finished saying."""
        self._discard_speculation()
        if self._reply is not None or not text:
            return
        reply = self._new_reply("")
        reply.request = self._chat_request(self._messages(Message("user", text)))
        reply.held = True
        self._speculation = reply
        reply.start()

    def _discard_speculation(self) -> None:
        reply, self._speculation = self._speculation, None
        self._discard(reply)

    def _discard(self, reply: Reply | None) -> None:
        if reply is not None:
            metrics.speculations.labels("discarded").inc()
            wasted = reply.wasted
            metrics.speculation_wasted_tokens.inc(wasted.wasted_tokens)
            metrics.speculation_wasted_characters.inc(wasted.wasted_characters)
            reply.cancel()
            self._emit(Spent(wasted))

    # --- telling

    def _lost(self, error: ProviderError) -> None:
        self._emit(ProviderFailed(error))

    def _rendered(self, text: str, audio: bytes) -> None:
        self._emit(Rendered(text, audio))

    def _replaced(self, stage: str) -> None:
        metrics.calls_saved.labels(stage).inc()
        self._emit(StageReplaced(stage))

    def _spent(self, name: str, usage: TokenUsage) -> None:
        """By a stage of this name; told to the very end of the session."""
        self._on_event(Spent(usage, billed_as(name)))

    def _emit(self, event: ProviderEvent) -> None:
        if not self._closed:
            self._on_event(event)
            if isinstance(event, CallerTranscript | CallerTranscriptFailed):
                self._next()
