"""A caller who never stops: how long they have had the floor, and when the agent takes it.

What counts is the time in which the agent could not be heard: pauses that are too short to be
answered in, and answers that the caller talked into before they were audible, do not end it. Steady
noise that the ears take for speech is such a caller too, of whom no word is ever known.

Times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from topcalls.core.turn_rules import Decision, Floor, TakeFloor
from topcalls.core.turn_state import Agent, Speech

GAP_SECONDS = 0.5
"""Speech that goes on so soon after an utterance is still the same for whoever talks over it."""


@dataclass
class FloorLimit:
    """Of one call. `longest_ms`: after so long the agent speaks, whoever else does."""

    longest_ms: int
    _since: float | None = None
    _stopped_at: float | None = None  # the last of what was talked over
    _in_vain: int = 0

    def caller_started(self, now: float, *, goes_on: bool) -> None:
        """The caller speaks; not `goes_on`: for the first time since the agent was heard, or was
        let speak."""
        if self._since is None or not goes_on:
            self._since = now

    def agent_was_heard(self) -> None:
        """The caller has let the agent speak."""
        self._since = None

    def caller_speaks_on(self, now: float) -> None:
        """The agent has finished, and the caller is speaking."""
        self._since = now

    def words_known(self) -> None:
        """It is a person who speaks."""
        self._in_vain = 0

    def due_at(self, speech: Speech | None, agent: Agent) -> float | None:
        """When the agent takes the floor from a caller who is still speaking then."""
        unheard = agent.floor is Floor.FREE or agent.opening
        if speech is None or self._since is None or not unheard:
            return None
        return self._since + self.longest_ms / 1000

    def decide(self, now: float, speech: Speech | None, agent: Agent) -> list[Decision]:
        """Whether the time is over."""
        due_at = self.due_at(speech, agent)
        if speech is None or due_at is None or now < due_at:
            return []
        speech.overrule()
        self._since = now
        self._in_vain += 1
        return [TakeFloor(self._in_vain - 1)]

    def overruled_stopped(self, now: float) -> None:
        """Speech that the agent talks over has paused, or is over."""
        self._stopped_at = now

    def is_same_speech(self, now: float) -> bool:
        """Whether speech that begins now is what the agent is talking over."""
        return self._stopped_at is not None and now - self._stopped_at <= GAP_SECONDS
