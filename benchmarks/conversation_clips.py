"""Makes the labelled scenes of the turn-taking benchmark. Same seed, same scenes.

A scene is one telephone call: what the agent says, what the caller does and when, and what the
line adds (noise, the agent's own voice coming back). Speech is that of espeak-ng, and of flite
where it is installed; everything goes through G.711.
"""

from __future__ import annotations

import random
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from answer_clips import RATE, Voices, noise, silence

TEXTS = yaml.safe_load(
    Path(__file__).with_name("conversation_texts.yaml").read_text(encoding="utf-8")
)
MARGIN_SECONDS = 0.04  # of silence around what a synthesizer says
LISTENING_KINDS = ("backchannel", "cough", "noise", "voices")
TURN_KINDS = ("turn", "pause", "spelling", "digits", "email")
Kind = Literal[
    *("interruption", "backchannel", "cough", "noise", "voices", "echo"),
    *("turn", "pause", "spelling", "digits", "email"),
]
ECHO_DB = (-6, -20)
ECHO_MS = (20, 400)
PAUSES = {
    "pause": (0.5, 1.4),
    "spelling": (0.25, 0.8),
    "digits": (0.35, 1.0),
    "email": (0.3, 0.9),
}  # seconds, between the parts of one turn
_SPEAKING_RATE = {"spelling": (120, 150), "digits": (125, 160)}


@dataclass(frozen=True)
class Word:
    """Seconds since the beginning of the sound."""

    text: str
    start: float
    end: float


@dataclass
class Sound:
    """One thing the caller does. `until`: its last energy, in seconds."""

    kind: Kind
    samples: np.ndarray
    words: list[Word] = field(default_factory=list)
    until: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass
class Move:
    """A sound and its time: so many seconds into what the agent says, or after its end."""

    sound: Sound
    over: float | None = None
    after: float | None = None


@dataclass(frozen=True)
class Echo:
    """How the agent's voice comes back: so much weaker, so much later, along this path."""

    db: float
    delay_ms: int
    path: np.ndarray


@dataclass(frozen=True)
class Line:
    """Noise at `level_dbfs` all the time."""

    noise: str
    level_dbfs: float
    echo: Echo | None
    law: Literal["PCMU", "PCMA"]


@dataclass
class Scene:
    """`said` are the agent's texts, in order, and their sound; the last is said again and again."""

    name: str
    kind: str
    language: str
    seed: int
    said: list[tuple[str, np.ndarray]]
    moves: list[Move]
    line: Line


# --- sounds without words


def burst(
    random_: random.Random, numbers: np.random.Generator, seconds: float, level: float
) -> np.ndarray:
    """A rush of air: sudden, and dying away."""
    length = int(seconds * RATE)
    shape = noise(random_.choice(("white", "pink")), length, numbers)
    time = np.arange(length) / RATE
    attack = np.minimum(1.0, time / random_.uniform(0.005, 0.03))
    return shape * attack * np.exp(-time / (seconds / random_.uniform(2.0, 4.0))) * level * 32768


def cough(random_: random.Random, numbers: np.random.Generator) -> np.ndarray:
    """One to three coughs, a sneeze, or a clearing of the throat."""
    level = 10 ** (random_.uniform(-24, -12) / 20)
    kind = random_.choice(("cough", "cough", "cough", "sneeze", "throat"))
    if kind == "sneeze":
        breath = burst(random_, numbers, random_.uniform(0.25, 0.4), level / 6)[::-1]
        return np.concatenate((breath, burst(random_, numbers, random_.uniform(0.25, 0.4), level)))
    if kind == "throat":
        length = int(random_.uniform(0.25, 0.5) * RATE)
        buzz = np.sign(np.sin(2 * np.pi * random_.uniform(55, 80) * np.arange(length) / RATE))
        rough = noise("pink", length, numbers) * (0.6 + 0.4 * buzz)
        return rough * np.hanning(length) * level * 32768
    parts = []
    for _ in range(random_.choice((1, 1, 2, 2, 3))):
        parts.append(burst(random_, numbers, random_.uniform(0.15, 0.3), level))
        parts.append(silence(random_.uniform(0.1, 0.25)))
    return np.concatenate(parts[:-1])


def disturbance(random_: random.Random, numbers: np.random.Generator) -> np.ndarray:
    """What a line or a room adds: crackle, a swell of traffic, a door, a keyboard, hum."""
    level = 10 ** (random_.uniform(-34, -20) / 20) * 32768
    kind = random_.choice(("crackle", "traffic", "door", "keys", "hiss"))
    seconds = random_.uniform(0.8, 2.5)
    length = int(seconds * RATE)
    if kind == "crackle":
        clicks = (numbers.random(length) < 0.01) * numbers.standard_normal(length)
        return np.convolve(clicks, np.exp(-np.arange(24) / 6), mode="same") * level * 3
    if kind == "traffic":
        return noise("street", length, numbers) * np.hanning(length) * level
    if kind == "door":
        return burst(random_, numbers, 0.3, level * 4 / 32768)
    if kind == "keys":
        strokes = [
            part
            for _ in range(random_.randrange(4, 10))
            for part in (
                burst(random_, numbers, 0.03, level * 2 / 32768),
                silence(random_.uniform(0.08, 0.25)),
            )
        ]
        return np.concatenate(strokes)
    return noise("white", length, numbers) * level


# --- scenes


