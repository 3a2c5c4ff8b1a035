"""One call of the turn-taking benchmark: a scene is played to the real bridge, step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from answer_clips import RATE, noise
from conversation_clips import Line, Move, Scene
from conversation_world import Listener, Script, Watched, model_of

from topcalls.audio import g711
from topcalls.audio.pcm import interleave
from topcalls.bridge.config import ConversationConfig, conversation_for
from topcalls.bridge.hearing import HearingOptions
from topcalls.bridge.own_voice import EchoMethod, EchoPlan
from topcalls.bridge.replay.line import OpenCall, OpenLine
from topcalls.bridge.replay.loudspeaker import STEP, STEP_BYTES, Cut, Loudspeaker
from topcalls.bridge.replay.virtual_time import VirtualTime
from topcalls.bridge.session import BridgeSession
from topcalls.core.call_request import CallRequest
from topcalls.core.interruption import SOUND

LONG_SECONDS = 4.5  # what the agent says is long enough to be interrupted in
PATIENCE_SECONDS = 6.0  # of a caller to whom nothing is said
AFTERWARDS_SECONDS = 2.5  # for an answer to the last move to begin
RINGING_SECONDS = 1.5
LONGEST_SECONDS = 75.0  # of a made scene


@dataclass(frozen=True)
class Setup:
    """What is compared. `sound`: an end-of-turn model listens too. `deaf`: ears that hear nothing,
    to see that it is noticed."""

    mode: str = "realtime"
    ears: str = "server"
    deaf: bool = False
    sound: bool = False

    @property
    def name(self) -> str:
        return f"{self.mode}/{self.ears}{'+sound' * self.sound}"

    def hearing(self, time: VirtualTime) -> HearingOptions:
        """`local` cancels echo, `local-gate` mutes it, `local-only` does nothing about it."""
        methods: dict[str, EchoMethod] = {"local": "cancel", "local-gate": "gate"}
        echo = EchoPlan(methods.get(self.ears, "off"))
        ears = HearingOptions(self.ears.split("-")[0], installed=True, echo=echo)
        return replace(ears, judge=SOUND, turn_model=Listener(time)) if self.sound else ears

    def conversation(
        self, first_sentence: str | None, language: str | None, time: VirtualTime
    ) -> ConversationConfig:
        """The settings of a call that asks for nothing special."""
        request = CallRequest(
            "+15550100",
            task="Help.",
            first_sentence=first_sentence,
            mode=self.mode,
            language=language,
        )
        config = conversation_for(
            request, default_model="stand-in", inbound=True, hearing=self.hearing(time)
        )
        if self.deaf:
            ears = replace(config.session.ears, threshold=1.1)
            config = replace(config, session=replace(config.session, ears=ears))
        return config


@dataclass
class Deed:
    """A move that was made: from its first to its last energy, over this utterance or none."""

    kind: str
    start: float
    until: float
    over: str | None


@dataclass
class Outcome:
    """What happened in one call, in seconds of virtual time. `missing`: moves whose moment never
    came."""

    scene: str
    kind: str
    setup: str
    deeds: list[Deed] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    began: list[tuple[float, str]] = field(default_factory=list)
    ended: dict[str, float] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)
    missing: int = 0
    seconds: float = 0.0
    cpu_ms: float = 0.0


class Labelled(Protocol):
    """What is played: a made scene, or a recording."""

    name: str
    kind: str


class Party(Protocol):
    """The other end of the line. `missing`: what it meant to do and had no chance to."""

    deeds: list[Deed]
    missing: int

    def frame(self) -> np.ndarray:
        """The next 20 ms of what it sends, before the line."""
        ...

    @property
    def is_done(self) -> bool: ...


class Caller:
    """Makes the moves of a scene, each at its time."""

    def __init__(self, scene: Scene, loudspeaker: Loudspeaker, script: Script) -> None:
        self.deeds: list[Deed] = []
        self.missing = 0
        self._moves = list(scene.moves)
        self._loudspeaker = loudspeaker
        self._script = script
        self._time = script.time
        self._sounding = np.zeros(0)
        self._free_since = 0.0  # nothing of ours sounds
        self._answered = True  # the agent was heard since our last move

    @property
    def is_done(self) -> bool:
        if self._time.now > LONGEST_SECONDS:
            self.missing += len(self._moves)
            return True
        if self._moves or len(self._sounding):
            return False
        return self._time.now - self._free_since > AFTERWARDS_SECONDS

    def frame(self) -> np.ndarray:
        if not len(self._sounding) and self._moves:
            self._consider(self._moves[0])
        part, self._sounding = self._sounding[:STEP_BYTES], self._sounding[STEP_BYTES:]
        if len(part):
            self._free_since = self._time.now + STEP
        return padded(part)

    def _consider(self, move: Move) -> None:
        speaker, now = self._loudspeaker, self._time.now
        present = speaker.present
        self._answered = self._answered or present is not None
        quiet = now - max(speaker.silent_since, self._free_since) if present is None else 0.0
        if move.over is not None:
            if present is not None and self._script.is_long(LONG_SECONDS):
                if present.played >= move.over * RATE and not speaker.paused:
                    self._make(move)
            elif quiet > PATIENCE_SECONDS:
                self._moves.pop(0)
                self.missing += 1
        elif present is None and speaker.began:
            after = move.after if self._answered and move.after else PATIENCE_SECONDS
            if quiet >= after:
                self._make(move)

    def _make(self, move: Move) -> None:
        self._moves.pop(0)
        sound, now = move.sound, self._time.now
        present = self._loudspeaker.present
        over = present.id if present is not None else None
        self.deeds.append(Deed(sound.kind, now, now + sound.until, over))
        self._script.caller += [(now, word) for word in sound.words]
        self._sounding = sound.samples
        self._answered = False


def padded(part: np.ndarray) -> np.ndarray:
    """20 ms, the rest of it silent."""
    if len(part) == STEP_BYTES:
        return part
    whole = np.zeros(STEP_BYTES)
    whole[: len(part)] = part
    return whole


class Wire:
    """What the line makes of both directions: echo, noise, G.711."""

    def __init__(self, line: Line, seed: int) -> None:
        self._line = line
        self.codec = line.law
        generator = np.random.default_rng(seed)
        level = 32768 * 10 ** (line.level_dbfs / 20)
        self._noise = noise(line.noise, 8 * RATE, generator) * level
        path = line.echo.path if line.echo is not None else ()
        self._delay = line.echo.delay_ms * RATE // 1000 if line.echo is not None else 0
        self._far = np.zeros(self._delay + len(path) + STEP_BYTES)
        self._at = 0

    def carry(self, near: np.ndarray, far: bytes) -> tuple[bytes, bytes]:
        """20 ms of what reaches the gateway, and of what it played, as L16."""
        played = g711.decode(far, self.codec)
        at = self._at % (len(self._noise) - STEP_BYTES)
        self._at += STEP_BYTES
        mixed = near + self._noise[at : at + STEP_BYTES]
        if self._line.echo is not None:
            mixed = mixed + self._echo(np.frombuffer(played, "<i2"))
        l16 = np.clip(np.round(mixed), -32768, 32767).astype("<i2").tobytes()
        return g711.decode(g711.encode(l16, self.codec), self.codec), played

    def _echo(self, far: np.ndarray) -> np.ndarray:
        echo = self._line.echo
        assert echo is not None
        self._far = np.concatenate((self._far[STEP_BYTES:], far))
        heard = self._far[1 : len(self._far) - self._delay]
        return np.convolve(heard, echo.path, mode="valid") * 10 ** (echo.db / 20)


class _Observer:
    """Nobody follows."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


