"""What a check of an installation finds, and what all findings together mean.

A finding names its check, says how bad it is, what was found and what to do about it. Findings are
made where the thing is known (database, switch, AI server, machine); how they add up is decided
here, and nothing that must stay secret passes `protected`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from topcalls.core.phone_numbers import mask
from topcalls.errors import TopCallsError

NEAR_SHUTDOWN = timedelta(days=90)
"""A model that its vendor ends sooner than this is worth a warning."""

CLOCK_WARNING_SECONDS = 5.0
CLOCK_FAULT_SECONDS = 120.0
"""How far two clocks may be apart. Receivers of webhooks refuse signatures of another time, and
leases are judged by each machine's own clock."""

_LOOK = "See what docs/operations.md says of '{}' under Doctor, and the logs of the processes."
_MIN_SECRET_LENGTH = 4
_WELL_KNOWN = frozenset({"ClueCon"})
_USER_INFO = re.compile(r"(?<=://)[^/@\s]+@")
_NUMBER = re.compile(r"\+\d{5,15}")


class Level(StrEnum):
    """How bad it is: `fault` keeps calls from working, `warning` may, or will."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `check` is a stable name; `remedy` is empty where all is well.

    `seconds`: how long its room of checks had been looking by then.
    """

    check: str
    level: Level
    found: str
    remedy: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """All findings together."""

    level: Level
    ok: int
    warnings: int
    faults: int

    @property
    def exit_code(self) -> int:
        """Of the command: warnings do not fail it."""
        return 1 if self.level is Level.FAULT else 0


def ok(check: str, found: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, found)


def warning(check: str, found: str, remedy: str) -> Finding:
    """It works, or nothing needs it yet; somebody should look."""
    return Finding(check, Level.WARNING, found, remedy)


def fault(check: str, found: str, remedy: str) -> Finding:
    """Calls will fail, or be less than what was promised."""
    return Finding(check, Level.FAULT, found, remedy)


def refused(check: str, error: TopCallsError) -> Finding:
    """An error of ours; most say themselves what to do."""
    return fault(check, error.message, error.remedy or _LOOK.format(check))


def crashed(check: str, error: BaseException) -> Finding:
    """The check itself failed. Only the kind of error is told: its text may hold anything."""
    return fault(
        check,
        f"The check itself failed ({type(error).__name__}).",
        "Look at what it checks by hand, and report this.",
    )


def overdue(check: str, seconds: float) -> Finding:
    """No answer within the check's time limit."""
    return fault(
        check,
        f"No answer within {seconds:g} s.",
        "See whether what it checks hangs, or whether a network or disk below it does.",
    )


def attempt(check: str, question: Callable[[], Finding]) -> Finding:
    """The answer to one question among others; an error is a fault of this question alone."""
    try:
        return question()
    except TopCallsError as error:
        return refused(check, error)
    except Exception as error:  # noqa: BLE001 - the other questions shall be asked
        return crashed(check, error)


def summarise(findings: Sequence[Finding]) -> Summary:
    """The worst decides."""
    levels = [finding.level for finding in findings]
    worst = max(levels, key=list(Level).index, default=Level.OK)
    return Summary(
        worst, levels.count(Level.OK), levels.count(Level.WARNING), levels.count(Level.FAULT)
    )


def protected(finding: Finding, secrets: Iterable[str]) -> Finding:
    """The finding without passwords, keys and full telephone numbers.

    `secrets` are values that must not show; a password that the whole world knows may.
    """
    found, remedy = finding.found, finding.remedy
    for secret in sorted(set(secrets) - _WELL_KNOWN, key=len, reverse=True):
        if len(secret) >= _MIN_SECRET_LENGTH:
            found, remedy = found.replace(secret, "***"), remedy.replace(secret, "***")
    return replace(finding, found=_without_people(found), remedy=_without_people(remedy))


def _without_people(text: str) -> str:
    return _NUMBER.sub(lambda found: mask(found.group()), _USER_INFO.sub("***@", text))


# -- judgements that need nothing but values ---------------------------------------------------


def judge_shutdown(
    check: str,
    model: str,
    shutdown: date | None,
    replacement: str | None,
    today: date,
    setting: str = "realtime_model",
) -> Finding:
    """A model that is over is a fault, one that soon will be a warning. `setting` names it."""
    variable = f"TOPCALLS_{setting.upper()}"
    instead = f"Set {variable}={replacement}." if replacement else "Choose another."
    if shutdown is None:
        return ok(check, f"{model}: no shutdown is announced.")
    if shutdown <= today:
        return fault(check, f"{model} was shut down on {shutdown}.", instead)
    if shutdown - today <= NEAR_SHUTDOWN:
        days = (shutdown - today).days
        return warning(check, f"{model} will be shut down on {shutdown}, in {days} days.", instead)
    return ok(check, f"{model}: will be shut down on {shutdown}.")


def judge_clock(check: str, ahead: float, whose: str, remedy: str) -> Finding:
    """`ahead`: seconds by which `whose` clock is later than ours (negative: earlier)."""
    difference = f"{whose} is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours."
    if abs(ahead) >= CLOCK_FAULT_SECONDS:
        return fault(check, difference, remedy)
    if abs(ahead) >= CLOCK_WARNING_SECONDS:
        return warning(check, difference, remedy)
    return ok(check, f"{whose} agrees with ours.")


def judge_age(check: str, what: str, seconds: float | None, late: float, remedy: str) -> Finding:
    """How long the oldest of `what` has been waiting; later than `late` seconds is a fault."""
    if seconds is None:
        return ok(check, f"No {what} waits.")
    found = f"The oldest {what} has been waiting for {_duration(seconds)}."
    if seconds >= late:
        return fault(check, found, remedy)
    if seconds >= late / 4:
        return warning(check, found, remedy)
    return ok(check, found)


def judge_space(
    check: str, place: str, free: int, *, least: int, enough: int, remedy: str
) -> Finding:
    """Free bytes of a file system: below `least` a fault, below `enough` a warning."""
    found = f"{place}: {size(free)} free."
    if free < least:
        return fault(check, found, remedy)
    if free < enough:
        return warning(check, found, remedy)
    return ok(check, found)


def size(count: int) -> str:
    """Bytes for people."""
    value, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "B" else f"{value:.1f} {units[0]}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
