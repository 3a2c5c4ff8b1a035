"""Fuzz every parser, and whatever else takes words from strangers, for a bounded time.

    python benchmarks/fuzz [--seconds 60] [--seed 1] [--only NAME] [--round 100]

Each target gets an equal share of the time, in rounds of so many cases, whose seeds follow from
`--seed` (on a machine of another speed there are more or fewer rounds, the same ones first). One
round is made in any case, and with `--seconds 0` no other. Prints cases, seconds and crashes; for a
crash the smallest input that causes it. Exits with 1 if there was any. Nothing leaves this machine.
"""

# ruff: noqa: E402

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import argparse
import logging
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import call_table
import documents
import web
import wire
from hypothesis import HealthCheck, Phase, given, seed, settings
from target import Target

from topcalls import log

TARGETS = [*wire.TARGETS, *web.TARGETS, *documents.TARGETS, *call_table.TARGETS]


@dataclass
class Result:
    """What became of one target."""

    cases: int = 0
    seconds: float = 0.0
    crashes: list[str] = field(default_factory=list)


def fuzz(target: Target, first_seed: int, seconds: float, size: int) -> Result:
    """Rounds of `size` cases until the time is over, or something crashed."""
    result = Result()
    started = time.monotonic()
    number = 0
    while not result.crashes and (not number or time.monotonic() - started < seconds):
        _round(target, first_seed * 1_000_000 + number, size, result)
        number += 1
    result.seconds = time.monotonic() - started
    return result


def _round(target: Target, round_seed: int, size: int, result: Result) -> None:
    last: list[Any] = [None]

    @seed(round_seed)
    @settings(
        max_examples=size,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(target.inputs)
    def run(case: Any) -> None:
        result.cases += 1
        last[0] = case
        target.check(case)

    try:
        run()
    except Exception:  # noqa: BLE001 - whatever it is: that is what we look for
        words = f"seed {round_seed}, input {last[0]!r:.2000}\n{traceback.format_exc(limit=-6)}"
        result.crashes.append(words)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="targets whose name holds this")
    parser.add_argument("--round", type=int, default=100, help="cases of a round")
    options = parser.parse_args()
    log.configure("error")
    logging.disable()
    chosen = [target for target in TARGETS if options.only in target.name]
    with web.served():
        total = fuzz_all(chosen, options)
    for crash in total.crashes:
        say(f"\n{crash}")
    return 1 if total.crashes or not chosen else 0


def fuzz_all(chosen: list[Target], options: argparse.Namespace) -> Result:
    """Every target in turn, with a line for each."""
    total = Result()
    say(f"{'target':<32}{'cases':>9}{'seconds':>9}  crashes")
    for target in chosen:
        result = fuzz(target, options.seed, options.seconds / len(chosen), options.round)
        say(f"{target.name:<32}{result.cases:>9}{result.seconds:>9.1f}  {len(result.crashes)}")
        total.cases += result.cases
        total.seconds += result.seconds
        total.crashes += [f"{target.name}: {crash}" for crash in result.crashes]
    say(f"{'all':<32}{total.cases:>9}{total.seconds:>9.1f}  {len(total.crashes)}")
    return total


def say(line: str) -> None:
    """Print one line."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
