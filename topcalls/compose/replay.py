"""Replays of calls, wired from the settings: the real bridge and the AI of this installation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topcalls.bridge.answer_advice import Advisers
from topcalls.bridge.config import ConversationConfig
from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.replay.caller import CallersSide
from topcalls.bridge.replay.held import HANDED_OVER, Held, hold_again
from topcalls.bridge.replay.pace import Pace, RealPace, VirtualPace
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock, SystemClock
from topcalls.compose.analysis import AnalysisModel
from topcalls.compose.conversations import Conversations
from topcalls.compose.hearing import hearing_options
from topcalls.compose.models import CallModels
from topcalls.compose.replay_doubles import Rehearsal, ReplayDoubles
from topcalls.compose.services import Services, open_services
from topcalls.compose.vendors import Vendors
from topcalls.config import Settings
from topcalls.core.answer_verdict import documented
from topcalls.core.replay_script import Timing
from topcalls.core.token_usage import TokenUsage
from topcalls.services.replay_calls import RecordedCall, RecordedCalls
from topcalls.services.replay_changes import Changes, ReplayRequests, nested
from topcalls.services.replay_outcomes import HeldAgain, ReplayOutcomes
from topcalls.services.replays import Conversation, Replayed, Replays
from topcalls.services.tool_replay import Replay

REAL, VIRTUAL = "real", "virtual"
_VIRTUAL_WHY = "The AI is the sandbox's, and waits on the same clock."
_NOTED_LOSS = 0.1
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True)
class Wishes:
    """What is asked of a replay. `exact`: see `core.replay_fork`; `recording` has the sound of the
    call."""

    changes: Changes
    timing: Timing = Timing.RELATIVE
    exact: bool = False
    recording: Path | None = None


def replay_wishes(
    fields: Mapping[str, Any],
    agent: tuple[str, int | None] | None,
    timing: Timing,
    *,
    exact: bool = False,
    recording: Path | None = None,
) -> Wishes:
    """Of `fields` of a call by their paths, as in `interruption.sensitivity`. Raises
    `InvalidRequest`."""
    return Wishes(Changes(nested(fields), agent), timing, exact, recording)


class ReplayRoom:
    """Holds calls again, any number at once; close it. `scenarios`: people of the sandbox beside
    the built-in ones, where the AI is the sandbox's."""

    def __init__(self, settings: Settings, scenarios: tuple[Path, ...] = ()) -> None:
        """Raises `ConfigError`, as opening the database and the AI's stages does."""
        self.settings = settings
        self.services: Services = open_services(settings)
        self.calls = RecordedCalls(self.services.db, self.services.recordings)
        requests = ReplayRequests(self.services.agents, self.services.catalogue, SystemClock())
        self._replays = Replays(self.calls, requests)
        is_sandbox = settings.ai_mode == "sandbox"
        self.rehearsal = Rehearsal(settings, scenarios) if is_sandbox else None
        hearing = hearing_options(settings)
        self.conversations = Conversations(settings, self.services, hearing)

    def close(self) -> None:
        """Let go of the database."""
        self.services.close()

    def replay(self, call_id: str, wishes: Wishes) -> Replayed:
        """One call. Raises as `Replays.replay`."""
        return self._replays.replay(
            call_id,
            wishes.changes,
            lambda recorded: _World(self, recorded, wishes.timing),
            exact=wishes.exact,
            recording=wishes.recording,
        )


