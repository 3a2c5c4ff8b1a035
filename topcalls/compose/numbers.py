"""The carriers whose API numbers are bought by, as the settings name them.

A sandbox only ever buys from its own doubles: a key in the environment never spends money there.
"""

from __future__ import annotations

from functools import partial

from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.config import Settings
from topcalls.net.http import HttpClient
from topcalls.providers.telephony.base import NumberCarrier
from topcalls.providers.telephony.telnyx import TelnyxNumbers
from topcalls.providers.telephony.twilio import TwilioNumbers
from topcalls.services.number_orders import NumberCarriers
from topcalls.services.provisioning import PurchaseRules

TIMEOUT_SECONDS = 15.0
"""Of one request: an order makes up to four, and a search two."""

SANDBOX_TRUNKS = {"telnyx": "1293384261075731499", "twilio": "TK" + "5a" * 16}


def number_carriers(settings: Settings) -> NumberCarriers:
    """The carriers that numbers can be bought from, the one tried first in front."""
    if settings.telephony_mode == "sandbox":
        names = ("telnyx", "twilio")
        return {name: partial(_double, settings, name) for name in names}
    http = HttpClient(TIMEOUT_SECONDS)
    found: NumberCarriers = {}
    if settings.telnyx_api_key is not None:
        key = settings.telnyx_api_key.get_secret_value()
        found = {"telnyx": lambda: TelnyxNumbers(http, key)}
    if settings.twilio_account_sid and settings.twilio_auth_token is not None:
        sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
        found = {**found, "twilio": lambda: TwilioNumbers(http, sid, token)}
    return found


def purchase_rules(settings: Settings) -> PurchaseRules:
    """What the operator allows, and the installation's own trunks."""
    own = {"telnyx": settings.telnyx_connection_id, "twilio": settings.twilio_trunk_sid}
    if settings.telephony_mode == "sandbox":
        own = SANDBOX_TRUNKS
    return PurchaseRules(settings.max_number_purchases_per_day, own)


def _double(settings: Settings, name: str) -> NumberCarrier:
    """The sandbox's own carrier. Raises `ConfigError` when no sandbox runs."""
    told = sandbox_endpoints(settings)["carriers"]
    http = HttpClient(TIMEOUT_SECONDS, allow_private=True)
    if name == "telnyx":
        return TelnyxNumbers(http, told["telnyx_api_key"], f"{told['url']}/v2")
    sid, token = told["twilio_account_sid"], told["twilio_auth_token"]
    return TwilioNumbers(http, sid, token, told["url"], told["url"])
