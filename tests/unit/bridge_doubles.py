"""The world around a conversation, turned by hand: a model that says what a test tells it to, a
loudspeaker that plays in the test's own time, an observer that remembers, and a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import gevent
from gevent.event import Event

from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.mailbox import Priority
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.replay.line import OpenCall as Audio
from topcalls.bridge.replay.line import OpenLine as Line
from topcalls.bridge.replay.loudspeaker import Utterance
from topcalls.bridge.session import BridgeSession
from topcalls.clock import ManualClock
from topcalls.core.answer_verdict import Verdict
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.latency import TurnTiming
from topcalls.core.live_words import Outcome, Words
from topcalls.core.opt_out import OptOut
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord, ToolRequest, ToolResult, ToolSpec, ToolStatus
from topcalls.core.transcript import Turn
from topcalls.errors import ProviderError
from topcalls.media.heard import Heard
from topcalls.providers.base import (
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    CallerTranscript,
    ProviderClosed,
    ProviderEvent,
    ResponseDone,
    ResponseStarted,
    SessionConfig,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)

LIMIT = 5.0
STEP = 0.02
BYTES_PER_SECOND = 8000
LOOK_UP = ToolSpec("look_up", "Look something up.")
SESSION = SessionConfig("model", "Be kind.", tools=(LOOK_UP,))
CONFIG = ConversationConfig(  # the caller speaks first
    SESSION, opening=OpeningPlan(greeting_wait=1000.0), silence_timeout=60.0
)


class Loudspeaker:
    """Plays 8 bytes per millisecond of the manual clock; follows `media`'s Playback contract."""

    def __init__(self, clock: ManualClock) -> None:
        self.on_started: Callable[[str, float], None] = lambda *_: None
        self.on_finished: Callable[[Any], None] = lambda *_: None
        self.queue: list[Utterance] = []
        self.said: dict[str, Utterance] = {}
        self.log: list[str] = []
        self.paused = False
        self._clock = clock

    def begin(self, utterance_id: str) -> None:
        assert utterance_id not in self.said, "begun twice"
        self.said[utterance_id] = Utterance(utterance_id)
        self.queue.append(self.said[utterance_id])

    def append(self, utterance_id: str, audio: bytes) -> None:
        spoken = self.said[utterance_id]
        assert not spoken.complete, "audio after the end"
        spoken.audio += audio

    def finish(self, utterance_id: str) -> None:
        self.said[utterance_id].complete = True

    def pause(self) -> None:
        assert not self.paused, "paused twice"
        self.paused = True
        self.log.append("pause")

    def resume(self) -> None:
        assert self.paused, "resumed without a pause"
        self.paused = False
        self.log.append("resume")

    def clear(self) -> list[Heard]:
        self.log.append("clear")
        self.paused = False
        queue, self.queue = self.queue, []
        return [spoken.heard for spoken in queue]

    def play(self, seconds: float) -> None:
        """So much time passes on the line."""
        budget = round(seconds * BYTES_PER_SECOND)
        while self.queue and not self.paused:
            spoken = self.queue[0]
            if spoken.played == 0 and spoken.audio and budget:
                self.on_started(spoken.id, self._clock.monotonic())
            step = min(budget, len(spoken.audio) - spoken.played)
            spoken.played += step
            budget -= step
            if not spoken.complete or spoken.played < len(spoken.audio):
                return
            self.queue.pop(0)
            self.on_finished(spoken.heard)


