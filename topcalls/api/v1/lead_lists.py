"""`/v1/lists`: lists of leads."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import lead_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.leads import (
    LeadListSchema,
    ListChangeSchema,
    ListCreateSchema,
    ListPageSchema,
    ListsQuerySchema,
)
from topcalls.services.lead_lists import ListPage, ListView

lead_lists = ApiBlueprint("lists", __name__, description="Lists that leads are on.")
_BASE = "/v1/lists"
ONE = f"{_BASE}/<uuid:list_id>"


@lead_lists.route(_BASE)
@requires("leads:read")
@lead_lists.arguments(ListsQuerySchema, location="query")
@lead_lists.response(200, ListPageSchema, example=examples.LISTS)
def list_lists(query: dict[str, Any]) -> ListPage:
    """List the lists, newest first.

    Follow `next_cursor` until it is null.
    """
    return services().lead_lists.list(principal().account_id, query["limit"], query.get("cursor"))


@lead_lists.route(_BASE, methods=["POST"])
@requires("leads:write")
@fails_with(409)
@lead_lists.arguments(ListCreateSchema, example=examples.LIST_BODY)
@lead_lists.response(201, LeadListSchema, example=examples.LIST)
def create_list(body: dict[str, Any]) -> tuple[ListView, int, dict[str, str]]:
    """Create an empty list. 409: the account has one of this name."""
    made = services().lead_lists.create(principal().account_id, body)
    return made, 201, {"Location": f"{_BASE}/{made.id}"}


@lead_lists.route(ONE)
@requires("leads:read")
@lead_lists.response(200, LeadListSchema, example=examples.LIST)
def get_list(list_id: UUID) -> ListView:
    """Get a list, with the number of its leads."""
    return services().lead_lists.get(principal().account_id, str(list_id))


@lead_lists.route(ONE, methods=["PATCH"])
@requires("leads:write")
@fails_with(409)
@lead_lists.arguments(ListChangeSchema, example=examples.LIST_BODY)
@lead_lists.response(200, LeadListSchema, example=examples.LIST)
def update_list(body: dict[str, Any], list_id: UUID) -> ListView:
    """Change the name or the description of a list."""
    return services().lead_lists.change(principal().account_id, str(list_id), body)


@lead_lists.route(ONE, methods=["DELETE"])
@requires("leads:write")
@fails_with(409)
@lead_lists.response(204)
def delete_list(list_id: UUID) -> None:
    """Delete a list without leads.

    409: it has some. Delete them first, by `POST /v1/leads/bulk-delete` with its `list_id`.
    """
    services().lead_lists.delete(principal().account_id, str(list_id))