def play(scene: Scene, setup: Setup) -> Outcome:
    """The whole call of a made scene."""
    world = VirtualTime()
    echo = scene.line.echo
    echo_seconds = echo.delay_ms / 1000 if echo is not None else None
    script = Script(scene.said, echo_seconds, scene.seed, world)

    def caller(loudspeaker: Loudspeaker, _: BridgeSession) -> Caller:
        return Caller(scene, loudspeaker, script)

    config = setup.conversation(scene.said[0][0], scene.language, world)
    return call(scene, setup, config, script, Wire(scene.line, scene.seed), caller)


def call(
    scene: Labelled,
    setup: Setup,
    config: ConversationConfig,
    script: Script,
    wire: Wire,
    make_party: Callable[[Loudspeaker, BridgeSession], Party],
) -> Outcome:
    """One call, from ringing until the party at the other end has done what it wanted."""
    started = time.process_time()
    world = script.time
    loudspeaker = Loudspeaker(world.clock, wire.codec)
    model = Watched(model_of(setup.mode, script), world)
    bridge = BridgeSession(scene.name, config, model, _Observer(), world.clock)
    party = make_party(loudspeaker, bridge)
    stream = OpenLine()
    world.wake = bridge.wake
    bridge.start()
    world.settle()
    world.advance(RINGING_SECONDS)
    bridge.attach(OpenCall(stream, loudspeaker, wire.codec, is_stereo=bridge.needs_stereo))
    world.settle()
    while not party.is_done:
        world.advance(STEP)
        began = len(loudspeaker.began)
        far = loudspeaker.play()
        if len(loudspeaker.began) > began:
            script.begun()
        near, played = wire.carry(party.frame(), far)
        stream.on_audio(interleave(near, played) if bridge.needs_stereo else near)
        world.settle()
    outcome = Outcome(
        scene.name,
        scene.kind,
        setup.name,
        party.deeds,
        list(loudspeaker.cuts),
        loudspeaker.pauses,
        loudspeaker.began,
        dict(loudspeaker.ended),
        model.asked,
        party.missing,
        world.now,
    )
    _hang_up(bridge, world)
    outcome.cpu_ms = (time.process_time() - started) * 1000
    return outcome


def _hang_up(bridge: BridgeSession, world: VirtualTime) -> None:
    bridge.stop("over")
    while not bridge.join(0):
        world.advance(STEP)
        world.settle()
