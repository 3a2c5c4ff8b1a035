"""The transfers of one call: who may ask for one, and to whom. One at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.transfer import Transfer, TransferredCall
from topcalls.core import transfer as rules
from topcalls.core import transfer_events as events
from topcalls.core.transfer import Destination, Phase
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall

log = get_logger("controller.transfers")


class Transfers:
    """The transfers of one call, one at a time."""

    def __init__(
        self, call: ClaimedCall, gear: Gear, journal: Journal, host: TransferredCall
    ) -> None:
        self._call = call
        self._gear = gear
        self._journal = journal
        self._host = host
        self._present: Transfer | None = None
        listed = rules.destinations_of(call.request.transfer)
        self._listed = {destination.name: destination for destination in listed}
        self._wished: Destination | None = None

    def wish(self, payload: Mapping[str, Any]) -> None:
        """A user wants the call handed over: the agent stops talking first."""
        if self._host.bridge is None or self.is_busy:
            log.warning("A transfer is not possible now", call_id=self._call.call_id)
            return
        [self._wished] = rules.destinations_of({"destinations": [payload["destination"]]})
        self._host.bridge.transfer(self._wished.name)

    def begin(self, name: str, summary: str) -> None:
        """The agent is quiet, and the caller waits."""
        wished, self._wished = self._wished, None
        by = "api" if wished is not None and wished.name == name else "agent"
        destination = wished if wished is not None and by == "api" else self._listed[name]
        self._present = Transfer(
            self._call, self._gear, self._journal, self._host, destination, by, summary
        )
        self._present.take(events.Begun())

    def close(self) -> None:
        """The call is over."""
        if self._present is not None:
            self._present.take(events.CalledOff())

    @property
    def is_busy(self) -> bool:
        """One is under way, or the caller is with its target."""
        return self._present is not None and self._present.facts.phase is not Phase.OVER