class SceneMaker:
    """Scenes of one set. `half` 0 takes the sentences for tuning, 1 those of the test."""

    def __init__(self, seed: int, half: int, voices: Voices) -> None:
        self._seed = seed
        self._half = half
        self._voices = voices

    def make(self, kind: str, number: int) -> Scene:
        """The scene of that number: `kind` is what the caller does, perhaps with `+echo`."""
        seed = self._seed + number * 1009 + zlib.crc32(kind.encode()) % 900_000
        self._random = random_ = random.Random(seed)
        self._numbers = np.random.default_rng(seed)
        action = kind.removesuffix("+echo")
        self._language = "en" if random_.random() < 0.6 else random_.choice(("de", "es", "fr"))
        self._caller = (
            self._voices.choose(self._language, random_),
            random_.randrange(25, 66, 5),
            random_.uniform(0.5, 1.4),
        )
        said, moves = self._course(action)
        return Scene(
            f"{kind}_{number:03d}", kind, self._language, seed, said, moves, self._line(kind)
        )

    def _course(self, action: str) -> tuple[list[tuple[str, np.ndarray]], list[Move]]:
        """The agent's texts and the caller's moves."""
        agent = self._agent_voice()
        if action in TURN_KINDS:
            said = [self._agent(agent, "agent_asks"), self._agent(agent, "agent_short")]
            moves = [Move(self._turn(action), after=self._random.uniform(0.2, 0.9))]
            return said, [*moves, self._closing()]
        said = [self._agent(agent, "agent"), self._agent(agent, "agent_short")]
        moves = []
        if self._random.random() < 0.5:  # not over the first words of the call, but later
            said.insert(0, self._agent(agent, "agent_asks"))
            moves.append(Move(self._turn("turn"), after=self._random.uniform(0.2, 0.9)))
        if action != "echo":
            over = self._random.uniform(0.8, 4.0)
            moves.append(Move(self._sound(action), over=over))
        return said, [*moves, self._closing()]

    def _closing(self) -> Move:
        return Move(self._turn("turn"), after=self._random.uniform(0.3, 1.2))

    def _line(self, kind: str) -> Line:
        random_ = self._random
        echo = None
        if kind == "echo" or kind.endswith("+echo"):
            taps = self._numbers.standard_normal(256) * np.exp(-np.arange(256) / 60)
            taps[0] += 2.0  # the direct path
            echo = Echo(
                random_.uniform(*reversed(ECHO_DB)),
                random_.randrange(ECHO_MS[0], ECHO_MS[1] + 1),
                taps / np.sqrt(np.sum(taps**2)),
            )
        return Line(
            random_.choice(("white", "pink", "street", "hum")),
            random_.uniform(-68, -48),
            echo,
            random_.choice(("PCMU", "PCMA")),
        )

    # --- voices

    def _text(self, table: str) -> str:
        texts = TEXTS[table][self._language][self._half :: 2]
        return str(self._random.choice(texts))

    def _agent_voice(self) -> tuple[str, int, int]:
        voice = self._voices.choose(self._language, self._random)
        while voice == self._caller[0]:
            voice = self._voices.choose(self._language, self._random)
        return voice, self._random.randrange(145, 176, 5), self._random.randrange(30, 66, 5)

    def _agent(self, voice: tuple[str, int, int], table: str) -> tuple[str, np.ndarray]:
        text = self._text(table)
        return text, self._voices.say(text, *voice)

    def _say(self, kind: Kind, text: str) -> Sound:
        """The caller's words, part by part, with the pauses of this kind between them."""
        random_ = self._random
        voice, pitch, gain = self._caller
        rate = random_.randrange(*_SPEAKING_RATE.get(kind, (140, 190)), 5)
        sound = Sound(kind, silence(0))
        parts = [part.strip() for part in text.split("|")]
        for part, spoken in zip(parts, self._spoken(kind, parts, voice, rate, pitch), strict=True):
            if sound.words:
                pause = silence(random_.uniform(*PAUSES[kind]))
                sound.samples = np.concatenate((sound.samples, pause))
            start = len(sound.samples) / RATE
            said = gain * spoken
            sound.words += spread(part, start, len(said) / RATE)
            sound.samples = np.concatenate((sound.samples, said))
        sound.until = len(sound.samples) / RATE - MARGIN_SECONDS
        return sound

    def _spoken(
        self, kind: Kind, parts: list[str], voice: str, rate: int, pitch: int
    ) -> list[np.ndarray]:
        """Each part's sound. A sentence with pauses in it is one sentence; what is spelt or read
        out is said piece by piece."""
        if kind == "pause":
            return self._voices.say_in_parts(parts, voice, rate, pitch)
        return [self._voices.say(part, voice, rate, pitch) for part in parts]

    def _turn(self, kind: str) -> Sound:
        return self._say(kind, self._text(kind))  # type: ignore[arg-type]

    def _sound(self, kind: str) -> Sound:
        if kind in ("interruption", "backchannel"):
            return self._turn(kind)
        if kind == "voices":
            said = self._voices.say(
                self._text("voices_behind"),
                self._voices.choose(self._language, self._random),
                165,
                self._random.randrange(30, 66, 5),
            )
            samples = said * 10 ** (self._random.uniform(-28, -18) / 20)
        elif kind == "cough":
            samples = cough(self._random, self._numbers)
        else:
            samples = disturbance(self._random, self._numbers)
        return Sound(kind, samples, until=len(samples) / RATE)  # type: ignore[arg-type]


def spread(text: str, start: float, seconds: float) -> list[Word]:
    """Words share the time by their letters."""
    words = text.split()
    letters = sum(len(word) for word in words)
    spoken: list[Word] = []
    for word in words:
        end = start + seconds * len(word) / letters
        spoken.append(Word(word, start, end))
        start = end
    return spoken
