"""One reply of the chain: the mind's words, cut into clauses, spoken as they come.

A reply runs in a greenlet of its own, and killing that cancels it at every stage. One that is
*held* was begun before the caller had surely finished: what it would do is kept until `release`,
and nothing of it was ever there if it is killed before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

import gevent

from topcalls import metrics
from topcalls.bridge.pipeline_voice import Mouth
from topcalls.clock import Clock
from topcalls.core.clauses import ClauseSplitter
from topcalls.core.dialogue import Dialogue, Message, SpokenWords
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers.base import (
    BYTES_PER_MS,
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    FirstToken,
    ProviderEvent,
    ResponseDone,
    ResponseStarted,
    ResponseStatus,
    ToolCall,
)
from topcalls.providers.stages import (
    ChatCalls,
    ChatEnded,
    ChatModel,
    ChatRequest,
    ChatText,
    Spoken,
    Stage,
    of_stage,
)

CONTINUE: Final = (
    "You were cut off in the middle of your last message. Go on exactly where it ends: do not "
    "repeat anything of it and do not mention the interruption."
)
_CHARACTERS_PER_TOKEN = 4
LEAD_SECONDS = 15.0
"""Sound that is made ahead of what can have been heard: the rest of it waits, since whoever cuts in
would have it paid for in vain."""
MOST_WORDLESS = 2  # answers in a row with neither words nor tools

log = get_logger(__name__)


@dataclass
class Minds:
    """The language models of one call: the first that works, and those that may replace it, which
    `replaced` tells."""

    left: list[ChatModel]
    clock: Clock
    replaced: Callable[[str], None]
    _wordless_in_a_row: int = 0

    @property
    def name(self) -> str:
        """Which one answers now."""
        return self.left[0].name

    def answer(self, request: ChatRequest) -> Iterator[ChatText | ChatCalls | ChatEnded]:
        """The answer; one that breaks off is continued by the next model. One that says nothing may
        do so once."""
        said = ""
        while True:
            ended = ChatEnded()
            called = False
            asked: float | None = self.clock.monotonic()
            try:
                for event in self.left[0].answer(_continued(request, said)):
                    if asked is not None:
                        elapsed = self.clock.monotonic() - asked
                        metrics.chain_stage.labels("mind").observe(elapsed)
                        asked = None
                    if isinstance(event, ChatEnded):
                        ended = event
                        continue
                    if isinstance(event, ChatText):
                        said += event.text
                    called = called or isinstance(event, ChatCalls)
                    yield event
            except ProviderError as error:
                if len(self.left) == 1:
                    raise of_stage(error, Stage.MODEL) from None
                self._next(error.code)
            else:
                if not self._is_mute(called or bool(said.strip())):
                    yield ended
                    return
                self._next("mute")

    def _is_mute(self, answered: bool) -> bool:
        """Whether the model has said nothing twice, and another one is left."""
        self._wordless_in_a_row = 0 if answered else self._wordless_in_a_row + 1
        return self._wordless_in_a_row >= MOST_WORDLESS and len(self.left) > 1

    def _next(self, reason: str) -> None:
        log.warning("Language model failed", model=self.name, code=reason)
        self.left.pop(0)
        self._wordless_in_a_row = 0
        self.replaced("model")


def _continued(request: ChatRequest, said: str) -> ChatRequest:
    if not said:
        return request
    more = (Message("assistant", said), Message("system", CONTINUE))
    return replace(request, messages=(*request.messages, *more))


@dataclass
class Reply:
    """`request` None: `text` is said as it is. `done` is called, once, when it ends by itself."""

    tag: str
    minds: Minds
    mouth: Mouth
    dialogue: Dialogue
    emit: Callable[[ProviderEvent], None]
    done: Callable[[Reply], None]
    request: ChatRequest | None = None
    text: str = ""
    lead: float = LEAD_SECONDS
    held: bool = False
    started: bool = False
    words: SpokenWords = field(default_factory=SpokenWords)
    id: str = field(default_factory=lambda: f"response_{new_id()}")
    item_id: str = field(default_factory=lambda: f"agent_{new_id()}")
    _kept: list[Callable[[], None]] = field(default_factory=list)
    _audio: int = 0
    _audio_since: float | None = None  # monotonic
    _produced: int = 0  # characters that the model wrote
    _characters: int = 0  # that the voice was given
    _usage: TokenUsage = field(default_factory=TokenUsage)
    _model: str = ""
    _greenlet: gevent.Greenlet | None = None

    def start(self) -> None:
        """Begin; everything else is told by events."""
        self._greenlet = gevent.spawn(self._run)

    def release(self, tag: str) -> None:
        """The caller has finished: what was prepared holds."""
        self.held = False
        self.tag = tag
        kept, self._kept = self._kept, []
        for action in kept:
            action()

    def cancel(self) -> None:
        """Stop at once, at whatever stage; nothing more is told of it."""
        self.done = _nobody
        self.emit = _nobody
        self._kept.clear()
        if self._greenlet is not None:
            self._greenlet.kill(block=False)

    @property
    def wasted(self) -> TokenUsage:
        """What it has cost in vain; the tokens are estimated."""
        read = sum(len(message.text) for message in self.request.messages) if self.request else 0
        tokens = (read + self._produced) // _CHARACTERS_PER_TOKEN
        return TokenUsage(wasted_tokens=tokens, wasted_characters=self._characters)

    # --- in the greenlet

    def _run(self) -> None:
        self._do(self._started)
        try:
            reason = self._speak_all()
        except ProviderError as error:
            self._finish("failed", "", error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must not leave the call mute
            log.error("Reply broke", error=type(error).__name__)
            self._finish("failed", "", ProviderError("The chain broke."))
        else:
            self._finish("incomplete" if reason else "completed", reason, None)

    def _started(self) -> None:
        self.started = True
        self.dialogue.reply(self.item_id, self.words)
        self.emit(ResponseStarted(self.id, self.tag))

    def _finish(self, status: ResponseStatus, reason: str, error: ProviderError | None) -> None:
        self._do(lambda: self._finished(status, reason, error))

    def _finished(self, status: ResponseStatus, reason: str, error: ProviderError | None) -> None:
        if self._audio:
            self.emit(AgentTextDone(self.item_id, self.words.text))
            self.emit(AudioDone(self.item_id))
        self.emit(ResponseDone(self.id, self.tag, status, reason, error, self._usage, self._model))
        self.done(self)

    def _speak_all(self) -> str:
        splitter = ClauseSplitter()
        if self.request is None:
            for clause in [*splitter.feed(self.text), *splitter.flush()]:
                self._speak(clause)
            return ""
        reason, calls = "", None
        for event in self.minds.answer(self.request):
            if isinstance(event, ChatText):
                if not self._produced:
                    self._do(lambda: self.emit(FirstToken(self.id)))
                self._produced += len(event.text)
                for clause in splitter.feed(event.text):
                    self._speak(clause)
            elif isinstance(event, ChatCalls):
                calls = event
            else:
                reason, self._usage, self._model = event.reason, event.usage, self.minds.name
        for clause in splitter.flush():
            self._speak(clause)
        if calls is not None:
            self._do(lambda: self._call(calls))
        return reason

    def _call(self, calls: ChatCalls) -> None:
        self.dialogue.call(calls.calls)
        for call in calls.calls:
            self.emit(ToolCall(self.id, call.call_id, call.name, call.arguments))

    def _keep_pace(self) -> None:
        """Wait until so little is ahead that more is wanted."""
        if self._audio_since is None:
            return
        passed = self.minds.clock.monotonic() - self._audio_since
        ahead = self._audio / BYTES_PER_MS / 1000 - passed
        if ahead > self.lead:
            gevent.sleep(ahead - self.lead)

    def _speak(self, clause: str) -> None:
        self._keep_pace()
        self._characters += len(clause)
        for spoken in self.mouth.speak(clause):
            if self._audio_since is None:
                self._audio_since = self.minds.clock.monotonic()
            at_ms = self._audio // BYTES_PER_MS
            self._audio += len(spoken.audio)
            self._do(partial(self._say, spoken, at_ms))

    def _say(self, spoken: Spoken, at_ms: int) -> None:
        if spoken.text:
            self.words.add(at_ms, spoken.text)
            delta = f" {spoken.text}" if at_ms else spoken.text
            self.emit(AgentTextDelta(self.id, self.item_id, delta))
        self.emit(AudioDelta(self.id, self.item_id, spoken.audio))

    def _do(self, action: Callable[[], None]) -> None:
        if self.held:
            self._kept.append(action)
        else:
            action()


def _nobody(*_: object) -> None:
    """Who is told of a reply that was cancelled."""
