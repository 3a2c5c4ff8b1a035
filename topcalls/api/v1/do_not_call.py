"""`/v1/do-not-call`: numbers that the account does not call."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from topcalls.api import do_not_call_examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, streams
from topcalls.api.context import services
from topcalls.api.schemas.do_not_call import (
    ListedBulkSchema,
    ListedFileQuerySchema,
    ListedFileSchema,
    ListedImportSchema,
    ListedNumberCreateSchema,
    ListedNumberSchema,
    ListedPageSchema,
    ListedQuerySchema,
    ListedScopeSchema,
)
from topcalls.core.lead_csv import MAX_BYTES
from topcalls.services.do_not_call import Imported, ListedNumber, ListedPage
from topcalls.services.do_not_call_files import Taken
from topcalls.services.recording_store import pieces

do_not_call = ApiBlueprint(
    "do-not-call", __name__, description="Numbers that are never called, whoever asks for it."
)
_BASE = "/v1/do-not-call"
_ONE = f"{_BASE}/<string(minlength=7):phone_number>"
"""No number is as short as the words that stand in its place."""

_CSV = "text/csv"


@do_not_call.route(_BASE)
@requires("leads:read")
@do_not_call.arguments(ListedQuerySchema, location="query")
@do_not_call.response(200, ListedPageSchema, example=do_not_call_examples.LISTED_PAGE)
def list_entries(query: dict[str, Any]) -> ListedPage:
    """List the numbers, newest entries first.

    Follow `next_cursor` until it is null.
    """
    return services().do_not_call.list(principal().account_id, **query)


@do_not_call.route(_BASE, methods=["POST"])
@requires("leads:write")
@do_not_call.arguments(ListedNumberCreateSchema, example=do_not_call_examples.LISTED_BODY)
@do_not_call.response(201, ListedNumberSchema, example=do_not_call_examples.LISTED)
@do_not_call.alt_response(
    200, schema=ListedNumberSchema, success=True, description="It was listed already."
)
def add_entry(body: dict[str, Any]) -> tuple[ListedNumber, int]:
    """Put a number on the list.

    Calls to it are refused from now on (422 `not_callable`), and those that wait fail when their
    turn comes: all of them, or those of a purpose or a campaign. A number that is listed already
    keeps the entry that it has.
    """
    entry, is_new = services().do_not_call.add(principal().account_id, **body)
    return entry, 201 if is_new else 200


@do_not_call.route(f"{_BASE}/bulk", methods=["POST"])
@requires("leads:write")
@do_not_call.arguments(ListedBulkSchema, example=do_not_call_examples.LISTED_BULK)
@do_not_call.response(200, ListedImportSchema, example=do_not_call_examples.LISTED_IMPORT)
def add_entries(body: dict[str, Any]) -> Imported:
    """Put up to 2,000 numbers on the list, all or none of them."""
    return services().do_not_call.add_many(principal().account_id, body["numbers"])


@do_not_call.route(f"{_BASE}/upload", methods=["POST"])
@requires("leads:write")
@streams(_CSV, MAX_BYTES)
@do_not_call.arguments(ListedFileQuerySchema, location="query")
@do_not_call.response(200, ListedFileSchema, example=do_not_call_examples.LISTED_FILE)
def upload_entries(query: dict[str, Any]) -> Taken:
    """Put the numbers of a CSV file on the list: up to 100,000, UTF-8.

    The first line names the columns: `phone_number`, which must be there, `reason`, `purpose`,
    `campaign_id`, `expires_at`. What is wrong with the file as a whole is told at once (400, with
    the line) and nothing is listed; rows that are wrong are refused one by one.
    """
    body = pieces(request.stream.read)
    return services().do_not_call_files.take(principal().account_id, body, **query)


@do_not_call.route(f"{_BASE}/export")
@requires("leads:read")
@do_not_call.response(200, {"type": "string"}, content_type=_CSV)
def export_entries() -> Response:
    """Get the whole list as CSV, as `upload` takes it."""
    lines = services().do_not_call_files.written(principal().account_id)
    return Response(lines, content_type=f"{_CSV}; charset=utf-8")


@do_not_call.route(_ONE)
@requires("leads:read")
@do_not_call.arguments(ListedScopeSchema, location="query")
@do_not_call.response(200, ListedNumberSchema, example=do_not_call_examples.LISTED)
def get_entry(query: dict[str, Any], phone_number: str) -> ListedNumber:
    """Look a number up. 404: it is not listed."""
    return services().do_not_call.get(principal().account_id, phone_number, **query)


@do_not_call.route(_ONE, methods=["DELETE"])
@requires("leads:write")
@do_not_call.arguments(ListedScopeSchema, location="query")
@do_not_call.response(204)
def remove_entry(query: dict[str, Any], phone_number: str) -> None:
    """Take a number off the list.

    Only with the consent of whoever has it: the law wants their wish kept.
    """
    services().do_not_call.remove(principal().account_id, phone_number, **query)
