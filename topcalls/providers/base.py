"""What the gateway wants from an AI vendor, in words no vendor owns.

A `RealtimeModel` is a speech-to-speech model: caller audio goes in, events with agent audio come
out. Only the adapters below this module know how their vendor says it; no name of a vendor's
protocol is seen above it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from topcalls.core.pronunciation import Pronunciation
from topcalls.core.spoken_forms import SpokenForms
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolSpec
from topcalls.errors import ProviderError

AudioFormat = Literal["audio/pcmu", "audio/pcma"]
ResponseStatus = Literal["completed", "cancelled", "incomplete", "failed"]
BYTES_PER_MS = 8  # G.711


@dataclass(frozen=True)
class Ears:
    """The model's own voice activity detection. It reports; it never answers by itself.

    `local`: there is none at the model's side. Ours tells of the caller's turns, by `begin_turn`
    and `commit_turn`. `semantic`: a model judges by what was said whether a turn is over, where the
    vendor has one.
    """

    threshold: float = 0.6
    prefix_ms: int = 300
    silence_ms: int = 500
    local: bool = False
    semantic: bool = False


@dataclass(frozen=True)
class SessionConfig:
    """One conversation's settings. None leaves a choice to the vendor."""

    model: str
    instructions: str
    voice: str = "alloy"
    audio_format: AudioFormat = "audio/pcmu"
    pcm24: bool = False  # the server's sound is L16 at 24 kHz instead
    language: str | None = None  # BCP 47
    keywords: tuple[str, ...] = ()  # that the caller may say
    pronunciations: tuple[Pronunciation, ...] = ()
    spoken_forms: bool = True  # figures become words where the model is given a text to say
    tools: tuple[ToolSpec, ...] = ()
    transcription_model: str | None = None
    ears: Ears = field(default_factory=Ears)
    noise_reduction: Literal["near_field", "far_field"] | None = None
    max_output_tokens: int | None = None
    speed: float | None = None
    reasoning_effort: str | None = None
    temperature: float | None = None

    def forms(self) -> SpokenForms:
        """Reads texts as they are to be said."""
        return SpokenForms(self.language if self.spoken_forms else None, self.pronunciations)


# --- events


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak `audio_ms` into the audio of this session."""

    audio_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The caller's last sound was `audio_ms` into the audio; the item is in the conversation."""

    audio_ms: int
    item_id: str


@dataclass(frozen=True, slots=True)
class CallerTextDelta:
    """A further piece of what the caller said."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallerTranscript:
    """All of what the caller said in this item; may come long after the answer to it."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class CallerTranscriptFailed:
    """The words of this item will never be known."""

    item_id: str


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """`tag` is that of the request this response answers."""

    response_id: str
    tag: str


@dataclass(frozen=True, slots=True)
class AudioDelta:
    """Agent audio, in the order it is to be played. One response may hold several items."""

    response_id: str
    item_id: str
    audio: bytes


@dataclass(frozen=True, slots=True)
class AudioDone:
    """No more audio for this item. May come after the first audio of the next one."""

    item_id: str


@dataclass(frozen=True, slots=True)
class FirstToken:
    """A language model has begun to write; of sessions whose words come with their sound only."""

    response_id: str


@dataclass(frozen=True, slots=True)
class AgentTextDelta:
    """A piece of the words of an audio item; runs ahead of its audio."""

    response_id: str
    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class AgentTextDone:
    """All the words of an audio item."""

    item_id: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model calls a function. `arguments` is JSON text, which may be broken.

    Not `complete`: the call was cut off while the model wrote it and must not be carried out.
    """

    response_id: str
    call_id: str
    name: str
    arguments: str
    complete: bool = True


@dataclass(frozen=True, slots=True)
class ResponseDone:
    """A response is over. `error` is set when `status` is "failed". `model` took the `usage`; "":
    that of the session."""

    response_id: str
    tag: str
    status: ResponseStatus
    reason: str = ""
    error: ProviderError | None = None
    usage: TokenUsage = TokenUsage()
    model: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text that was to be `render`ed, as sound; without any: it could not be."""

    text: str
    audio: bytes
    usage: TokenUsage = TokenUsage()


@dataclass(frozen=True, slots=True)
class Spent:
    """Something was paid for that is part of no response. `model`: as in `ResponseDone`."""

    usage: TokenUsage
    model: str = ""


@dataclass(frozen=True, slots=True)
class StageReplaced:
    """A stage that failed (`recognizer`, `model`, `voice`, `speech_to_speech`) was replaced by the
    next: without, the call would have ended."""

    stage: str


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """The session cannot go on."""

    error: ProviderError


@dataclass(frozen=True, slots=True)
class ProviderClosed:
    """The connection ended without our doing (1006: without a word)."""

    code: int
    reason: str = ""


ProviderEvent = (
    SpeechStarted
    | SpeechStopped
    | CallerTextDelta
    | CallerTranscript
    | CallerTranscriptFailed
    | ResponseStarted
    | AudioDelta
    | AudioDone
    | FirstToken
    | AgentTextDelta
    | AgentTextDone
    | ToolCall
    | ResponseDone
    | Rendered
    | Spent
    | StageReplaced
    | ProviderFailed
    | ProviderClosed
)


# --- protocols


class RealtimeSession(Protocol):
    """One open conversation. No method blocks; after the connection is gone they do nothing.

    Responses are given one at a time: a request made while one is under way is carried out after
    it. Every request ends in exactly one `ResponseDone` with its tag, except those that
    `cancel_response` took back before they had started.
    """

    def append_audio(self, audio: bytes) -> None:
        """Caller audio in the session's format, silence included: the ears count audio time."""

    def begin_turn(self, audio_ms: int) -> None:
        """With `Ears.local`: the caller began to speak `audio_ms` into the audio, which has been
        appended to here. The session tells of it by `SpeechStarted`, like one with ears of its
        own; of a turn that is under way already it tells nothing."""

    def commit_turn(self, audio_ms: int) -> None:
        """With `Ears.local`: the caller's last sound was at `audio_ms`. The session tells of it by
        `SpeechStopped`, and has the turn written down."""

    def end_turn(self, audio_ms: int) -> None:
        """The caller speaks on, and does not stop: what they have said up to there, or to the next
        gap between two words, becomes an item that can be answered. What they go on with is
        another one."""

    def speak(self, text: str, *, exact: bool = True, tag: str = "") -> None:
        """Have these words said, or (not `exact`) something said as `text` tells; no tools."""

    def render(self, text: str) -> None:
        """Make sound of a text without saying it; answered by one `Rendered`, which is empty where
        what is to be said had to go first."""

    def create_response(self, *, tag: str = "") -> None:
        """Have the model answer what the conversation holds."""

    def cancel_response(self) -> None:
        """Silence every response asked for so far: no audio, words or tool calls of it follow."""

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        """Only `played_ms` of this agent item were heard; the model forgets the rest."""

    def delete_item(self, item_id: str) -> None:
        """Take an item out of the conversation."""

    def add_message(self, role: Literal["user", "assistant", "system"], text: str) -> None:
        """Add words to the conversation as if they had been said."""

    def add_tool_output(self, call_id: str, output: str) -> None:
        """The result of a `ToolCall`, as the model shall read it."""

    def close(self) -> None:
        """End the session; no event follows."""


class RealtimeModel(Protocol):
    """A vendor's speech-to-speech engine."""

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> RealtimeSession:
        """Connect and configure; blocks the calling greenlet until it can be used.

        `on_event` is called from the event loop and must not block. Raises `ProviderError`.
        """
