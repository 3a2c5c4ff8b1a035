"""`/v1/do-not-call`: numbers that the account does not call."""

from __future__ import annotations

from typing import Any

from topcalls.api import examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.do_not_call import (
    ListedNumberCreateSchema,
    ListedNumberSchema,
    ListedPageSchema,
    ListedQuerySchema,
)
from topcalls.services.do_not_call import ListedNumber, ListedPage

do_not_call = ApiBlueprint(
    "do-not-call", __name__, description="Numbers that are never called, whoever asks for it."
)
_BASE = "/v1/do-not-call"


@do_not_call.route(_BASE)
@requires("leads:read")
@do_not_call.arguments(ListedQuerySchema, location="query")
@do_not_call.response(200, ListedPageSchema, example=examples.LISTED_PAGE)
def list_numbers(query: dict[str, Any]) -> ListedPage:
    """List the numbers, newest entries first.

    Follow `next_cursor` until it is null.
    """
    return services().do_not_call.list(principal().account_id, query["limit"], query.get("cursor"))


@do_not_call.route(_BASE, methods=["POST"])
@requires("leads:write")
@do_not_call.arguments(ListedNumberCreateSchema, example=examples.LISTED_BODY)
@do_not_call.response(201, ListedNumberSchema, example=examples.LISTED)
@do_not_call.alt_response(
    200, schema=ListedNumberSchema, success=True, description="It was listed already."
)
def add_number(body: dict[str, Any]) -> tuple[ListedNumber, int]:
    """Put a number on the list.

    Calls to it are refused from now on (422 `not_callable`), and those that wait fail when their
    turn comes. A number that is listed already keeps the entry that it has.
    """
    entry, is_new = services().do_not_call.add(
        principal().account_id, body["phone_number"], body.get("reason")
    )
    return entry, 201 if is_new else 200


@do_not_call.route(f"{_BASE}/<phone_number>")
@requires("leads:read")
@do_not_call.response(200, ListedNumberSchema, example=examples.LISTED)
def get_number(phone_number: str) -> ListedNumber:
    """Look a number up. 404: it is not listed."""
    return services().do_not_call.get(principal().account_id, phone_number)


@do_not_call.route(f"{_BASE}/<phone_number>", methods=["DELETE"])
@requires("leads:write")
@do_not_call.response(204)
def remove_number(phone_number: str) -> None:
    """Take a number off the list.

    Only with the consent of whoever has it: the law wants their wish kept.
    """
    services().do_not_call.remove(principal().account_id, phone_number)