class Observer:
    """Remembers what it was told; `over` is set by `finished`."""

    def __init__(self) -> None:
        self.is_ready = Event()
        self.answers: list[Verdict] = []
        self.over = Event()
        self.turns: list[Turn] = []
        self.begun: list[Turn] = []
        self.timings: list[TurnTiming] = []
        self.used: list[tuple[str, TokenUsage]] = []
        self.ends: list[tuple[str, str]] = []
        self.replaced: list[str] = []
        self.keys: list[str] = []
        self.keys_heard: list[str] = []
        self.masked: list[bool] = []
        self.growing: list[Turn] = []
        self.handed_over: list[tuple[str, str]] = []
        self.tools: list[ToolRecord] = []
        self.lookups: list[Lookup] = []
        self.outcomes: list[tuple[str, Outcome]] = []
        self.opt_outs: list[OptOut] = []

    def ready(self) -> None:
        assert not self.is_ready.is_set(), "ready twice"
        self.is_ready.set()

    def turn(self, turn: Turn) -> None:
        assert not self.ends, "a turn after the end"
        self.turns.append(turn)

    def turn_begun(self, turn: Turn) -> None:
        assert not self.ends, "a turn after the end"
        self.begun.append(turn)

    def turn_growing(self, turn: Turn) -> None:
        assert not self.ends, "a turn after the end"
        self.growing.append(turn)

    def timing(self, timing: TurnTiming) -> None:
        self.timings.append(timing)

    def usage(self, model: str, usage: TokenUsage) -> None:
        self.used.append((model, usage))

    def stage_replaced(self, stage: str) -> None:
        self.replaced.append(stage)

    def answered_by(self, verdict: Verdict) -> None:
        self.answers.append(verdict)

    def send_keys(self, digits: str) -> None:
        assert not self.ends, "keys after the end"
        self.keys.append(digits)

    def mask_recording(self, paused: bool) -> None:
        assert not self.ends, "masked after the end"
        self.masked.append(paused)

    def key_heard(self, digit: str) -> None:
        assert not self.ends, "a key after the end"
        self.keys_heard.append(digit)

    def opted_out(self, heard: OptOut) -> None:
        assert not self.ends, "opted out after the end"
        self.opt_outs.append(heard)

    def transfer(self, destination: str, summary: str) -> None:
        assert not self.ends, "handed over after the end"
        self.handed_over.append((destination, summary))

    def looked_up(self, lookup: Lookup) -> None:
        assert not self.ends, "a lookup after the end"
        self.lookups.append(lookup)

    def tool(self, record: ToolRecord) -> None:
        assert not self.ends, "a tool after the end"
        self.tools.append(record)

    def said(self, wish: str, outcome: Outcome) -> None:
        assert not self.ends, "an outcome after the end"
        self.outcomes.append((wish, outcome))

    def finished(self, reason: str, detail: str = "") -> None:
        assert not self.ends, "finished twice"
        self.ends.append((reason, detail))
        self.over.set()

    def texts(self) -> list[tuple[str, str]]:
        """Speaker and words, the last word on each turn, in order."""
        latest = {turn.seq: turn for turn in self.turns}
        told = [latest[seq] for seq in sorted(latest)]
        return [(turn.speaker, turn.text) for turn in told if turn.text]


