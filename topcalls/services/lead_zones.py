"""Where a lead is, for a campaign's own hours. What the law asks for is decided elsewhere."""

from __future__ import annotations

from functools import lru_cache

from topcalls.core import phone_numbers

_MOST_KEPT = 65_536


def zones_of(number: str, time_zone: str | None) -> tuple[str, ...]:
    """Every IANA zone in which a lead may be: the one it is known to be in, else those that its
    number may be of."""
    return (time_zone,) if time_zone is not None else _of_number(number)


@lru_cache(_MOST_KEPT)
def _of_number(number: str) -> tuple[str, ...]:
    return phone_numbers.time_zones(number)
