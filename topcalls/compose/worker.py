"""The worker process, wired."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from topcalls.compose.alerts import alert_senders
from topcalls.compose.analysis import AnalysisModel
from topcalls.compose.receivers import ourselves, private_webhooks_allowed
from topcalls.compose.services import Services, open_services
from topcalls.config import Settings
from topcalls.net.http import HttpClient
from topcalls.presence import Presence
from topcalls.services.alert_facts import AlertWatch
from topcalls.services.alert_rounds import AlertRounds
from topcalls.services.alerts import AlertMessages
from topcalls.services.analysis_runner import AnalysisRunner
from topcalls.services.webhook_delivery import WebhookSender
from topcalls.worker import campaign_loop, schedule
from topcalls.worker.app import WorkerProcess
from topcalls.worker.queue import open_queue
from topcalls.worker.services import LEASE_OWNER, WorkerServices

LOOPS = (schedule.LOOP, campaign_loop.LOOP)


def build_worker(settings: Settings) -> WorkerProcess:
    """A worker that is not started yet. Raises `ConfigError` when the database has to be migrated
    first or the queue's URL is not understood."""
    services = open_services(settings, lease_owner=LEASE_OWNER)
    with suppress(OSError):  # no locks on this file system
        _succeed_the_dead(settings, services)
    http = HttpClient(
        settings.webhook_timeout_seconds,
        allow_private=private_webhooks_allowed(settings),
        ourselves=ourselves(settings),
    )
    return WorkerProcess(
        open_queue(settings.data_dir, settings.database_url, settings.queue_url),
        WorkerServices(
            clock=services.clock,
            catalogue=services.catalogue,
            campaigns=services.campaign_engine,
            webhooks=services.webhooks,
            sender=WebhookSender(services.db, services.webhooks, http, services.clock),
            wrap_ups=services.wrap_ups,
            statistics=services.statistics,
            analyses=AnalysisRunner(
                services.db,
                AnalysisModel(settings),
                most=settings.analysis_parallel,
                owner=LEASE_OWNER,
                recount=services.costs.recount,
            ),
            dispatch=services.dispatch,
            number_orders=services.number_orders,
            quotas=services.quotas,
            register_rounds=services.register_rounds,
            housekeeping=services.housekeeping,
            ingestion=services.ingestion,
            lead_jobs=services.lead_jobs,
            ledger=services.ledger,
            retention=services.retention,
            alerts=AlertRounds(
                services.alerts,
                AlertWatch(services.db, services.clock),
                AlertMessages(services.db, services.clock, alert_senders(settings, services.clock)),
            ),
            voices=services.voices,
            voice_clones=services.voice_clones,
        ),
    )


def _succeed_the_dead(settings: Settings, services: Services) -> None:
    """Workers share a name in leases. Where all of them share a machine, as with SQLite, the one
    that starts alone knows that whatever is leased was left by the dead; elsewhere leases run out.
    They meet beside the database: each may have a data_dir of its own."""
    if services.db.kind != "sqlite":
        return
    database = Path(settings.effective_database_url.removeprefix("sqlite:///"))
    presence = Presence(database.resolve().parent / "workers", f"{settings.node}.{os.getpid()}")
    presence.enter()  # until the process ends
    for name in presence.dead():
        presence.forget(name)
    if not presence.others():
        services.housekeeping.succeed(LEASE_OWNER, LOOPS, services.clock.now())