class ScriptedSession:
    """Keeps the contract of `RealtimeSession` and records what it was asked."""

    def __init__(self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]) -> None:
        self.config = config
        self.emit = on_event
        self.calls: list[tuple[Any, ...]] = []
        self.wanted: list[str] = []  # tags asked for, not begun
        self.audio = bytearray()
        self.closed = False
        self._responses = 0
        self._items = self._turns = 0
        self._active: dict[str, str] = {}

    def append_audio(self, audio: bytes) -> None:
        self.audio += audio

    def begin_turn(self, audio_ms: int) -> None:
        self._turns += 1
        self.emit(SpeechStarted(audio_ms, f"turn-{self._turns}"))

    def commit_turn(self, audio_ms: int) -> None:
        self.emit(SpeechStopped(audio_ms, f"turn-{self._turns}"))

    def end_turn(self, audio_ms: int) -> None:
        self.calls.append(("end turn", audio_ms))

    def speak(self, text: str, *, exact: bool = True, tag: str = "") -> None:
        self.calls.append(("speak", text, exact))
        self.wanted.append(tag)

    def render(self, text: str) -> None:
        self.calls.append(("render", text))

    def create_response(self, *, tag: str = "") -> None:
        self.calls.append(("respond",))
        self.wanted.append(tag)

    def cancel_response(self) -> None:
        self.calls.append(("cancel",))
        self.wanted.clear()
        active, self._active = self._active, {}
        for response_id, tag in active.items():
            self.emit(ResponseDone(response_id, tag, "cancelled", "client_cancelled"))

    def truncate(self, item_id: str, played_ms: int, received_ms: int) -> None:
        self.calls.append(("truncate", item_id, played_ms, received_ms))

    def delete_item(self, item_id: str) -> None:
        self.calls.append(("delete", item_id))

    def add_message(self, role: str, text: str) -> None:
        self.calls.append(("message", role, text))

    def add_tool_output(self, call_id: str, output: str) -> None:
        self.calls.append(("output", call_id, output))

    def close(self) -> None:
        self.closed = True

    # --- what the test makes it do

    def begin(self) -> str:
        """The oldest response asked for begins; returns its id."""
        self._responses += 1
        response_id = f"resp-{self._responses}"
        tag = self.wanted.pop(0)
        self._active[response_id] = tag
        self.emit(ResponseStarted(response_id, tag))
        return response_id

    def say(self, response_id: str, text: str, seconds: float, *, done: bool = True) -> str:
        """An audio item of that length; returns its id."""
        self._items += 1
        item_id = f"item-{self._items}"
        self.emit(AgentTextDelta(response_id, item_id, text))
        if done:
            self.emit(AgentTextDone(item_id, text))
        self.emit(AudioDelta(response_id, item_id, b"\x01" * round(seconds * BYTES_PER_SECOND)))
        if done:
            self.emit(AudioDone(item_id))
        return item_id

    def end(self, response_id: str, status: Any = "completed", **fields: Any) -> None:
        tag = self._active.pop(response_id)
        self.emit(ResponseDone(response_id, tag, status, **fields))

    def respond(self, text: str = "Hello there.", seconds: float = 2.0) -> str:
        """A whole response of one item."""
        response_id = self.begin()
        item_id = self.say(response_id, text, seconds)
        self.end(response_id)
        return item_id

    def call(self, name: str, arguments: str = "{}", *, text: str = "", seconds: float = 0) -> str:
        """A response that says something (or nothing) and calls a tool."""
        response_id = self.begin()
        if text:
            self.say(response_id, text, seconds)
        call_id = f"call-{response_id}"
        self.emit(ToolCall(response_id, call_id, name, arguments))
        self.end(response_id)
        return call_id


class ScriptedModel:
    """Opens sessions; `failures` are raised first, one per attempt; `gate` holds openings up."""

    def __init__(self) -> None:
        self.sessions: list[ScriptedSession] = []
        self.failures: list[ProviderError] = []
        self.gate = Event()
        self.gate.set()
        self.dies_at_once = False  # sessions are lost while they open
        self.opening = Event()  # an attempt is waiting at the gate
        self.gave_up = Event()  # an attempt was killed at the gate

    def open(
        self, config: SessionConfig, on_event: Callable[[ProviderEvent], None]
    ) -> ScriptedSession:
        self.opening.set()
        try:
            self.gate.wait()
        except BaseException:
            self.gave_up.set()
            raise
        if self.failures:
            raise self.failures.pop(0)
        self.sessions.append(ScriptedSession(config, on_event))
        if self.dies_at_once:
            on_event(ProviderClosed(1006))
        return self.sessions[-1]


_BRIDGES: list[BridgeSession] = []  # of the test that runs


def hang_up_all() -> None:
    """End every conversation that a test has left running."""
    for bridge in _BRIDGES:
        bridge._greenlet.kill()
    _BRIDGES.clear()


