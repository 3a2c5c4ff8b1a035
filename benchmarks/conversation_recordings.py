"""Users' own labelled calls for the turn-taking benchmark.

A directory with stereo WAV files of 16 bit (caller on the left, agent on the right, as the gateway
records) and `labels.csv`, one line for everything a caller did, with the columns

    file    the WAV file
    kind    interruption, backchannel, cough, noise, voices, turn, pause, spelling, digits, email
    start   seconds: its first sound
    end     seconds: its last sound
    text    what was said; may be left out

A call without any line is still of use: whatever cuts the agent off in it is a fault, and kind
`echo` with start 0 says that the agent's own voice comes back in it.

The caller's side is replayed as it was recorded. What the agent said is said again at the moment
it began in the recording, cut where the bridge cuts it; the caller cannot react to that, so judge
the first cut of a call more than what follows.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np
from answer_clips import RATE
from conversation_call import RINGING_SECONDS, Deed, Outcome, Setup, Wire, call, padded
from conversation_clips import Kind, Line, spread
from conversation_world import Script

from topcalls.audio.levels import EnergyVad
from topcalls.audio.pcm import split_stereo
from topcalls.audio.resampler import Resampler
from topcalls.audio.wav import WavReader
from topcalls.bridge.opening import OpeningPlan
from topcalls.bridge.replay.loudspeaker import STEP_BYTES, Loudspeaker
from topcalls.bridge.replay.virtual_time import VirtualTime
from topcalls.bridge.session import BridgeSession
from topcalls.core.live_words import Words
from topcalls.ids import new_id

LINE = Line("white", -90.0, None, "PCMU")  # what was recorded has its noise and echo already
PART_GAP_MS, PART_DBFS = 700, -45.0  # silence between two things the agent says, and what that is
_KINDS = get_args(Kind)
_COLUMNS = ("file", "kind", "start", "end")


@dataclass
class Recording:
    """One call as it was recorded; `parts` are what the agent said, by when it began."""

    name: str
    kind: str
    caller: np.ndarray
    agent: np.ndarray
    deeds: list[tuple[str, float, float, str]] = field(default_factory=list)
    parts: list[tuple[float, np.ndarray]] = field(default_factory=list)


def recordings(directory: Path) -> Iterator[Recording]:
    """Every file that labels.csv names; raises `ValueError` with the line that is wrong."""
    labels: dict[str, list[tuple[str, float, float, str]]] = defaultdict(list)
    with (directory / "labels.csv").open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            labels[row.get("file") or ""].append(_label(row, number))
    for name, deeds in labels.items():
        yield _recording(directory / name, sorted(deeds, key=lambda deed: deed[1]))


def _label(row: dict[str, str], number: int) -> tuple[str, float, float, str]:
    missing = [column for column in _COLUMNS if not row.get(column)]
    if missing:
        raise ValueError(f"labels.csv, line {number}: {', '.join(missing)} missing")
    if row["kind"] not in _KINDS:
        raise ValueError(
            f"labels.csv, line {number}: kind {row['kind']!r} is none of {', '.join(_KINDS)}"
        )
    try:
        return row["kind"], float(row["start"]), float(row["end"]), row.get("text") or ""
    except ValueError:
        raise ValueError(f"labels.csv, line {number}: start and end are seconds") from None


def _recording(path: Path, deeds: list[tuple[str, float, float, str]]) -> Recording:
    with WavReader(path) as audio:
        if audio.format.channels != 2:
            raise ValueError(f"{path.name}: not stereo, caller left and agent right")
        sides = split_stereo(b"".join(audio.chunks()))
        rate = audio.format.rate
    caller, agent = (
        np.frombuffer(Resampler(rate, RATE).feed(side), "<i2").astype(np.float64) for side in sides
    )
    kind = "echo" if any(deed[0] == "echo" for deed in deeds) else "recorded"
    own = [deed for deed in deeds if deed[0] != "echo"]
    return Recording(path.name, kind, caller, agent, own, list(_parts(agent)))


def _parts(agent: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """What the agent said, cut at its silences."""
    vad = EnergyVad(threshold_dbfs=PART_DBFS, hangover_ms=PART_GAP_MS)
    began: int | None = None
    for at in range(0, len(agent), STEP_BYTES):
        speaking = vad.feed(agent[at : at + STEP_BYTES].astype("<i2").tobytes())
        if speaking and began is None:
            began = max(0, at - 4 * STEP_BYTES)
        elif not speaking and began is not None:
            yield began / RATE, agent[began : at - PART_GAP_MS * 8 + STEP_BYTES]
            began = None
    if began is not None:
        yield began / RATE, agent[began:]


class ReplayScript(Script):
    """The agent says its parts when it said them, whether it is asked for them or not."""

    def __init__(self, recording: Recording, time: VirtualTime) -> None:
        said = [(f"Part {number}.", part) for number, (_, part) in enumerate(recording.parts)]
        super().__init__(said, 0.0 if recording.kind == "echo" else None, 0, time)
        self._starts = [RINGING_SECONDS + start for start, _ in recording.parts]
        self._taken: set[int] = set()
        for began, until, text in ((deed[1], deed[2], deed[3]) for deed in recording.deeds):
            words = spread(text, 0.0, until - began) if text else []
            self.caller += [(RINGING_SECONDS + began, word) for word in words]

    def take(self, limits: tuple[float, float]) -> tuple[str, float]:
        for number, start in enumerate(self._starts):
            if start >= self.time.now and number not in self._taken:
                self._taken.add(number)
                return self._said[number][0], start - self.time.now
        return "", 0.0

    def exact(self, limits: tuple[float, float]) -> float:
        return 0.0

    def unasked(self) -> str:
        """A part whose moment has come and that no answer was asked for; "": none."""
        for number, start in enumerate(self._starts):
            if start <= self.time.now and number not in self._taken:
                self._taken.add(number)
                return self._said[number][0]
        return ""


class RecordedParty:
    """The caller's side, as it was; has the agent say what nobody asked it for."""

    def __init__(
        self,
        recording: Recording,
        loudspeaker: Loudspeaker,
        script: ReplayScript,
        bridge: BridgeSession,
    ) -> None:
        self.deeds: list[Deed] = []
        self.missing = 0
        self._recording = recording
        self._loudspeaker = loudspeaker
        self._script = script
        self._bridge = bridge
        self._at = 0
        self._to_come = list(recording.deeds)

    @property
    def is_done(self) -> bool:
        return self._at >= len(self._recording.caller)

    def frame(self) -> np.ndarray:
        if text := self._script.unasked():
            self._bridge.say(Words(new_id(), text))
        while self._to_come and self._to_come[0][1] * RATE <= self._at:
            kind, start, end, _ = self._to_come.pop(0)
            present = self._loudspeaker.present
            over = present.id if present is not None else None
            self.deeds.append(Deed(kind, RINGING_SECONDS + start, RINGING_SECONDS + end, over))
        part = self._recording.caller[self._at : self._at + STEP_BYTES]
        self._at += STEP_BYTES
        return padded(part)


def replay(setup: Setup, recording: Recording) -> Outcome:
    """The whole call as it was recorded."""
    world = VirtualTime()
    script = ReplayScript(recording, world)

    def party(loudspeaker: Loudspeaker, bridge: BridgeSession) -> RecordedParty:
        return RecordedParty(recording, loudspeaker, script, bridge)

    usual = setup.conversation(None, None, world)
    config = replace(usual, opening=OpeningPlan(greeting_wait=math.inf))
    return call(recording, setup, config, script, Wire(LINE, 0), party)
