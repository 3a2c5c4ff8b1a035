"""The database and the verbs on it, wired for one process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from topcalls import __version__
from topcalls.clock import Clock, SystemClock
from topcalls.compose.agent_chats import ChatModels
from topcalls.compose.alerts import alert_channels
from topcalls.compose.database import open_current, open_store, secret_key
from topcalls.compose.knowledge import embedder
from topcalls.compose.lineup import lineup_of
from topcalls.compose.numbers import number_carriers, purchase_rules
from topcalls.compose.prices import prices_of
from topcalls.compose.receivers import ourselves, private_webhooks_allowed, reach
from topcalls.compose.voices import speakers, voice_cloners, voice_libraries
from topcalls.config import Settings
from topcalls.core import pre_dial as pre_dial_rules
from topcalls.core.compliance import Enforcement
from topcalls.core.eligibility import decide
from topcalls.core.lead_jobs import JobKind
from topcalls.core.wrap_up import Step
from topcalls.loading import load
from topcalls.providers.registers.installed import load_registers
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
from topcalls.services.call_bundles import CallBundles
from topcalls.services.call_placement import CallPlacement
from topcalls.services.call_trail import CallTrail
from topcalls.services.calls import Calls
from topcalls.services.campaign_attempts import CampaignAttempts
from topcalls.services.campaign_callbacks import CampaignCallbacks
from topcalls.services.campaign_contacts import CampaignContacts
from topcalls.services.campaign_control import CampaignControl
from topcalls.services.campaign_engine import CampaignEngine
from topcalls.services.campaign_enrolment import Enrolment
from topcalls.services.campaign_holds import CampaignHolds
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.services.campaign_producer import CampaignProducer
from topcalls.services.campaign_questions import CampaignQuestions
from topcalls.services.campaign_queue import CampaignQueue
from topcalls.services.campaign_readiness import CampaignReadiness
from topcalls.services.campaign_requests import CampaignRequests
from topcalls.services.campaign_statistics import CampaignReports
from topcalls.services.campaign_watch import CampaignWatch
from topcalls.services.campaign_webhooks import CampaignWebhooks, campaign_hook
from topcalls.services.campaigns import Campaigns, campaigns_of_agent
from topcalls.services.carriers import Carriers
from topcalls.services.catalogue import Catalogue
from topcalls.services.commands import Commands
from topcalls.services.compliance_terms import ComplianceTerms
from topcalls.services.consents import Consents
from topcalls.services.costs import Costs
from topcalls.services.customer_requests import http_clients
from topcalls.services.dispatch import Dispatch
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.do_not_call_files import DoNotCallFiles
from topcalls.services.do_not_call_webhooks import DoNotCallWebhooks
from topcalls.services.eligibility import Eligibility
from topcalls.services.eligibility_checks import EligibilityChecks
from topcalls.services.end_webhooks import EndWebhooks
from topcalls.services.housekeeping import Housekeeping
from topcalls.services.idempotency import Idempotency
from topcalls.services.inbound import Inbound
from topcalls.services.installation import Installation
from topcalls.services.keys import Keys
from topcalls.services.knowledge import Knowledge
from topcalls.services.knowledge_calls import CallKnowledge
from topcalls.services.knowledge_ingestion import Ingestion
from topcalls.services.knowledge_pages import Pages
from topcalls.services.knowledge_search import KnowledgeSearch
from topcalls.services.latency import Latencies
from topcalls.services.lead_deletions import LeadDeletions
from topcalls.services.lead_imports import LeadImports
from topcalls.services.lead_jobs import LeadJobs
from topcalls.services.lead_lists import LeadLists
from topcalls.services.lead_screening import LeadScreening
from topcalls.services.lead_uploads import LeadUploads
from topcalls.services.lead_webhooks import LeadWebhooks
from topcalls.services.leads import Leads
from topcalls.services.ledger import Ledger
from topcalls.services.limits import Limits
from topcalls.services.listening import ListenTokens
from topcalls.services.nodes import Nodes
from topcalls.services.number_checks import NumberChecks
from topcalls.services.number_orders import NumberOrders
from topcalls.services.opt_outs import OptOuts
from topcalls.services.people import People
from topcalls.services.person_keys import PersonKeys
from topcalls.services.phone_numbers import PhoneNumbers, numbers_of_agent
from topcalls.services.pre_dial import PreDial
from topcalls.services.provisioning import Provisioning
from topcalls.services.quotas import Quotas
from topcalls.services.recording_cipher import RecordingCipher
from topcalls.services.recording_links import RecordingLinks
from topcalls.services.recording_store import DirectoryStore, KeptRecordings, RecordingStore
from topcalls.services.recording_upload import ApiStore, Tickets
from topcalls.services.recordings import Recordings
from topcalls.services.redactions import Redactions
from topcalls.services.register_rounds import RegisterRounds
from topcalls.services.registers import Registers
from topcalls.services.rehearsal_people import RehearsalPeople
from topcalls.services.rehearsals import RehearsalRules, Rehearsals
from topcalls.services.retention import Retention
from topcalls.services.root_causes import RootCauses
from topcalls.services.rule_pack import load_rule_pack
from topcalls.services.secrets import Secrets
from topcalls.services.softphones import Softphones
from topcalls.services.spooled_recordings import SpooledRecordings
from topcalls.services.statistics import Statistics
from topcalls.services.tool_results import ResultTokens
from topcalls.services.transitions import Transitions
from topcalls.services.voice_clones import VoiceClones
from topcalls.services.voice_previews import VoicePreviews
from topcalls.services.voices import Voices
from topcalls.services.webhook_listeners import WebhookListeners
from topcalls.services.webhook_log import WebhookLog
from topcalls.services.webhook_receivers import WebhookReceivers
from topcalls.services.webhook_subscriptions import WebhookSubscriptions
from topcalls.services.webhooks import Webhooks
from topcalls.services.wrap_ups import StepRunner, WrapUps
from topcalls.store.database import Database


@dataclass(frozen=True)
class Services:
    """Every verb of the product, on one open database."""

    db: Database
    clock: Clock
    accounts: Accounts
    account_keys: AccountKeys
    account_speech: AccountSpeech
    alerts: Alerts
    audit: Audit
    budgets: Budgets
    limits: Limits
    analyses: Analyses
    analysis_previews: AnalysisPreviews
    analysis_runs: AnalysisRuns
    keys: Keys
    quotas: Quotas
    agents: Agents
    agent_chats: AgentChats
    campaign_moves: CampaignMoves
    campaigns: Campaigns
    campaign_contacts: CampaignContacts
    campaign_callbacks: CampaignCallbacks
    campaign_control: CampaignControl
    campaign_reports: CampaignReports
    rehearsals: Rehearsals
    enrolment: Enrolment
    campaign_engine: CampaignEngine
    carriers: Carriers
    phone_numbers: PhoneNumbers
    provisioning: Provisioning
    number_orders: NumberOrders
    recordings: Recordings
    spooled_recordings: SpooledRecordings
    webhooks: Webhooks
    webhook_log: WebhookLog
    webhook_subscriptions: WebhookSubscriptions
    webhook_receivers: WebhookReceivers
    webhook_listeners: WebhookListeners
    transitions: Transitions
    calls: Calls
    call_placement: CallPlacement
    pre_dial: PreDial
    costs: Costs
    dispatch: Dispatch
    inbound: Inbound
    ingestion: Ingestion
    knowledge: Knowledge
    knowledge_search: KnowledgeSearch
    call_knowledge: CallKnowledge
    commands: Commands
    compliance_terms: ComplianceTerms
    consents: Consents
    do_not_call: DoNotCall
    do_not_call_files: DoNotCallFiles
    eligibility: Eligibility
    eligibility_checks: EligibilityChecks
    ledger: Ledger
    number_checks: NumberChecks
    register_rounds: RegisterRounds
    people: People
    retention: Retention
    lead_deletions: LeadDeletions
    lead_imports: LeadImports
    lead_jobs: LeadJobs
    lead_lists: LeadLists
    lead_uploads: LeadUploads
    leads: Leads
    nodes: Nodes
    idempotency: Idempotency
    wrap_ups: WrapUps
    statistics: Statistics
    latencies: Latencies
    housekeeping: Housekeeping
    catalogue: Catalogue
    voices: Voices
    voice_clones: VoiceClones
    voice_previews: VoicePreviews
    call_trail: CallTrail
    root_causes: RootCauses
    call_bundles: CallBundles
    installation: Installation
    secrets: Secrets
    softphones: Softphones
    search_db: Database

    def close(self) -> None:
        self.db.close()
        if self.search_db is not self.db:
            self.search_db.close()


def open_services(settings: Settings, lease_owner: str | None = None) -> Services:
    """Open the database, which must be of this version's schema, and wire the verbs.

    `lease_owner` is this process in leases of deliveries and wrap-ups; a fresh name without it.
    Raises `ConfigError` when the database has to be migrated first.
    """
    db = open_current(settings)
    search_db = open_store(settings) if db.kind == "sqlite" else db
    return wire(db, SystemClock(), settings, lease_owner=lease_owner, search_db=search_db)


def wire(
    db: Database,
    clock: Clock,
    settings: Settings,
    *,
    lease_owner: str | None = None,
    runners: Mapping[Step, StepRunner] | None = None,
    search_db: Database | None = None,
) -> Services:
    """Every verb on an open database. `runners` do steps of a wrap-up in another way, see
    `WrapUps`. `search_db`: the same database, opened for searches alone, which would hold up
    everything else on SQLite's one thread."""
    quotas = Quotas(db, clock)
    recordings = Recordings(
        db,
        kept_recordings(settings),
        settings.effective_public_url,
        RecordingLinks(secret_key(settings)),
        kind=settings.recording_format,
        retention_days=settings.recording_retention_days,
    )
    webhooks = Webhooks(
        db,
        recordings,
        lease_owner,
        disable_after=settings.webhook_disable_after,
        campaigns=campaign_hook,
    )
    lineup = lineup_of(settings)
    prices = prices_of(settings)
    costs = Costs(clock, prices, lineup)
    sandbox = settings.telephony_mode == "sandbox"
    lead_news = LeadWebhooks(webhooks.interests, sandbox=sandbox).status_changed
    person_keys = PersonKeys(db)
    listed_news = DoNotCallWebhooks(webhooks.interests, sandbox=sandbox).added
    numbers = DoNotCall(db, clock, person_keys, lead_news, listed_news)
    dispatch_timeout = timedelta(seconds=settings.dispatch_timeout_seconds)
    transitions = Transitions(quotas, webhooks, costs, numbers, dispatch_timeout)
    campaign_queue = CampaignQueue(db, transitions)
    campaign_moves = CampaignMoves(
        CampaignWebhooks(webhooks.interests, sandbox=sandbox),
        campaign_queue.give_back,
    )
    voices = Voices(db, lineup, voice_libraries(settings))
    private, us = private_webhooks_allowed(settings), ourselves(settings)
    may_reach, pages = reach(settings), Pages(clock, private, ourselves=us)
    embeddings, search_db = embedder(settings), search_db or db
    search = KnowledgeSearch(search_db, clock, embeddings)
    knowledge = Knowledge(
        db,
        clock,
        most_bytes=settings.max_knowledge_bytes,
        semantic=embeddings is not None,
        reach=may_reach,
    )
    catalogue = Catalogue(
        clock,
        lineup,
        voices,
        default_from_number=effective_from_number(settings),
        default_ring_timeout=settings.ring_timeout_seconds,
        reach=may_reach,
        knowledge=knowledge.book,
        prices=prices,
    )
    keys, speech = Keys(db, clock, settings.key_kind), AccountSpeech(db)
    enforcement = Enforcement(settings.compliance_mode)
    pack = load_rule_pack(settings.rules_folder)
    registers = Registers(load_registers(settings.registers_file))
    eligibility = Eligibility(person_keys, pack, decide, default=enforcement, registers=registers)
    opt_outs = OptOuts(db, numbers)
    calls = Calls(
        db,
        clock,
        webhooks,
        recordings,
        transitions,
        catalogue,
        costs,
        eligibility,
        opt_outs=opt_outs,
        sandbox=settings.telephony_mode == "sandbox",
        default_from_number=effective_from_number(settings),
    )
    pre_dial = PreDial(db, clock, http_clients(pre_dial_rules.MOST_BYTES, private, us))
    latencies = Latencies(db, recordings)
    analyses = Analyses(db)
    steps = {**analyses.runners, Step.OPT_OUT: opt_outs.second_look, **(runners or {})}
    redactions = Redactions(db, recordings.store)
    ends = EndWebhooks(db, webhooks, costs, timedelta(seconds=settings.completed_webhook_seconds))
    wrap_ups = WrapUps(db, recordings, latencies, redactions, ends, steps, owner=lease_owner)
    agents = Agents(db, clock, catalogue, users=(numbers_of_agent, campaigns_of_agent))
    campaigns = Campaigns(db, clock, catalogue, agents)
    enrolment = Enrolment(db, campaign_moves)
    requests = CampaignRequests(agents)
    readiness = CampaignReadiness(requests, eligibility, pack)
    control = CampaignControl(db, clock, campaigns, campaign_moves, readiness)
    phone_numbers = PhoneNumbers(db, clock, agents.exists)
    sellers = number_carriers(settings)
    screening, lead_deletions = LeadScreening(person_keys), LeadDeletions(db, clock)
    lead_uploads = LeadUploads(db, clock, screening, lead_news)
    ledger = Ledger(db)
    nodes = Nodes(db, weight=settings.node_weight, node_capacity=settings.node_capacity)
    return Services(
        db=db,
        clock=clock,
        accounts=Accounts(db, clock),
        budgets=Budgets(db, clock),
        limits=Limits(db, clock),
        account_keys=AccountKeys(db, clock, keys),
        account_speech=speech,
        alerts=Alerts(db, clock, alert_channels(settings), settings.effective_public_url),
        audit=Audit(db, clock),
        analyses=analyses,
        analysis_previews=AnalysisPreviews(db),
        analysis_runs=AnalysisRuns(db, clock),
        keys=keys,
        quotas=quotas,
        agents=agents,
        agent_chats=AgentChats(agents, clock, ChatModels(settings), settings.legacy_model),
        campaign_moves=campaign_moves,
        campaigns=campaigns,
        campaign_contacts=CampaignContacts(db, clock),
        campaign_callbacks=CampaignCallbacks(db, eligibility),
        campaign_reports=CampaignReports(db, clock),
        campaign_control=control,
        rehearsals=Rehearsals(
            db,
            clock,
            control,
            RehearsalRules(
                eligibility,
                requests,
                costs,
                settings.rules_folder,
                effective_from_number(settings),
            ),
            RehearsalPeople(db, person_keys, registers),
        ),
        enrolment=enrolment,
        campaign_engine=CampaignEngine(
            enrolment,
            CampaignHolds(db, pack),
            campaign_queue,
            CampaignAttempts(db, lineup, lead_news),
            CampaignWatch(db, campaign_moves),
            CampaignProducer(
                db,
                calls,
                requests,
                campaign_moves,
                CampaignQuestions(pre_dial),
                eligibility,
                clock,
            ),
        ),
        carriers=Carriers(db, clock, sandbox=settings.telephony_mode == "sandbox"),
        phone_numbers=phone_numbers,
        provisioning=Provisioning(db, clock, phone_numbers, sellers, purchase_rules(settings)),
        number_orders=NumberOrders(db, sellers, lease_owner),
        recordings=recordings,
        spooled_recordings=SpooledRecordings(db, settings.recording_retention_days),
        webhooks=webhooks,
        webhook_log=WebhookLog(db, clock),
        webhook_subscriptions=WebhookSubscriptions(db, clock, catalogue, webhooks.interests),
        webhook_receivers=WebhookReceivers(db),
        webhook_listeners=WebhookListeners(db, clock, webhooks.interests),
        transitions=transitions,
        calls=calls,
        call_placement=CallPlacement(db, clock, calls, pre_dial),
        pre_dial=pre_dial,
        costs=costs,
        dispatch=Dispatch(
            db, transitions, catalogue, eligibility, node_capacity=settings.node_capacity
        ),
        inbound=Inbound(
            db,
            costs,
            agents,
            catalogue,
            speech,
            transitions,
            sandbox=settings.telephony_mode == "sandbox",
            node_capacity=settings.node_capacity,
        ),
        ingestion=Ingestion(db, clock, pages, embeddings, owner=lease_owner),
        knowledge=knowledge,
        knowledge_search=search,
        call_knowledge=CallKnowledge(db, clock, search, calls.lookups),
        commands=Commands(db),
        compliance_terms=ComplianceTerms(db, catalogue, enforcement),
        consents=Consents(db, clock, person_keys),
        do_not_call=numbers,
        do_not_call_files=DoNotCallFiles(numbers, clock),
        eligibility=eligibility,
        eligibility_checks=EligibilityChecks(db, clock, eligibility),
        ledger=ledger,
        number_checks=NumberChecks(db, clock),
        register_rounds=RegisterRounds(db, clock, registers, pack, lease_owner),
        retention=Retention(db),
        people=People(db, clock, person_keys, recordings, numbers, ledger),
        lead_deletions=lead_deletions,
        lead_imports=LeadImports(db, clock, screening, lead_news),
        lead_jobs=LeadJobs(
            db,
            clock,
            {JobKind.DELETE: lead_deletions, JobKind.UPLOAD: lead_uploads},
            lease_owner,
        ),
        lead_lists=LeadLists(db, clock),
        lead_uploads=lead_uploads,
        leads=Leads(db, clock, screening, lead_news),
        nodes=nodes,
        idempotency=Idempotency(db, clock),
        wrap_ups=wrap_ups,
        statistics=Statistics(db),
        latencies=latencies,
        housekeeping=Housekeeping(db, quotas, costs, webhooks, wrap_ups, nodes, recordings),
        catalogue=catalogue,
        voices=voices,
        voice_clones=VoiceClones(
            db,
            clock,
            voice_cloners(settings),
            limit=settings.max_cloned_voices,
            owner=lease_owner,
        ),
        voice_previews=VoicePreviews(voices, speakers(settings)),
        call_trail=CallTrail(db),
        root_causes=RootCauses(db, clock),
        call_bundles=CallBundles(db, clock),
        installation=Installation(
            db,
            clock,
            nodes,
            version=__version__,
            mode=settings.telephony_mode,
            ai_mode=settings.ai_mode,
        ),
        secrets=Secrets(db),
        softphones=Softphones(db, clock),
        search_db=search_db,
    )