class Talk:
    """One call under test. All that happens is done when a method returns."""

    def __init__(self, config: ConversationConfig = CONFIG, **options: Any) -> None:
        self.clock = ManualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
        self.model = ScriptedModel()
        self.observer = Observer()
        self.line = Line()
        self.loudspeaker = Loudspeaker(self.clock)
        self.bridge = BridgeSession(
            "call-1", config, self.model, self.observer, self.clock, **options
        )
        self.faults = 0  # of the bridge's own that the test causes
        _BRIDGES.append(self.bridge)
        self._heard_items = 0

    @property
    def session(self) -> ScriptedSession:
        """The session in use, or else the latest one; a replacement may wait behind it."""
        in_use = self.bridge._conversation._parts.link.session
        return in_use or self.model.sessions[-1]  # type: ignore[return-value]

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        return self.session.calls

    def settle(self) -> None:
        """Until the bridge has dealt with everything it was told."""
        for _ in range(2):
            done = Event()
            self.bridge._mailbox.put(done.set, priority=Priority.LAST)
            assert gevent.wait([done, self.bridge._greenlet], LIMIT, count=1)

    def ring(self) -> Talk:
        """The bridge is started, and its session opens."""
        self.bridge.start()
        assert self.observer.is_ready.wait(LIMIT)
        self.settle()
        return self

    def answer(self) -> Talk:
        self.bridge.attach(Audio(self.line, self.loudspeaker))
        self.settle()
        return self

    def advance(self, seconds: float) -> None:
        """Time passes, in steps; what is said is heard meanwhile."""
        for _ in range(round(seconds / STEP)):
            self.clock.advance(STEP)
            self.loudspeaker.play(STEP)
            self.bridge.wake()
            self.settle()

    def tell(self, event: ProviderEvent) -> None:
        """The model says something."""
        self.session.emit(event)
        self.settle()

    def dictate(self, text: str, wish: str = "wish", **how: Any) -> None:
        """Somebody outside wants this said."""
        self.bridge.say(Words(wish, text, **how))
        self.settle()

    def start_speech(self) -> str:
        """The caller begins to speak; returns the item's id."""
        self._heard_items += 1
        item_id = f"caller-{self._heard_items}"
        self.tell(SpeechStarted(self.sent_ms, item_id))
        return item_id

    def stop_speech(self, item_id: str) -> None:
        """The ears report the end of speech, half a second after it."""
        self.tell(SpeechStopped(self.sent_ms - 500, item_id))

    def caller_says(self, text: str, seconds: float = 1.5) -> str:
        """A whole turn of the caller, with its words."""
        item_id = self.start_speech()
        self.advance(seconds + 0.5)
        self.stop_speech(item_id)
        self.tell(CallerTranscript(item_id, text))
        return item_id

    @property
    def sent_ms(self) -> int:
        return len(self.session.audio) // 8

    def end(self, reason: str = "hangup") -> None:
        """The call is over; checks that nothing stays behind."""
        self.bridge.stop(reason)
        self.advance(2.0)
        assert self.observer.over.wait(LIMIT)
        self.is_gone()

    def is_gone(self) -> None:
        assert self.bridge.join(LIMIT)
        assert self.bridge._faults == self.faults
        assert len(self.observer.ends) == 1
        assert all(session.closed for session in self.model.sessions)
        assert self.line.on_audio(b"\0\0") is None


def configured(**changes: Any) -> ConversationConfig:
    return replace(CONFIG, **changes)


class Tool:
    """A customer's tool that answers when the test lets it."""

    def __init__(
        self,
        output: str = '{"status":"sent"}',
        *,
        held: bool = False,
        status: ToolStatus = ToolStatus.SUCCEEDED,
    ) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.ids: list[str] = []
        self._status = status
        self.gate = Event()
        self.stopped = Event()
        self._output = output
        if not held:
            self.gate.set()

    def __call__(self, request: ToolRequest) -> ToolResult:
        self.calls.append((request.name, dict(request.arguments)))
        self.ids.append(request.id)
        try:
            self.gate.wait()
        except BaseException:
            self.stopped.set()
            raise
        return ToolResult(self._output, self._status)
