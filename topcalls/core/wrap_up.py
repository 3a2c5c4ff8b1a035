"""What is done after a call, step by step: the second, smaller state machine.

A call is over for the caller long before it is over for us. Steps run in a fixed order; each reads
what it needs again and may run twice harmlessly. A step that is not ready is tried again a few
times; one that fails for good is left out, because the customer's webhook must go out anyway.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Step(StrEnum):
    """In the order in which they run."""

    RECORDING = "recording"
    TRANSCRIPT = "transcript"
    OPT_OUT = "opt_out"
    LATENCY = "latency"
    REDACTION = "redaction"
    SUMMARY = "summary"
    EXTRACTION = "extraction"
    DISPOSITION = "disposition"
    WEBHOOK = "webhook"


class Result(StrEnum):
    """How a step went. `skipped`: there was nothing to do, or it is not configured."""

    DONE = "done"
    SKIPPED = "skipped"
    NOT_READY = "not_ready"


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a step that is not ready is looked at, and how long between two looks."""

    tries: int
    delay: timedelta


PATIENCE: dict[Step, Patience] = {
    Step.RECORDING: Patience(6, timedelta(seconds=2.5)),
    Step.TRANSCRIPT: Patience(7, timedelta(seconds=1)),
    Step.OPT_OUT: Patience(6, timedelta(seconds=2.5)),
    Step.LATENCY: Patience(2, timedelta(seconds=2)),
    Step.REDACTION: Patience(6, timedelta(seconds=2.5)),
    Step.SUMMARY: Patience(21, timedelta(seconds=1)),
    Step.EXTRACTION: Patience(21, timedelta(seconds=1)),
    Step.DISPOSITION: Patience(3, timedelta(seconds=1)),
    Step.WEBHOOK: Patience(20, timedelta(seconds=5)),
}
"""Mostly all is ready at once. Where a controller died with the call, nobody says whether recording
and transcript are complete, and the wrap-up is over some 20 s after the call. A model that analyses
the call is waited for for 42 s at most. The webhook waits for none of them longer than `telling`
says; what comes later is told by another."""

LATEST = timedelta(seconds=15)
"""After the end of a call: when its webhook goes out that waits for nothing else."""


@dataclass(frozen=True, slots=True)
class Telling:
    """When the end of a call is told: with what is ready `by` that moment, and not `before`."""

    by: datetime
    before: datetime


def telling(ended_at: datetime, *, failed: bool, after: timedelta) -> Telling:
    """A call that failed or was stopped is told at once; any other `after` its end, which is as
    soon as everything is ready, and at the `LATEST`, where that is nought."""
    if failed:
        return Telling(ended_at, ended_at)
    return Telling(ended_at + (after or LATEST), ended_at + after)


FIRST = Step.RECORDING
_ORDER = tuple(Step)


@dataclass(frozen=True, slots=True)
class Next:
    """What follows: `step` None means that the wrap-up is complete.

    `given_up` names the step that was left out because it never got ready.
    """

    step: Step | None
    delay: timedelta = timedelta()
    tries: int = 0
    given_up: Step | None = None


def begin(step: Step = FIRST) -> Next:
    """The first step of a wrap-up, or the one from which it has to be done again."""
    return Next(step, timedelta(), PATIENCE[step].tries)


def after(step: Step) -> tuple[Step, ...]:
    """The steps that follow one."""
    return _ORDER[_ORDER.index(step) + 1 :]


def advance(step: Step, result: Result, tries_left: int) -> Next:
    """What follows `step`. `tries_left` counts the looks that remain after the one just taken."""
    if result is Result.NOT_READY:
        if tries_left > 0:
            return Next(step, PATIENCE[step].delay, tries_left)
        return _after(step, given_up=step)
    return _after(step)


def _after(step: Step, given_up: Step | None = None) -> Next:
    position = _ORDER.index(step) + 1
    if position == len(_ORDER):
        return Next(None, given_up=given_up)
    following = _ORDER[position]
    return Next(following, timedelta(), PATIENCE[following].tries, given_up)
