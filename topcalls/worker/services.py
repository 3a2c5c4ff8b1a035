"""What the worker process is handed by whoever builds it."""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.clock import Clock
from topcalls.services.alert_rounds import AlertRounds
from topcalls.services.analysis_runner import AnalysisRunner
from topcalls.services.campaign_engine import CampaignEngine
from topcalls.services.catalogue import Catalogue
from topcalls.services.dispatch import Dispatch
from topcalls.services.housekeeping import Housekeeping
from topcalls.services.knowledge_ingestion import Ingestion
from topcalls.services.lead_jobs import LeadJobs
from topcalls.services.ledger import Ledger
from topcalls.services.number_orders import NumberOrders
from topcalls.services.quotas import Quotas
from topcalls.services.register_rounds import RegisterRounds
from topcalls.services.retention import Retention
from topcalls.services.statistics import Statistics
from topcalls.services.voice_clones import VoiceClones
from topcalls.services.voices import Voices
from topcalls.services.webhook_delivery import WebhookSender
from topcalls.services.webhooks import Webhooks
from topcalls.services.wrap_ups import WrapUps

LEASE_OWNER = "workers"
"""The `owner` that `Webhooks`, `WrapUps`, `AnalysisRunner`, `NumberOrders`, `VoiceClones`,
`Ingestion`, `LeadJobs` and `RegisterRounds` of every worker must be built with.

A row is taken by one worker process and its task may be run by another: in leases they are one.
"""


@dataclass(frozen=True)
class WorkerServices:
    """The verbs that tasks and schedule call."""

    clock: Clock
    alerts: AlertRounds
    catalogue: Catalogue
    campaigns: CampaignEngine
    webhooks: Webhooks
    sender: WebhookSender
    wrap_ups: WrapUps
    statistics: Statistics
    analyses: AnalysisRunner
    dispatch: Dispatch
    number_orders: NumberOrders
    quotas: Quotas
    register_rounds: RegisterRounds
    housekeeping: Housekeeping
    ingestion: Ingestion
    lead_jobs: LeadJobs
    ledger: Ledger
    retention: Retention
    voices: Voices
    voice_clones: VoiceClones
