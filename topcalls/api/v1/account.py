"""`/v1/account/balance`."""

from __future__ import annotations

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.schemas.account import BalanceSchema
from topcalls.services.quotas import BalanceView

account = ApiBlueprint("account", __name__, description="The account a key belongs to.")


@account.route("/v1/account/balance")
@requires("calls:read")
@account.response(200, BalanceSchema)
def get_balance() -> BalanceView:
    """Get the account's minutes."""
    return services().quotas.balance(principal().account_id)
