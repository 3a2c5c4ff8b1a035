"""May calls be dialled on this switch now? Asked every few seconds, and whenever it comes back.

A controller whose switch is down, full, busy or paused, or that could not be heard there, claims
nothing. The others learn it from its heartbeat.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core.node_share import SwitchVitals, obstacle
from topcalls.errors import SwitchError
from topcalls.esl import switch_status
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger
from topcalls.services.nodes import SwitchReport

LOOK_SECONDS = 5.0
STATUS_SECONDS = 3.0

log = get_logger("controller.health")


class SwitchHealth:
    """The switch as this controller finds it.

    `media_problem` says why speech would not reach a caller, and is empty otherwise.
    `min_idle_percent`: a switch with less idle time than this gets no more calls.
    """

    def __init__(
        self,
        switch: SwitchClient,
        clock: Clock,
        *,
        min_idle_percent: float = 0.0,
        media_problem: Callable[[], str] = str,
    ) -> None:
        self._switch = switch
        self._clock = clock
        self._min_idle = min_idle_percent
        self._media_problem = media_problem
        self._is_up = False
        self._since: datetime = clock.now()
        self._why_down = "The switch was not reached yet."
        self._vitals = SwitchVitals()
        self._obstacle = self._why_down

    @property
    def may_dial(self) -> bool:
        """The switch is there, and nothing stands in the way."""
        return self._switch.is_up and not self._obstacle

    @property
    def report(self) -> SwitchReport:
        """What the other processes are told."""
        return SwitchReport(self._is_up, self._since, self._vitals, self._obstacle)

    def came_up(self) -> None:
        """The switch is (again) there."""
        self._turn(True)
        self.look()

    def went_down(self, reason: str) -> None:
        """It cannot be reached any more."""
        self._turn(False)
        self._why_down = f"The switch cannot be reached: {reason}"
        self._find(self._why_down)

    def look(self) -> None:
        """Ask the switch how it is. One that does not answer is taken for busy."""
        if not self._switch.is_up:
            error = self._switch.last_error
            self._find(f"The switch cannot be reached: {error}" if error else self._why_down)
            return
        try:
            self._vitals = switch_status.parse(self._switch.api("status", STATUS_SECONDS))
        except SwitchError as error:
            self._find(f"The switch does not say how it is: {error.message}")
            return
        self._find(self._media_problem() or obstacle(self._vitals, self._min_idle))

    def _turn(self, is_up: bool) -> None:
        if is_up is not self._is_up:
            self._is_up, self._since = is_up, self._clock.now()

    def _find(self, problem: str) -> None:
        if bool(problem) is not bool(self._obstacle):
            log.warning("No calls are taken" if problem else "Calls are taken", why=problem or None)
        self._obstacle = problem
