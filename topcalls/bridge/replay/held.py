"""A conversation held again: the real bridge, with the recorded caller on its line.

Nobody is called, and nothing of what the conversation would do outside of itself is done: who
would be told is the observer here, which only writes it down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

from topcalls.audio import g711
from topcalls.audio.pcm import interleave
from topcalls.bridge.audio import CallAudio
from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.replay.caller import CallersSide, RecordedCaller
from topcalls.bridge.replay.line import OpenCall, OpenLine
from topcalls.bridge.replay.loudspeaker import Loudspeaker
from topcalls.bridge.replay.pace import Pace
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.core.answer_verdict import Verdict
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.latency import TurnTiming
from topcalls.core.live_words import Outcome
from topcalls.core.opt_out import OptOut
from topcalls.core.replay_script import MoveKind
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn

READY_SECONDS = 20.0
"""How long the AI may take to be there, before the caller is put through."""

ENDING_SECONDS = 10.0
"""How long a conversation that was stopped may take to end."""

CODEC: Literal["PCMU"] = "PCMU"
CALLER_HUNG_UP, RECORDING_OVER, TOO_LONG = "caller_hung_up", "recording_over", "max_duration"
HANDED_OVER = "transferred"

MakeBridge = Callable[[BridgeObserver, Clock], BridgeSession]


@dataclass
class Held:
    """What came of it. Times are milliseconds since the answer.

    `moves`: when the caller made each move, by its index in the script. `reason` is that of the
    bridge (`agent_ended`, `silence`, `provider_failed`, …), or `caller_hung_up`, `recording_over`,
    `max_duration`, `transferred` (to `handed_to`: nobody was called).
    """

    turns: dict[int, Turn] = field(default_factory=dict)
    tools: dict[str, ToolRecord] = field(default_factory=dict)
    timings: list[TurnTiming] = field(default_factory=list)
    usage: dict[str, TokenUsage] = field(default_factory=dict)
    moves: dict[int, int] = field(default_factory=dict)
    reason: str = ""
    detail: str = ""
    milliseconds: int = 0
    verdict: Verdict | None = None
    opted_out: OptOut | None = None
    handed_to: str | None = None
    stages_replaced: list[str] = field(default_factory=list)

    @property
    def spoken(self) -> list[Turn]:
        """The transcript, in the order in which turns began."""
        said = (turn for turn in self.turns.values() if turn.text)
        return sorted(said, key=lambda turn: (turn.started_ms, turn.seq))


class _Notes:
    """The observer: writes into `held`. `bridge` is set once it is made."""

    bridge: BridgeSession

    def __init__(self, held: Held) -> None:
        self._held = held
        self.is_ready = self.is_over = False

    def ready(self) -> None:
        self.is_ready = True

    def turn(self, turn: Turn) -> None:
        self._held.turns[turn.seq] = turn

    def turn_begun(self, turn: Turn) -> None:
        if not turn.text:
            self._held.turns.pop(turn.seq, None)

    def turn_growing(self, turn: Turn) -> None:
        """What it grows to is told as a turn."""

    def timing(self, timing: TurnTiming) -> None:
        self._held.timings.append(timing)

    def usage(self, model: str, usage: TokenUsage) -> None:
        self._held.usage[model] = self._held.usage.get(model, TokenUsage()) + usage

    def stage_replaced(self, stage: str) -> None:
        self._held.stages_replaced.append(stage)

    def answered_by(self, verdict: Verdict) -> None:
        self._held.verdict = verdict

    def send_keys(self, digits: str) -> None:
        """Nobody is there to hear them; the transcript has them."""

    def mask_recording(self, paused: bool) -> None:
        """Nothing is recorded, so nothing has to be masked: the agent goes on as if it were."""
        self.bridge.recording_masked(paused)

    def key_heard(self, digit: str) -> None:
        """The transcript has it."""

    def opted_out(self, heard: OptOut) -> None:
        """Nothing is listed."""
        self._held.opted_out = heard

    def transfer(self, destination: str, summary: str) -> None:
        """Nobody is called: here the recorded caller and the agent part."""
        self._held.handed_to = destination

    def looked_up(self, lookup: Lookup) -> None:
        """The model was told."""

    def tool(self, record: ToolRecord) -> None:
        self._held.tools[record.id] = record

    def said(self, wish: str, outcome: Outcome) -> None:
        """Nobody outside wants anything said."""

    def finished(self, reason: str, detail: str = "") -> None:
        self.is_over = True
        if not self._held.reason:
            self._held.reason, self._held.detail = reason, detail


def hold_again(
    side: CallersSide,
    make_bridge: MakeBridge,
    pace: Pace,
    *,
    longest_seconds: float,
    on_move: Callable[[int], None] = lambda _: None,
) -> Held:
    """Hold the conversation until the agent ends it, the caller hangs up, or the recording is over.
    `on_move` is told the index of each of the caller's moves as it begins."""
    held = Held()
    notes = _Notes(held)
    bridge = notes.bridge = make_bridge(notes, pace.clock)
    pace.follow(bridge.wake)
    bridge.start()
    _wait(pace, READY_SECONDS, lambda: notes.is_ready or notes.is_over)
    try:
        if not notes.is_over:
            _talk(side, bridge, held, notes, pace, longest_seconds, on_move)
    finally:
        bridge.stop("stopped")
        _wait(pace, ENDING_SECONDS, lambda: bridge.join(0))
    return held


def _talk(
    side: CallersSide,
    bridge: BridgeSession,
    held: Held,
    notes: _Notes,
    pace: Pace,
    longest_seconds: float,
    on_move: Callable[[int], None],
) -> None:
    speaker, line = Loudspeaker(pace.clock, CODEC), OpenLine()
    answered = pace.clock.monotonic()

    def elapsed() -> int:
        return round((pace.clock.monotonic() - answered) * 1000)

    def moved(index: int) -> None:
        held.moves[index] = elapsed()
        on_move(index)

    def press(digits: str) -> None:
        for digit in digits:
            bridge.dtmf(digit)

    caller = RecordedCaller(side, speaker, moved, press)
    # The loudspeaker's callbacks are told a little more than the bridge asks for.
    bridge.attach(cast(CallAudio, OpenCall(line, speaker, CODEC, bridge.needs_stereo)))
    while not notes.is_over and not held.reason:
        pace.step()
        played = g711.decode(speaker.play(), CODEC)
        near = caller.frame(played)
        line.on_audio(interleave(near, played) if bridge.needs_stereo else near)
        held.milliseconds = elapsed()
        held.reason = held.reason or _over(caller, held, longest_seconds)


def _over(caller: RecordedCaller, held: Held, longest_seconds: float) -> str:
    """Why it is over now that the bridge goes on; empty where it is not."""
    if held.handed_to is not None:
        return HANDED_OVER
    if caller.end is not None:
        return CALLER_HUNG_UP if caller.end is MoveKind.HANG_UP else RECORDING_OVER
    return TOO_LONG if held.milliseconds > longest_seconds * 1000 else ""


def _wait(pace: Pace, seconds: float, condition: Callable[[], bool]) -> None:
    """Until it holds, and no longer than so."""
    until = pace.clock.monotonic() + seconds
    while not condition() and pace.clock.monotonic() < until:
        pace.step()
