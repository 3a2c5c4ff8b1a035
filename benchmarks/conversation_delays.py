"""The gateway's share of the delays that people notice, from real conversations in the sandbox.

    python benchmarks/conversation_delays.py [--calls 20] [--at-once 5]

The doubles run in this process, on the other core, so that one clock times both ends; under test is
the controller process. Half of the calls are the friendly talk, half are interrupted.

* *answer -> first word*: from the switch's CHANNEL_ANSWER to its PLAYBACK_START, by its own clock.
  The first sentence is rendered while the phone rings, so all of it is the gateway's, the audio
  stream's set-up included.
* *gateway per answer*: `gateway_ms` of `GET /v1/calls/{id}`, model's first byte to first sound.
* *interruption -> break*: from the fact that decides (the words of the caller as the model's double
  sends them; or, without words, the moment when the speech has lasted long enough) to `uuid_break`
  as the switch's double receives it. *speech -> pause* likewise, from `speech_started`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common import (
    Product,
    introduce,
    product,
    python_process,
    running,
    say,
    wait_for,
    workspace,
)

from topcalls import compose, log
from topcalls.core.call_request import CallRequest

FRIENDLY, INTERRUPTING = "+12025550100", "+12025550107"
CALL_SECONDS = 90.0
SPEECH_COMMITS_SECONDS = 1.0  # commit_after_ms and hangover_ms of medium sensitivity
_SOON = 0.1
_SPEECH = "input_audio_buffer.speech_started"
_FACTS = (
    _SPEECH,
    "input_audio_buffer.speech_stopped",
    "conversation.item.input_audio_transcription.delta",
    "conversation.item.input_audio_transcription.completed",
)


@dataclass
class Delays:
    """In milliseconds."""

    first_word: list[float] = field(default_factory=list)
    gateway: list[float] = field(default_factory=list)
    pause: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)

    def show(self) -> None:
        """One line each."""
        for what, values in (
            ("answer -> first word", self.first_word),
            ("gateway per answer", self.gateway),
            ("speech -> pause", self.pause),
            ("interruption -> break", self.stop),
        ):
            ordered = sorted(values)
            if not ordered:
                say(f"{what:<22} none seen")
                continue
            p50, p95 = (ordered[len(ordered) * share // 100] for share in (50, 95))
            say(f"{what:<22} {len(ordered):>4} {p50:>8.1f} {p95:>8.1f} {ordered[-1]:>8.1f}")


def model_facts(sandbox: Any, line: str) -> list[tuple[float, str]]:
    """When the model's double told what about the caller of a line, in monotonic seconds."""
    facts = []
    for connection in sandbox.openai.realtime.connections:
        journal = connection.journal
        updates = journal.events("client", "session.update")
        if any(line in update["session"].get("instructions", "") for update in updates):
            began = journal._began
            for entry in journal.entries("server"):
                kind = (entry.event or {}).get("type", "")
                if kind in _FACTS:
                    facts.append((began + entry.at, kind))
    return facts


def interruptions(facts: list[tuple[float, str]], breaks: list[float]) -> Iterator[float]:
    """How long after its reason each break came, in seconds."""
    for at in breaks:
        earlier = [(when, kind) for when, kind in facts if when <= at]
        if not earlier:
            continue
        last = earlier[-1][0]
        speech = max((when for when, kind in earlier if kind == _SPEECH), default=last)
        by_clock = at - speech - SPEECH_COMMITS_SECONDS
        yield at - last if at - last < _SOON or by_clock < 0 else by_clock


def collect(delays: Delays, sandbox: Any, made: Product, line: str, call_id: str) -> None:
    """Everything one call shows."""
    switch = sandbox.switch
    channel = next(
        event.headers["Unique-ID"]
        for event in switch.events
        if event.headers.get("variable_tc_call_id") == call_id
    )
    times = {
        name: [
            int(event.headers["Event-Date-Timestamp"]) / 1e3
            for event in switch.events
            if event.name == name and event.headers.get("Unique-ID") == channel
        ]
        for name in ("CHANNEL_ANSWER", "PLAYBACK_START")
    }
    if times["CHANNEL_ANSWER"] and times["PLAYBACK_START"]:
        delays.first_word.append(times["PLAYBACK_START"][0] - times["CHANNEL_ANSWER"][0])
    account = made.principal.account_id
    timings = made.services.call_trail.timings(account, call_id)
    delays.gateway += [float(timing.gateway_ms) for timing in timings]
    asked = {
        verb: [item.at for item in switch.received if f"{verb} {channel}" in item.line]
        for verb in ("uuid_fileman", "uuid_break")
    }
    facts = model_facts(sandbox, line)
    delays.stop += [late * 1e3 for late in interruptions(facts, asked["uuid_break"])]
    for when, kind in facts:
        soon = [at - when for at in asked["uuid_fileman"] if 0 <= at - when < _SOON]
        if kind == _SPEECH and soon:
            delays.pause.append(min(soon) * 1e3)


def talk(sandbox: Any, made: Product, first: int, count: int, delays: Delays) -> None:
    """So many calls at once, to their ends."""
    calls: dict[str, str] = {}
    for number in range(first, first + count):
        line = f"Line {number:04d}"
        request = CallRequest(
            phone_number=INTERRUPTING if number % 2 else FRIENDLY,
            task=f"{line}. Confirm the appointment.",
            first_sentence="Hello, this is Rachel from Bright Smile Dental.",
        )
        calls[line] = made.services.calls.create(made.principal, request).id

    def all_over() -> bool:
        views = (made.services.calls.get(made.principal.account_id, id) for id in calls.values())
        return all(view.status in ("completed", "failed", "cancelled") for view in views)

    wait_for(all_over, CALL_SECONDS, "a batch of calls")
    for line, call_id in calls.items():
        collect(delays, sandbox, made, line, call_id)


def measure(options: argparse.Namespace, directory: Path) -> Delays:
    """All calls, in batches."""
    settings = {
        "data_dir": str(directory / "data"),
        "playback_dir": f"/dev/shm/{directory.name}",
        "telephony": "sandbox",
        "ai": "sandbox",
        "log_level": "warning",
    }
    delays = Delays()
    with product(settings) as made:
        sandbox = compose.build_sandbox(made.settings)
        sandbox.start()
        with running(python_process("controller_process.py", directory, settings)):
            for first in range(0, options.calls, options.at_once):
                talk(sandbox, made, first, min(options.at_once, options.calls - first), delays)
        sandbox.stop()
    return delays


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--at-once", type=int, default=5)
    options = parser.parse_args()
    log.configure("error")
    introduce("Delays of conversations in the sandbox")
    with workspace() as directory:
        delays = measure(options, directory)
    say(f"{'ms':<22} {'n':>4} {'p50':>8} {'p95':>8} {'max':>8}")
    delays.show()


if __name__ == "__main__":
    main()
