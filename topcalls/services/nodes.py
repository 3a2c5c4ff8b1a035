"""Which controllers run, on which FreeSWITCH node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

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
    ) -> None:
        """Tell that a controller is alive, and how."""
        self._db.run(
            nodes.put,
            owner,
            now,
            node=node,
            capacity=capacity,
            draining=draining,
            media_url=media_url,
            version=version,
        )

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
