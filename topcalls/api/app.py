"""Build the Flask application. Three hops from here to any rule: route, verb, rule."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.middleware.proxy_fix import ProxyFix

from topcalls.api import auth, context, loops, openapi_types, problems, recording_uploads, requests
from topcalls.api import openapi as openapi_document
from topcalls.api.auth import public
from topcalls.api.blueprint import refuse_unexpected_input, streamed, takes_files
from topcalls.api.context import ApiServices
from topcalls.api.docs_page import docs_page
from topcalls.api.rate_limits import RateLimits
from topcalls.api.v1.account import account
from topcalls.api.v1.account_keys import account_keys
from topcalls.api.v1.agents import agents
from topcalls.api.v1.analysis import analysis
from topcalls.api.v1.analytics import analytics
from topcalls.api.v1.calls import calls
from topcalls.api.v1.campaign_contacts import campaign_contacts
from topcalls.api.v1.campaigns import campaigns
from topcalls.api.v1.catalogue import catalogue
from topcalls.api.v1.compliance import compliance
from topcalls.api.v1.consents import consents
from topcalls.api.v1.do_not_call import do_not_call
from topcalls.api.v1.knowledge import knowledge
from topcalls.api.v1.latency import latency
from topcalls.api.v1.lead_jobs import lead_jobs
from topcalls.api.v1.lead_lists import lead_lists
from topcalls.api.v1.leads import leads
from topcalls.api.v1.live import live
from topcalls.api.v1.number_checks import number_checks
from topcalls.api.v1.phone_numbers import phone_numbers
from topcalls.api.v1.provisioning import provisioning
from topcalls.api.v1.recordings import recordings
from topcalls.api.v1.rehearsals import rehearsals
from topcalls.api.v1.root_causes import root_causes
from topcalls.api.v1.softphones import softphones
from topcalls.api.v1.status import status
from topcalls.api.v1.tool_results import tool_results
from topcalls.api.v1.transcripts import transcripts
from topcalls.api.v1.voices import voices
from topcalls.api.v1.webhook_log import webhook_log
from topcalls.api.v1.webhooks import webhooks
from topcalls.core.knowledge import MOST_FILE_BYTES
from topcalls.core.voice_clones import MOST_BYTES
from topcalls.services.recording_upload import Tickets

DEFAULT_MAX_BODY_BYTES = 2_000_000
MAX_FORM_BYTES = max(MOST_BYTES, MOST_FILE_BYTES) + 1_000_000
"""Of a form with files: all of them, and what stands around them."""

BLUEPRINTS = (
    calls,
    transcripts,
    root_causes,
    analysis,
    live,
    agents,
    phone_numbers,
    provisioning,
    softphones,
    recordings,
    tool_results,
    leads,
    lead_jobs,
    lead_lists,
    campaigns,
    campaign_contacts,
    rehearsals,
    do_not_call,
    consents,
    number_checks,
    compliance,
    knowledge,
    catalogue,
    voices,
    webhooks,
    webhook_log,
    account,
    account_keys,
    analytics,
    latency,
    status,
)


def create_app(
    services: ApiServices,
    *,
    public_url: str = "",
    max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
    limits: RateLimits | None = None,
    proxies: int = 0,
    tickets: Tickets | None = None,
    mark: str = "",
) -> Flask:
    """The WSGI application. `public_url` is how the world reaches it.

    `proxies`: how many of them stand in front, each of which adds to X-Forwarded-For. `tickets`:
    by which controllers may send recordings; None: they may not. `mark`: see `loops.refuse`.
    """
    app = _bare_app(max_body_bytes)
    attach(app, services, limits)
    requests.install(app)
    loops.refuse(app, mark)
    document = orjson.dumps(_register(app, public_url))
    _serve_document(app, document)
    recording_uploads.attach(app, tickets)
    auth.protect(app)
    app.before_request(_refuse_unexpected)
    problems.register(app)
    if proxies:
        fixed = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0, x_host=0)
        app.wsgi_app = fixed  # type: ignore[method-assign]
    return app


def attach(app: Flask, services: ApiServices, limits: RateLimits | None = None) -> None:
    """Let an application serve by these verbs: its own, or, in tests, those of the next test."""
    context.attach(app, services)
    auth.attach(app, services.keys, limits or RateLimits(services.clock))


def openapi(public_url: str = "") -> dict[str, Any]:
    """The OpenAPI document; needs no database and no services."""
    return _register(_bare_app(DEFAULT_MAX_BODY_BYTES), public_url)


def _bare_app(max_body_bytes: int) -> Flask:
    app = Flask("topcalls.api", static_folder=None)
    app.json = requests.JsonProvider(app)
    app.config["MAX_CONTENT_LENGTH"] = max_body_bytes
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    return app


def _register(app: Flask, public_url: str) -> dict[str, Any]:
    api = openapi_document.attach(app, public_url)
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    app.register_blueprint(docs_page)
    return openapi_types.mended(api.spec.to_dict())


def _serve_document(app: Flask, document: bytes) -> None:
    @app.get("/openapi.json")
    @public
    def openapi_json() -> Response:
        """This reference."""
        return Response(document, mimetype="application/json")


def _refuse_unexpected() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is not None and not auth.is_signed(view):
        if takes_files(view):
            request.max_content_length = MAX_FORM_BYTES
        own = streamed(view)
        if own is None:
            _refuse_endless_body()
        else:
            request.max_content_length = own[1]
        refuse_unexpected_input(view)


def _refuse_endless_body() -> None:
    """werkzeug cuts a body of unannounced length off at the limit, as if it ended there."""
    most = request.max_content_length
    if request.content_length is None and most and len(request.get_data()) >= most:
        raise RequestEntityTooLarge
