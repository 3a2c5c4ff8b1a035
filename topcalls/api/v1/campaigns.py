"""`/v1/campaigns`: calls to everybody on a list."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import campaign_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.campaign_stream import DOCUMENTED, figures_stream
from topcalls.api.conditional import conditional, etag, seen_revision
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.live_answers import wants_stream
from topcalls.api.schemas.campaign_statistics import CampaignStatisticsSchema
from topcalls.api.schemas.campaigns import (
    CampaignCreateSchema,
    CampaignDetailsSchema,
    CampaignEditSchema,
    CampaignMovedSchema,
    CampaignPageSchema,
    CampaignPreviewSchema,
    CampaignQuerySchema,
    CampaignSchema,
    ReadinessSchema,
    campaign_shown,
    details_shown,
    page_shown,
    preview_shown,
)
from topcalls.services.campaign_figures import told
from topcalls.services.campaign_views import CampaignView, Readiness
from topcalls.services.idempotency import Answer

campaigns = ApiBlueprint(
    "campaigns", __name__, description="Calls to everybody on a list, that run by themselves."
)
BASE = "/v1/campaigns"
ONE = f"{BASE}/<uuid:campaign_id>"
_CAMPAIGN = CampaignSchema()


@campaigns.route(BASE, methods=["POST"])
@requires("campaigns:write")
@idempotent
@campaigns.arguments(CampaignCreateSchema, examples=examples.BODIES)
@campaigns.response(201, CampaignSchema, example=examples.DRAFT)
def create_campaign(body: dict[str, Any]) -> Response:
    """Create a campaign.

    It is a draft and may be unfinished; what is there has to be right. Nothing is called before it
    is started.
    """
    return once(partial(services().campaigns.create, principal().account_id, body), _created)


def _created(view: CampaignView) -> Answer:
    headers = {"Location": f"{BASE}/{view.id}", **etag(view.revision)}
    return json_answer(201, _CAMPAIGN.dump(campaign_shown(view)), headers)


@campaigns.route(BASE)
@requires("campaigns:read")
@campaigns.arguments(CampaignQuerySchema, location="query")
@campaigns.response(200, CampaignPageSchema, example=examples.PAGE)
def list_campaigns(query: dict[str, Any]) -> dict[str, Any]:
    """List campaigns, newest first.

    Follow `next_cursor` until it is null.
    """
    return page_shown(services().campaigns.list(principal().account_id, **query))


@campaigns.route(ONE)
@requires("campaigns:read")
@campaigns.response(200, CampaignDetailsSchema, example=examples.DETAILS)
def get_campaign(campaign_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Get a campaign, and what it has come to by now."""
    which = (principal().account_id, str(campaign_id))
    view = services().campaigns.get(*which)
    return details_shown(view, services().campaign_reports.get(*which)), etag(view.revision)


@campaigns.route(ONE, methods=["PATCH"])
@requires("campaigns:write")
@fails_with(409)
@conditional
@campaigns.arguments(CampaignEditSchema, examples=examples.EDITS)
@campaigns.response(200, CampaignSchema, example=examples.DRAFT)
def edit_campaign(body: dict[str, Any], campaign_id: UUID) -> tuple[dict[str, Any], dict[str, str]]:
    """Edit a campaign, also while it runs.

    Calls that wait or run stay as they are; see what would change by `preview`. Of a campaign that
    is over only `name`, `description` and `conversion_outcomes` are edited.
    """
    which = (principal().account_id, str(campaign_id))
    view = services().campaigns.edit(*which, body, seen_revision())
    return campaign_shown(view), etag(view.revision)


@campaigns.route(f"{ONE}/preview", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@campaigns.arguments(CampaignEditSchema, examples=examples.EDITS)
@campaigns.response(200, CampaignPreviewSchema, example=examples.PREVIEW)
def preview_campaign_edit(body: dict[str, Any], campaign_id: UUID) -> dict[str, Any]:
    """See what an edit would do, without doing it.

    Each field that changes, from when on that counts, who would become a contact or be none any
    more; or why it would be refused.
    """
    which = (principal().account_id, str(campaign_id))
    return preview_shown(services().campaigns.preview(*which, body))


@campaigns.route(f"{ONE}/check")
@requires("campaigns:read")
@campaigns.response(200, ReadinessSchema, example=examples.UNREADY)
def check_campaign(campaign_id: UUID) -> Readiness:
    """See whether a campaign could be started now, and what it lacks."""
    return services().campaign_control.check(principal().account_id, str(campaign_id))


def _moved(verb: Callable[[str, str], CampaignView], campaign_id: UUID) -> Response:
    def answer(view: CampaignView) -> Answer:
        return json_answer(200, {"ok": True, "status": view.status})

    return once(partial(verb, principal().account_id, str(campaign_id)), answer)


@campaigns.route(f"{ONE}/start", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@idempotent
@campaigns.response(200, CampaignMovedSchema, example=examples.STARTED)
def start_campaign(campaign_id: UUID) -> Response:
    """Start a campaign.

    A draft whose `schedule.start_at` lies ahead is `scheduled` and begins by itself; started again
    it begins now. 409 `not_ready`: it lacks something; `problems` names each field.
    """
    return _moved(services().campaign_control.start, campaign_id)


@campaigns.route(f"{ONE}/pause", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@idempotent
@campaigns.response(200, CampaignMovedSchema, example=examples.PAUSED)
def pause_campaign(campaign_id: UUID) -> Response:
    """Pause a campaign.

    Nothing more is dialled: calls that wait in the queue go back to their contacts, which are as if
    they had never been queued. Calls in flight go on.
    """
    return _moved(services().campaign_control.pause, campaign_id)


@campaigns.route(f"{ONE}/resume", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@idempotent
@campaigns.response(200, CampaignMovedSchema, example=examples.STARTED)
def resume_campaign(campaign_id: UUID) -> Response:
    """Resume a paused campaign.

    Its ramp-up begins anew.
    """
    return _moved(services().campaign_control.resume, campaign_id)


@campaigns.route(f"{ONE}/stop", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@idempotent
@campaigns.response(200, CampaignMovedSchema, example=examples.STOPPED)
def stop_campaign(campaign_id: UUID) -> Response:
    """Stop a campaign for good.

    Calls that wait are taken back, calls in flight go on. It cannot be started again.
    """
    return _moved(services().campaign_control.stop, campaign_id)


@campaigns.route(f"{ONE}/archive", methods=["POST"])
@requires("campaigns:write")
@fails_with(409)
@idempotent
@campaigns.response(200, CampaignMovedSchema, example=examples.STOPPED)
def archive_campaign(campaign_id: UUID) -> Response:
    """Put a campaign away that is over or was never started.

    It stays readable, and is left out of lists unless `archived` asks for it.
    """
    return _moved(services().campaigns.archive, campaign_id)


@campaigns.route(f"{ONE}/statistics")
@requires("campaigns:read")
@campaigns.doc(**DOCUMENTED)
@campaigns.alt_response(204, success=True, description="The campaign is over, and you know it.")
@campaigns.response(200, CampaignStatisticsSchema)
def get_campaign_statistics(campaign_id: UUID) -> Any:
    """Get what a campaign has come to; or follow it.

    With `Accept: text/event-stream` the answer is a stream that tells the figures whenever they
    have changed, every two seconds at most, and ends with the campaign.
    """
    if wants_stream():
        return figures_stream(services(), str(campaign_id))
    return told(services().campaign_reports.get(principal().account_id, str(campaign_id)))
