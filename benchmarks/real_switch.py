"""Calls on a real FreeSWITCH: delays and gaps on the wire, and what they cost.

    TOPCALLS_TEST_FREESWITCH_BIN=/usr/bin/freeswitch \\
    python benchmarks/real_switch.py [--calls 10 50 100] [--minutes 0.5] [--strategy file stream]

A switch on this repository's configuration calls SIP telephones of ours, whose packets the kernel
times; the controller process connects them to a stand-in of the model (`stand_in/`, in C). Agents
talk in answers of 6 s with 0.3 s between them; every third answer is interrupted, half of these by
words at once, and every fourth is held up by a sound without words. Every 20 ms of the agent's
voice carry a stamp, so that what is missing, doubled or altered is counted from what was heard.

* *answer -> first word*: 200 OK sent to first packet with voice; the words were made while it rang.
* *uplink*: a loud packet of the caller sent, to its sound at the model.
* *downlink*: the model's first byte of an answer, to its first packet on the telephone.
* *sound -> last voice*: the model's ears report speech over the agent, to the last packet with
  voice: the pause. *words -> last voice*: the same, where the words that decide come with it.

Half of what makes the stream dear is a model that is hardly ahead of its speech: 0.3 s here.
`--pace 4` makes it four times as fast as speech. `--jitter-ms` makes the callers' packets late.

`--scenarios` shows instead how calls begin, end and outlive what breaks, each once: see
`real_switch_scenarios.py` and `real_switch_outages.py`.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from common import OUR_SETTLE_SECONDS, say, workspace
from real_switch_outages import SCENARIOS, scenarios
from switch_lab import Lab, introduce_machine, lab, switch_missing

WINDOW_SECONDS = 60.0
MOST_MINUTES = 60.0

DELAYS = {
    "first_word": "answer -> first word",
    "uplink": "uplink",
    "downlink": "downlink",
    "pause": "sound -> last voice",
    "stop": "words -> last voice",
    "gap": "between voice packets",
}
FAULTS = ("missing", "repeated", "lost", "holes", "late", "leaked", "shifted", "garbled", "foreign")


def delay_line(name: str, seen: dict[str, float] | None) -> str:
    """One delay, in milliseconds."""
    if not seen:
        return f"  {DELAYS[name]:<24} none"
    figures = "".join(f"{seen[key]:>9.1f}" for key in ("p50", "p95", "p99", "max"))
    return f"  {DELAYS[name]:<24}{figures}   of {seen['n']:.0f}"


def window(built: Lab, calls: int, seconds: float, first_word: Any) -> dict[str, int]:
    """Measure a stretch of steady talk, and show it; what was wrong with the sound."""
    for process in (built.controller, built.world):
        process.tell("reset")
    before, began = built.switch.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    lasted = time.monotonic() - began
    switch = (built.switch.cpu_seconds() - before) / lasted
    ours, world = built.controller.report(), built.world.report()
    say(f"{built.strategy}, {calls} calls, {lasted:.0f} s, load {os.getloadavg()[0]:.1f}")
    share = ours["cpu_seconds"] / ours["seconds"]
    say(
        f"  switch {switch:.1%} of a core, {switch / calls:.2%} a call; controller {share:.1%}, "
        f"{share / calls * 1e3:.1f} CPU-ms a call-second, waited {waited(ours):.1%}, "
        f"loop lag p99 {ours['lag_p99']:.1f} ms; stand-in {world['cpu_seconds'] / lasted:.1%}, "
        f"its worst tick {world['worst_tick_ms']:.0f} ms"
    )
    say(f"  {'ms':<24}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}")
    for name in DELAYS:
        say(delay_line(name, first_word if name == "first_word" else world[name]))
    faults = {name: int(world[name]) for name in FAULTS}
    told = ", ".join(f"{name} {number}" for name, number in faults.items())
    heard = world["appended_ms"] / 1000 / world["seconds"] / calls
    say(
        f"  voice packets {world['voice_packets']}: {told}; talking {world['talking']}; "
        f"of the callers' sound {heard:.1%} at the model, of its frames missing "
        f"{world['caller_missing']}, repeated {world['caller_repeated']}, "
        f"altered {world['caller_altered']}"
    )
    return faults


def waited(figures: dict[str, float]) -> float:
    """Share of the time in which the process was ready and had no core."""
    return figures["waited_seconds"] / figures["seconds"]


def measure(options: argparse.Namespace, strategy: str, calls: int) -> None:
    """All windows of one number of calls, on a fresh switch and controller."""
    spoilt = {
        "interrupt_every": options.interrupt_every,
        "cough_every": options.cough_every,
        "jitter_ms": options.jitter_ms,
        "pace": options.pace,
    }
    with (
        workspace() as directory,
        lab(directory, strategy, calls=calls, turn_ms=6000, **spoilt) as built,
    ):
        built.queue(calls)
        built.await_talk(calls)
        time.sleep(OUR_SETTLE_SECONDS)
        first_word = built.world.report()["first_word"]
        left = min(options.minutes, MOST_MINUTES) * 60
        while left > 0:
            window(built, calls, min(left, WINDOW_SECONDS), first_word)
            left -= WINDOW_SECONDS


def main() -> None:
    """One block for each strategy and number of calls."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, nargs="+", default=[10, 50, 100])
    parser.add_argument("--minutes", type=float, default=0.5)
    parser.add_argument(
        "--strategy", nargs="+", choices=("file", "stream"), default=["file", "stream"]
    )
    parser.add_argument("--interrupt-every", type=int, default=3)
    parser.add_argument("--cough-every", type=int, default=4)
    parser.add_argument("--jitter-ms", type=int, default=0)
    parser.add_argument("--pace", type=int, default=1)
    parser.add_argument("--scenarios", nargs="*", choices=list(SCENARIOS))
    options = parser.parse_args()
    if switch_missing():
        parser.error(switch_missing())
    introduce_machine("Calls on a real switch")
    for strategy in options.strategy:
        if options.scenarios is not None:
            scenarios(strategy, options.scenarios or list(SCENARIOS))
            continue
        for calls in options.calls:
            measure(options, strategy, calls)


if __name__ == "__main__":
    main()
