"""A client of the REST API on real services, whose every answer is held to the document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import api_contract
import factories
from flask import Flask
from werkzeug.test import TestResponse

from topcalls.api.app import attach, create_app
from topcalls.api.campaign_stream import SCHEMAS as FIGURES
from topcalls.api.context import ApiServices
from topcalls.api.event_streams import EventStreams
from topcalls.api.rate_limits import RateLimits
from topcalls.core.web_addresses import Reach, endpoint
from topcalls.errors import ConfigError
from topcalls.providers.stages import ChatModel
from topcalls.services.agent_chats import AgentChats
from topcalls.services.agents import Agents
from topcalls.services.call_trail import CallTrail
from topcalls.services.catalogue import Catalogue
from topcalls.services.installation import Installation
from topcalls.services.keys import Principal
from topcalls.services.lineup import Lineup
from topcalls.services.listening import Listening, ListenTokens
from topcalls.services.live_events import LiveEvents
from topcalls.services.phone_numbers import numbers_of_agent
from topcalls.services.tool_results import ResultTokens, ToolResults
from topcalls.services.voices import Voices

PUBLIC_URL = "https://calls.example.com"
SCOPES = (
    "calls:read",
    "calls:write",
    "campaigns:read",
    "campaigns:write",
    "agents:read",
    "agents:write",
    "budgets:write",
    "phone_numbers:read",
    "phone_numbers:write",
    "knowledge:read",
    "knowledge:write",
    "leads:read",
    "leads:write",
    "softphones:read",
    "softphones:write",
    "voices:write",
    "webhooks:read",
    "webhooks:write",
    "admin",
)
GOOD_CALL: dict[str, Any] = {
    "phone_number": factories.NUMBER,
    "task": "Ask whether Tuesday at ten suits.",
}
_made: list[Flask] = []


def serving(services: ApiServices, limits: RateLimits | None = None) -> Flask:
    """The application, by these verbs from now on.

    It is made once: a tenth of a second of work for each of so many tests.
    """
    if _made:
        attach(_made[0], services, limits)
    else:
        _made.append(create_app(services, public_url=PUBLIC_URL, limits=limits))
    return _made[0]


@dataclass
class Api:
    """A client with a key, and what lies behind the API."""

    app: Flask
    services: factories.Services
    owner: Principal
    token: str

    def send(
        self, method: str, path: str, *, token: str | None = None, **options: Any
    ) -> TestResponse:
        """A request with a key, by default one that may do all; `token=""` sends none.

        The answer is held to the OpenAPI document.
        """
        token = self.token if token is None else token
        headers = dict(options.pop("headers", {}))
        if token:
            headers.setdefault("Authorization", f"Bearer {token}")
        response = self.app.test_client().open(path, method=method, headers=headers, **options)
        if response.is_json or response.status_code >= 400:
            kind, body = response.content_type, response.get_data()
            api_contract.check(method, response.request.path, response.status_code, kind, body)
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.send("POST", path, **options)

    def create(self, *, headers: dict[str, str] | None = None, **changes: Any) -> TestResponse:
        """`POST /v1/calls` with a body that is right but for `changes`."""
        return self.post("/v1/calls", json={**GOOD_CALL, **changes}, headers=headers or {})

    def key(self, *scopes: str, account_id: str | None = None) -> str:
        """A new key's token."""
        made = self.services.keys.create(
            account_id or self.owner.account_id, name="another", scopes=scopes
        )
        assert made.token is not None
        return made.token

    def nothing_was_done(self) -> bool:
        """No call is stored and no minute reserved."""
        account_id = self.owner.account_id
        page = self.services.calls.list(account_id)
        return not page.data and self.services.quotas.balance(account_id).minutes_reserved == 0


def no_chat_model(name: str) -> ChatModel:
    raise ConfigError(f"There is no model {name} here.", remedy="Set a key.")


def api_services(
    services: factories.Services,
    lineup: Lineup | None = None,
    chat_models: Callable[[str], ChatModel] = no_chat_model,
    **rules: Any,
) -> ApiServices:
    """What the API needs of all services; `rules` are arguments of `Catalogue`."""
    reach = Reach(own=frozenset({endpoint(PUBLIC_URL)}))
    rules = {"default_from_number": factories.FROM_NUMBER, "reach": lambda: reach, **rules}
    voices = Voices(services.db, lineup or Lineup())
    rules.setdefault("knowledge", services.knowledge.book)
    catalogue = Catalogue(services.clock, lineup or Lineup(), voices, **rules)
    live_events = LiveEvents(services.db, services.clock)
    agents = Agents(services.db, services.clock, catalogue, users=(numbers_of_agent,))
    return ApiServices(
        account_keys=services.account_keys,
        account_speech=services.account_speech,
        alerts=services.alerts,
        audit=services.audit,
        budgets=services.budgets,
        limits=services.limits,
        agents=agents,
        agent_chats=AgentChats(agents, services.clock, chat_models, "the-chains-own", seconds=1),
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
        rehearsals=services.rehearsals,
        campaign_streams=EventStreams(
            services.campaign_reports.news, schemas=FIGURES, look_seconds=0.05
        ),
        call_trail=CallTrail(services.db),
        root_causes=services.root_causes,
        event_streams=EventStreams(live_events.news, live_events.ask),
        latencies=services.latencies,
        lead_deletions=services.lead_deletions,
        lead_imports=services.lead_imports,
        lead_jobs=services.lead_jobs,
        lead_lists=services.lead_lists,
        lead_uploads=services.lead_uploads,
        leads=services.leads,
        listening=Listening(services.db, ListenTokens(factories.SECRET_KEY)),
        live_events=live_events,
        carriers=services.carriers,
        catalogue=catalogue,
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
        installation=Installation(
            services.db,
            services.clock,
            services.nodes,
            version="0.1.0",
            mode="sandbox",
            ai_mode="sandbox",
        ),
        knowledge=services.knowledge,
        knowledge_search=services.knowledge_search,
        phone_numbers=services.phone_numbers,
        provisioning=services.provisioning,
        quotas=services.quotas,
        recordings=services.recordings,
        voice_clones=services.voice_clones,
        voice_previews=services.voice_previews,
        voices=voices,
        softphones=services.softphones,
        statistics=services.statistics,
        tool_results=ToolResults(services.db, ResultTokens(factories.SECRET_KEY)),
        accounts=services.accounts,
        webhook_log=services.webhook_log,
        webhook_subscriptions=services.webhook_subscriptions,
        webhook_receivers=services.webhook_receivers,
        webhook_listeners=services.webhook_listeners,
    )


def fault_paths(response: TestResponse) -> list[str]:
    """Where a problem document says the faults are."""
    return [fault["path"] for fault in response.json["errors"]]
