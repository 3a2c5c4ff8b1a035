"""What the API was built with, from inside a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from topcalls.api.event_streams import EventStreams
from topcalls.clock import Clock
from topcalls.services.account_keys import AccountKeys
from topcalls.services.account_speech import AccountSpeech
from topcalls.services.accounts import Accounts
from topcalls.services.agent_chats import AgentChats
from topcalls.services.agents import Agents
from topcalls.services.alerts import Alerts
from topcalls.services.analyses import Analyses
from topcalls.services.analysis_previews import AnalysisPreviews
from topcalls.services.analysis_runs import AnalysisRuns
from topcalls.services.audit import Audit
from topcalls.services.budgets import Budgets
from topcalls.services.call_placement import CallPlacement
from topcalls.services.call_trail import CallTrail
from topcalls.services.calls import Calls
from topcalls.services.campaign_contacts import CampaignContacts
from topcalls.services.campaign_control import CampaignControl
from topcalls.services.campaign_statistics import CampaignReports
from topcalls.services.campaigns import Campaigns
from topcalls.services.carriers import Carriers
from topcalls.services.catalogue import Catalogue
from topcalls.services.commands import Commands
from topcalls.services.compliance_terms import ComplianceTerms
from topcalls.services.consents import Consents
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.do_not_call_files import DoNotCallFiles
from topcalls.services.eligibility_checks import EligibilityChecks
from topcalls.services.idempotency import Idempotency
from topcalls.services.installation import Installation
from topcalls.services.keys import Keys
from topcalls.services.knowledge import Knowledge
from topcalls.services.knowledge_search import KnowledgeSearch
from topcalls.services.latency import Latencies
from topcalls.services.lead_deletions import LeadDeletions
from topcalls.services.lead_imports import LeadImports
from topcalls.services.lead_jobs import LeadJobs
from topcalls.services.lead_lists import LeadLists
from topcalls.services.lead_uploads import LeadUploads
from topcalls.services.leads import Leads
from topcalls.services.ledger import Ledger
from topcalls.services.limits import Limits
from topcalls.services.listening import Listening
from topcalls.services.live_events import LiveEvents
from topcalls.services.number_checks import NumberChecks
from topcalls.services.people import People
from topcalls.services.phone_numbers import PhoneNumbers
from topcalls.services.provisioning import Provisioning
from topcalls.services.quotas import Quotas
from topcalls.services.recordings import Recordings
from topcalls.services.rehearsals import Rehearsals
from topcalls.services.root_causes import RootCauses
from topcalls.services.softphones import Softphones
from topcalls.services.statistics import Statistics
from topcalls.services.tool_results import ToolResults
from topcalls.services.voice_clones import VoiceClones
from topcalls.services.voice_previews import VoicePreviews
from topcalls.services.voices import Voices
from topcalls.services.webhook_listeners import WebhookListeners
from topcalls.services.webhook_log import WebhookLog
from topcalls.services.webhook_receivers import WebhookReceivers
from topcalls.services.webhook_subscriptions import WebhookSubscriptions

_EXTENSION = "topcalls"


@dataclass(frozen=True)
class ApiServices:
    """The verbs that routes may call."""

    account_keys: AccountKeys
    account_speech: AccountSpeech
    alerts: Alerts
    audit: Audit
    budgets: Budgets
    limits: Limits
    agents: Agents
    agent_chats: AgentChats
    analyses: Analyses
    analysis_previews: AnalysisPreviews
    analysis_runs: AnalysisRuns
    clock: Clock
    keys: Keys
    phone_numbers: PhoneNumbers
    calls: Calls
    call_placement: CallPlacement
    campaigns: Campaigns
    campaign_contacts: CampaignContacts
    campaign_control: CampaignControl
    campaign_reports: CampaignReports
    campaign_streams: EventStreams
    rehearsals: Rehearsals
    call_trail: CallTrail
    event_streams: EventStreams
    latencies: Latencies
    lead_deletions: LeadDeletions
    lead_imports: LeadImports
    lead_jobs: LeadJobs
    lead_lists: LeadLists
    lead_uploads: LeadUploads
    leads: Leads
    listening: Listening
    live_events: LiveEvents
    carriers: Carriers
    catalogue: Catalogue
    commands: Commands
    compliance_terms: ComplianceTerms
    consents: Consents
    do_not_call: DoNotCall
    do_not_call_files: DoNotCallFiles
    eligibility_checks: EligibilityChecks
    ledger: Ledger
    number_checks: NumberChecks
    people: People
    idempotency: Idempotency
    installation: Installation
    knowledge: Knowledge
    knowledge_search: KnowledgeSearch
    provisioning: Provisioning
    quotas: Quotas
    recordings: Recordings
    root_causes: RootCauses
    voice_clones: VoiceClones
    voice_previews: VoicePreviews
    voices: Voices
    softphones: Softphones
    statistics: Statistics
    tool_results: ToolResults
    accounts: Accounts
    webhook_log: WebhookLog
    webhook_subscriptions: WebhookSubscriptions
    webhook_receivers: WebhookReceivers
    webhook_listeners: WebhookListeners


def attach(app: Flask, services: ApiServices) -> None:
    """Let the routes of `app` find `services`."""
    app.extensions[_EXTENSION] = services


def services() -> ApiServices:
    """The services of the application that serves this request."""
    return services_of(current_app)


def services_of(app: Flask) -> ApiServices:
    """The services of an application."""
    return cast(ApiServices, app.extensions[_EXTENSION])
