"""Hours of calls in minutes of reading: does anything grow?

    python benchmarks/soak.py [--minutes 30] [--calls 8] [--every 60]

Every process of a sandbox install runs; so many calls are kept going, taking turns through all of
the scenarios: talks, interruptions, busy phones, torn streams, failing models, a warm transfer, and
callers who call us. Calls are posted to the API, with a webhook. Every `--every` seconds a line
shows the calls so far and, of each process, memory and descriptors, of the controller its greenlets
and playback files too.

The table at the end compares the idle processes before and after, and takes the slope of memory
over the second half of the run: by then caches are full.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
ASKS_FOR_A_PERSON, PERSON = "+12025550113", "+12025550114"
OURS = "+12025550190"
"""The number that callers call."""

CALLS_IN = "calls reception"
DRAIN_SECONDS = 120.0
SETTLE_SECONDS = 15.0
MOST_MINUTES = 24 * 60
MB_PER_1000_CALLS = 2.0
"""Growth that counts as flat: less than what a thousand calls leave in caches and counters."""

FURTHER = 3
"""What an idle process may have open more at one time than at another."""

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
        self._live: set[Callable[[], bool]] = set()
        self.calls = 0
        self.processes: dict[str, JsonProcess] = {}
        for name in ("sandbox", "controller", "api", "worker"):
            self.processes[name] = stack.enter_context(running(self._start(name, settings)))
        self._doors = json.loads(made.settings.sandbox_file.read_text())
        self._make_reception()
        self._kinds = [lambda number=number: self._call(number) for number in NUMBERS]
        self._kinds += [self._transfer, self._call_in]

    def _start(self, name: str, settings: dict[str, str]) -> JsonProcess:
        if name == "controller":
            return python_process("controller_process.py", self._directory, settings)
        command = [sys.executable, "-m", "topcalls", name, "--supervised"]
        core = cores()[1 if name == "sandbox" else 0]
        log = self._directory / f"{name}.log"
        return JsonProcess(command, core, log, environment(settings))

    @property
    def webhook_url(self) -> str:
        """A receiver that accepts everything."""
        return str(self._doors["webhook_url"])

    def keep_going(self, wanted: int) -> None:
        """Replace the calls that are over."""
        self.forget_ended()
        while len(self._live) < wanted:
            self._live.add(self._kinds[self.calls % len(self._kinds)]())
            self.calls += 1

    def forget_ended(self) -> bool:
        """True once no call is left."""
        self._live = {is_over for is_over in self._live if not is_over()}
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

    # --- calls; each gives what tells that it is over

    def _call(self, number: str, **wishes: Any) -> Callable[[], bool]:
        body = {
            "phone_number": number,
            "task": "Confirm the appointment on Monday.",
            "webhook_url": self._doors["webhook_url"],
            **wishes,
        }
        call_id = self._post("/v1/calls", body)["call_id"]
        account, calls = self._made.principal.account_id, self._made.services.calls
        return lambda: calls.get(account, call_id).status in _FINAL

    def _transfer(self) -> Callable[[], bool]:
        target = {"name": "support", "number": PERSON, "kind": "warm", "briefing": "Short."}
        return self._call(ASKS_FOR_A_PERSON, transfer={"destinations": [target]})

    def _call_in(self) -> Callable[[], bool]:
        invite = json.dumps({"to": OURS, "scenario": CALLS_IN}).encode()
        request = urllib.request.Request(self._doors["callers_url"], invite, method="PUT")
        channel = _answer_to(request)["channel_id"]
        door = self._doors["callers_url"] + channel
        return lambda: _answer_to(urllib.request.Request(door))["state"] == "over"

    def _make_reception(self) -> None:
        configuration = {
            "task": "You are the reception.",
            "first_sentence": "Bright Smile Dental, hello.",
            "webhook_url": self._doors["webhook_url"],
        }
        wishes = {"name": "Reception", "configuration": configuration}
        agent = self._post("/v1/agents", wishes)["id"]
        self._post(f"/v1/agents/{agent}/publish", {})
        self._post("/v1/phone-numbers", {"number": OURS, "agent_id": agent})

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.processes["api"].ready["port"])
        headers = {
            "Authorization": f"Bearer {self._made.token}",
            "Content-Type": "application/json",
        }
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status not in (200, 201):
            raise RuntimeError(text.decode(errors="replace"))
        told: dict[str, Any] = json.loads(text)
        return told


def _answer_to(request: urllib.request.Request) -> dict[str, Any]:
    with urllib.request.urlopen(request, timeout=10) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


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
    """What grew, as a table of the README."""
    second_half = samples[len(samples) // 2 :]
    half = second_half[0]
    say(f"\n| {after.calls} calls | idle before | half-way | idle after | per 1,000 calls | |")
    say("|---|---|---|---|---|---|")
    for name in before.memory:
        growth = slope(second_half, name)
        figures = [f"{sample.memory[name]:.1f}" for sample in (before, half, after)]
        word = "flat" if growth <= MB_PER_1000_CALLS else "GROWS"
        say(f"| {name}, MB | {' | '.join(figures)} | {growth:+.2f} | {word} |")
    counts: list[tuple[str, Callable[[Sample], int]]] = [
        (f"{name}, descriptors", lambda sample, name=name: sample.descriptors[name])
        for name in before.memory
    ]
    counts.append(("controller, greenlets", lambda sample: sample.greenlets))
    counts.append(("playback files", lambda sample: sample.playback_files))
    for what, count in counts:
        numbers = [count(sample) for sample in (before, half, after)]
        word = "flat" if numbers[2] <= numbers[0] + FURTHER else "GROWS"
        say(f"| {what} | {' | '.join(map(str, numbers))} | | {word} |")
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
