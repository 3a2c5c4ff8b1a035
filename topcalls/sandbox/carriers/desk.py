"""Both carriers on one port: Telnyx below `/v2/`, Twilio everywhere else."""

from __future__ import annotations

from typing import Any

from topcalls.ids import new_secret
from topcalls.sandbox.carriers.telnyx import Telnyx
from topcalls.sandbox.carriers.twilio import Twilio
from topcalls.sandbox.http_wire import Exchange, HttpServer

ACCOUNT_SID = "AC" + "5a" * 16


class CarriersDesk:
    """Listens. `telnyx` and `twilio` are for tests."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.telnyx = Telnyx(f"KEY{new_secret()}")
        self.twilio = Twilio(ACCOUNT_SID, new_secret())
        self._server = HttpServer(address, self._serve)

    def start(self) -> None:
        """Listen."""
        self._server.start()

    def stop(self) -> None:
        """Close everything."""
        self._server.stop()

    @property
    def endpoints(self) -> dict[str, Any]:
        """Where it listens, and with what keys."""
        return {
            "url": f"http://{self._server.host}:{self._server.port}",
            "telnyx_api_key": self.telnyx.api_key,
            "twilio_account_sid": self.twilio.account_sid,
            "twilio_auth_token": self.twilio.auth_token,
        }

    def _serve(self, exchange: Exchange) -> None:
        carrier = self.telnyx if exchange.request.path.startswith("/v2/") else self.twilio
        carrier.serve(exchange)
