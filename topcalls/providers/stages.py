"""The three stages of the chain, in words no vendor owns: ears, mind and voice.

A `Recognizer` turns caller audio into words and turns, a `ChatModel` words into words and tool
calls, a `Voice` words into audio. Adapters below this module know how their vendor says it; the
chain above it (`bridge/pipeline.py`) knows none of them. Every error is a `ProviderError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from topcalls.core.dialogue import FunctionCall, Message
from topcalls.core.pronunciation import Pronunciation
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError
from topcalls.providers.base import AudioFormat, Ears


def billed_as(name: str) -> str:
    """The model in the name of a stage, such as `deepgram:nova-3`."""
    return name.rpartition(":")[2]


class Stage(StrEnum):
    """A part of a chain."""

    RECOGNIZER = "recognizer"
    MODEL = "model"
    VOICE = "voice"


def of_stage(error: ProviderError, stage: Stage) -> ProviderError:
    """The error, which now names the part that failed."""
    error.extra.setdefault("stage", stage.value)
    return error


# --- ears


@dataclass(frozen=True)
class HearingConfig:
    """What a recogniser is told. `keywords` are names and terms that it should expect."""

    audio_format: AudioFormat = "audio/pcmu"
    language: str | None = None  # BCP 47
    ears: Ears = field(default_factory=Ears)
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnBegan:
    """The caller speaks; the first sound was `audio_ms` into the audio of this session."""

    audio_ms: int


@dataclass(frozen=True, slots=True)
class Partial:
    """All that is understood of this turn so far; a later one may correct it."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnLikelyOver:
    """The caller has probably finished, with these words; a `TurnResumed` takes it back."""

    text: str


@dataclass(frozen=True, slots=True)
class TurnResumed:
    """The caller goes on after all."""


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller's last sound was at `audio_ms`; `text` "": no words were understood."""

    audio_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class HearingFailed:
    """The session is over without our doing."""

    error: ProviderError


HearingEvent = TurnBegan | Partial | TurnLikelyOver | TurnResumed | TurnEnded | HearingFailed


class HearingSession(Protocol):
    """One call's ears. No method blocks."""

    def append_audio(self, audio: bytes) -> None:
        """Caller audio in the session's format, silence included."""

    def close(self) -> None:
        """End the session; no event follows."""


class Recognizer(Protocol):
    """A vendor's speech recognition that finds turns by itself. `name` is its vendor and model."""

    name: str

    def open(
        self, config: HearingConfig, on_event: Callable[[HearingEvent], None]
    ) -> HearingSession:
        """Connect; blocks the calling greenlet until it can be used. Raises `ProviderError`.

        `on_event` is called from the event loop and must not block.
        """


# --- mind


@dataclass(frozen=True)
class ChatRequest:
    """What the model is to answer. None leaves a choice to the vendor."""

    messages: Sequence[Message]
    tools: tuple[ToolSpec, ...] = ()
    max_output_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class ChatText:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatCalls:
    """The tools that the model calls, complete; the last thing it says."""

    calls: tuple[FunctionCall, ...]


@dataclass(frozen=True, slots=True)
class ChatEnded:
    """The answer is over; `reason` is "" or why it is not complete."""

    reason: str = ""
    usage: TokenUsage = TokenUsage()


ChatEvent = ChatText | ChatCalls | ChatEnded


class ChatModel(Protocol):
    """A language model that streams. `name` is what it is billed as."""

    name: str

    def answer(self, request: ChatRequest) -> Iterator[ChatEvent]:
        """Its answer as it comes; blocks the calling greenlet, and a greenlet that is killed in
        it cancels the request. Ends with `ChatEnded`, or raises `ProviderError`.
        """


# --- voice


@dataclass(frozen=True)
class SpeakingConfig:
    """How the voice shall sound; `voice` "" is the adapter's own choice. Of `pronunciations` those
    that have a spelling are in the texts already; the others are for models that can be told."""

    audio_format: AudioFormat = "audio/pcmu"
    language: str | None = None
    voice: str = ""
    speed: float | None = None
    pronunciations: tuple[Pronunciation, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoken:
    """Audio, and the words whose sound begins with it ("" when it goes on with the last).

    `usage` tells what a voice took that is not billed by the character; None: it is.
    """

    audio: bytes
    text: str = ""
    usage: TokenUsage | None = None


class VoiceSession(Protocol):
    """The voice of one call; one text at a time."""

    def speak(self, text: str) -> Iterator[Spoken]:
        """Speak a clause of a reply; blocks the calling greenlet, and a greenlet that is killed
        in it cancels the speech. Raises `ProviderError`.
        """

    def close(self) -> None:
        """The call is over."""


class Voice(Protocol):
    """A vendor's speech synthesis. `name` is its vendor and model."""

    name: str

    def open(self, config: SpeakingConfig) -> VoiceSession:
        """Connect; blocks the calling greenlet. Raises `ProviderError`."""
