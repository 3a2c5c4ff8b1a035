"""Words that somebody outside wants said, and what they want the model to know.

Words wait for their moment: until nobody speaks or, where they are to interrupt the agent, until it
may be interrupted and the caller is not speaking. Words of which nothing was heard, because the
caller went on talking, are said again. Whoever wanted them learns what became of them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.core.live_words import MOST_NOTES, MOST_TRIES, MOST_WAITING, Outcome, Words
from topcalls.core.turn_rules import Decision, Protection
from topcalls.log import get_logger

log = get_logger(__name__)


class Dictation:
    """`tell_model(text)` lets the model know something; `decide` carries decisions out;
    `may_speak`: nothing else keeps the agent silent. `notes`: what it was told before."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        farewell: Farewell,
        tell_model: Callable[[str], None],
        decide: Callable[[list[Decision]], None],
        may_speak: Callable[[], bool],
        notes: Iterable[str] = (),
    ) -> None:
        self._parts = parts
        self._agent = agent
        self._farewell = farewell
        self._tell_model = tell_model
        self._decide = decide
        self._may_speak = may_speak
        self._waiting: deque[Words] = deque()
        self._being_said: Words | None = None
        self._tries = 0  # of the words being said, or next to be
        self._notes = deque(map(prompt.note_message, notes), MOST_NOTES)
        self._closed = False

    # --- what is wanted

    def say(self, words: Words) -> None:
        """Have these words said when their moment comes."""
        if self._closed or len(self._waiting) >= MOST_WAITING:
            self._parts.observer.said(words.id, Outcome.NOT_SAID)
        else:
            self._waiting.append(words)

    def note(self, text: str, respond: bool) -> None:
        """Let the model know something, and perhaps speak about it."""
        if self._closed:
            return
        message = prompt.note_message(text)
        self._tell_model(message)
        if self._parts.link.session is not None:
            self._notes.append(message)
        if respond:
            self._decide(self._parts.turns.response_wanted())

    def memory(self) -> list[str]:
        """What another session of the model has to know of it."""
        return list(self._notes)

    # --- when

    @property
    def is_busy(self) -> bool:
        """Words wait, or are being said."""
        return self._being_said is not None or bool(self._waiting)

    def settle(self) -> None:
        """After every fact: begin what may begin."""
        self._look_at_what_is_said()
        if self._waiting and self._being_said is None and self._moment_has_come(self._waiting[0]):
            self._begin(self._waiting.popleft())

    def close(self) -> None:
        """Nothing will be said any more."""
        self._closed = True
        left = [self._being_said, *self._waiting]
        self._waiting.clear()
        self._being_said = None
        for words in left:
            if words is not None:
                outcome = self._agent.fate_of(words.id) or Outcome.NOT_SAID
                self._parts.observer.said(words.id, outcome)

    def _moment_has_come(self, words: Words) -> bool:
        turns = self._parts.turns
        if not self._may_speak():
            return False
        if words.interrupt:
            free = not self._agent.is_protected
            return free and not (words.interruptible and turns.caller_speaking)
        return self._agent.quiet and not turns.turn_is_open

    def _begin(self, words: Words) -> None:
        """An answer that was owed and of which nothing was heard follows."""
        self._being_said = words
        self._tries += 1
        owes_answer = self._agent.owes_answer
        decisions: list[Decision] = []
        if not self._agent.quiet:
            self._agent.cut_off()
            decisions = self._parts.turns.agent_silent(self._parts.now)
        protection = Protection.NONE if words.interruptible else Protection.ABSOLUTE
        self._agent.say(Ask(words.text, protection=protection, wish=words.id))
        if words.end_call:
            self._farewell.begin("agent_ended", "said")
        self._decide(decisions)
        if owes_answer and not words.end_call:
            self._agent.answer()

    def _look_at_what_is_said(self) -> None:
        words = self._being_said
        if words is None:
            return
        if self._agent.is_saying(words.id):
            if words.end_call and not self._farewell.closing:  # taken up again after a noise
                self._farewell.begin("agent_ended", "said")
            return
        outcome = self._agent.fate_of(words.id)
        if outcome is Outcome.INTERRUPTED and self._parts.turns.may_take_back_floor:
            return
        self._being_said = None
        if outcome is None and self._tries < MOST_TRIES and not self._agent.is_retired:
            log.info("Words are said again: nothing of them was heard", tries=self._tries)
            self._waiting.appendleft(words)
            return
        self._tries = 0
        self._parts.observer.said(words.id, outcome or Outcome.NOT_SAID)
