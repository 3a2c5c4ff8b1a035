"""A message for a mailbox: said word for word, after its beep, and whole.

A beep that comes after the first words were said to a mailbox that seemed to have none begins the
recording only then, so the message begins again. Who speaks meanwhile is a person, unless it is the
mailbox once more: what they say is waited for, even if the message is over by then.
"""

from __future__ import annotations

from typing import Final

from topcalls.bridge.agent import Agent
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.core import answer_phrases
from topcalls.core.answer_verdict import MACHINES, classify
from topcalls.core.turn_rules import Protection

MOST_RESTARTS: Final = 2
WORDS_SECONDS: Final = 6.0
"""So long after somebody began to speak their words are there, or will not be."""

_WORDS = "words over a message"
EARLY_SECONDS: Final = 3.0
"""A beep so soon after the one that the message waited for is the true one."""


class MailboxMessage:
    """`is_being_left` from its first word on, until a person picks up."""

    def __init__(self, parts: Parts, agent: Agent, farewell: Farewell) -> None:
        self.is_being_left = False
        self._parts = parts
        self._agent = agent
        self._farewell = farewell
        self._text = ""
        self._by_beep = False
        self._begun_at = 0.0  # monotonic
        self._restarts = 0
        self._heard: set[str] = set()  # speech that began while it is being left
        self._unread: set[str] = set()  # that of it whose words may come yet

    def leave(self, text: str, *, by_beep: bool) -> None:
        """Say it, then end the call. `by_beep`: the beep was heard."""
        self.is_being_left = True
        self._text, self._by_beep, self._begun_at = text, by_beep, self._parts.now
        self._agent.say(Ask(text, protection=Protection.ABSOLUTE))
        self._farewell.begin("agent_ended", "voicemail message left")

    @property
    def awaits_words(self) -> bool:
        """Somebody speaks, or has spoken, over the message, and it is not known what."""
        return self.is_being_left and bool(self._unread)

    @property
    def may_begin_again(self) -> bool:
        """A beep would still begin it again."""
        early = self._parts.now - self._begun_at < EARLY_SECONDS
        return self._restarts < MOST_RESTARTS and (early or not self._by_beep)

    def beep(self) -> None:
        """One was heard while the message is being left."""
        if self.is_being_left and self.may_begin_again:
            self._restarts += 1
            self._stop()
            self.leave(self._text, by_beep=True)

    def speech_began(self, item_id: str) -> None:
        """The model's ears hear somebody."""
        if self.is_being_left:
            self._heard.add(item_id)
            self._unread.add(item_id)
            self._parts.timers.set(_WORDS, WORDS_SECONDS, self._unread.clear)

    def picked_up(self, item_id: str, text: str) -> bool:
        """What they said; True, and no more is said, if that is a person."""
        self._unread.discard(item_id)
        plain = answer_phrases.plain(text)
        found = classify(plain)
        machine = found is not None and found[0] in MACHINES
        if item_id not in self._heard or not plain or machine:
            return False
        self.is_being_left = False
        self._stop()
        return True

    def _stop(self) -> None:
        self._agent.cut_off()
        self._farewell.abandon()
