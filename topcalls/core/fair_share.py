"""Who gets the next free place, among those who wait?

Places are given one after the other: to the highest priority first, among equals to whoever runs
the fewest calls for its weight. So nobody who comes late waits for those who came early to be done,
and a weight of 2 has twice the calls of a weight of 1 when both want more than they get.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DEFAULT_WEIGHT: Final = 1


@dataclass(frozen=True, slots=True)
class Lane:
    """Somebody who waits: `running` calls now, `room` for more (never more than wait)."""

    key: str
    running: int
    room: int
    weight: float = DEFAULT_WEIGHT
    priority: int = 0


def shares(lanes: Iterable[Lane], places: int) -> dict[str, int]:
    """How many of the places each gets; who gets none is left out."""
    by_key = {lane.key: lane for lane in lanes if lane.room > 0}
    heap = [(_turn(lane, 0), lane.key) for lane in by_key.values()]
    heapq.heapify(heap)
    given: dict[str, int] = {}
    for _ in range(places):
        if not heap:
            break
        _, key = heapq.heappop(heap)
        given[key] = given.get(key, 0) + 1
        lane = by_key[key]
        if given[key] < lane.room:
            heapq.heappush(heap, (_turn(lane, given[key]), key))
    return given


def two_levels(
    groups: Mapping[str, Sequence[Lane]], own: Sequence[Lane], places: int
) -> dict[str, int]:
    """Places first among groups (accounts: `own` has one lane for each), then within each among its
    lanes (campaigns). Keys of lanes differ between groups."""
    within = {lane.key: groups[lane.key] for lane in own}
    limited = [
        Lane(
            lane.key,
            lane.running,
            min(lane.room, sum(one.room for one in within[lane.key])),
            lane.weight,
            lane.priority,
        )
        for lane in own
    ]
    given: dict[str, int] = {}
    for key, share in shares(limited, places).items():
        given |= shares(within[key], share)
    return given


def _turn(lane: Lane, given: int) -> tuple[int, float]:
    """Who is lower comes first."""
    return -lane.priority, (lane.running + given + 1) / lane.weight
