"""The doubles of carriers on a port of their own, and our clients for them."""

from contextlib import contextmanager

from topcalls.net.http import HttpClient
from topcalls.providers.telephony.telnyx import TelnyxNumbers
from topcalls.providers.telephony.twilio import TwilioNumbers
from topcalls.sandbox.carriers.desk import CarriersDesk

TRUNKS = {"telnyx": "1293384261075731499", "twilio": "TK" + "5a" * 16}
SECONDS = 5.0


@contextmanager
def carriers_desk():
    """Both doubles, listening."""
    desk = CarriersDesk(("127.0.0.1", 0))
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def client(desk, name, **wrong):
    """Our client of one of them; `wrong` replaces what the desk says (`key`, `url`)."""
    http = HttpClient(SECONDS, allow_private=True)
    told = desk.endpoints
    url = wrong.get("url", told["url"])
    if name == "telnyx":
        return TelnyxNumbers(http, wrong.get("key", told["telnyx_api_key"]), f"{url}/v2")
    token = wrong.get("key", told["twilio_auth_token"])
    return TwilioNumbers(http, told["twilio_account_sid"], token, url, url)


def double(desk, name):
    """The double itself."""
    return desk.telnyx if name == "telnyx" else desk.twilio
