"""What the turn-taking decides (`core/turns.py`), carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from topcalls import metrics
from topcalls.bridge.agent import Agent
from topcalls.bridge.answering import Answering
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.floor import FloorTaker
from topcalls.bridge.opt_out import OptOuts
from topcalls.bridge.parts import Parts
from topcalls.bridge.recovery import Recovery
from topcalls.bridge.tool_use import ToolUse
from topcalls.bridge.transfer import Transferring
from topcalls.core import turn_rules
from topcalls.core.turn_rules import Decision


class Decisions:
    """One method per kind of decision; `carry_out` calls them in order."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        recovery: Recovery,
        farewell: Farewell,
        transfer: Transferring,
        tools: ToolUse,
        answering: Answering,
        floor: FloorTaker,
        opt_outs: OptOuts,
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._recovery = recovery
        self._farewell = farewell
        self._transfer = transfer
        self._tools = tools
        self._answering = answering
        self._floor = floor
        self._opt_outs = opt_outs
        self._kinds: dict[type, Callable[[Any], None]] = {
            turn_rules.Pause: lambda _: agent.speaker.pause(),
            turn_rules.Resume: self._resume,
            turn_rules.Commit: self._commit,
            turn_rules.CreateResponse: self._create_response,
            turn_rules.Withdraw: self._withdraw,
            turn_rules.DeleteBackchannel: self._delete_backchannel,
            turn_rules.Reclaim: self._reclaim,
            turn_rules.TakeFloor: self._take_floor,
        }

    def carry_out(self, decisions: list[Decision]) -> None:
        """In order. When there is no model any more, nothing is left to decide."""
        if not self._recovery.over:
            for decision in decisions:
                self._kinds[type(decision)](decision)

    def _resume(self, _: turn_rules.Resume) -> None:
        metrics.interruptions.labels("false").inc()
        self._agent.speaker.resume()

    def _commit(self, _: turn_rules.Commit) -> None:
        metrics.interruptions.labels("true").inc()
        self._give_floor()

    def _withdraw(self, _: turn_rules.Withdraw) -> None:
        metrics.withdrawn_answers.inc()
        self._give_floor()

    def _give_floor(self) -> None:
        self._agent.cut_off()
        if self._farewell.closing and self._parts.link.session is not None:
            self._tools.take_back_goodbye()
        self._transfer.take_back()

    def _create_response(self, _: turn_rules.CreateResponse) -> None:
        if self._agent_may_speak:
            self._agent.answer()

    def _delete_backchannel(self, decision: turn_rules.DeleteBackchannel) -> None:
        parts = self._parts
        parts.tell(parts.transcript.caller_failed(decision.item_id))  # no words come any more
        if parts.link.session is not None:
            parts.link.session.delete_item(decision.item_id)

    def _reclaim(self, _: turn_rules.Reclaim) -> None:
        metrics.interruptions.labels("noise").inc()
        self._agent.take_back_floor(self._recovery.tell if self._agent_may_speak else None)

    def _take_floor(self, decision: turn_rules.TakeFloor) -> None:
        if self._agent_may_speak:
            self._floor.take(decision)

    @property
    def _agent_may_speak(self) -> bool:
        closing = self._farewell.closing
        waits = self._answering.holds or self._opt_outs.holds
        return not (closing or self._transfer.under_way or waits)
