"""Hours of calls in minutes of reading: does anything grow?

    python benchmarks/soak.py [--minutes 30] [--calls 8] [--every 60]

Every process of a sandbox install runs; so many calls are kept going, taking turns through all of
the scenarios: talks, interruptions, busy phones, torn streams, failing models. Calls are posted to
the API, with a webhook. Every `--every` seconds the table shows the calls so far and, of each
process, memory and descriptors, of the controller its greenlets and playback files too.

The verdict compares the idle processes before and after, and takes the slope of memory over the
second half of the run: by then caches are full.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from common import (
    JsonProcess,
    Product,
    cores,
    environment,
    figures_of,
    introduce,
    product,
    python_process,
    running,
    say,
    wait_for,
    workspace,
)

NUMBERS = [f"+120255501{last:02d}" for last in range(13)]
DRAIN_SECONDS = 120.0
SETTLE_SECONDS = 15.0
MOST_MINUTES = 24 * 60
MB_PER_1000_CALLS = 2.0
"""Growth that counts as flat: less than what a thousand calls leave in caches and counters."""

_FINAL = ("completed", "failed", "cancelled")


@dataclass(frozen=True)
class Sample:
    """One row. Memory in MB, by process."""

    seconds: float
    calls: int
    memory: dict[str, float]
    descriptors: dict[str, int]
    greenlets: int
    playback_files: int

    def line(self) -> str:
        """As it is printed."""
        cells = "".join(
            f"{self.memory[name]:>9.1f} {self.descriptors[name]:>4}" for name in self.memory
        )
        return (
            f"{self.seconds / 60:>7.1f} {self.calls:>6}{cells} {self.greenlets:>9}"
            f" {self.playback_files:>6}"
        )


class Install:
    """All processes of one sandbox install."""

    def __init__(self, directory: Path, made: Product, settings: dict[str, str], stack: ExitStack):
        self._made = made
        self._directory = directory
        self._began = time.monotonic()
        self._live: set[str] = set()
        self.calls = 0
        self.processes: dict[str, JsonProcess] = {}
        for name in ("sandbox", "controller", "api", "worker"):
            self.processes[name] = stack.enter_context(running(self._start(name, settings)))
        self._webhook = json.loads(made.settings.sandbox_file.read_text())["webhook_url"]

    def _start(self, name: str, settings: dict[str, str]) -> JsonProcess:
        if name == "controller":
            return python_process("controller_process.py", self._directory, settings)
        command = [sys.executable, "-m", "topcalls", name, "--supervised"]
        core = cores()[1 if name == "sandbox" else 0]
        log = self._directory / f"{name}.log"
        return JsonProcess(command, core, log, environment(settings))

    def keep_going(self, wanted: int) -> None:
        """Replace the calls that are over."""
        self.forget_ended()
        while len(self._live) < wanted:
            self._live.add(self._post(NUMBERS[self.calls % len(NUMBERS)]))
            self.calls += 1

    def forget_ended(self) -> bool:
        """True once no call is left."""
        account, calls = self._made.principal.account_id, self._made.services.calls
        self._live = {id for id in self._live if calls.get(account, id).status not in _FINAL}
        return not self._live

    def sample(self) -> Sample:
        """How things are now."""
        controller = self.processes["controller"]
        controller.tell("census")
        census = controller.answer()
        figures = {name: figures_of(process.pid) for name, process in self.processes.items()}
        files = self._made.settings.playback_dir.rglob("*")
        return Sample(
            time.monotonic() - self._began,
            self.calls,
            {name: seen.rss_mb for name, seen in figures.items()},
            {name: seen.descriptors for name, seen in figures.items()},
            int(census["greenlets"]),
            sum(path.is_file() for path in files),
        )

    def _post(self, number: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.processes["api"].ready["port"])
        body = {
            "phone_number": number,
            "task": "Confirm the appointment on Monday.",
            "webhook_url": self._webhook,
        }
        headers = {
            "Authorization": f"Bearer {self._made.token}",
            "Content-Type": "application/json",
        }
        connection.request("POST", "/v1/calls", json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 201:
            raise RuntimeError(text.decode(errors="replace"))
        return str(json.loads(text)["call_id"])


def slope(samples: list[Sample], name: str) -> float:
    """Growth of a process in MB per thousand calls, by least squares."""
    calls = [sample.calls / 1000 for sample in samples]
    memory = [sample.memory[name] for sample in samples]
    mean_calls, mean_memory = sum(calls) / len(calls), sum(memory) / len(memory)
    spread = sum((call - mean_calls) ** 2 for call in calls)
    common = zip(calls, memory, strict=True)
    product_sum = sum((call - mean_calls) * (size - mean_memory) for call, size in common)
    return product_sum / spread if spread else 0.0


def verdict(samples: list[Sample], before: Sample, after: Sample) -> None:
    """What grew."""
    second_half = samples[len(samples) // 2 :]
    for name in before.memory:
        growth = slope(second_half, name)
        word = "flat" if growth <= MB_PER_1000_CALLS else "GROWS"
        more = after.descriptors[name] - before.descriptors[name]
        say(f"{name:<11} {growth:>+7.2f} MB per 1,000 calls: {word}; descriptors {more:+d}")
    for what, earlier, later in (
        ("greenlets of the idle controller", before.greenlets, after.greenlets),
        ("playback files", before.playback_files, after.playback_files),
    ):
        say(f"{what}: {earlier} before, {later} after: {'flat' if later <= earlier else 'GROWS'}")
    if len(second_half) < 5:
        say("(too few samples for a slope: run it longer)")


def soak(options: argparse.Namespace, install: Install) -> None:
    """The whole run."""
    names = "".join(f"{name:>14}" for name in install.processes)
    say(f"{'':>14}{names}   (MB, descriptors)\nminutes  calls{'':>56} greenlets  files")
    time.sleep(SETTLE_SECONDS)
    before = install.sample()
    say(before.line())
    samples: list[Sample] = []
    ends = time.monotonic() + min(options.minutes, MOST_MINUTES) * 60
    while time.monotonic() < ends:
        next_sample = min(time.monotonic() + options.every, ends)
        while time.monotonic() < next_sample:
            install.keep_going(options.calls)
            time.sleep(0.5)
        samples.append(install.sample())
        say(samples[-1].line())
    wait_for(install.forget_ended, DRAIN_SECONDS, "the last calls")
    time.sleep(SETTLE_SECONDS)
    after = install.sample()
    say(after.line())
    verdict(samples, before, after)


def main() -> None:
    """One table and a verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--calls", type=int, default=8)
    parser.add_argument("--every", type=float, default=60.0)
    options = parser.parse_args()
    introduce(f"Soak: {options.calls} sandbox calls at once for {options.minutes:g} minutes")
    with workspace() as directory, ExitStack() as stack:
        settings = {
            "data_dir": str(directory / "data"),
            "playback_dir": f"/dev/shm/{directory.name}",
            "telephony": "sandbox",
            "ai": "sandbox",
            "api_port": "0",
            "public_url": "http://127.0.0.1",
            "calls_per_second": "20",
            "log_level": "warning",
        }
        made = stack.enter_context(product(settings))
        soak(options, Install(directory, made, settings, stack))


if __name__ == "__main__":
    main()
