"""What may be asked of a rehearsal: its chance, its time, its people, and how much is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from topcalls.core import rehearsal_callees
from topcalls.core.field_checks import Check, moment_of, number, section, whole
from topcalls.core.rehearsal_callees import Callees
from topcalls.core.rehearsal_tally import MOST_DIALS_TOLD
from topcalls.errors import FieldError

DAYS: Final = (0.1, 60.0)
USUAL_DAYS: Final = 10.0
SEEDS: Final = (0, 2**63 - 1)
YEARS: Final = (2020, 2100)
"""Zone data says nothing reliable of what lies further ahead, and no campaign is older."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """`seed`: the same one meets the same people. `starts_at` None: when the campaign would start.
    `dials`: how many of its calls are told one by one."""

    seed: int = 1
    starts_at: datetime | None = None
    days: float = USUAL_DAYS
    callees: Callees = field(default_factory=Callees)
    dials: int = 0


def faults(given: object) -> Iterator[FieldError]:
    """Everything wrong with what is asked of a rehearsal; null counts as not given."""
    yield from section(given, "", _CHECKS)


def wishes_of(given: Mapping[str, Any]) -> Wishes:
    """Wishes in which `faults` found nothing wrong."""
    told = {name: value for name, value in given.items() if value is not None}
    moment = moment_of(told.pop("starts_at", None))
    starts_at = None if moment is None else moment.astimezone(UTC)
    callees = rehearsal_callees.callees_of(told.pop("callees", None))
    return Wishes(**told, starts_at=starts_at, callees=callees)


def told(wishes: Wishes, begins: datetime) -> dict[str, Any]:
    """As they were understood, JSON-ready."""
    return {
        "seed": wishes.seed,
        "starts_at": f"{begins.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "days": wishes.days,
        "callees": asdict(wishes.callees),
        "dials": wishes.dials,
    }


def _moment(value: object, path: str) -> Iterator[FieldError]:
    moment = moment_of(value)
    if moment is None:
        message = "Must be a time with its offset from UTC, as in 2030-01-31T09:30:00Z."
        yield FieldError(path, message, "invalid_time")
    elif not YEARS[0] <= moment.year < YEARS[1]:
        yield FieldError(path, f"Must be from {YEARS[0]} to {YEARS[1] - 1}.", "range")


_CHECKS: Final[Mapping[str, Check]] = {
    "seed": whole(*SEEDS),
    "starts_at": _moment,
    "days": number(*DAYS),
    "callees": rehearsal_callees.faults,
    "dials": whole(0, MOST_DIALS_TOLD),
}
