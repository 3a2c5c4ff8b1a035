"""How turns are taken: labelled conversations, replayed to the bridge in virtual time.

    python benchmarks/conversations.py                    # the test set, all modes and ears
    python benchmarks/conversations.py --tuning           # the other seeds and sentences
    python benchmarks/conversations.py --kinds echo pause --only realtime/server
    python benchmarks/conversations.py --only realtime/local+sound  # with the end-of-turn model
    python benchmarks/conversations.py --recordings DIR   # your own: DIR/labels.csv, stereo WAV

`conversation_recordings.py` tells what labels.csv holds.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

from answer_clips import Voices
from conversation_call import Outcome, Setup, play
from conversation_clips import SceneMaker
from conversation_recordings import recordings, replay
from conversation_report import report, say

COUNTS = {
    "turn": 20,
    "interruption": 100,
    "backchannel": 100,
    "cough": 40,
    "noise": 30,
    "voices": 16,
    "echo": 50,
    "interruption+echo": 40,
    "backchannel+echo": 30,
    "pause": 30,
    "spelling": 20,
    "digits": 20,
    "email": 20,
}
SEEDS = {"tuning": 31_000_000, "test": 57_000_000}
SETUPS = tuple(Setup(mode, ears) for mode in ("realtime", "legacy") for ears in ("server", "local"))
SOUND = tuple(replace(setup, sound=True) for setup in SETUPS)
FURTHER = (
    *SOUND,
    Setup("realtime", "local-gate"),
    Setup("realtime", "local-only"),
)
CACHE = Path.home() / ".cache/topcalls/benchmarks"
Place = tuple[str, str, int]  # set, kind, number


@cache
def maker(which: str, directory: Path) -> SceneMaker:
    return SceneMaker(SEEDS[which], int(which == "test"), Voices(directory))


def perform(setup: Setup, directory: Path, place: Place) -> Outcome:
    """One call of a made scene, in whichever process."""
    which, kind, number = place
    return play(maker(which, directory).make(kind, number), setup)


def places(which: str, kinds: list[str], share: float) -> Iterator[Place]:
    for kind in kinds:
        for number in range(max(1, round(COUNTS[kind] * share))):
            yield which, kind, number


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tuning", action="store_true", help="the set the rules were tuned on")
    parser.add_argument("--recordings", type=Path, help="a directory with labels.csv")
    parser.add_argument("--kinds", nargs="+", choices=COUNTS, default=list(COUNTS))
    parser.add_argument("--only", nargs="+", choices=[setup.name for setup in (*SETUPS, *FURTHER)])
    parser.add_argument("--share", type=float, default=1.0, help="of the calls of each kind")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=CACHE, help="where speech is kept")
    parser.add_argument("--wrong", action="store_true", help="name the calls that went wrong")
    options = parser.parse_args()
    which = "tuning" if options.tuning else "test"
    own = list(recordings(options.recordings)) if options.recordings else []
    started = time.monotonic()
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn")) as pool:
        for setup in (*SETUPS, *FURTHER):
            if setup.name not in (options.only or [usual.name for usual in SETUPS]):
                continue
            if own:
                outcomes = list(pool.map(partial(replay, setup), own))
            else:
                work = partial(perform, setup, options.cache)
                scenes = places(which, options.kinds, options.share)
                outcomes = list(pool.map(work, scenes, chunksize=4))
            report(outcomes, wrong=options.wrong)
    say(f"\nThe whole run took {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
