"""Our bridge beside Pipecat and a plain asyncio bridge, in one run on the same stand-ins.

    python benchmarks/peers.py [--calls 30 60] [--seconds 8] [--repeats 3] [--pipecat PYTHON]

`--pipecat` names an interpreter with `pipecat-ai[openai,websocket]`, `uvicorn` and `uvloop`;
without it Pipecat is left out. The plain bridge runs on the same interpreter if it is given.

Pipecat's OpenAI service speaks PCM at 24 kHz only; ours and the plain bridge have a row for it and
one for G.711, which shows what the format alone costs. Ours is the whole controller (see
`bridge_load.py`), with a switch to steer, turns to take and rows to write; the peers get audio on a
WebSocket and send it back on it. The runs of the contestants are interleaved.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge_load import HEADER, await_calls, line_of, window
from common import (
    HERE,
    OUR_SETTLE_SECONDS,
    JsonProcess,
    cores,
    introduce,
    product,
    product_settings,
    python_process,
    running,
    say,
    stand_in,
    workspace,
)

L16_BYTE_RATE = 16_000
G711_BYTE_RATE = 8_000


@contextmanager
def ours(world: JsonProcess, calls: int, directory: Path, audio: str) -> Iterator[JsonProcess]:
    """Our controller with so many calls."""
    limits = {"max_calls": str(calls), "calls_per_second": "50", "realtime_audio": audio}
    settings = product_settings(directory, world.ready, **limits)
    with product(settings) as made:
        controller = python_process("controller_process.py", directory, settings)
        with running(controller):
            controller.ready.update(controller.report())
            made.queue_calls(calls)
            await_calls(world, calls, OUR_SETTLE_SECONDS)
            yield controller


@contextmanager
def peer(
    world: JsonProcess, calls: int, directory: Path, script: str, python: str, audio: str
) -> Iterator[JsonProcess]:
    """A bridge of somebody else with so many calls."""
    url = f"ws://127.0.0.1:{world.ready['realtime_port']}/v1/realtime"
    log = directory / f"{script}.log"
    process = JsonProcess([python, str(HERE / script), url, audio], cores()[0], log)
    with running(process):
        process.ready.update(process.report())
        world.tell(f"open {process.ready['port']} {calls}")
        await_calls(world, calls)
        yield process


def contestants(options: argparse.Namespace) -> dict[str, tuple[Any, tuple[str, ...], int]]:
    """Name, how to run it with which arguments, and the byte rate of the audio to the caller."""
    plain = ("peer_plain.py", options.pipecat or sys.executable)
    found: dict[str, tuple[Any, tuple[str, ...], int]] = {
        "TopCalls, pcm24": (ours, ("pcm24",), G711_BYTE_RATE),
        "TopCalls, pcmu": (ours, ("g711",), G711_BYTE_RATE),
        "plain asyncio, pcmu": (peer, (*plain, "pcmu"), L16_BYTE_RATE),
        "plain asyncio, pcm24": (peer, (*plain, "pcm24"), L16_BYTE_RATE),
    }
    if options.pipecat:
        script = ("peer_pipecat.py", options.pipecat, "pcm24")
        found["Pipecat, pcm24"] = (peer, script, L16_BYTE_RATE)
    return found


def run_once(options: argparse.Namespace, calls: int, name: str) -> float:
    """One run of one contestant: shows it, and returns its CPU-ms per second."""
    run, arguments, byte_rate = contestants(options)[name]
    with (
        workspace() as directory,
        running(stand_in(directory)) as world,
        run(world, calls, directory, *arguments) as tested,
    ):
        figures = window(tested, world, options.seconds)
        say(f"{line_of(calls, figures, tested.ready['rss_mb'], byte_rate)}  {name}")
    return float(figures["cpu_seconds"] / figures["seconds"] * 1e3)


def show_best(best: dict[tuple[str, int], float], names: list[str], few: int, many: int) -> None:
    """Each one's best, and what one more call costs: that leaves out what an idle process does."""
    say(f"\nbest of the runs, CPU-ms per call-second: at {few} calls, at {many}, and one call more")
    costs = {}
    for name in names:
        low, high = best[name, few], best[name, many]
        more = (high - low) / (many - few) if many > few else high / many
        costs[name] = (low / few, high / many, more)
    for name, cost in costs.items():
        ratios = (cost[i] / costs[names[0]][i] for i in range(3))
        columns = "".join(
            f"{value:>8.2f} ({ratio:.2f} x)" for value, ratio in zip(cost, ratios, strict=True)
        )
        say(f"{name:<22} {columns}")


def main() -> None:
    """One table, then each one's best beside ours."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, nargs="+", default=[30, 60])
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--pipecat", default="")
    options = parser.parse_args()
    introduce("Bridges side by side")
    say(HEADER)
    best: dict[tuple[str, int], float] = {}
    names = list(contestants(options))
    for calls in options.calls:
        for _ in range(options.repeats):
            for name in names:
                cost = run_once(options, calls, name)
                best[name, calls] = min(cost, best.get((name, calls), cost))
    show_best(best, names, min(options.calls), max(options.calls))


if __name__ == "__main__":
    main()