def upload_tickets(settings: Settings) -> Tickets:
    """By which controllers may send recordings to the API."""
    return Tickets(secret_key(settings))


def listen_tokens(settings: Settings) -> ListenTokens:
    """By which people listen to calls."""
    return ListenTokens(secret_key(settings))


def result_tokens(settings: Settings) -> ResultTokens:
    """By which customers' servers bring the results of their tools."""
    return ResultTokens(secret_key(settings))


def recording_store(settings: Settings, clock: Clock) -> RecordingStore:
    """Where a controller brings recordings."""
    if settings.recording_store == "api":
        url = settings.effective_recording_api_url
        return ApiStore(url, upload_tickets(settings), clock)
    return kept_recordings(settings)


def kept_recordings(settings: Settings) -> KeptRecordings:
    """Where recordings are kept, for those who read them."""
    cipher = RecordingCipher(secret_key(settings))
    encrypt = settings.recording_encryption
    if settings.recording_store == "s3":
        # Its client is loaded only where there is one: it would slow every start down.
        room = load("topcalls.compose.object_store")
        store: KeptRecordings = room.object_store(settings, cipher, encrypt)
        return store
    return DirectoryStore(settings.effective_recordings_dir, cipher, encrypt=encrypt)


def effective_from_number(settings: Settings) -> str:
    """The caller ID of calls that name none; the sandbox has one of its own."""
    sandbox_number = "+12025550199" if settings.telephony_mode == "sandbox" else ""
    return settings.from_number or sandbox_number
