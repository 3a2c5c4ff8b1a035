"""How the installation is doing, from rows alone: processes share nothing but the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from topcalls import metrics
from topcalls.clock import Clock
from topcalls.errors import StoreUnavailable, TopCallsError
from topcalls.services.nodes import ControllerView, Nodes, NodeView
from topcalls.store import campaign_contacts, status
from topcalls.store.database import Database
from topcalls.store.migrations import ensure_current

_QUEUES: Final = (
    "calls_scheduled",
    "calls_queued",
    "calls_live",
    "webhooks_due",
    "wrap_ups_due",
)
Health = Literal["up", "down", "draining"]


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the product and whether it works; `detail` says what to do if not."""

    name: str
    status: Health
    detail: str


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """What waits, and what is under way."""

    calls_scheduled: int
    calls_queued: int
    calls_live: int
    oldest_queued_at: datetime | None
    webhooks_due: int
    wrap_ups_due: int


@dataclass(frozen=True, slots=True)
class InstallationView:
    """The whole picture at one moment."""

    mode: Literal["sandbox", "live"]
    ai_mode: Literal["sandbox", "live"]
    version: str
    components: tuple[Component, ...]
    nodes: tuple[NodeView, ...]
    capacity: int
    queue: QueueDepth


class Installation:
    """Looks at the rows that the processes leave behind."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        nodes: Nodes,
        *,
        version: str,
        mode: Literal["sandbox", "live"],
        ai_mode: Literal["sandbox", "live"],
    ) -> None:
        self._db = db
        self._clock = clock
        self._nodes = nodes
        self._version = version
        self._mode: Literal["sandbox", "live"] = mode
        self._ai_mode: Literal["sandbox", "live"] = ai_mode

    def check_ready(self) -> None:
        """Return if requests can be served.

        Raises:
            StoreUnavailable: the database cannot be reached.
            ConfigError: its schema is of another version.
        """
        ensure_current(self._db)

    def view(self) -> InstallationView:
        """Everything at once. Raises StoreUnavailable."""
        now = self._clock.now()
        controllers = self._nodes.alive(now)
        nodes = self._nodes.views(now)
        queue, loops = self._db.read(_look, now)
        return InstallationView(
            mode=self._mode,
            ai_mode=self._ai_mode,
            version=self._version,
            components=(
                self._database(),
                _controller(controllers),
                _switch(nodes),
                _worker(loops),
            ),
            nodes=tuple(nodes),
            capacity=sum(one.capacity for one in controllers if not one.draining),
            queue=queue,
        )

    def measure(self) -> None:
        """Set the metrics that rows tell; those of before stay while the database is away."""
        now = self._clock.now()
        try:
            depth, loops = self._db.read(_look, now)
            overdue = self._db.read(campaign_contacts.longest_due, now)
        except StoreUnavailable:
            metrics.database_up.set(0)
            return
        metrics.database_up.set(1)
        for queue in _QUEUES:
            metrics.queue_depth.labels(queue).set(getattr(depth, queue))
        for gauge, since in (
            (metrics.oldest_queued, depth.oldest_queued_at),
            (metrics.producer_lag, overdue),
        ):
            gauge.set(max(0.0, (now - since).total_seconds()) if since is not None else 0.0)
        metrics.leases.labels("calls").set(depth.calls_live)
        metrics.leases.labels("loops").set(len(loops))

    def _database(self) -> Component:
        try:
            self.check_ready()
        except TopCallsError as error:
            return Component("database", "down", str(error))
        return Component("database", "up", self._db.kind)


def _look(now: datetime) -> tuple[QueueDepth, list[str]]:
    queue = QueueDepth(
        calls_scheduled=status.calls_scheduled(),
        calls_queued=status.calls_queued(),
        calls_live=status.calls_live(),
        oldest_queued_at=status.oldest_queued(),
        webhooks_due=status.deliveries_due(now),
        wrap_ups_due=status.wrap_ups_due(now),
    )
    return queue, status.loops_held(now)


def _controller(controllers: list[ControllerView]) -> Component:
    if not controllers:
        detail = "No controller runs: calls wait in the queue. Start 'topcalls controller'."
        return Component("controller", "down", detail)
    if all(one.draining for one in controllers):
        detail = "Every controller is stopping: calls wait in the queue."
        return Component("controller", "draining", detail)
    nodes = sorted({one.node for one in controllers})
    return Component("controller", "up", f"{len(controllers)} on {', '.join(nodes)}")


def _switch(nodes: list[NodeView]) -> Component:
    """Up while calls can be made somewhere; which nodes are not is told all the same."""
    if not nodes:
        return Component("switch", "down", "Unknown while no controller runs.")
    troubles = [f"{one.name}: {one.detail}" for one in nodes if one.status in ("down", "full")]
    up = [one for one in nodes if one.status != "down"]
    detail = " ".join(troubles) or f"{len(nodes)}: {', '.join(one.name for one in nodes)}"
    return Component("switch", "up" if up else "down", detail)


def _worker(loops: list[str]) -> Component:
    if not loops:
        detail = "No worker runs: webhooks and the work after calls wait. Start 'topcalls worker'."
        return Component("worker", "down", detail)
    return Component("worker", "up", ", ".join(loops))
