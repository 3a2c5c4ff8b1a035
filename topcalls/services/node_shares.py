"""What a node may claim of the calls that wait, and what it may when another takes too long.

The plan of `core.node_share` leaves to every node what is meant for it. A node that looks healthy
and claims nothing all the same must not hold calls up: when the same call has waited for it for
`PATIENCE`, the plan goes without that node for a while.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from topcalls.core.node_share import nodes_of, plan
from topcalls.services.nodes import SILENT_AFTER, load_of
from topcalls.store import nodes

PATIENCE = timedelta(seconds=2)
WITHOUT = timedelta(seconds=15)
"""How long the plan goes without a node that claimed nothing. A node whose controllers died is
forgotten in less than this and `SILENT_AFTER` together."""


@dataclass(frozen=True, slots=True)
class Shares:
    """A plan as one node sees it: how many calls are its own, and whose the others are."""

    mine: int
    others: frozenset[str] = frozenset()


class NodeShares:
    """The plan, and this process's memory of calls that were left to others."""

    def __init__(self) -> None:
        self._left: str | None = None
        self._left_at = datetime.min.replace(tzinfo=UTC)
        self._without: dict[str, datetime] = {}

    def look(self, node: str, most: int, now: datetime) -> Shares:
        """Inside a verb: the plan for up to `most` waiting calls on each node."""
        alive = nodes.alive(now - SILENT_AFTER)
        if {row.node for row in alive} <= {node}:
            return Shares(most)  # nobody to share with
        live = nodes.live_calls()
        found = nodes_of(load_of(row, live.get((row.node, row.id), 0)) for row in alive)
        if node not in {one.node for one in found}:
            return Shares(most)  # it knows better than what it told last
        waiting = nodes.waiting(most * len(found))
        without = {name for name, until in self._without.items() if until > now and name != node}
        shares = plan(found, waiting, without)
        others = frozenset(name for name, count in shares.items() if count and name != node)
        return Shares(shares[node], others)

    def note(self, shares: Shares, first: str | None, now: datetime) -> None:
        """After the verb: `first` is the call that would have been claimed next, None where some
        were claimed or none could be."""
        if first is None or not shares.others:
            self._left = None
        elif first != self._left:
            self._left, self._left_at = first, now
        elif now - self._left_at >= PATIENCE:
            self._without = dict.fromkeys(shares.others, now + WITHOUT)
            self._left = None
