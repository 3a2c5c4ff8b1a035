"""How fast a campaign calls: how many at once, and how many within a second and a minute.

Limits are windows: so many dials within so many seconds, counted from what was dialled. A limit by
the minute has a second, shorter window, so that no minute's calls all start in its first second.
A campaign ramps up from a part of its limits, and is slowed while its carrier has no free line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

BURST_SECONDS: Final = 10.0
"""A limit by the minute holds within this time for its part, too."""

AHEAD_SECONDS: Final = 5.0
"""For so long calls are put into the queue ahead: enough for a producer that looks every second,
and few enough that nothing is decided long before its dial."""

LEAST_AHEAD: Final = 20
"""Put into the queue whether or not any were taken lately."""

MOST_AHEAD: Final = 500
BUSY_SECONDS: Final = 30.0
"""For so long after a carrier had no free line its campaign is slower (RFC 3261, 21.5.4: where 503
names no time)."""

SLOWEST: Final = 1 / 16


@dataclass(frozen=True, slots=True)
class RampUp:
    """From `percent` of the limits, evenly up to all of them within `minutes`."""

    percent: float
    minutes: float


@dataclass(frozen=True, slots=True)
class Pacing:
    """None: no limit of its own. The account's limits hold for all of its campaigns together."""

    max_concurrent: int | None = None
    per_minute: float | None = None
    per_second: float | None = None
    ramp_up: RampUp | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """At most `most` dials within any `seconds`."""

    seconds: float
    most: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds now. `concurrent` None: any number at once."""

    concurrent: int | None
    windows: tuple[Window, ...]


def pacing_of(section: Mapping[str, Any] | None) -> Pacing:
    """The pacing in a campaign's `pacing`, found right before.

    `{"max_concurrent": 20, "calls_per_minute": 60, "calls_per_second": 2,
    "ramp_up": {"from": 10, "minutes": 15}}`
    """
    given = section or {}
    ramp = given.get("ramp_up")
    return Pacing(
        given.get("max_concurrent"),
        given.get("calls_per_minute"),
        given.get("calls_per_second"),
        RampUp(ramp["from"], ramp["minutes"]) if ramp else None,
    )


def limits(pacing: Pacing, running_for: timedelta, speed: float = 1.0) -> Limits:
    """The limits of a campaign that runs since `running_for`, at `speed` (0 to 1) of them. Each
    allows at least one call."""
    part = speed * ramped(pacing.ramp_up, running_for)
    windows = []
    if pacing.per_second is not None:
        windows.append(_window(pacing.per_second * part, 1.0))
    if pacing.per_minute is not None:
        rate = pacing.per_minute * part / 60
        windows += [_window(rate, BURST_SECONDS, upwards=True), _window(rate, 60.0)]
    concurrent = pacing.max_concurrent
    if concurrent is not None:
        concurrent = max(1, math.floor(concurrent * part + 1e-9))
    return Limits(concurrent, tuple(windows))


def ramped(ramp: RampUp | None, running_for: timedelta) -> float:
    """Which part of its limits a campaign has that runs since `running_for`, up to 1."""
    if ramp is None or ramp.minutes <= 0:
        return 1.0
    done = min(1.0, max(0.0, running_for.total_seconds() / 60 / ramp.minutes))
    first = ramp.percent / 100
    return first + (1 - first) * done


def eased(busy_dials: int) -> float:
    """The speed after so many dials of the last `BUSY_SECONDS` found no free line: half for one,
    and half again for each doubling of them."""
    return 1.0 if busy_dials < 1 else max(SLOWEST, 0.5 ** busy_dials.bit_length())


def room(held: Limits, live: int, dialled: Sequence[int]) -> int | None:
    """How many more calls may start now. `live` run; `dialled` were started within each of the
    windows, in their order. None: as many as one likes."""
    free = [] if held.concurrent is None else [held.concurrent - live]
    free += [window.most - count for window, count in zip(held.windows, dialled, strict=True)]
    return max(0, min(free)) if free else None


def ahead(held: Limits, live: int, lately: int) -> int:
    """How many calls of a campaign (or of an account) may be waiting in the queue.

    As many as can start within `AHEAD_SECONDS`, and a tenth of those that run, which may end
    meanwhile; but no more than twice as many as were taken lately (`lately` in `AHEAD_SECONDS`):
    who has limits that nothing can carry does not fill the queue.
    """
    wanted = [MOST_AHEAD, max(LEAST_AHEAD, 2 * lately)]
    for window in held.windows:
        wanted.append(math.ceil(window.most * AHEAD_SECONDS / window.seconds))
    if held.concurrent is not None:
        wanted.append(max(0, held.concurrent - live) + math.ceil(held.concurrent / 10))
    return max(1, min(wanted))


def without_reserve(max_concurrent: int, reserve: int) -> int:
    """How many of an account's calls campaigns may have at once, so that `reserve` are left for
    those that come in and those that people ask for."""
    return max(0, max_concurrent - max(0, reserve))


def _window(rate: float, seconds: float, *, upwards: bool = False) -> Window:
    """A window of `seconds` for `rate` a second; a longer one where less than one call fits."""
    most = rate * seconds
    if most < 1:
        return Window(1 / rate, 1)
    return Window(seconds, math.ceil(most - 1e-9) if upwards else math.floor(most + 1e-9))
