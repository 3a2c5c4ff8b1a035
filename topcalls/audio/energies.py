"""When each side of a stereo recording is heard: what a caller waited for, measured on the sound.

The recording has the caller left and the agent right (`docs/recordings.md`). Sound is what stands
out from the side's own background by `MARGIN`, for most of 50 ms: a click is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from topcalls.audio.wav import WavError, WavReader

FRAME_MS = 10
FLOOR = 10 ** (-45 / 20) * 32768
"""RMS below which nothing is sound, however quiet the line: -45 dBFS."""

MARGIN = 10 ** (9 / 20)
BACKGROUND_PERCENTILE = 20
RUN_FRAMES, SOUNDING_FRAMES = 5, 4
EARLY_MS, LATE_MS = 400, 1500
"""How far the agent's first sound may lie from where its packet was handed to the switch."""

LONGEST_WAIT_MS = 20_000


@dataclass(frozen=True)
class Sounding:
    """Which frames of each side are sound."""

    caller: NDArray[np.bool_]
    agent: NDArray[np.bool_]


@dataclass(frozen=True)
class Wait:
    """The caller's last sound before an answer and the answer's first, in ms of the recording."""

    caller_ms: int
    agent_ms: int


def read_sounding(source: Path | BinaryIO) -> Sounding:
    """Both sides of a recording, by its path or opened.

    Raises:
        WavError: it is not a stereo file of 16-bit samples.
        OSError: it cannot be read.
    """
    caller, agent = [], []
    with WavReader(source) as reader:
        if reader.format.channels != 2:
            raise WavError("not stereo")
        width = reader.format.rate * FRAME_MS // 1000
        for chunk in reader.chunks(10_000):
            sides = np.frombuffer(chunk, "<i2").reshape(-1, 2).astype(np.float64)
            whole = len(sides) // width * width
            frames = sides[:whole].reshape(-1, width, 2)
            levels = np.sqrt((frames**2).mean(axis=1))
            caller.append(levels[:, 0])
            agent.append(levels[:, 1])
    return Sounding(_sounding(caller), _sounding(agent))


def wait_before(sound: Sounding, packet_ms: int) -> Wait | None:
    """What lay between the caller's last sound and the answer that was handed to the switch about
    `packet_ms`; None where no such answer begins there, or the caller is not heard before it."""
    first = _first_after_silence(sound.agent, packet_ms - EARLY_MS, packet_ms + LATE_MS)
    if first is None:
        return None
    earliest = max(0, first - LONGEST_WAIT_MS // FRAME_MS)
    heard = np.flatnonzero(sound.caller[earliest:first])
    if not len(heard):
        return None
    return Wait((earliest + int(heard[-1]) + 1) * FRAME_MS, first * FRAME_MS)


def _sounding(pieces: list[NDArray[np.float64]]) -> NDArray[np.bool_]:
    levels = np.concatenate(pieces) if pieces else np.zeros(0)
    if not len(levels):
        return np.zeros(0, dtype=bool)
    background = float(np.percentile(levels, BACKGROUND_PERCENTILE))
    loud = levels > max(FLOOR, background * MARGIN)
    runs = np.convolve(loud, np.ones(RUN_FRAMES), "full") >= SOUNDING_FRAMES  # the run's last frame
    held = np.convolve(runs, np.ones(RUN_FRAMES), "full")[RUN_FRAMES - 1 :][: len(loud)] > 0
    return loud & held


def _first_after_silence(side: NDArray[np.bool_], begin_ms: int, end_ms: int) -> int | None:
    begin, end = max(0, begin_ms // FRAME_MS), max(0, end_ms // FRAME_MS)
    onsets = np.flatnonzero(side[begin:end])
    for onset in onsets:
        frame = begin + int(onset)
        if not side[max(0, frame - RUN_FRAMES) : frame].any():
            return frame
    return None
