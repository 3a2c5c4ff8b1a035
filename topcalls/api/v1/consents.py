"""`/v1/consents`: what people have agreed to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import compliance_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.consents import (
    ConsentBulkReportSchema,
    ConsentBulkSchema,
    ConsentCreateSchema,
    ConsentPageSchema,
    ConsentQuerySchema,
    ConsentSchema,
    RevocationSchema,
)
from topcalls.services.consents import ConsentPage, ConsentView

consents = ApiBlueprint("consents", __name__, description="What people have agreed to.")
_BASE = "/v1/consents"
_ONE = f"{_BASE}/<uuid:consent_id>"


@consents.route(_BASE)
@requires("leads:read")
@consents.arguments(ConsentQuerySchema, location="query")
@consents.response(200, ConsentPageSchema, example=examples.CONSENT_PAGE)
def list_consents(query: dict[str, Any]) -> ConsentPage:
    """List consents, newest first, those that were taken back too."""
    return services().consents.list(principal().account_id, **query)


@consents.route(_BASE, methods=["POST"])
@requires("leads:write")
@fails_with(404)
@consents.arguments(ConsentCreateSchema, example=examples.CONSENT_BODY)
@consents.response(201, ConsentSchema, example=examples.CONSENT)
def create_consent(body: dict[str, Any]) -> ConsentView:
    """Store what somebody agreed to, with its proof.

    Or, with `list_id` or `campaign_id`, what you state of everybody on a list or in a campaign.
    """
    return services().consents.create(principal(), body)


@consents.route(f"{_BASE}/bulk", methods=["POST"])
@requires("leads:write")
@fails_with(404)
@consents.arguments(ConsentBulkSchema, example=examples.CONSENT_BULK)
@consents.response(200, ConsentBulkReportSchema, example=examples.CONSENT_BULK_REPORT)
def create_consents(body: dict[str, Any]) -> dict[str, int]:
    """Store up to 2,000 consents, all or none of them."""
    return {"inserted": services().consents.create_many(principal(), body["consents"])}


@consents.route(_ONE)
@requires("leads:read")
@consents.response(200, ConsentSchema, example=examples.CONSENT)
def get_consent(consent_id: UUID) -> ConsentView:
    """Get one consent."""
    return services().consents.get(principal().account_id, str(consent_id))


@consents.route(f"{_ONE}/revoke", methods=["POST"])
@requires("leads:write")
@consents.arguments(RevocationSchema, example=examples.REVOCATION)
@consents.response(200, ConsentSchema, example=examples.REVOKED)
def revoke_consent(body: dict[str, Any], consent_id: UUID) -> ConsentView:
    """Note that a consent was taken back.

    It is never deleted: that it was there, and since when it is not, is evidence. Who wants no
    calls at all belongs on `/v1/do-not-call` too.
    """
    verb = services().consents.revoke
    return verb(principal().account_id, str(consent_id), body["by"], body.get("revoked_at"))
