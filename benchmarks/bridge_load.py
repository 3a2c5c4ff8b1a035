"""What a realtime call costs: processor time, loop lag, memory and delays at 30, 100, 300 calls.

    python benchmarks/bridge_load.py [--calls 30 100 300] [--seconds 10] [--repeats 3]

Under test, on one core, is the whole controller process as it runs in production: dispatcher, Event
Socket client, media server, bridge, OpenAI adapter, playback by growing files, journal, SQLite.
On the other core, in C, are the switch (Event Socket with events of real size, mod_audio_stream in
frames of 40 ms, playback that reads the growing files) and the Realtime server. Callers never
pause; agents talk in answers of 6 s with 0.5 s between them, in which a turn of the caller is
reported, written down and answered. Not inside: TLS towards the model, and FreeSWITCH itself.

`--ears` compares whose ears notice that turn: the model's (`server`), or the gateway's, which then
hears a spoken sentence on a line that hisses all the time: `vad` alone, `local` with echo
cancellation on a line that has no echo, `local+echo` on one that has.

`--interrupt-every N` has the caller interrupt every Nth answer and shows the delays of that.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from common import (
    OUR_SETTLE_SECONDS,
    JsonProcess,
    database,
    introduce,
    postgres_missing,
    product,
    product_settings,
    python_process,
    running,
    say,
    stand_in,
    wait_for,
    workspace,
)

from topcalls.audio import g711
from topcalls.sandbox.speech import Synthesizer

SETTLE_SECONDS = 10.0
START_SECONDS = 420.0
"""A core that has no more to give takes calls up as others need less: those that are new are
listened to for who answered, and callers who never pause for as long as anybody is."""

CALLS_PER_SECOND = 50


def await_calls(world: JsonProcess, calls: int, settle: float = SETTLE_SECONDS) -> None:
    """Wait until every call talks, and `settle` seconds longer."""

    def all_talk() -> bool:
        seen = world.report()
        return bool(seen["channels"] >= calls and seen["sessions"] >= calls)

    wait_for(all_talk, START_SECONDS + calls / CALLS_PER_SECOND, f"starting {calls} calls")
    time.sleep(settle)


def window(tested: JsonProcess, world: JsonProcess, seconds: float) -> dict[str, Any]:
    """Both sides' figures of a stretch of steady talk."""
    for process in (tested, world):
        process.tell("reset")
    time.sleep(seconds)
    return {**tested.report(), "world": world.report()}


def line_of(calls: int, figures: dict[str, Any], idle_mb: float, byte_rate: int = 8000) -> str:
    """One row of the table; `byte_rate` is of the audio that reaches the caller."""
    world, seconds = figures["world"], figures["seconds"]
    share = figures["cpu_seconds"] / seconds
    heard = world["appended_ms"] / 1000 / world["seconds"] / calls
    spoken = world["played_bytes"] / byte_rate / world["seconds"] / calls
    uplink, downlink = world["uplink"] or {}, world["downlink"] or {}
    return (
        f"{calls:>5} {share / calls * 1e3:>8.2f} {share:>8.1%}"
        f" {figures['waited_seconds'] / seconds:>7.1%}"
        f" {figures['lag_p50']:>8.2f} {figures['lag_p99']:>6.2f} {figures['lag_max']:>6.1f}"
        f" {(figures['rss_mb'] - idle_mb) / calls * 1e3:>8.0f} {heard:>7.1%} {spoken:>7.1%}"
        f" {uplink.get('p50', 0):>7.1f} {uplink.get('p99', 0):>6.1f}"
        f" {downlink.get('p50', 0):>7.1f} {downlink.get('p99', 0):>6.1f}"
        f" {world['cpu_seconds'] / world['seconds']:>8.1%} {world['worst_tick_ms']:>6.1f}"
    )


HEADER = (
    "      CPU-ms/   share of the core  loop lag, ms          kB per  audio through   uplink, ms"
    "     downlink, ms   generator\n"
    "calls  call-s   used  waited for    p50    p99    max     call   caller   agent"
    "    p50    p99      p50    p99    CPU   tick ms"
)


EARS = {
    "server": {"ears": "server"},
    "vad": {"ears": "local", "echo_cancellation": "off"},
    "local": {"ears": "local"},
    "local+echo": {"ears": "local"},
}


def sentence(directory: Path) -> Path:
    """What the caller says, for ears of our own."""
    path = directory / "sentence.l16"
    said = Synthesizer().speak("What do you have free next week?", "callee")
    path.write_bytes(g711.decode(said, "PCMU"))
    return path


def measure(options: argparse.Namespace, ears: str, calls: int, directory: Path) -> None:
    """All windows of one number of calls, on a fresh controller."""
    world = stand_in(
        directory,
        interrupt_every=options.interrupt_every,
        caller_sound=str(sentence(directory)),
        echo=int(ears.endswith("+echo")),
    )
    with running(world), database(options.database) as where:
        settings = product_settings(
            directory,
            world.ready,
            max_calls=str(calls),
            calls_per_second=str(CALLS_PER_SECOND),
            **EARS[ears],
            **where,
        )
        with product(settings) as made:
            controller = python_process("controller_process.py", directory, settings)
            with running(controller):
                idle_mb = controller.report()["rss_mb"]
                made.queue_calls(calls, max_duration=options.seconds * options.repeats / 60 + 10)
                await_calls(world, calls, OUR_SETTLE_SECONDS)
                for _ in range(options.repeats):
                    figures = window(controller, world, options.seconds)
                    say(line_of(calls, figures, idle_mb))
                    tell_surprises(figures["world"], calls)


def tell_surprises(world: dict[str, Any], calls: int) -> None:
    """What should not have happened, and the delays of interruptions."""
    if world["channels"] != calls:
        say(f"      {calls - world['channels']} calls ended early")
    for name in ("overlaps", "resumed_playbacks"):
        if world[name]:
            say(f"      {name}: {world[name]} of {world['playbacks']} playbacks")
    for name, what in (
        ("pause", "speech over the agent -> pause"),
        ("stop", "interruption's words -> break"),
    ):
        if world[name]:
            say(f"      {what}, ms: {world[name]}")


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, nargs="+", default=[30, 100, 300])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--interrupt-every", type=int, default=0)
    parser.add_argument("--ears", nargs="+", choices=EARS, default=["server"])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options = parser.parse_args()
    if options.database == "postgresql" and postgres_missing():
        parser.error(postgres_missing())
    introduce("Cost of realtime calls: G.711 end to end, full talk")
    for ears in options.ears:
        say(f"\nears: {ears}\n{HEADER}")
        for calls in options.calls:
            with workspace() as directory:
                measure(options, ears, calls, directory)


if __name__ == "__main__":
    main()
