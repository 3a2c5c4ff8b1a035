"""`/v1/account`: the minutes of the account a key belongs to, and its dictionary."""

from __future__ import annotations

from typing import Any

from topcalls.api.auth import principal, requires
from topcalls.api.blueprint import ApiBlueprint
from topcalls.api.context import services
from topcalls.api.examples import SPEECH
from topcalls.api.schemas.account import BalanceSchema
from topcalls.api.schemas.speech import SpeechChangeSchema, SpeechSchema
from topcalls.services.account_speech import SpeechView
from topcalls.services.quotas import BalanceView

account = ApiBlueprint("account", __name__, description="The account a key belongs to.")


@account.route("/v1/account/balance")
@requires("calls:read")
@account.response(200, BalanceSchema)
def get_balance() -> BalanceView:
    """Get the account's minutes."""
    return services().quotas.balance(principal().account_id)


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
