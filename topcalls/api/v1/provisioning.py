"""`/v1/phone-numbers/available` and `/purchase`: numbers bought by a carrier's API."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import provisioning_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.phone_numbers import PhoneNumberSchema
from topcalls.api.schemas.provisioning import (
    AvailableQuerySchema,
    OfferListSchema,
    PurchaseSchema,
    RemovalQuerySchema,
)
from topcalls.services.idempotency import Answer
from topcalls.services.phone_numbers import PhoneNumberView

provisioning = ApiBlueprint(
    "provisioning", __name__, description="Numbers that are bought by a carrier's API."
)
_BASE = "/v1/phone-numbers"
_number = PhoneNumberSchema()


@provisioning.route(f"{_BASE}/available")
@requires("phone_numbers:read")
@fails_with(502)
@provisioning.arguments(AvailableQuerySchema, location="query")
@provisioning.response(200, OfferListSchema, example=examples.OFFERS)
def search_numbers(query: dict[str, Any]) -> dict[str, Any]:
    """Search numbers that can be bought.

    Asks the carrier, so it takes as long as the carrier does.
    """
    return {"data": services().provisioning.search(query)}


@provisioning.route(f"{_BASE}/purchase", methods=["POST"])
@requires("phone_numbers:write")
@idempotent
@provisioning.arguments(PurchaseSchema, examples=examples.PURCHASES)
@provisioning.response(202, PhoneNumberSchema, example=examples.BUYING)
def buy_number(body: dict[str, Any]) -> Response:
    """Buy a number.

    The answer comes before the carrier's: the number is `pending`, then `active`, or `failed` with
    the reason in `error_message`. One request buys at most one number, whatever breaks meanwhile;
    so does a repetition under the same Idempotency-Key.
    """
    return once(
        partial(services().provisioning.purchase, principal().account_id, body), _number_ordered
    )


def _number_ordered(number: PhoneNumberView) -> Answer:
    return json_answer(202, _number.dump(number), {"Location": f"{_BASE}/{number.id}"})


@provisioning.route(f"{_BASE}/<uuid:number_id>", methods=["DELETE"])
@requires("phone_numbers:write")
@fails_with(409)
@provisioning.arguments(RemovalQuerySchema, location="query")
@provisioning.response(204)
@provisioning.alt_response(
    202, schema=PhoneNumberSchema, example=examples.RELEASING, description="It is given back."
)
def delete_number(query: dict[str, str], number_id: UUID) -> tuple[Any, int]:
    """Remove a number.

    Nothing changes at its carrier, unless `release` asks for it.
    """
    account_id = principal().account_id
    if query["release"] == "true":
        return services().provisioning.release(account_id, str(number_id)), 202
    services().phone_numbers.delete(account_id, str(number_id))
    return None, 204
