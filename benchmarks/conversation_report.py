"""What the calls of the turn-taking benchmark show: counted, timed, and set beside the targets."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from conversation_call import Deed, Outcome
from conversation_clips import LISTENING_KINDS, TURN_KINDS

YIELDS_WITHIN = 1.0  # seconds after its last sound within which an interruption must have worked
LATE_CUT = 4.0  # seconds after a sound within which a cut is put down to it
EDGE = 0.05  # seconds: how well the last energy of a sound is known
MOST_LATE = 6.0  # an answer later than that is none
TARGETS = {
    "echo": "0, local ears with echo cancellation",
    "backchannel": "<= 2 %",
    "interruption": "<= 1 %",
    "turn": "p50 <= 600 ms",
}


@dataclass
class Row:
    """All of one kind. Times in seconds."""

    count: int = 0
    failed: int = 0  # cut off wrongly, missed, or talked into
    early: int = 0  # answers asked for too early and taken back before they were heard
    unanswered: int = 0
    calls: set[str] = field(default_factory=set)  # with a failure
    times: list[float] = field(default_factory=list)


class Tally:
    """The calls of one setup."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self.rows: dict[str, Row] = defaultdict(Row)
        self.answers: dict[str, Row] = defaultdict(Row)
        self.missing = 0
        self.seconds = 0.0
        for outcome in outcomes:
            self._add(outcome)

    def _add(self, outcome: Outcome) -> None:
        self.missing += outcome.missing
        self.seconds += outcome.seconds
        suffix = "+echo" if "echo" in outcome.kind else ""
        for place, deed in enumerate(outcome.deeds):
            later = outcome.deeds[place + 1 :]
            until = later[0].start if later else outcome.seconds
            if deed.kind in LISTENING_KINDS:
                self._listening(self.rows[deed.kind + suffix], outcome, deed)
            elif deed.kind == "interruption":
                self._interruption(self.rows[deed.kind + suffix], outcome, deed)
                self._answer(self.answers[deed.kind + suffix], outcome, deed, until)
            elif deed.kind in TURN_KINDS:
                self._answer(self.answers[deed.kind + suffix], outcome, deed, until)
        self._unprovoked(self.rows["echo" if suffix else "nothing"], outcome)

    def _listening(self, row: Row, outcome: Outcome, deed: Deed) -> None:
        """The agent should go on."""
        row.count += 1
        if any(cut.utterance_id == deed.over and cut.at >= deed.start for cut in outcome.cuts):
            self._fail(row, outcome)
        held = [end - at for at, end in outcome.pauses if deed.start <= at <= deed.until + LATE_CUT]
        row.times += [sum(held)] if held else []

    def _interruption(self, row: Row, outcome: Outcome, deed: Deed) -> None:
        """The agent should be silent soon, and for good: one that was paused need not be cut off
        as soon. Nothing is shown where it had finished anyway."""
        limit = deed.until + YIELDS_WITHIN
        if deed.over is None or outcome.ended.get(deed.over, limit) < limit:
            return
        row.count += 1
        cuts = [
            cut
            for cut in outcome.cuts
            if cut.utterance_id == deed.over
            and deed.start <= cut.silent_from <= limit
            and cut.at <= limit + LATE_CUT
        ]
        if cuts:
            row.times.append(max(0.0, cuts[0].silent_from - deed.start))
        else:
            self._fail(row, outcome)

    def _answer(self, row: Row, outcome: Outcome, deed: Deed, until: float) -> None:
        """The caller should be heard out, and then answered."""
        row.count += 1
        talked_into = any(
            deed.start + EDGE < at < deed.until - EDGE
            for at, utterance in outcome.began
            if utterance != deed.over
        )
        asked = [at for at in outcome.asked if deed.start <= at < until]
        row.early += sum(at < deed.until - EDGE for at in asked)
        due = [at - deed.until for at in asked if at >= deed.until - EDGE]
        if talked_into:
            self._fail(row, outcome)
        elif not due or due[0] > MOST_LATE:
            row.unanswered += 1
            row.calls.add(outcome.scene)
        else:
            row.times.append(due[0])

    def _unprovoked(self, row: Row, outcome: Outcome) -> None:
        """The agent was cut off and nobody had done anything: by its own voice, or by the line."""
        row.count += 1
        free = [
            cut
            for cut in outcome.cuts
            if not any(deed.start <= cut.at <= deed.until + LATE_CUT for deed in outcome.deeds)
        ]
        row.early += len(free)
        if free:
            self._fail(row, outcome)
        row.times += [
            end - at
            for at, end in outcome.pauses
            if not any(deed.start <= at <= deed.until + LATE_CUT for deed in outcome.deeds)
        ]

    @staticmethod
    def _fail(row: Row, outcome: Outcome) -> None:
        row.failed += 1
        row.calls.add(outcome.scene)


# --- print


def say(line: str = "") -> None:
    sys.stdout.write(line + "\n")


def percent(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.1f} %)" if whole else "-"


def quantile(values: list[float], share: float) -> str:
    """In milliseconds."""
    if not values:
        return "-"
    ordered = sorted(values)
    return f"{1000 * ordered[round(share * (len(ordered) - 1))]:.0f}"


def report(outcomes: list[Outcome], *, wrong: bool = False) -> None:
    """The tables of one setup; `wrong`: name the scenes that went wrong."""
    tally = Tally(outcomes)
    say(f"\n{outcomes[0].setup}: {len(outcomes)} calls, {tally.seconds / 60:.0f} minutes of them")
    say()
    say("| over the agent | wrongly cut off, or missed | silent after p50 / p95 ms | target |")
    say("|---|---|---|---|")
    order = ("interruption", *LISTENING_KINDS, "echo", "nothing")
    for kind in sorted(tally.rows, key=lambda name: (order.index(name.split("+")[0]), name)):
        row = tally.rows[kind]
        say(
            f"| {kind} | {'missed ' if 'interruption' in kind else ''}"
            f"{percent(row.failed, row.count)} | {quantile(row.times, 0.5)} / "
            f"{quantile(row.times, 0.95)}{'' if 'interruption' in kind else ' held'} | "
            f"{TARGETS.get(kind.split('+')[0], '')} |"
        )
    say()
    say(
        "| the caller's turn | talked into | taken back | unanswered "
        "| last energy -> answer asked p50 / p95 ms | target |"
    )
    say("|---|---|---|---|---|---|")
    for kind in sorted(tally.answers, key=lambda name: (name.split("+")[0] != "turn", name)):
        row = tally.answers[kind]
        say(
            f"| {kind} | {percent(row.failed, row.count)} | {row.early} | {row.unanswered} | "
            f"{quantile(row.times, 0.5)} / {quantile(row.times, 0.95)} | "
            f"{TARGETS['turn'] if kind.startswith('turn') else ''} |"
        )
    say(f"\nmoves whose moment never came: {tally.missing}")
    for kind, row in [*tally.rows.items(), *tally.answers.items()] if wrong else ():
        say(f"  {kind}: {' '.join(sorted(row.calls))}")
