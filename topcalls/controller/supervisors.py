"""The supervisors of one call: who comes, what the agent does meanwhile, and when they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from topcalls.bridge.hold import Reason
from topcalls.bridge.session import BridgeSession
from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.supervision import Stay
from topcalls.controller.transfers import Transfers
from topcalls.core import supervision
from topcalls.core.call_events import CallEvent
from topcalls.core.supervision import Facts, Mode, Phase
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.supervisions import Supervisor

_CALLED_OFF = "A colleague of yours takes part in the call now."

log = get_logger("controller.supervisors")


class Host(Protocol):
    """The call that is supervised."""

    bridge: BridgeSession | None
    transfers: Transfers

    @property
    def channel_uuid(self) -> str: ...

    @property
    def is_with_agent(self) -> bool: ...

    def tell(self, event: CallEvent) -> None: ...

    def leave_agent(self) -> None: ...


class Supervisors:
    """At most `supervision.MOST_AT_ONCE` of them."""

    def __init__(self, call: ClaimedCall, gear: Gear, journal: Journal, host: Host) -> None:
        self._call = call
        self._gear = gear
        self._journal = journal
        self._host = host
        self._stays: list[Stay] = []

    def by_code(self, channel_uuid: str, supervisor: Supervisor, mode: Mode) -> None:
        """A softphone has dialled a code, and waits to be answered."""
        self._begin(supervisor, mode, channel_uuid, rings=False)

    def wish(self, payload: Mapping[str, Any]) -> None:
        """A user wants a softphone rung, or one that is here to take part in another way."""
        supervisor = Supervisor(**payload["supervisor"])
        mode = Mode(payload["mode"])
        for stay in self._present():
            if stay.supervisor.softphone_id == supervisor.softphone_id:
                stay.take(supervision.Wanted(mode))
                return
        self._begin(supervisor, mode, new_id(), rings=True)

    def person_joined(self) -> None:
        """The caller is connected with a person, and the agent is gone."""
        for stay in self._present():
            stay.take(supervision.PersonJoined())

    def close(self) -> None:
        """The call is over, or goes on elsewhere."""
        for stay in self._present():
            stay.take(supervision.CallOver())

    @property
    def is_connecting(self) -> bool:
        """Somebody is taking over."""
        return any(stay.facts.phase is Phase.CONNECTING for stay in self._present())

    # --- what a stay needs

    @property
    def channel_uuid(self) -> str:
        """The caller's channel."""
        return self._host.channel_uuid

    def tell(self, event: CallEvent) -> None:
        """Something has happened to the call."""
        self._host.tell(event)

    def leave_agent(self) -> None:
        """The caller's audio goes to the agent no more."""
        self._host.leave_agent()

    def hold_agent(self) -> None:
        """The agent says nothing as long as anybody wants it so."""
        bridge = self._host.bridge
        if bridge is None:
            return
        if any(stay.facts.holds_agent for stay in self._stays):
            bridge.hold(Reason.SUPERVISOR)
        else:
            bridge.resume(Reason.SUPERVISOR)

    def call_off_transfer(self) -> None:
        """Nobody else is to be connected with the caller."""
        if self._host.transfers.is_busy:
            self._host.transfers.close()
            if self._host.bridge is not None:
                self._host.bridge.not_transferred(_CALLED_OFF)

    # --- inside

    def _present(self) -> list[Stay]:
        self._stays = [stay for stay in self._stays if not stay.is_over]
        return list(self._stays)

    def _begin(self, supervisor: Supervisor, mode: Mode, channel_uuid: str, *, rings: bool) -> None:
        if len(self._present()) >= supervision.MOST_AT_ONCE:
            log.warning("Too many supervisors", call_id=self._call.call_id)
            return
        facts = Facts(mode, with_person=not self._host.is_with_agent)
        stay = Stay(
            self._call,
            self._gear,
            self._journal,
            self,
            supervisor,
            channel_uuid,
            facts,
            rings=rings,
        )
        self._stays.append(stay)
        stay.begin()
