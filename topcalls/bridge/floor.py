"""The agent takes the floor from a caller who does not stop speaking, or from steady noise."""

from __future__ import annotations

from collections.abc import Callable

from topcalls import metrics
from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.answering import Answering
from topcalls.bridge.hold import Hold
from topcalls.bridge.opening import Opening
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.bridge.uplink import Uplink
from topcalls.core.turn_rules import Protection, TakeFloor

MOST_IN_VAIN = 2
"""Times that it was taken without a word in return: what is heard is no person."""


class FloorTaker:
    """`give_up` says goodbye to a line on which nobody is."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        uplink: Uplink,
        opening: Opening,
        answering: Answering,
        hold: Hold,
        give_up: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._uplink = uplink
        self._opening = opening
        self._answering = answering
        self._hold = hold
        self._give_up = give_up

    def take(self, decision: TakeFloor) -> None:
        """Say something that acknowledges and asks; machines may talk as long as they like."""
        session = self._parts.link.session
        if session is None or self._hold.holds or self._answering.in_menu:
            return
        metrics.interruptions.labels("taken").inc()
        session.end_turn(self._uplink.sent_ms)
        if decision.in_vain >= MOST_IN_VAIN:
            self._give_up()
        elif self._agent.quiet:
            ask = Ask(prompt.TAKE_FLOOR, exact=False, protection=Protection.YIELDS_LATE)
            self._agent.say(ask)
        else:
            self._opening.caller_spoke()  # it waits for the end of their greeting
