"""Times in which the agent listens and says nothing: the line is on hold, or a supervisor speaks.

What was being said is cut off, a goodbye or a transfer that was under way is taken back, and the
silence is nobody's fault. When the last reason is gone the model learns what happened and goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.parts import Parts
from topcalls.bridge.transfer import Transferring
from topcalls.core import notes
from topcalls.core.transcript import Speaker


class Reason(StrEnum):
    """Why the agent says nothing."""

    LINE = "line"
    SUPERVISOR = "supervisor"


_NOTES: dict[Reason, tuple[Speaker, str, str]] = {
    Reason.LINE: ("user", notes.PUT_ON_HOLD, notes.TAKEN_OFF_HOLD),
    Reason.SUPERVISOR: ("assistant", notes.SUPERVISOR_JOINED, notes.SUPERVISOR_LEFT),
}


class Hold:
    """`tell_model(text)` lets the model know something; `respond` has it speak."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        farewell: Farewell,
        transfer: Transferring,
        tell_model: Callable[[str], None],
        respond: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._farewell = farewell
        self._transfer = transfer
        self._tell_model = tell_model
        self._respond = respond
        self._since: dict[Reason, float] = {}
        self._was_cut = False

    @property
    def holds(self) -> bool:
        """The agent must not speak."""
        return bool(self._since)

    def begin(self, reason: Reason) -> None:
        """Be silent from now on. Twice is no error."""
        if reason in self._since:
            return
        self._since[reason] = self._parts.now
        speaker, begun, _ = _NOTES[reason]
        self._note(speaker, begun)
        self._was_cut = self._was_cut or not self._agent.quiet
        self._agent.hold_back()
        self._farewell.abandon()
        self._transfer.take_back("The other person cannot hear you now.")

    def end(self, reason: Reason) -> None:
        """The reason is gone. After a supervisor, and where something was left unsaid, the agent
        goes on; a caller who comes back to the line speaks first."""
        since = self._since.pop(reason, None)
        if since is None:
            return
        speaker, _, ended = _NOTES[reason]
        self._note(speaker, ended)
        seconds = round(self._parts.now - since)
        by_supervisor = reason is Reason.SUPERVISOR
        message = prompt.supervisor_left_message if by_supervisor else prompt.off_hold_message
        self._tell_model(message(seconds))
        self._was_cut = self._was_cut or by_supervisor
        if self.holds:
            return
        goes_on, self._was_cut = self._was_cut, False
        if goes_on:
            self._respond()  # once, if an answer is owed already
        self._agent.speak_again()

    def _note(self, speaker: Speaker, text: str) -> None:
        self._parts.tell(self._parts.transcript.note(speaker, text, self._parts.call_ms()))
