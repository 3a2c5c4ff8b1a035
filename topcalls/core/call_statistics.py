"""Calls as numbers: what one call adds to the counts of its day and hour, and what counts tell.

A call is counted once, when everything about it is known, at the local time of its account at which
it was dialled or came in. It is counted under several *dimensions*: with all calls, and by its
campaign, its agent's version, its carrier and the account's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from topcalls.core.costs import MICRO, micros, text
from topcalls.core.latency import SHARES, Histogram, Spreads, TurnTiming
from topcalls.core.token_usage import TokenUsage

ALL, CAMPAIGN, AGENT, CARRIER, NUMBER = DIMENSIONS = (
    "all",
    "campaign",
    "agent",
    "carrier",
    "number",
)
OUTCOMES = (
    "call_status",
    "answered_by",
    "end_reason",
    "disposition",
    "sentiment",
    "success",
)
OWN_CARRIER = "own"
"""The installation's own trunk, in the place of a carrier's id."""

SUMS = (
    "calls",
    "dialled",
    "answered",
    "completed",
    "seconds",
    "cost_micros",
    "cost_unknown",
    "input_tokens",
    "output_tokens",
)


@dataclass
class Tally:
    """Counts of calls. `seconds` talked; `cost_micros` millionths of a dollar of what is known, and
    `cost_unknown` calls of which something is not. `outcomes`: by kind and word; `latency`: buckets
    of a `core.latency.Histogram` by share."""

    calls: int = 0
    dialled: int = 0
    answered: int = 0
    completed: int = 0
    seconds: int = 0
    cost_micros: int = 0
    cost_unknown: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    outcomes: dict[str, dict[str, int]] = field(default_factory=dict)
    latency: dict[str, dict[int, int]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Count all of another one."""
        for name in SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for mine, theirs in ((self.outcomes, other.outcomes), (self.latency, other.latency)):
            _merge(mine, theirs)

    @property
    def spreads(self) -> Spreads:
        """The percentiles of answers' delays, by share."""
        return {share: Histogram(self.latency.get(share, {})).spread() for share in SHARES}

    @property
    def answer_rate(self) -> float | None:
        """Of the calls that were dialled or came in; None without any."""
        return _share(self.answered, self.dialled)

    @property
    def completion_rate(self) -> float | None:
        """Of all calls."""
        return _share(self.completed, self.calls)

    @property
    def average_seconds(self) -> float | None:
        """Talked, of those that were answered."""
        return round(self.seconds / self.answered, 1) if self.answered else None

    @property
    def cost(self) -> str:
        """What is known, in dollars, as decimal text."""
        return text(self.cost_micros * MICRO)


class Stored(NamedTuple):
    """Counts as they are kept: `sums` in the order of `SUMS`, buckets by their number as text."""

    day: str
    hour: int
    value: str
    sums: tuple[int, ...]
    outcomes: Mapping[str, Mapping[str, int]]
    latency: Mapping[str, Mapping[str, int]]


def tally_of(found: Sequence[Stored]) -> Tally:
    """All of these together."""
    sums = [sum(column) for column in zip(*(one.sums for one in found), strict=True)]
    outcomes: dict[str, dict[str, int]] = {}
    latency: dict[str, dict[str, int]] = {}
    for one in found:
        _merge(outcomes, one.outcomes)
        _merge(latency, one.latency)
    buckets = {
        share: {int(bucket): count for bucket, count in counts.items()}
        for share, counts in latency.items()
    }
    return Tally(**dict(zip(SUMS, sums, strict=False)), outcomes=outcomes, latency=buckets)


@dataclass(frozen=True)
class Counted:
    """What is counted of a call that is over. `words`: its outcomes, where it has them."""

    direction: str
    phone_number: str
    from_number: str | None
    created_at: datetime
    dialled_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    billed_seconds: int
    words: Mapping[str, str | None]
    campaign_id: str | None = None
    agent_id: str | None = None
    agent_version: int | None = None
    carrier_id: str | None = None
    cost: Mapping[str, Any] | None = None
    usages: tuple[TokenUsage, ...] = ()
    timings: tuple[TurnTiming, ...] = ()

    @property
    def is_inbound(self) -> bool:
        return self.direction == "inbound"

    @property
    def began_at(self) -> datetime:
        """When it was dialled or came in; when it ended, if it never was."""
        return self.created_at if self.is_inbound else self.dialled_at or self.ended_at

    @property
    def values(self) -> dict[str, str]:
        """What it is counted under, by dimension."""
        was_carried = self.is_inbound or self.dialled_at is not None
        found = {
            ALL: "",
            CAMPAIGN: self.campaign_id,
            AGENT: agent_value(self.agent_id, self.agent_version) if self.agent_id else None,
            CARRIER: (self.carrier_id or OWN_CARRIER) if was_carried else None,
            NUMBER: self.phone_number if self.is_inbound else self.from_number,
        }
        return {dimension: value for dimension, value in found.items() if value is not None}

    @property
    def tally(self) -> Tally:
        """What it adds."""
        total = (self.cost or {}).get("total")
        known = Decimal((self.cost or {}).get("known", "0"))
        made = Tally(
            calls=1,
            dialled=int(self.is_inbound or self.dialled_at is not None),
            answered=int(self.answered_at is not None),
            completed=int(self.words.get("call_status") == "completed"),
            seconds=self.billed_seconds,
            cost_micros=micros(known),
            cost_unknown=int(total is None),
            input_tokens=sum(one.input_text + one.input_audio for one in self.usages),
            output_tokens=sum(one.output_text + one.output_audio for one in self.usages),
            outcomes={kind: {word: 1} for kind, word in self.words.items() if word},
        )
        for share in SHARES:
            histogram = Histogram()
            for timing in self.timings:
                if (milliseconds := timing.share(share)) is not None:
                    histogram.add(milliseconds)
            if histogram.buckets:
                made.latency[share] = histogram.buckets
        return made


def agent_value(agent_id: str, version: int | None) -> str:
    """An agent's version, as one word."""
    return f"{agent_id}@{version or ''}"


def place(moment: datetime, zone: ZoneInfo) -> tuple[str, int]:
    """The local day, as in `2026-11-23`, and hour."""
    local = moment.astimezone(zone)
    return f"{local:%Y-%m-%d}", local.hour


def _merge(mine: dict[str, dict[Any, int]], theirs: Mapping[str, Mapping[Any, int]]) -> None:
    for kind, counts in theirs.items():
        into = mine.setdefault(kind, {})
        for key, count in counts.items():
            into[key] = into.get(key, 0) + count


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
