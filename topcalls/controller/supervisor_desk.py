"""Softphones that dial a supervisor's code: given to the call that is meant, or refused.

Every controller of the switch hears of such a softphone. The one that has the call takes it; where
there is no such call, each of them refuses it, which the switch does once.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls import metrics
from topcalls.controller.supervisors import Supervisors
from topcalls.core.supervisor_codes import CAUSES, Refusal
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.translate import InboundCall
from topcalls.log import get_logger
from topcalls.services.supervisions import Supervisions

log = get_logger("controller.supervisor_desk")


class SupervisorDesk:
    """`supervisors_of` gives a call's supervisors by its id, if this controller (`owner`) has the
    call."""

    def __init__(
        self,
        owner: str,
        node: str,
        supervisions: Supervisions,
        switch: SwitchClient,
        supervisors_of: Callable[[str], Supervisors | None],
    ) -> None:
        self._owner = owner
        self._node = node
        self._supervisions = supervisions
        self._switch = switch
        self._supervisors_of = supervisors_of

    def arrived(self, call: InboundCall) -> None:
        """A softphone waits, having dialled a code. Blocks on the database."""
        found = self._supervisions.find(call.softphone or "", call.called_number, self._node)
        if isinstance(found, Refusal):
            self._refuse(call, found)
        elif found.owner == self._owner:
            supervisors = self._supervisors_of(found.call_id)
            if supervisors is None:  # it has just ended
                self._refuse(call, Refusal.NO_CALL)
            else:
                supervisors.by_code(call.channel_uuid, found.supervisor, found.mode)

    def _refuse(self, call: InboundCall, refusal: Refusal) -> None:
        """Counted by the one controller whose hang-up was the first."""
        try:
            self._switch.api(commands.uuid_kill(call.channel_uuid, CAUSES[refusal]))
        except SwitchError:
            return
        metrics.supervision_refused.labels(refusal).inc()
        log.warning("Supervisor refused", refusal=refusal.value, softphone=call.softphone)
