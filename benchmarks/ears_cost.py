"""What ears of our own cost a call: processor time, by profile, of the parts that live calls use.

    python benchmarks/ears_cost.py [--seconds 60] [--repeats 3]

One line is heard in frames of 40 ms: it hisses all the time, the caller says a sentence every six
seconds, the agent speaks for half of the time, and comes back where the profile says so. Counted is
the time of the process with all of its threads, not that of the wall. A crowded machine makes even
that longer: take the least.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from common import introduce, say

from topcalls.audio import g711
from topcalls.audio.pcm import interleave
from topcalls.audio.vad import VadRules
from topcalls.bridge.hearing import HANG_MS
from topcalls.bridge.local_ears import LocalEars, LocalEarsPlan
from topcalls.bridge.own_voice import EchoPlan, OwnVoice
from topcalls.bridge.uplink import Uplink
from topcalls.clock import SystemClock
from topcalls.sandbox.speech import Synthesizer

RATE = 8000
FRAME_BYTES = RATE * 2 * 40 // 1000
HISS = 10 ** (-50 / 20) * 32768
ECHO, ECHO_SAMPLES = 10 ** (-12 / 20), RATE * 120 // 1000
PROFILES = {
    "the model's ears": None,
    "VAD": (EchoPlan(), False),
    "VAD + gate, no echo on the line": (EchoPlan("gate"), False),
    "VAD + AEC3, no echo on the line": (EchoPlan("cancel"), False),
    "VAD + AEC3, echo on the line": (EchoPlan("cancel"), True),
}


class Nobody:
    """A session that does nothing with what it is given."""

    def append_audio(self, audio: bytes) -> None: ...

    def begin_turn(self, audio_ms: int) -> None: ...

    def commit_turn(self, audio_ms: int) -> None: ...


def line(seconds: int, *, echo: bool) -> tuple[np.ndarray, np.ndarray]:
    """What comes from the caller's side, and what was played."""
    size = seconds * RATE
    near, far = np.random.default_rng(1).standard_normal(size) * HISS, np.zeros(size)
    speech = Synthesizer()
    caller = _sound(speech.speak("What do you have free next week?", "callee"))
    agent = _sound(
        speech.speak("We are open from nine to six, and on Saturdays until two.", "agent")
    )
    for start in range(0, size - 6 * RATE, 6 * RATE):
        far[start : start + 3 * RATE] = np.resize(agent, 3 * RATE)
        near[start + 3 * RATE :][: len(caller)] += caller
    if echo:
        near[ECHO_SAMPLES:] += far[:-ECHO_SAMPLES] * ECHO
    return near, far


def _sound(pcmu: bytes) -> np.ndarray:
    return np.frombuffer(g711.decode(pcmu, "PCMU"), "<i2").astype(np.float64)


def _frames(samples: np.ndarray) -> list[bytes]:
    l16 = np.clip(np.round(samples), -32768, 32767).astype("<i2").tobytes()
    return [l16[start : start + FRAME_BYTES] for start in range(0, len(l16), FRAME_BYTES)]


def cpu_ms(profile: tuple[EchoPlan, bool] | None, seconds: int) -> float:
    """Of a second of the call."""
    plan, echo = profile or (EchoPlan(), False)
    near, far = line(seconds, echo=echo)
    frames = list(zip(_frames(near), _frames(far), strict=True))
    audible = False
    ears = None
    if profile is not None:
        heard = LocalEarsPlan(VadRules(hang_ms=HANG_MS))
        ears = LocalEars(heard, "PCMU", lambda: audible)
    uplink = Uplink(SystemClock(), "audio/pcmu", ears=ears)
    voice = OwnVoice(plan, uplink.on_audio)
    voice.line_is(stereo=plan.needs_stereo)
    uplink.connect(Nobody())
    uplink.start()
    whole = [interleave(*frame) if plan.needs_stereo else frame[0] for frame in frames]
    speaks = [any(played) for _, played in frames]
    started = time.process_time()
    for frame, audible in zip(whole, speaks, strict=True):  # noqa: B007 - the ears ask for it
        voice.hear(frame)
    return (time.process_time() - started) * 1000 / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    introduce("What ears cost, CPU-ms per call-second")
    for name, profile in PROFILES.items():
        cpu_ms(profile, 6)  # loads what it needs
        costs = sorted(cpu_ms(profile, options.seconds) for _ in range(options.repeats))
        say(f"{name:<34}" + "".join(f"{cost:>8.2f}" for cost in costs))


if __name__ == "__main__":
    main()
