"""Which controllers run on which FreeSWITCH node, how its switch is, what the node may claim."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from topcalls.core.node_share import ControllerLoad, SwitchVitals, nodes_of
from topcalls.errors import NotFound
from topcalls.store import nodes
from topcalls.store.database import Database
from topcalls.store.models import Controller

HEARTBEAT_SECONDS = 5.0
SILENT_AFTER = timedelta(seconds=20)
"""A controller not heard of for so long counts as gone."""

DEFAULT_WEIGHT = 100

_FORGOTTEN_AFTER = timedelta(days=1)


class Wish(StrEnum):
    """What an operator asks of a controller; the first is false."""

    NOTHING = ""
    DRAIN = "drain"
    HAND_OVER = "hand_over"


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """How a controller finds its switch: up or down `since` when, and what the switch said.

    `obstacle`: why no call should be dialled there now, for people.
    """

    is_up: bool
    since: datetime | None = None
    vitals: SwitchVitals = SwitchVitals()  # noqa: RUF009 - it is frozen
    obstacle: str = ""


@dataclass(frozen=True, slots=True)
class ControllerView:
    """A running controller."""

    id: str
    node: str
    capacity: int
    draining: bool
    media_url: str | None
    version: str | None
    started_at: datetime
    heartbeat_at: datetime
    switch_up: bool
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class NodeView:
    """One FreeSWITCH and the controllers on it.

    `status`: `down` where no controller reaches the switch, `full` where nothing more can be
    claimed now, `draining` where an operator wants it so, else `up`. `since`: since when the switch
    is up or down. `capacity`: calls its controllers may carry.
    """

    name: str
    status: Literal["up", "full", "draining", "down"]
    since: datetime | None
    detail: str
    controllers: int
    capacity: int
    live_calls: int
    weight: int
    sessions: int | None
    max_sessions: int | None
    idle_percent: float | None
    switch_version: str | None


def load_of(row: Controller, live: int) -> ControllerLoad:
    """What the rule of sharing needs to know of a controller that carries `live` calls."""
    return ControllerLoad(
        row.node,
        row.switch_up and not row.draining and not row.obstacle,
        row.capacity,
        live,
        row.weight,
        row.node_capacity,
        row.sessions,
        row.max_sessions,
    )


class Nodes:
    """Heartbeats of controllers. `weight` and `node_capacity` are those of the node that this
    process belongs to, for its controller to tell."""

    def __init__(
        self, db: Database, *, weight: int = DEFAULT_WEIGHT, node_capacity: int | None = None
    ) -> None:
        self._db = db
        self._of_node = {"weight": weight, "node_capacity": node_capacity}

    def heartbeat(
        self,
        owner: str,
        node: str,
        now: datetime,
        *,
        capacity: int,
        draining: bool = False,
        media_url: str | None = None,
        listen_url: str | None = None,
        version: str | None = None,
        switch: SwitchReport = SwitchReport(False),  # noqa: B008 - it is frozen
    ) -> Wish:
        """Tell that a controller is alive, and how; what an operator asks of it."""
        columns: dict[str, Any] = {
            "node": node,
            "capacity": capacity,
            "draining": draining,
            "media_url": media_url,
            "listen_url": listen_url,
            "version": version,
            **self._of_node,
            **_columns(switch),
        }

        def verb() -> Wish:
            nodes.put(owner, now, **columns)
            drain, hand_over = nodes.asked_of(owner)
            return Wish.HAND_OVER if drain and hand_over else Wish.DRAIN if drain else Wish.NOTHING

        return self._db.run(verb)

    def views(self, now: datetime) -> list[NodeView]:
        """Every node that was heard of within a day, by name."""

        def verb() -> list[NodeView]:
            live = nodes.live_calls()
            by_node: dict[str, list[Controller]] = {}
            for row in nodes.alive(now - _FORGOTTEN_AFTER):
                by_node.setdefault(row.node, []).append(row)
            return [_view(name, rows, live, now) for name, rows in sorted(by_node.items())]

        return self._db.read(verb)

    def drain(
        self,
        now: datetime,
        *,
        node: str,
        owner: str | None = None,
        asked: bool = True,
        hand_over: bool = False,
    ) -> list[str]:
        """Ask the living controllers of a node, or the one named `owner` on any, to take no more
        calls, or with `asked` false to take calls again; their names. `hand_over`: and to give
        those they have to another controller of their node as soon as there is one.

        Raises:
            NotFound: no such controller is alive.
        """
        wanted = [
            one.id
            for one in self.alive(now)
            if (one.id == owner if owner is not None else one.node == node)
        ]
        if not wanted:
            raise NotFound(
                f"No controller {owner!r} is alive." if owner else f"No controller runs on {node}."
            )
        self._db.run(nodes.ask_drain, wanted, asked, asked and hand_over)
        return wanted

    def heirs(self, node: str, owner: str, now: datetime) -> list[str]:
        """Controllers that would carry on the calls of `owner` if it let go of them now."""
        return [
            one.id
            for one in self.alive(now)
            if one.node == node
            and one.id != owner
            and one.switch_up
            and not one.draining
            and not one.obstacle
        ]

    def leave(self, owner: str) -> None:
        """A controller has stopped."""
        self._db.run(nodes.delete, owner)

    def alive(self, now: datetime) -> list[ControllerView]:
        """Controllers heard of lately."""

        def verb() -> list[ControllerView]:
            return [
                ControllerView(
                    row.id,
                    row.node,
                    row.capacity,
                    row.draining,
                    row.media_url,
                    row.version,
                    row.started_at,
                    row.heartbeat_at,
                    row.switch_up,
                    row.obstacle,
                )
                for row in nodes.alive(now - SILENT_AFTER)
            ]

        return self._db.read(verb)

    def forget_silent(self, now: datetime) -> int:
        """Delete controllers that were silent for a day; how many."""
        return self._db.run(nodes.delete_silent, now - _FORGOTTEN_AFTER)


def _columns(switch: SwitchReport) -> dict[str, Any]:
    vitals = switch.vitals
    return {
        "switch_up": switch.is_up,
        "switch_since": switch.since,
        "obstacle": switch.obstacle or None,
        "switch_version": vitals.version or None,
        "sessions": vitals.sessions,
        "max_sessions": vitals.max_sessions,
        "idle_percent": vitals.idle_percent,
    }


def _view(
    name: str,
    rows: list[Controller],
    live: dict[tuple[str | None, str | None], int],
    now: datetime,
) -> NodeView:
    alive = [row for row in rows if row.heartbeat_at > now - SILENT_AFTER]
    # The controller that knows best: one that reaches the switch, heard of last.
    best = max(alive or rows, key=lambda row: (row.switch_up, row.heartbeat_at))
    status, detail = _status(alive, live)
    return NodeView(
        name=name,
        status=status,
        since=best.switch_since if alive else best.heartbeat_at,
        detail=detail,
        controllers=len(alive),
        capacity=sum(row.capacity for row in alive),
        live_calls=sum(count for (node, _), count in live.items() if node == name),
        weight=best.weight,
        sessions=best.sessions,
        max_sessions=best.max_sessions,
        idle_percent=best.idle_percent,
        switch_version=best.switch_version,
    )


def _status(
    alive: list[Controller], live: dict[tuple[str | None, str | None], int]
) -> tuple[Literal["up", "full", "draining", "down"], str]:
    reaching = [row for row in alive if row.switch_up]
    if not alive:
        return "down", "No controller runs there: start `topcalls controller`."
    if not reaching:
        return "down", alive[0].obstacle or "The switch cannot be reached."
    if all(row.draining for row in reaching):
        return "draining", "Takes no more calls; those it has go on."
    blocked = [row.obstacle for row in reaching if row.obstacle]
    if len(blocked) == len([row for row in reaching if not row.draining]):
        return "full", blocked[0]
    (found,) = nodes_of(load_of(row, live.get((row.node, row.id), 0)) for row in alive)
    if found.room < 1:
        return "full", "It carries as many calls as it may."
    return "up", f"Room for {found.room} more calls."
