"""`/v1/campaigns/{id}/rehearsal`: what would come of a campaign."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import rehearsal_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.rehearsals import RehearsalRequestSchema, RehearsalSchema
from topcalls.api.v1.campaigns import ONE

rehearsals = ApiBlueprint(
    "rehearsals", __name__, description="Campaigns on a virtual clock, before anybody is called."
)


@rehearsals.route(f"{ONE}/rehearsal", methods=["POST"])
@requires("campaigns:write")
@fails_with(409, 503)
@rehearsals.arguments(RehearsalRequestSchema, examples=examples.BODIES)
@rehearsals.response(200, RehearsalSchema, example=examples.REPORT)
def rehearse_campaign(body: dict[str, Any], campaign_id: UUID) -> Response:
    """Rehearse a campaign.

    It runs whole on a virtual clock: its people, the account's limits and budgets, and the rules on
    whom may be called when are the real ones; who answers is simulated. Nobody is called and
    nothing is written. It takes up to some minutes.
    """
    report = services().rehearsals.told(principal().account_id, str(campaign_id), body)
    return Response(report, mimetype="application/json")
