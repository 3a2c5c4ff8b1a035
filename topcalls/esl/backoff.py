"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from collections.abc import Callable

FIRST_WAIT = 0.25
LONGEST_WAIT = 5.0  # as long as this a call that is up may be without its switch, which is back
SHORTEST_WAIT = 0.05


def full_jitter(
    failures: int,
    random: Callable[[], float],
    *,
    first: float = FIRST_WAIT,
    longest: float = LONGEST_WAIT,
    shortest: float = SHORTEST_WAIT,
) -> float:
    """Seconds to wait after so many failures in a row (the first failure is 1).

    Uniform between `shortest` and a ceiling that doubles with every failure up to `longest`, so
    that many controllers that lost one switch together do not come back together. `random` gives
    numbers in [0, 1).
    """
    doublings = min(max(failures - 1, 0), 32)
    ceiling = min(longest, first * 2.0**doublings)
    return min(longest, max(shortest, ceiling * random()))
