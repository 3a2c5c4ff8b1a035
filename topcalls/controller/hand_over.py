"""Live calls are given to another controller of the node, so that this one can be stopped.

Each is let go of in good order: what was said is written, the AI's session closed, the audio
stream stopped. The channel stays, with whoever is on it, and the other controller takes it from
the database (`succession.py`). A moment is awaited in which nobody speaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from topcalls.bridge.resumption import Past
from topcalls.clock import Clock
from topcalls.controller.reconciler import ADOPT_SECONDS
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_state import State
from topcalls.log import get_logger
from topcalls.services.call_views import ClaimedCall
from topcalls.services.nodes import Nodes

HandOverMode = Literal["auto", "always", "never"]

QUIET_SECONDS = 3.0
"""How long a call is waited for to fall silent before it is let go of in the middle of a word."""


@dataclass(frozen=True, slots=True)
class HandOverRules:
    """What becomes of calls when their controller goes.

    `adopt_seconds`: for how long after a controller was last heard of somebody on the line is still
    worth talking to. `mode`: what a controller that stops does with its calls. `auto`: another one
    gets them if there is one; `always`: they wait on the switch for one that is still to come;
    `never`: they end here.
    """

    adopt_seconds: float = ADOPT_SECONDS
    mode: HandOverMode = "auto"


_READY = (State.RINGING, State.ANSWERED, State.IN_PROGRESS)

log = get_logger("controller.hand_over")


class HandOver:
    """Looked at several times a second."""

    def __init__(
        self,
        owner: str,
        node: str,
        sessions: Sessions,
        nodes: Nodes,
        clock: Clock,
        mode: HandOverMode,
    ) -> None:
        self._owner = owner
        self._node = node
        self._sessions = sessions
        self._nodes = nodes
        self._clock = clock
        self._mode = mode
        self._since: dict[str, float] = {}

    def look(self, *, stopping: bool, asked: bool, at_once: bool = False) -> int:
        """Let go of what can be let go of now; how many calls. `asked`: an operator wants it.
        `at_once`: whoever speaks."""
        ready = [live for live in self._sessions.all() if _is_ready(live)]
        self._since = {
            call_id: since
            for call_id, since in self._since.items()
            if self._sessions.of_call(call_id) is not None
        }
        if not ready or not self._may(stopping, asked):
            return 0
        leaving = [live for live in ready if at_once or self._is_a_good_moment(live)]
        for live in leaving:
            live.effects.leave_to_heir()
            live.session.abandon()
        if leaving:
            log.info("Calls are handed over", count=len(leaving))
        return len(leaving)

    def _may(self, stopping: bool, asked: bool) -> bool:
        if stopping and self._mode == "always":
            return True
        if not asked and not (stopping and self._mode == "auto"):
            return False
        return bool(self._nodes.heirs(self._node, self._owner, self._clock.now()))

    def _is_a_good_moment(self, live: LiveCall) -> bool:
        bridge = live.effects.bridge
        now = self._clock.monotonic()
        waited = now - self._since.setdefault(live.session.call_id, now)
        return bridge is None or bridge.is_quiet or waited >= QUIET_SECONDS


def past_of(call: ClaimedCall, now: datetime) -> Past | None:
    """What another controller's conversation left; None for a call that was not answered there."""
    if call.answered_at is None:
        return None
    answered_ago = max(0.0, (now - call.answered_at).total_seconds())
    carried = call.carried
    return Past(carried.turns, answered_ago, carried.tools, carried.notes)


def _is_ready(live: LiveCall) -> bool:
    """Its dial is settled, its end is not decided, and nobody is about to be connected with it."""
    effects = live.effects
    connects = effects.transfers.is_busy or effects.supervisors.is_connecting
    free = not effects.is_left and not connects
    return live.session.facts.state in _READY and free
