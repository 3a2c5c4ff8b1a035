"""A phrase of the agent's for a caller who waits: for the model, or for a tool.

It is made in the agent's own voice when it is about to be needed, kept for the rest of the call,
and stopped when the answer comes. Not said before the agent has said anything, nor while the caller
speaks.
"""

from __future__ import annotations

from topcalls.bridge.agent import Agent
from topcalls.bridge.parts import Parts
from topcalls.bridge.speaker import Utterance
from topcalls.providers.base import Rendered

HEAD_START = 0.8  # seconds: what a voice takes to make a phrase
LAST_WORD_MS = 400
"""A phrase that is as good as over is heard to its end."""

_MAKE, _SAY = "make filler", "say filler"


class Fillers:
    """`watch` is told, whenever it may have changed, whether the caller waits."""

    def __init__(self, parts: Parts, agent: Agent) -> None:
        self._plan = parts.config.filler
        self._parts = parts
        self._agent = agent
        self._clips: dict[str, bytes] = {}
        self._asked: set[str] = set()  # phrases that the present session is making
        self._last = ""
        self._said = 0  # in this wait
        self._count = 0
        self._may_begin = False
        self._saying: Utterance | None = None
        self._due = False  # the time has come, and the phrase is not there yet

    def agent_spoke(self) -> None:
        """Something of the agent's is audible."""
        self._may_begin = True

    def answer_comes(self) -> None:
        """Sound of an answer is here."""
        self._said = 0
        saying, self._saying = self._saying, None
        if saying is None or not self._agent.speaker.is_alone(saying.id):
            return
        if saying.milliseconds_left(self._parts.now) > LAST_WORD_MS:
            self._agent.fall_silent()

    def caller_spoke(self) -> None:
        """A wait that follows is another one."""
        self._said = 0

    def watch(self, waits: bool) -> None:
        """Whether the caller waits, and nobody speaks."""
        timers = self._parts.timers
        if not waits or not self._may_begin:
            timers.cancel(_MAKE, _SAY)
            self._due = False
        elif not self._due and not timers.is_set(_SAY):
            wait_ms = self._plan.wait_ms(self._said)
            if wait_ms is not None:
                timers.set(_MAKE, max(0.0, wait_ms / 1000 - HEAD_START), self._make)
                timers.set(_SAY, wait_ms / 1000, self._say)

    def rendered(self, event: Rendered) -> None:
        """A phrase has become sound."""
        self._asked.discard(event.text)
        self._parts.observer.usage(self._parts.config.session.model, event.usage)
        if event.audio:
            self._clips[event.text] = event.audio
            if self._due:
                self._say()

    def session_lost(self) -> None:
        """What it was making does not come."""
        self._asked.clear()

    @property
    def _phrase(self) -> str:
        return self._plan.next_phrase(self._last)

    def _make(self) -> None:
        phrase, session = self._phrase, self._parts.link.session
        if session is not None and phrase not in self._clips and phrase not in self._asked:
            self._asked.add(phrase)
            session.render(phrase)

    def _say(self) -> None:
        phrase = self._phrase
        clip = self._clips.get(phrase)
        self._due = clip is None
        if clip is None:
            return
        self._count += 1
        self._said += 1
        self._last = phrase
        self._saying = Utterance(f"filler-{self._count}")
        self._parts.transcript.agent_text(self._saying.id, phrase)
        self._agent.speaker.add(self._saying, clip)
        self._agent.speaker.complete(self._saying.id)
