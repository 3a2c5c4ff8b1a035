"""What has to be tidied up now and then, a bounded piece at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from topcalls.services.costs import Costs
from topcalls.services.nodes import Nodes
from topcalls.services.quotas import Quotas
from topcalls.services.recordings import Recordings
from topcalls.services.webhooks import Webhooks
from topcalls.services.wrap_ups import WrapUps
from topcalls.store import (
    idempotency,
    lead_jobs,
    leases,
    retention,
    webhook_subscriptions,
    webhooks,
)
from topcalls.store.database import Database
from topcalls.store.models import (
    Analysis,
    ClonedVoice,
    KnowledgeSource,
    LeadJob,
    NumberOrder,
    RegisterState,
    WebhookDelivery,
    WrapUp,
)

COMMANDS_KEPT = timedelta(days=1)
"""For how long one may ask what came of a command."""

HALF_RECEIVED_KEPT = timedelta(hours=6)
"""Files of leads whose sending broke off with the process that received them."""

_BATCH = 1000
_COSTS_BATCH = 100
_JOBS_BATCH = 20


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many of each were dealt with."""

    idempotency_keys: int
    reservations: int
    costs: int
    call_events: int
    webhook_events: int
    timings: int
    commands: int
    controllers: int
    deliveries: int
    webhook_lanes: int
    webhook_listeners: int
    recordings: int
    wrap_ups: int
    lead_jobs: int


class Housekeeping:
    """Retention and healing. `keep` is how long trails, timings and webhook logs are kept."""

    def __init__(
        self,
        db: Database,
        quotas: Quotas,
        costs: Costs,
        webhooks: Webhooks,
        wrap_ups: WrapUps,
        nodes: Nodes,
        recordings: Recordings,
        *,
        keep: timedelta = timedelta(days=90),
    ) -> None:
        self._db = db
        self._quotas = quotas
        self._costs = costs
        self._webhooks = webhooks
        self._wrap_ups = wrap_ups
        self._nodes = nodes
        self._recordings = recordings
        self._keep = keep

    def run(self, now: datetime) -> Tidied:
        """One round, each part in a transaction of its own."""
        before = now - self._keep
        return Tidied(
            idempotency_keys=self._db.run(idempotency.delete_expired, now, _BATCH),
            reservations=self._quotas.release_stale(now),
            costs=self._db.run(self._costs.close_left_behind, now, _COSTS_BATCH),
            call_events=self._db.run(retention.delete_call_events, before, _BATCH),
            webhook_events=self._db.run(retention.delete_webhook_events, before, _BATCH),
            timings=self._db.run(retention.delete_timings, before, _BATCH),
            commands=self._db.run(retention.delete_commands, now - COMMANDS_KEPT, _BATCH),
            controllers=self._nodes.forget_silent(now),
            deliveries=self._webhooks.bury_exhausted(now),
            webhook_lanes=self._db.run(webhooks.forget_lanes, before, _BATCH),
            webhook_listeners=self._db.run(webhook_subscriptions.forget_listeners, now),
            recordings=self._recordings.delete_expired(now, _BATCH),
            wrap_ups=self._wrap_ups.heal(now),
            lead_jobs=self._db.run(
                lead_jobs.delete_old, now, self._keep, HALF_RECEIVED_KEPT, _JOBS_BATCH
            ),
        )

    def succeed(self, owner: str, loops: Sequence[str], now: datetime) -> int:
        """All processes that shared a name in leases, and ran loops in turns, have died: what they
        held is free at once. How many deliveries, wrap-ups and other work that is."""

        def verb() -> int:
            for loop in loops:
                leases.vacate(loop)
            others = sum(
                leases.expire(model, owner, now)
                for model in (ClonedVoice, KnowledgeSource, RegisterState)
            )
            return others + sum(
                leases.expire(model, owner, now, model.finished_at.is_null())
                for model in (WebhookDelivery, WrapUp, NumberOrder, Analysis, LeadJob)
            )

        return self._db.run(verb)

    def hold(self, loop: str, owner: str, now: datetime, seconds: float) -> bool:
        """Be, or stay, the one process that runs a named loop, for `seconds` from now."""
        return self._db.run(leases.hold, loop, owner, now, seconds)

    def release(self, loop: str, owner: str) -> None:
        """Let another process run a named loop at once."""
        self._db.run(leases.release, loop, owner)
