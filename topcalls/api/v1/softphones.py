"""`/v1/softphones`: the telephones of the account's own people."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import softphone_examples as examples
from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.softphones import (
    SoftphoneCreatedSchema,
    SoftphoneCreateSchema,
    SoftphoneListSchema,
    SoftphoneSchema,
)
from topcalls.services.softphones import SoftphoneView

softphones = ApiBlueprint(
    "softphones", __name__, description="Telephones of your own people, registered at the switch."
)
_BASE = "/v1/softphones"


@softphones.route(_BASE)
@requires("softphones:read")
@softphones.response(200, SoftphoneListSchema, example=examples.SOFTPHONES)
def list_softphones() -> dict[str, Any]:
    """List softphones, by their extensions."""
    return {"data": services().softphones.list(principal().account_id)}


@softphones.route(_BASE, methods=["POST"])
@requires("softphones:write")
@fails_with(409)
@softphones.arguments(SoftphoneCreateSchema, example=examples.SOFTPHONE_BODY)
@softphones.response(201, SoftphoneCreatedSchema, example=examples.CREATED)
def add_softphone(body: dict[str, Any]) -> tuple[SoftphoneView, int, dict[str, str]]:
    """Add a softphone.

    Its password is shown in this answer and never again. The switch of every node knows it within
    seconds; a repeated request is a conflict, as an extension can be had once.
    """
    made = services().softphones.create(principal().account_id, body)
    return made, 201, {"Location": f"{_BASE}/{made.id}"}


@softphones.route(f"{_BASE}/<uuid:softphone_id>")
@requires("softphones:read")
@softphones.response(200, SoftphoneSchema, example=examples.SOFTPHONE)
def get_softphone(softphone_id: UUID) -> SoftphoneView:
    """Get a softphone, with the nodes at which it is registered."""
    return services().softphones.get(principal().account_id, str(softphone_id))


@softphones.route(f"{_BASE}/<uuid:softphone_id>", methods=["DELETE"])
@requires("softphones:write")
@softphones.response(204)
def delete_softphone(softphone_id: UUID) -> None:
    """Delete a softphone.

    Switches refuse it within seconds; a call that it is in goes on.
    """
    services().softphones.delete(principal().account_id, str(softphone_id))
