"""How many calls a second one controller dials, and how many unanswered ones it lives through.

    python benchmarks/dispatch_rate.py [--calls 1000] [--repeats 3]

Under test, on one core, is the whole controller process, as in `bridge_load.py`; the switch in C
answers at once. Two situations, each on SQLite and PostgreSQL:

* *dial*: phones that ring for ever. Claim, dial intent, originate, and a model's session for each.
* *busy*: phones that are busy after 50 ms. The same and everything to the end of the call: the
  switch's events, the final state, its events for webhooks, and the minutes given back.

The rate is of the originates that reached the switch, first to last. The controller looks at its
queue ten times a second and takes as many calls as there are slots and tokens.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from common import (
    JsonProcess,
    database,
    databases,
    introduce,
    product,
    product_settings,
    python_process,
    running,
    say,
    stand_in,
    wait_for,
    workspace,
)

MOST_SECONDS = 180.0
TOKENS = 1000
HEADER = "database    phones   calls  dialled/s  CPU-ms/call   waited for the core"


def run_once(kind: str, fate: str, calls: int, directory: Path) -> str:
    """One line of the table."""
    world = stand_in(directory, fate=fate, ring_ms=25)
    with running(world), database(kind) as where:
        settings = product_settings(
            directory,
            world.ready,
            max_calls=str(min(calls, 5000)),
            calls_per_second=str(TOKENS),
            log_level="warning",
            **where,
        )
        with product(settings) as made:
            made.queue_calls(calls)
            controller = python_process("controller_process.py", directory, settings)
            with running(controller):
                controller.tell("reset")
                dialled = wait_for(lambda: over(world, fate, calls), MOST_SECONDS, "dialling")
                time.sleep(0.5)
                cost = controller.report()
    rate = (calls - 1) / dialled["originate_seconds"]
    waited = cost["waited_seconds"] / cost["seconds"]
    per_call = cost["cpu_seconds"] / calls * 1e3
    return f"{kind:<11} {fate:<7} {calls:>6} {rate:>10.0f} {per_call:>12.2f} {waited:>12.0%}"


def over(world: JsonProcess, fate: str, calls: int) -> dict[str, float] | None:
    """The switch's counts once every call was dialled and, where it is busy, has ended."""
    seen = world.report()
    done = seen["originates"] if fate == "rings" else seen["hangups"]
    return seen if done >= calls else None


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    introduce("Dispatch: from the queue to the switch")
    kinds = databases()
    say(HEADER)
    for kind in kinds:
        for fate in ("rings", "busy"):
            for _ in range(options.repeats):
                with workspace() as directory:
                    say(run_once(kind, fate, options.calls, directory))


if __name__ == "__main__":
    main()
