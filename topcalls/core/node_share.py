"""Which node takes a waiting call, so that nodes share the work by weight, room and health?

A node is one FreeSWITCH and the controllers on it. Nobody hands calls out: every controller asks
for more, and this rule says how many its node may have. It is a plan for all waiting calls, the
same for everybody who looks at the same rows: each call goes to the node that carries the fewest
calls for its weight among those with room. What another node has been planned for is left to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SwitchVitals:
    """What a FreeSWITCH says of itself; None: it did not say.

    `is_ready`: it accepts calls; a paused one does not. `min_idle_percent` is its own limit.
    """

    version: str = ""
    is_ready: bool = True
    sessions: int | None = None
    max_sessions: int | None = None
    idle_percent: float | None = None
    min_idle_percent: float = 0.0


@dataclass(frozen=True, slots=True)
class ControllerLoad:
    """A living controller at its last heartbeat, and the calls it carries now.

    `may_claim`: it does not drain, its switch is up, and nothing stands in the way. `node_capacity`
    is the most calls of its whole node, None without a limit.
    """

    node: str
    may_claim: bool
    capacity: int
    live: int
    weight: int
    node_capacity: int | None = None
    sessions: int | None = None
    max_sessions: int | None = None


@dataclass(frozen=True, slots=True)
class NodeLoad:
    """A node that may claim: the calls it carries, and how many more it has room for."""

    node: str
    weight: int
    live: int
    room: int


def obstacle(vitals: SwitchVitals, min_idle_percent: float) -> str:
    """Why no call should be dialled on this switch now, for people; empty where nothing is."""
    if not vitals.is_ready:
        return "The switch does not accept calls: it starts, stops or is paused."
    sessions, most = vitals.sessions, vitals.max_sessions
    if sessions is not None and most is not None and sessions >= most:
        return f"The switch carries {sessions} sessions, and at most {most}."
    idle, least = vitals.idle_percent, max(min_idle_percent, vitals.min_idle_percent)
    if idle is not None and idle < least:
        return f"The switch's processors are idle for {idle:.0f} %, less than {least:.0f} %."
    return ""


def nodes_of(controllers: Iterable[ControllerLoad]) -> list[NodeLoad]:
    """The nodes on which somebody may claim, by name."""
    by_node: dict[str, list[ControllerLoad]] = {}
    for one in controllers:
        by_node.setdefault(one.node, []).append(one)
    return [
        _node(name, members)
        for name, members in sorted(by_node.items())
        if any(one.may_claim for one in members)
    ]


def plan(nodes: Sequence[NodeLoad], waiting: int, without: Collection[str] = ()) -> dict[str, int]:
    """How many of the waiting calls each node may claim now; nodes `without` get none."""
    live = {one.node: one.live for one in nodes if one.node not in without}
    most = {one.node: one.live + one.room for one in nodes}
    weight = {one.node: one.weight for one in nodes}
    for _ in range(waiting):
        free = [node for node in live if live[node] < most[node]]
        if not free:
            break
        live[min(free, key=lambda node: ((live[node] + 1) / weight[node], node))] += 1
    return {one.node: live.get(one.node, one.live) - one.live for one in nodes}


def _node(name: str, members: Sequence[ControllerLoad]) -> NodeLoad:
    """What others than ours carry on the switch counts too, as far as it was told."""
    live = sum(one.live for one in members)
    claiming = [one for one in members if one.may_claim]
    rooms = [sum(max(0, one.capacity - one.live) for one in claiming)]
    rooms += [one.node_capacity - live for one in claiming if one.node_capacity is not None]
    rooms += [
        one.max_sessions - max(live, one.sessions)
        for one in claiming
        if one.max_sessions is not None and one.sessions is not None
    ]
    weight = max(one.weight for one in claiming)
    return NodeLoad(name, max(1, weight), live, max(0, min(rooms)))
