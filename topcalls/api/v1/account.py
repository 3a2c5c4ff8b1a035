"""`/v1/account`: minutes, limits, budgets and dictionary of the account a key belongs to."""

from __future__ import annotations

from typing import Any

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.examples import SPEECH
from topcalls.api.limit_examples import BUDGETS, BUDGETS_CHANGE, LIMITS
from topcalls.api.schemas.account import BalanceSchema
from topcalls.api.schemas.limits import BudgetsChangeSchema, BudgetsSchema, LimitsSchema
from topcalls.api.schemas.speech import SpeechChangeSchema, SpeechSchema
from topcalls.services.account_speech import SpeechView
from topcalls.services.budgets import BudgetsView
from topcalls.services.limits import LimitsView
from topcalls.services.quotas import BalanceView

account = ApiBlueprint("account", __name__, description="The account a key belongs to.")


@account.route("/v1/account/balance")
@requires("calls:read")
@account.response(200, BalanceSchema)
def get_balance() -> BalanceView:
    """Get the account's minutes."""
    return services().quotas.balance(principal().account_id)


@account.route("/v1/account/limits")
@requires("calls:read")
@account.response(200, LimitsSchema, example=LIMITS)
def get_limits() -> LimitsView:
    """Get what limits this key and its account, and how far it is used up.

    Counted from rows at this moment. Calls beyond a limit that says `refuse` get 429; those beyond
    one that says `wait` stand in the queue. Budgets and minutes refuse with 402.
    """
    return services().limits.get(principal())


@account.route("/v1/account/budgets")
@requires("calls:read")
@account.response(200, BudgetsSchema, example=BUDGETS)
def get_budgets() -> BudgetsView:
    """Get the account's budgets, and how far they went."""
    return services().budgets.get(principal().account_id)


@account.route("/v1/account/budgets", methods=["PUT"])
@requires("budgets:write")
@account.arguments(BudgetsChangeSchema, example=BUDGETS_CHANGE)
@account.response(200, BudgetsSchema, example=BUDGETS)
def put_budgets(body: dict[str, Any]) -> BudgetsView:
    """Replace the account's budgets.

    A call that may need more than is left of one is refused with 402. What was created before
    stays, and what the calls of today have spent counts at once.
    """
    return services().budgets.put(principal().account_id, body)


@account.route("/v1/account/speech")
@requires("calls:read")
@account.response(200, SpeechSchema, example=SPEECH)
def get_speech() -> SpeechView:
    """Get the account's keywords and pronunciations."""
    return services().account_speech.get(principal().account_id)


@account.route("/v1/account/speech", methods=["PUT"])
@requires("agents:write")
@account.arguments(SpeechChangeSchema, example=SPEECH)
@account.response(200, SpeechSchema, example=SPEECH)
def put_speech(body: dict[str, Any]) -> SpeechView:
    """Replace the account's keywords and pronunciations.

    Calls made from now on have them, behind those of their agent and their own.
    """
    return services().account_speech.put(principal().account_id, body)
