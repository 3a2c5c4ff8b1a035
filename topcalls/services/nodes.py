"""Which controllers run, on which FreeSWITCH node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.errors import NotFound
from topcalls.store import nodes
from topcalls.store.database import Database

HEARTBEAT_SECONDS = 5.0
SILENT_AFTER = timedelta(seconds=20)
"""A controller not heard of for so long counts as gone."""

_FORGOTTEN_AFTER = timedelta(days=1)


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


class Nodes:
    """Heartbeats of controllers."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def heartbeat(
        self,
        owner: str,
        node: str,
        now: datetime,
        *,
        capacity: int,
        draining: bool = False,
        media_url: str | None = None,
        version: str | None = None,
    ) -> bool:
        """Tell that a controller is alive, and how. True: an operator asks it to drain."""

        def verb() -> bool:
            nodes.put(
                owner,
                now,
                node=node,
                capacity=capacity,
                draining=draining,
                media_url=media_url,
                version=version,
            )
            return nodes.is_drain_asked(owner)

        return self._db.run(verb)

    def drain(
        self, now: datetime, *, node: str, owner: str | None = None, asked: bool = True
    ) -> list[str]:
        """Ask the living controllers of a node, or the one named `owner` on any, to take no more
        calls, or with `asked` false to take calls again; their names.

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
        self._db.run(nodes.ask_drain, wanted, asked)
        return wanted

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
                )
                for row in nodes.alive(now - SILENT_AFTER)
            ]

        return self._db.read(verb)

    def forget_silent(self, now: datetime) -> int:
        """Delete controllers that were silent for a day; how many."""
        return self._db.run(nodes.delete_silent, now - _FORGOTTEN_AFTER)
