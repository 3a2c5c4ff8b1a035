"""What is said while a tool keeps the caller waiting, in the customer's own words.

Once for each call of a tool, when its answer is not there after a second; not where the model said
something itself before it called the tool, and not over anybody's words.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.agent import Agent
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask

WAIT_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.3
_TIMER = "waiting words"


class WaitingWords:
    """`is_running` tells whether a use of a tool still is."""

    def __init__(self, parts: Parts, agent: Agent, is_running: Callable[[str], bool]) -> None:
        self._parts = parts
        self._agent = agent
        self._is_running = is_running
        self._words = {tool.name: tool.speak_while_waiting for tool in parts.config.tools}
        self._waiting: dict[str, tuple[str, str]] = {}  # use: its response, and the words

    def begin(self, use_id: str, response_id: str, tool: str) -> None:
        """This tool is at work."""
        words = self._words.get(tool)
        if words:
            self._waiting[use_id] = response_id, words
            self._parts.timers.set(_TIMER, WAIT_SECONDS, self._look)

    def model_spoke(self, response_id: str) -> None:
        """The response that called tools said something itself."""
        self._waiting = {
            use_id: waiting
            for use_id, waiting in self._waiting.items()
            if waiting[0] != response_id
        }

    def clear(self) -> None:
        """Nothing is to be said any more."""
        self._waiting.clear()
        self._parts.timers.cancel(_TIMER)

    def _look(self) -> None:
        still = [words for use_id, (_, words) in self._waiting.items() if self._is_running(use_id)]
        if not still:
            self._waiting.clear()
        elif self._agent.quiet and not self._parts.turns.caller_speaking:
            self._waiting.clear()
            self._agent.say(Ask(still[0]))
        else:
            self._parts.timers.set(_TIMER, LOOK_AGAIN_SECONDS, self._look)
