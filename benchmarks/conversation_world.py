"""The world around a conversation in virtual time: what is said in it, and the two models.

Nothing here waits for real time: who would wait asks `VirtualTime`, and the scene moves it on by
20 ms a step. The models' ears hear the audio that reaches them. Words come from the script, as
late as a transcription would have them.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

import numpy as np
from conversation_clips import Word

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.audio.vad import Began, Ended, SileroVad, VadRules
from topcalls.bridge.pipeline import Chain, Pipeline
from topcalls.bridge.replay.virtual_time import VirtualTime
from topcalls.providers import base, stages
from topcalls.providers.base import ProviderEvent, RealtimeModel, RealtimeSession, SessionConfig
from topcalls.providers.local.turns import REMEDY
from topcalls.providers.local.turns_process import Judge, weights

EARS_LAG = 0.06  # seconds from a sound until the vendor's event about it is here
ONSET_MS = 64
WORDS_AFTER_TURN = (0.3, 0.7)  # seconds until a finished turn is written down
FIRST_AUDIO = (0.35, 0.55)  # of an answer, speech to speech
PARTIAL_EVERY, PARTIAL_LAG = 0.3, 0.3
FINAL_LAG = 0.15
FIRST_TOKEN, FIRST_SOUND = (0.25, 0.45), (0.1, 0.2)  # of the chain's model and voice
CHUNK_BYTES, CHUNK_SECONDS = 1600, 0.05  # 200 ms of speech, four times as fast as it is heard
AROUND = 0.25  # seconds before and after a detected speech within which its words may lie


# --- what there is to be understood


class Script:
    """What the agent says next, and what was said when. `echo_seconds`: when it comes back."""

    def __init__(
        self,
        said: Sequence[tuple[str, np.ndarray]],
        echo_seconds: float | None,
        seed: int,
        time: VirtualTime,
    ) -> None:
        self.time = time
        self.random = random.Random(seed)
        self.caller: list[tuple[float, Word]] = []  # with the moment its sound began
        self._said = [(text, _pcmu(samples)) for text, samples in said]
        self._next = 0
        self._echo_seconds = echo_seconds
        self._returned: list[tuple[float, str]] = []  # words of the agent, as they come back

    def take(self, limits: tuple[float, float]) -> tuple[str, float]:
        """The next text, and in how many seconds it begins; "": there is none."""
        return self._said[self._next][0], self.between(limits)

    def exact(self, limits: tuple[float, float]) -> float:
        """In how many seconds a given text begins."""
        return self.between(limits)

    def audio(self, text: str) -> bytes:
        """Of one of the agent's texts, or of a part of it."""
        for whole, audio in self._said:
            at = whole.find(text)
            if at >= 0:
                start, end = (len(audio) * place // len(whole) for place in (at, at + len(text)))
                return audio[start:end]
        return g711.silence("PCMU", 500)

    def is_long(self, seconds: float) -> bool:
        """Whether what the agent says now lasts that long."""
        return len(self._said[max(0, self._next - 1)][1]) >= seconds * 8000

    def begun(self) -> None:
        """The agent's next text has become audible."""
        text, audio = self._said[self._next]
        if self._echo_seconds is not None:
            words = text.split()
            step = len(audio) / 8000 / len(words)
            start = self.time.now + self._echo_seconds
            self._returned += [(start + step * place, word) for place, word in enumerate(words)]
        self._next = min(self._next + 1, len(self._said) - 1)

    def heard(self, start: float, until: float) -> str:
        """What a transcription would make of the sound between these moments: the caller's words,
        or else the agent's own, come back."""
        words = [
            word.text
            for began, word in self.caller
            if start - AROUND <= began + word.start and began + word.end <= until
        ]
        return " ".join(words or [word for at, word in self._returned if start <= at <= until])

    def between(self, limits: tuple[float, float]) -> float:
        return self.random.uniform(*limits)


def _pcmu(samples: np.ndarray) -> bytes:
    l16 = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
    return g711.encode(l16, "PCMU")


class HearsAudio:
    """A vendor's voice activity detection, on the audio that reaches it: Silero stands in for it.
    Moments are of virtual time."""

    def __init__(self, ears: base.Ears, time: VirtualTime) -> None:
        rules = VadRules(
            ears.threshold, ears.threshold - 0.15, ONSET_MS, ears.silence_ms, floor_dbfs=-70.0
        )
        self._vad = SileroVad(rules)
        self._time = time

    def feed(self, audio: bytes) -> list[tuple[Began | Ended, float]]:
        """What is new, with its moment."""
        changes = self._vad.feed(g711.decode(audio, "PCMU"))
        heard_ms = self._vad.heard_ms
        return [(one, self._time.now - (heard_ms - one.at_ms) / 1000) for one in changes]


VERDICT_SECONDS = 0.05  # from asking the end-of-turn model until its verdict is here


@cache
def _judge() -> Judge:
    path = weights()
    assert path is not None, REMEDY
    return Judge(path)


class Listener:
    """The gateway's own end-of-turn model: the real one, asked in virtual time."""

    def __init__(self, time: VirtualTime) -> None:
        self._time = time

    def ask(self, audio: bytes, codec: G711Codec, told: Callable[[float], None]) -> bool:
        self._time.later(VERDICT_SECONDS, partial(told, _judge().finished(audio, codec)))
        return True

    def warm_up(self) -> None:
        """It is loaded when it is first asked: no time passes meanwhile."""


# --- a speech-to-speech model


class StandInSession:
    """Keeps the contract of `providers.base.RealtimeSession`."""

    def __init__(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None], script: Script
    ) -> None:
        self._emit = on_event
        self._script = script
        self._time = script.time
        self._ears = None if config.ears.local else HearsAudio(config.ears, script.time)
        self._item = self._responses = self._appended = 0
        self._speech_from = 0.0
        self._waiting: deque[tuple[str, str | None]] = deque()
        self._active: tuple[str, str] | None = None
        self._closed = False

    def append_audio(self, audio: bytes) -> None:
        self._appended += len(audio)
        for change, at in self._ears.feed(audio) if self._ears is not None else ():
            if isinstance(change, Began):
                self._item += 1
                self._speech_from = at
                self._tell(EARS_LAG, base.SpeechStarted(change.at_ms, self._item_id))
            else:
                self._tell(EARS_LAG, base.SpeechStopped(change.at_ms, self._item_id))
                self._write_down(at)

    def begin_turn(self, audio_ms: int) -> None:
        self._item += 1
        self._speech_from = self._moment(audio_ms)
        self._emit(base.SpeechStarted(audio_ms, self._item_id))

    def commit_turn(self, audio_ms: int) -> None:
        self._emit(base.SpeechStopped(audio_ms, self._item_id))
        self._write_down(self._moment(audio_ms))

    def end_turn(self, audio_ms: int) -> None:
        self.commit_turn(audio_ms)

    def _moment(self, audio_ms: int) -> float:
        return self._time.now - (self._appended // 8 - audio_ms) / 1000

    def _write_down(self, until: float) -> None:
        """The words of the turn that is over."""
        text = self._script.heard(self._speech_from, until + AROUND)
        lag = EARS_LAG + self._script.between(WORDS_AFTER_TURN)
        self._tell(lag, base.CallerTranscript(self._item_id, text))

    @property
    def _item_id(self) -> str:
        return f"caller-{self._item}"

    def _tell(self, seconds: float, event: ProviderEvent) -> None:
        self._time.later(seconds, lambda: None if self._closed else self._emit(event))

    def speak(self, text: str, *, exact: bool = True, tag: str = "") -> None:
        self._ask(tag, text if exact else None)

    def render(self, text: str) -> None:
        """Nothing is asked for here that fills a wait."""

    def create_response(self, *, tag: str = "") -> None:
        self._ask(tag, None)

    def _ask(self, tag: str, text: str | None) -> None:
        self._waiting.append((tag, text))
        self._next()

    def _next(self) -> None:
        if self._active is not None or not self._waiting:
            return
        tag, text = self._waiting.popleft()
        self._responses += 1
        self._active = (f"response-{self._responses}", tag)
        if text is None:
            text, seconds = self._script.take(FIRST_AUDIO)
        else:
            seconds = self._script.exact(FIRST_AUDIO)
        self._time.later(seconds, partial(self._begin, self._active, text))

    def _begin(self, response: tuple[str, str], words: str) -> None:
        if response != self._active or self._closed:
            return
        if not words:
            self.cancel_response()
            return
        item = f"item-{response[0]}"
        self._emit(base.ResponseStarted(*response))
        self._emit(base.AgentTextDelta(response[0], item, words))
        self._emit(base.AgentTextDone(item, words))
        self._go_on(response, item, self._script.audio(words))

    def _go_on(self, response: tuple[str, str], item: str, audio: bytes) -> None:
        if response != self._active or self._closed:
            return
        self._emit(base.AudioDelta(response[0], item, audio[:CHUNK_BYTES]))
        if rest := audio[CHUNK_BYTES:]:
            self._time.later(CHUNK_SECONDS, partial(self._go_on, response, item, rest))
            return
        self._emit(base.AudioDone(item))
        self._active = None
        self._emit(base.ResponseDone(*response, "completed"))
        self._next()

    def cancel_response(self) -> None:
        self._waiting.clear()
        active, self._active = self._active, None
        if active is not None:
            self._emit(base.ResponseDone(*active, "cancelled", "client_cancelled"))

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        """What was not heard makes no difference to a script."""

    def delete_item(self, item_id: str) -> None:
        """Neither does what the caller did not mean."""

    def add_message(self, role: str, text: str) -> None:
        """Nor what it is told."""

    def add_tool_output(self, call_id: str, output: str) -> None:
        """No tool is ever called."""

    def close(self) -> None:
        self._closed = True


class StandInModel:
    """Speech to speech."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> StandInSession:
        return StandInSession(config, on_event, self._script)


# --- the chain


class StandInRecognizer:
    """Tells turns by the silence after them, and words while they are said."""

    name = "stand-in"

    def __init__(self, script: Script) -> None:
        self._script = script

    def open(
        self, config: stages.HearingConfig, on_event: Callable[[stages.HearingEvent], None]
    ) -> StandInHearing:
        return StandInHearing(config, on_event, self._script)


class StandInHearing:
    def __init__(
        self,
        config: stages.HearingConfig,
        on_event: Callable[[stages.HearingEvent], None],
        script: Script,
    ) -> None:
        self._emit = on_event
        self._script = script
        self._time = script.time
        self._ears = HearsAudio(config.ears, script.time)
        self._turn_from: float | None = None
        self._turns = 0
        self._closed = False

    def append_audio(self, audio: bytes) -> None:
        for change, at in self._ears.feed(audio):
            if isinstance(change, Began):
                self._turn_from = at
                self._turns += 1
                self._tell(FINAL_LAG, stages.TurnBegan(change.at_ms))
                self._time.later(PARTIAL_EVERY, partial(self._listen, self._turns))
            elif self._turn_from is not None:
                text = self._script.heard(self._turn_from, at + AROUND)
                self._turn_from = None
                self._tell(FINAL_LAG, stages.TurnEnded(change.at_ms, text))

    def _listen(self, turn: int) -> None:
        if turn != self._turns or self._turn_from is None or self._closed:
            return
        text = self._script.heard(self._turn_from, self._time.now - PARTIAL_LAG)
        if text:
            self._emit(stages.Partial(text))
        self._time.later(PARTIAL_EVERY, partial(self._listen, turn))

    def _tell(self, seconds: float, event: stages.HearingEvent) -> None:
        self._time.later(seconds, lambda: None if self._closed else self._emit(event))

    def close(self) -> None:
        self._closed = True


class StandInMind:
    """Answers with what the script has next."""

    name = "stand-in"

    def __init__(self, script: Script) -> None:
        self._script = script

    def answer(self, request: stages.ChatRequest) -> Iterator[stages.ChatEvent]:
        text, seconds = self._script.take(FIRST_TOKEN)
        self._script.time.sleep(seconds)
        if text:
            yield stages.ChatText(text)
        yield stages.ChatEnded()


class StandInVoice:
    """Speaks with the sound that the script has."""

    name = "stand-in"

    def __init__(self, script: Script) -> None:
        self._script = script

    def open(self, config: stages.SpeakingConfig) -> StandInVoice:
        return self

    def speak(self, text: str) -> Iterator[stages.Spoken]:
        self._script.time.sleep(self._script.exact(FIRST_SOUND))
        yield stages.Spoken(self._script.audio(text), text)

    def close(self) -> None:
        """Nothing is open."""


def model_of(mode: str, script: Script) -> RealtimeModel:
    """What holds the conversation: `realtime` or `legacy`."""
    if mode == "realtime":
        return StandInModel(script)
    chain = Chain((StandInRecognizer(script),), (StandInMind(script),), (StandInVoice(script),))
    return Pipeline(lambda _: chain, script.time.clock)


class Watched:
    """A model, and when it was asked for answers."""

    def __init__(self, model: RealtimeModel, time: VirtualTime) -> None:
        self.asked: list[float] = []
        self._model = model
        self._time = time

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> RealtimeSession:
        session = self._model.open(config, on_event)
        ask = session.create_response

        def create_response(*, tag: str = "") -> None:
            self.asked.append(self._time.now)
            ask(tag=tag)

        session.create_response = create_response  # type: ignore[method-assign]
        return session
