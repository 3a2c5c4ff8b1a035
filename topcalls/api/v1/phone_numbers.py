"""`/v1/phone-numbers`: the account's numbers, and the carriers they belong to."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from flask import Response

from topcalls.api import phone_number_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.idempotency import idempotent, json_answer, once
from topcalls.api.schemas.phone_numbers import (
    CarrierChangeSchema,
    CarrierCreateSchema,
    CarrierListSchema,
    CarrierSchema,
    PhoneNumberChangeSchema,
    PhoneNumberCreateSchema,
    PhoneNumberListSchema,
    PhoneNumberSchema,
    PresetListSchema,
)
from topcalls.core.trunk_presets import PRESETS
from topcalls.services.carrier_views import CarrierView
from topcalls.services.idempotency import Answer
from topcalls.services.phone_numbers import PhoneNumberView

phone_numbers = ApiBlueprint(
    "phone-numbers", __name__, description="Numbers, and the carriers that carry calls."
)
_BASE = "/v1/phone-numbers"
_carrier, _number = CarrierSchema(), PhoneNumberSchema()


# --- carriers


@phone_numbers.route(f"{_BASE}/carriers")
@requires("phone_numbers:read")
@phone_numbers.response(200, CarrierListSchema, example=examples.CARRIERS)
def list_carriers() -> dict[str, Any]:
    """List carriers with their live status, in the order in which they are tried."""
    return {"data": services().carriers.list(principal().account_id)}


@phone_numbers.route(f"{_BASE}/carriers/presets")
@requires("phone_numbers:read")
@phone_numbers.response(200, PresetListSchema, example=examples.PRESETS)
def list_presets() -> dict[str, Any]:
    """List carriers we know, with what to enter and where they say so."""
    return {"data": PRESETS}


@phone_numbers.route(f"{_BASE}/carriers", methods=["POST"])
@requires("phone_numbers:write")
@idempotent
@phone_numbers.arguments(CarrierCreateSchema, examples=examples.CARRIER_BODIES)
@phone_numbers.response(201, CarrierSchema, example=examples.CARRIER)
def add_carrier(body: dict[str, Any]) -> Response:
    """Add a carrier.

    The switch of every node takes it up within seconds, without a restart: see `status`.
    """
    return once(partial(services().carriers.create, principal().account_id, body), _carrier_made)


def _carrier_made(carrier: CarrierView) -> Answer:
    location = {"Location": f"{_BASE}/carriers/{carrier.id}"}
    return json_answer(201, _carrier.dump(carrier), location)


@phone_numbers.route(f"{_BASE}/carriers/<uuid:carrier_id>")
@requires("phone_numbers:read")
@phone_numbers.response(200, CarrierSchema, example=examples.CARRIER)
def get_carrier(carrier_id: UUID) -> CarrierView:
    """Get a carrier with its live status."""
    return services().carriers.get(principal().account_id, str(carrier_id))


@phone_numbers.route(f"{_BASE}/carriers/<uuid:carrier_id>", methods=["PATCH"])
@requires("phone_numbers:write")
@phone_numbers.arguments(CarrierChangeSchema, examples=examples.CARRIER_CHANGES)
@phone_numbers.response(200, CarrierSchema, example=examples.CARRIER)
def change_carrier(body: dict[str, Any], carrier_id: UUID) -> CarrierView:
    """Change a carrier.

    Its gateway is taken off the switch and made anew; calls under way go on.
    """
    return services().carriers.update(principal().account_id, str(carrier_id), body)


@phone_numbers.route(f"{_BASE}/carriers/<uuid:carrier_id>", methods=["DELETE"])
@requires("phone_numbers:write")
@fails_with(409)
@phone_numbers.response(204)
def delete_carrier(carrier_id: UUID) -> None:
    """Delete a carrier.

    Refused while numbers are bound to it, or calls that are not over ask for it.
    """
    services().carriers.delete(principal().account_id, str(carrier_id))


# --- numbers


@phone_numbers.route(_BASE)
@requires("phone_numbers:read")
@phone_numbers.response(200, PhoneNumberListSchema, example=examples.NUMBERS)
def list_numbers() -> dict[str, Any]:
    """List numbers, oldest first."""
    return {"data": services().phone_numbers.list(principal().account_id)}


@phone_numbers.route(_BASE, methods=["POST"])
@requires("phone_numbers:write")
@idempotent
@phone_numbers.arguments(PhoneNumberCreateSchema, examples=examples.NUMBER_BODIES)
@phone_numbers.response(201, PhoneNumberSchema, example=examples.NUMBER)
def add_number(body: dict[str, Any]) -> Response:
    """Add a number that a carrier already delivers to you.

    A number can be in one account of an installation only.
    """
    return once(partial(services().phone_numbers.add, principal().account_id, body), _number_made)


def _number_made(number: PhoneNumberView) -> Answer:
    return json_answer(201, _number.dump(number), {"Location": f"{_BASE}/{number.id}"})


@phone_numbers.route(f"{_BASE}/<uuid:number_id>")
@requires("phone_numbers:read")
@phone_numbers.response(200, PhoneNumberSchema, example=examples.NUMBER)
def get_number(number_id: UUID) -> PhoneNumberView:
    """Get a number."""
    return services().phone_numbers.get(principal().account_id, str(number_id))


@phone_numbers.route(f"{_BASE}/<uuid:number_id>", methods=["PATCH"])
@requires("phone_numbers:write")
@phone_numbers.arguments(PhoneNumberChangeSchema, examples=examples.NUMBER_CHANGES)
@phone_numbers.response(200, PhoneNumberSchema, example=examples.NUMBER)
@fails_with(409)
def change_number(body: dict[str, Any], number_id: UUID) -> PhoneNumberView:
    """Bind a number to another carrier or agent, name it, or switch it off."""
    return services().phone_numbers.update(principal().account_id, str(number_id), body)
