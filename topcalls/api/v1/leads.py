"""`/v1/leads`: people to be called."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import lead_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.leads import (
    LeadChangeSchema,
    LeadCreateSchema,
    LeadDeleteQuerySchema,
    LeadPageSchema,
    LeadQuerySchema,
    LeadSchema,
    LeadSentSchema,
)
from topcalls.services.leads import LeadPage, LeadView

leads = ApiBlueprint("leads", __name__, description="People to be called, on lists.")
BASE = "/v1/leads"
_ONE = f"{BASE}/<uuid:lead_id>"


@leads.route(BASE)
@requires("leads:read")
@leads.arguments(LeadQuerySchema, location="query")
@leads.response(200, LeadPageSchema, example=examples.PAGE)
def list_leads(query: dict[str, Any]) -> LeadPage:
    """List leads, newest first.

    Follow `next_cursor` while `has_more`.
    """
    return services().leads.list(principal().account_id, **query)


@leads.route(BASE, methods=["POST"])
@requires("leads:write")
@fails_with(404)
@leads.arguments(LeadCreateSchema, example=examples.BODY)
@leads.response(201, LeadSentSchema, example=examples.SENT)
@leads.alt_response(
    200, schema=LeadSentSchema, success=True, description="The account had a lead of this number."
)
def create_lead(body: dict[str, Any]) -> tuple[LeadView, int]:
    """Create a lead, or put the one of this number on a list.

    A lead that exists stays as it is, but for the list: change it by PATCH.
    """
    lead = services().leads.create(principal().account_id, body)
    return lead, 200 if lead.existed else 201


@leads.route(_ONE)
@requires("leads:read")
@leads.response(200, LeadSchema, example=examples.LEAD)
def get_lead(lead_id: UUID) -> LeadView:
    """Get a lead."""
    return services().leads.get(principal().account_id, str(lead_id))


@leads.route(_ONE, methods=["PATCH"])
@requires("leads:write")
@fails_with(409)
@leads.arguments(LeadChangeSchema, example=examples.CHANGE)
@leads.response(200, LeadSchema, example=examples.LEAD)
def update_lead(body: dict[str, Any], lead_id: UUID) -> LeadView:
    """Change a lead: what is given, and nothing else.

    409: another lead of the account has the number.
    """
    return services().leads.change(principal().account_id, str(lead_id), body)


@leads.route(_ONE, methods=["DELETE"])
@requires("leads:write")
@leads.arguments(LeadDeleteQuerySchema, location="query")
@leads.response(204)
def delete_lead(query: dict[str, Any], lead_id: UUID) -> None:
    """Delete a lead, or take it off one list.

    With `list_id` it goes off that list, and is deleted only if that was its last. Calls to it
    stay, with `lead_id` null.
    """
    services().leads.delete(principal().account_id, str(lead_id), query.get("list_id"))