class _World:
    """One replay: its time, its AI, and the doubles of that in the sandbox."""

    def __init__(self, room: ReplayRoom, recorded: RecordedCall, timing: Timing) -> None:
        settings, rehearsal = room.settings, room.rehearsal
        self._room = room
        self._recorded = recorded
        self._side = CallersSide(recorded.sound, recorded.moves, timing)
        self._config = room.conversations.of(recorded.call, recorded.began_at)
        self._why = _why_real(room, recorded, self._config)
        self._lost: Callable[[], float] = lambda: 0.0
        self._pace: Pace
        if self._why or rehearsal is None:
            real = RealPace(SystemClock())
            self._pace, self._lost = real, lambda: real.lost_seconds
        else:
            self._pace = VirtualPace(recorded.began_at, lambda: rehearsal.is_speaking)
        self._doubles = None
        if rehearsal is not None:
            self._doubles = ReplayDoubles(rehearsal, recorded, self._pace.clock)
        vendors = self._doubles.vendors if self._doubles else Vendors.of(settings)
        self._models = CallModels(settings, self._pace.clock, vendors)
        self._usage: dict[str, TokenUsage] = {}
        analysis = AnalysisModel(settings, vendors)
        self.outcomes = ReplayOutcomes(analysis, lambda used: self._spent(analysis.name, used))

    def hold(self) -> Conversation:
        """See `services.replays.World`."""
        minutes = self._recorded.call.request.max_duration
        held = hold_again(
            self._side,
            self._bridge,
            self._pace,
            longest_seconds=minutes * _SECONDS_PER_MINUTE,
            on_move=self._doubles.begins if self._doubles else lambda _: None,
        )
        for model, usage in held.usage.items():
            self._spent(model, usage)
        return Conversation(
            held=_for_analysis(held),
            tools=tuple(held.tools.values()),
            moves=held.moves,
            usage=self._usage,
            pace=REAL if self._why else VIRTUAL,
            why=self._why or _VIRTUAL_WHY,
            remarks=tuple(self._remarks(held)),
        )

    def close(self) -> None:
        """See `services.replays.World`."""
        if self._doubles is not None:
            self._doubles.close()

    def _bridge(self, observer: BridgeObserver, clock: Clock) -> BridgeSession:
        call = self._recorded.call
        return BridgeSession(
            call.call_id,
            self._config,
            self._models.of(call.request),
            observer,
            clock,
            run_tool=Replay(self._recorded.cassette, sleep=self._pace.sleep).run,
            look_up=self._room.services.call_knowledge.of(call),
            advisers=Advisers(self._models.answer_judge()),
        )

    def _spent(self, model: str, usage: TokenUsage) -> None:
        self._usage[model] = self._usage.get(model, TokenUsage()) + usage

    def _remarks(self, held: Held) -> list[str]:
        remarks = []
        if held.detail:
            remarks.append(f"The conversation ended as {held.reason}: {held.detail}")
        if held.stages_replaced:
            remarks.append(f"Failed and replaced: {', '.join(held.stages_replaced)}.")
        if held.handed_to is not None:
            remarks.append(f"The agent hands the call over to {held.handed_to}: nobody is called.")
        if self._lost() > _NOTED_LOSS:
            remarks.append(
                f"This machine lost {self._lost():.1f} s: run fewer replays at once (--parallel)."
            )
        return remarks


def _for_analysis(held: Held) -> HeldAgain:
    return HeldAgain(
        turns=tuple(held.spoken),
        reason=held.reason,
        milliseconds=held.milliseconds,
        answered_by=None if held.verdict is None else documented(held.verdict.answerer),
        opted_out=held.opted_out,
        handed_over=held.reason == HANDED_OVER,
    )


def _why_real(room: ReplayRoom, recorded: RecordedCall, config: ConversationConfig) -> str:
    """Why it takes as long as the call; empty where it need not."""
    request = recorded.call.request
    if room.rehearsal is None:
        return "The AI's vendors answer in real time."
    if request.mode == "legacy":
        return "The chain of the sandbox answers in real time."
    if config.hearing.ears is not None:
        return "Local ears send the caller's turns only, as they are said."
    if config.hearing.turn_model is not None:
        return "The model that listens for the end of turns takes real time."
    if request.knowledge_base_ids or room.settings.answer_model:
        return "What is looked up, or asked of another model, takes real time."
    return ""
