"""Kills controllers and worker at random instants under a steady load of short sandbox calls.

    python benchmarks/crash.py [--kills 300] [--seed 1] [--settle 180]
                               [--controllers 2] [--database postgresql] [--switch]

Prints what is wrong afterwards; every number but those of crashes and of calls that another
controller carried on has to be 0, and the exit code says so. With one controller its successor
carries calls on, with two also the other one.
`--switch`: calls of SIP telephones on a real FreeSWITCH (`TOPCALLS_TEST_FREESWITCH_BIN`) instead.
The same seed chooses the same victims and pauses; what they were doing then is up to the machine.
About 3 s per kill. `--settle` below some 15 s, longer on a busy machine, leaves calls that are not
stuck: the end of one waits for its recording, and that of a killed controller's call is taken up
when its file has not changed for 10 s. What counts as wrong is in `tests/sandbox/crash_rig.py`.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402
import os  # noqa: E402
import random  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from common import HERE, database, say, workspace  # noqa: E402
from switch_lab import switch_missing  # noqa: E402

TESTS = HERE.parent / "tests"
sys.path[:0] = [str(TESTS / folder) for folder in ("sandbox", "contract", "")]

from crash_lab import SwitchCrashRig  # noqa: E402
from crash_rig import CrashRig, Fuzz  # noqa: E402

from topcalls import log  # noqa: E402

LABELS = {
    "crashes": "crashes",
    "adopted": "adopted",
    "duplicates": "duplicate dials",
    "lost": "lost calls",
    "stuck": "stuck calls",
    "minutes": "wrong minutes",
    "webhooks": "undelivered webhooks",
}
COUNTED = ("crashes", "adopted")
"""What is no fault."""

REPORT_EVERY = 25

READY_SECONDS = 300.0
"""For so long a process may start: a machine that others use must not end a run of an hour."""


def main() -> int:
    """Returns 0 when nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--settle", type=float, default=180.0, help="seconds to recover at the end")
    parser.add_argument("--controllers", type=int, default=1)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--switch", action="store_true", help="calls on a real FreeSWITCH")
    wishes = parser.parse_args()
    if wishes.switch and switch_missing():
        parser.error(switch_missing())
    log.configure("error")
    begun = time.monotonic()

    def on_kill(number: int) -> None:
        if number % REPORT_EVERY == 0:
            say(f"{number} of {wishes.kills} kills after {time.monotonic() - begun:.0f} s")

    where = "a real switch" if wishes.switch else "the sandbox's switch"
    say(f"{wishes.controllers} controller(s) on {where}, on {wishes.database}, seed {wishes.seed}")
    say(f"{len(os.sched_getaffinity(0))} cores, load before {os.getloadavg()[0]:.1f}")
    with workspace() as directory, database(wishes.database) as chosen:
        rig = (SwitchCrashRig if wishes.switch else CrashRig)(directory, **chosen)
        rig.ready_seconds = READY_SECONDS
        try:
            fuzz = Fuzz(rig.start_alone(wishes.controllers), wishes.seed)
            found = fuzz.run(wishes.kills, wishes.settle, on_kill)
            ends = rig.reasons()
            wrong = rig.told(set(fuzz.calls)) if found["minutes"] else []
        finally:
            rig.stop_all()
    victims = ", ".join(f"{count} {name}" for name, count in fuzz.crashes.most_common())
    say(f"\n{len(fuzz.calls)} calls in {time.monotonic() - begun:.0f} s; killed: {victims}")
    say("ended: " + ", ".join(f"{count} {reason}" for reason, count in ends.most_common()))
    say(f"\n| {' | '.join(LABELS.values())} |\n|{'---|' * len(LABELS)}")
    say(f"| {' | '.join(str(found[kind]) for kind in LABELS)} |")
    for line in wrong:
        say(line)
    return int(any(count for kind, count in found.items() if kind not in COUNTED))


if __name__ == "__main__":
    sys.exit(main())
