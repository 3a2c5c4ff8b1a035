"""The API process, wired."""

from __future__ import annotations

from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware

from topcalls.api import server
from topcalls.api.app import create_app
from topcalls.api.app import openapi as openapi_document
from topcalls.api.campaign_stream import LOOK_SECONDS, SCHEMAS
from topcalls.api.context import ApiServices
from topcalls.api.event_streams import EventStreams
from topcalls.api.rate_limits import RateLimits
from topcalls.api.server import ApiServer
from topcalls.compose.database import secret_key
from topcalls.compose.receivers import ourselves
from topcalls.compose.services import (
    listen_tokens,
    open_services,
    result_tokens,
    upload_tickets,
)
from topcalls.config import Settings
from topcalls.console.app import MOUNTED_AT, create_console
from topcalls.services.listening import Listening
from topcalls.services.live_events import LiveEvents
from topcalls.services.tool_results import ToolResults


def build_api(settings: Settings) -> ApiServer:
    """A bound server that is not started yet. Raises `ConfigError` when its port is taken, or the
    database has to be migrated first."""
    services = open_services(settings)
    live_events = LiveEvents(services.db, services.clock)
    streams = EventStreams(live_events.news, live_events.ask)
    campaign_streams = EventStreams(
        services.campaign_reports.news, schemas=SCHEMAS, look_seconds=LOOK_SECONDS
    )

    def close() -> None:
        streams.close()
        campaign_streams.close()
        services.rehearsals.close()

    app = create_app(
        ApiServices(
            account_keys=services.account_keys,
            account_speech=services.account_speech,
            alerts=services.alerts,
            audit=services.audit,
            agents=services.agents,
            agent_chats=services.agent_chats,
            analyses=services.analyses,
            analysis_previews=services.analysis_previews,
            analysis_runs=services.analysis_runs,
            clock=services.clock,
            keys=services.keys,
            calls=services.calls,
            call_placement=services.call_placement,
            campaigns=services.campaigns,
            campaign_contacts=services.campaign_contacts,
            campaign_control=services.campaign_control,
            campaign_reports=services.campaign_reports,
            campaign_streams=campaign_streams,
            rehearsals=services.rehearsals,
            call_trail=services.call_trail,
            root_causes=services.root_causes,
            event_streams=streams,
            latencies=services.latencies,
            lead_deletions=services.lead_deletions,
            lead_imports=services.lead_imports,
            lead_jobs=services.lead_jobs,
            lead_lists=services.lead_lists,
            lead_uploads=services.lead_uploads,
            leads=services.leads,
            listening=Listening(services.db, listen_tokens(settings)),
            live_events=live_events,
            carriers=services.carriers,
            budgets=services.budgets,
            limits=services.limits,
            catalogue=services.catalogue,
            commands=services.commands,
            compliance_terms=services.compliance_terms,
            consents=services.consents,
            eligibility_checks=services.eligibility_checks,
            ledger=services.ledger,
            number_checks=services.number_checks,
            people=services.people,
            do_not_call=services.do_not_call,
            do_not_call_files=services.do_not_call_files,
            idempotency=services.idempotency,
            installation=services.installation,
            knowledge=services.knowledge,
            knowledge_search=services.knowledge_search,
            phone_numbers=services.phone_numbers,
            provisioning=services.provisioning,
            quotas=services.quotas,
            recordings=services.recordings,
            voice_clones=services.voice_clones,
            voice_previews=services.voice_previews,
            voices=services.voices,
            softphones=services.softphones,
            statistics=services.statistics,
            tool_results=ToolResults(services.db, result_tokens(settings)),
            accounts=services.accounts,
            webhook_log=services.webhook_log,
            webhook_subscriptions=services.webhook_subscriptions,
            webhook_receivers=services.webhook_receivers,
            webhook_listeners=services.webhook_listeners,
        ),
        public_url=settings.effective_public_url,
        max_body_bytes=settings.max_body_bytes,
        limits=RateLimits(
            services.clock,
            requests_per_second=settings.api_requests_per_second,
            burst=settings.api_requests_burst,
            failures_per_minute=settings.api_failures_per_minute,
        ),
        proxies=settings.api_proxies,
        tickets=upload_tickets(settings),
        mark=ourselves(settings).mark,
    )
    console = create_console(
        app,
        secret_key(settings),
        services.clock.now,
        public_url=settings.effective_public_url,
        proxies=settings.api_proxies,
    )
    both = DispatcherMiddleware(app, {MOUNTED_AT: console})
    return server.build(both, settings.api_host, settings.api_port, close)


def ensure_port_is_free(settings: Settings) -> None:
    """Raises `ConfigError` when the API could not listen: told before anything is started."""
    if settings.api_port:
        server.build(openapi_document, settings.api_host, settings.api_port).close()


def openapi() -> dict[str, Any]:
    """The OpenAPI 3 description; needs neither settings nor a database."""
    return openapi_document()
