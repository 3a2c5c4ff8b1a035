"""What calls on a real switch outlive, and the whole table of scenarios.

Started by `real_switch.py --scenarios`. Ten calls talk while something breaks; then it is shown how
many go on, how long nobody was heard, and whether a word is missing or came twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from common import JsonProcess, say, wait_for, workspace
from real_switch_scenarios import (
    ANSWERS,
    BUSY,
    DECLINES,
    LIMIT,
    Caller,
    Facts,
    barge_in,
    blind_transfer,
    early_media,
    inbound_talk,
    keys,
    ms,
    no_answer,
    outbound_talk,
    refused,
    row,
    warm_transfer,
)
from switch_lab import lab

CUT_SECONDS = 10.0
CROWD = 10


class Crowd:
    """Calls that talk while something breaks."""

    def __init__(self, by: Caller) -> None:
        self._by = by
        placed = [by.place(ANSWERS) for _ in range(CROWD)]
        self.calls = [call for call, _, _ in placed]
        self._lines = [line for _, line, _ in placed]
        for line in self._lines:
            by.until(line, "first_voice")
        time.sleep(5)
        by.lab.world.tell("reset")

    def facts(self) -> list[Facts]:
        """Of every telephone."""
        return [self._by.lab.line(line) for line in self._lines]

    def ends(self) -> str:
        """How the calls have ended, counted."""
        ends = [self._by.over(call) for call in self.calls]
        return ", ".join(f"{ends.count(end)} x ({end})" for end in sorted(set(ends)))

    def await_voices(self, since: float) -> None:
        """Until every telephone that is still in its call hears the agent again."""

        def all_heard() -> bool:
            return all(fact["ended"] or fact["last_voice"] > since for fact in self.facts())

        wait_for(all_heard, LIMIT, "the agents' voices")

    def show(self, what: str, *found: str) -> None:
        """How they have come through it; ends them."""
        facts = self.facts()
        alive = [fact for fact in facts if not fact["ended"]]
        silences = [f"{fact['longest_silence']:.1f}" for fact in alive]
        heard = f"longest silence {min(silences)} to {max(silences)} s" if alive else ""
        seen = self._by.lab.world.report()
        row(what, f"{len(alive)} of {CROWD} go on", *found, *filter(None, [heard]))
        row(
            "",
            *(
                f"{name} {seen[name]}"
                for name in ("missing", "repeated", "lost", "garbled", "spoken_over")
            ),
        )
        for call in self.calls:
            self._by.stop(call)


def event_socket_cut(by: Caller) -> None:
    """Ten seconds without any command or event."""
    crowd = Crowd(by)
    by.lab.relay.cut()
    time.sleep(CUT_SECONDS)
    by.lab.relay.mend()
    mended = time.monotonic()
    crowd.await_voices(mended)
    time.sleep(10)
    crowd.show("Event Socket cut 10 s")


def controller_killed(by: Caller) -> None:
    """`kill -9`, and a new one at once, as the supervisor does."""
    crowd = Crowd(by)
    killed = time.monotonic()
    kill(by.lab.controller)
    by.lab.start_controller()
    up = time.monotonic()
    crowd.await_voices(up + 0.5)
    heard = time.monotonic()
    time.sleep(10)
    crowd.show(
        "controller kill -9",
        f"started again in {ms(up - killed)}",
        f"all voices back after {heard - killed:.1f} s",
    )


def kill(process: JsonProcess) -> None:
    """Without a word."""
    os.kill(process.pid, 9)
    process.stop()


def switch_killed(by: Caller) -> None:
    """The switch is gone, and is started again at once."""
    crowd = Crowd(by)
    killed = time.monotonic()
    by.lab.switch.kill()
    by.lab.switch.start_again()
    up = time.monotonic()
    call, line, _ = by.place(ANSWERS)
    heard = by.until(line, "first_voice")
    ends = crowd.ends()
    row(
        "switch kill -9",
        f"started again in {up - killed:.1f} s",
        f"next call's first word {heard['first_voice'] - up:.1f} s after that",
        f"the {CROWD} calls over {time.monotonic() - killed:.1f} s after the kill: {ends}",
    )
    by.stop(call)


SCENARIOS: dict[str, Callable[[Caller], None]] = {
    "outbound": outbound_talk,
    "busy": lambda by: refused(by, "busy", BUSY),
    "decline": lambda by: refused(by, "decline", DECLINES),
    "no_answer": no_answer,
    "early_media": early_media,
    "inbound": inbound_talk,
    "keys": keys,
    "barge_in": barge_in,
    "blind": blind_transfer,
    "warm": warm_transfer,
    "cut": event_socket_cut,
    "kill": controller_killed,
    "switch": switch_killed,
}


def scenarios(strategy: str, wanted: list[str]) -> None:
    """All of the table that is wanted, on one switch."""
    with (
        workspace() as directory,
        lab(directory, strategy, relayed=True, turn_ms=6000, interrupt_every=2) as built,
    ):
        say(f"{strategy}, one call or {CROWD}, load {os.getloadavg()[0]:.1f}")
        by = Caller(built)
        for name in wanted:
            try:
                SCENARIOS[name](by)
            except (TimeoutError, RuntimeError) as error:
                row(name, f"NOT SHOWN: {error}")
