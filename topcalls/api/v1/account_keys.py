"""`/v1/account/keys` and `/v1/account/audit`: who may ask, and what was done by whom."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from topcalls.api import key_examples as examples
from topcalls.api.auth import ANY_KEY, principal, requires
from topcalls.api.blueprint import ApiBlueprint, fails_with
from topcalls.api.context import services
from topcalls.api.schemas.api_keys import (
    ApiKeyCreateSchema,
    ApiKeyMadeSchema,
    ApiKeysSchema,
    AuditPageSchema,
    AuditQuerySchema,
    OwnKeySchema,
)
from topcalls.services.audit import AuditPage
from topcalls.services.keys import KeyView, Principal

account_keys = ApiBlueprint(
    "account-keys", __name__, description="Keys of the account, and what they did."
)
_KEYS = "/v1/account/keys"


@account_keys.route("/v1/account/key")
@requires(ANY_KEY)
@account_keys.response(200, OwnKeySchema, example=examples.OWN_KEY)
def get_own_key() -> Principal:
    """Get what the key that asks may do."""
    return principal()


@account_keys.route(_KEYS)
@requires("admin")
@account_keys.response(200, ApiKeysSchema, example=examples.KEYS)
def list_keys() -> dict[str, Any]:
    """List the account's keys, revoked ones too, oldest first."""
    return {"data": services().account_keys.list(principal().account_id)}


@account_keys.route(_KEYS, methods=["POST"])
@requires("admin")
@account_keys.arguments(ApiKeyCreateSchema, example=examples.KEY_BODY)
@account_keys.response(201, ApiKeyMadeSchema, example=examples.KEY_MADE)
def create_key(body: dict[str, Any]) -> KeyView:
    """Make a key. Its token is shown in this answer and never again.

    No key hands on more than it has: scopes it lacks are refused, its own limits hold for the new
    one, and one that ends makes none that outlasts it.
    """
    return services().account_keys.create(principal(), **body)


@account_keys.route(f"{_KEYS}/<uuid:key_id>", methods=["DELETE"])
@requires("admin")
@fails_with(409)
@account_keys.response(204)
def revoke_key(key_id: UUID) -> None:
    """Revoke a key, at once. Its calls go on. 409: it is the key that asks."""
    services().account_keys.revoke(principal(), str(key_id))


@account_keys.route("/v1/account/audit")
@requires("admin")
@account_keys.arguments(AuditQuerySchema, location="query")
@account_keys.response(200, AuditPageSchema, example=examples.AUDIT)
def list_audit(query: dict[str, Any]) -> AuditPage:
    """List who saw telephone numbers in the console, and made or revoked keys, newest first.

    Follow `next_cursor` until it is null.
    """
    return services().audit.list(principal().account_id, **query)
