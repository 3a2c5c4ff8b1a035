"""Somebody says in a call, or by the key 9, that they do not want to be called.

What is clear is told at once to whoever keeps it, confirmed in fixed words that nobody talks over,
and ends the call. What may mean it is asked about once; without a clear no it counts. What the
model would have said of it is not said. Words that may still change are looked at a few times a
second, and count once they have stood (`core/opt_out.py`). A machine's words never count: where it
is not known yet who answered, they wait for that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.answering import Answering
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.hold import Hold
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.bridge.transfer import Transferring
from topcalls.core import notes
from topcalls.core.opt_out import OptOut, OptOutEar, Tier, is_echo, wants_calls
from topcalls.core.opt_out_words import confirmation, words_for
from topcalls.core.turn_rules import Protection
from topcalls.log import get_logger

LOOK_SECONDS: Final = 0.25
"""How often words that grow are looked at."""

ANSWER_SECONDS: Final = 8.0
"""Of silence after the question: there will be no clear no."""

VERDICT_SECONDS: Final = 4.0
"""For so long it is waited for who answered."""

ENDED: Final = "opt-out"
_LOOK, _ANSWER, _VERDICT = "opt out look", "opt out answer", "opt out verdict"

log = get_logger(__name__)


class OptOuts:
    """`tell_model(text)` lets the model know something; `respond` has it speak."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        farewell: Farewell,
        transfer: Transferring,
        hold: Hold,
        answering: Answering,
        tell_model: Callable[[str], None],
        respond: Callable[[], None],
    ) -> None:
        self._parts = parts
        self._plan = parts.config.opt_out
        self._agent = agent
        self._farewell = farewell
        self._transfer = transfer
        self._hold = hold
        self._answering = answering
        self._tell_model = tell_model
        self._respond = respond
        self._ear = self._new_ear()
        self._growing = ""
        self._unproven: OptOut | None = None  # heard, and it is not known from whom
        self._question: tuple[OptOut, str] | None = None  # what it is about, and its words
        self._is_audible = False  # the question is, or was
        self._answers: set[str] = set()  # speech that began since
        self._confirming: str | None = None  # the call is to end with these words
        self._over = False

    @property
    def holds(self) -> bool:
        """The agent must not speak of itself: it has asked, or says goodbye, or will once it is
        known who spoke."""
        waits = self._unproven is not None and self._unproven.tier is not Tier.ASK
        return waits or self._question is not None or self._confirming is not None

    # --- what is heard

    def speech_started(self, item_id: str) -> None:
        """The caller begins to speak."""
        if self._question is not None and self._is_audible:
            self._answers.add(item_id)
            self._parts.timers.cancel(_ANSWER)

    def growing(self, text: str) -> None:
        """All of a turn of the caller so far."""
        if self._plan.listens and self._confirming is None:
            self._growing = text
            if not self._parts.timers.is_set(_LOOK):
                self._parts.timers.set(_LOOK, LOOK_SECONDS, self._look)

    def heard(self, item_id: str, text: str) -> None:
        """A turn of the caller as it stands."""
        if not self._plan.listens:
            return
        self._growing = ""
        self._parts.timers.cancel(_LOOK)
        found = self._found(text, is_final=True)
        if self._question is not None and item_id in self._answers and text.strip():
            self._answered(text)
        elif found is not None:
            self._act(found)

    def keys(self, digits: str) -> bool:
        """An entry on the keypad; True if it was the key that ends all calls."""
        if not self._plan.listens or not self._plan.by_key:
            return False
        found = self._ear.key(digits)
        if found is not None:
            self._act(found)
        return found is not None

    def audible(self, ask: Ask) -> None:
        """Somebody hears the agent say this."""
        if self._question is not None and ask.text == self._question[1]:
            self._is_audible = True

    def _look(self) -> None:
        found = self._found(self._growing, is_final=False)
        due_at_ms = self._ear.due_at_ms
        if due_at_ms is not None:
            seconds = max(0.0, (due_at_ms - self._parts.call_ms()) / 1000)
            self._parts.timers.set(_LOOK, min(seconds, LOOK_SECONDS), self._look)
        if found is not None:
            self._act(found)

    def _found(self, text: str, *, is_final: bool) -> OptOut | None:
        found = self._ear.hear(text, self._parts.call_ms(), is_final=is_final)
        if found is None:
            return None
        spoken = self._parts.transcript.open_turn()[0]
        # Who asks who is calling, and has not been told yet, is not asked.
        ignored = found.tier is Tier.ASK and not (self._plan.asks and spoken)
        if ignored or self._answering.hears_machine or is_echo(text, spoken):
            self._ear = self._new_ear()  # the same may be meant the next time
            return None
        return found

    def _new_ear(self) -> OptOutEar:
        return OptOutEar(stop_was_offered=self._plan.offers)

    # --- what follows

    def settle(self) -> None:
        """After every fact."""
        if self._unproven is not None and not self._answering.is_undecided:
            self._proven()
        if self._confirming is not None and not self._farewell.closing and not self._over:
            self._say_goodbye()
        if self._question is not None:
            self._await_answer(self._question[1])

    def _await_answer(self, question: str) -> None:
        timers, is_quiet = self._parts.timers, self._agent.quiet and not self._hold.holds
        if is_quiet and not self._is_audible:
            self._agent.say(_asking(question))  # something had cut it off
        elif not is_quiet or self._parts.turns.turn_is_open:
            timers.cancel(_ANSWER)
        elif not timers.is_set(_ANSWER):
            timers.set(_ANSWER, ANSWER_SECONDS, self._no_answer)

    def stop(self) -> None:
        """The call is over. Who was asked and did not say no has said yes."""
        if self._unproven is not None:
            self._proven()
        self._over = True
        if self._question is not None and self._is_audible:
            self._no_answer()

    def _act(self, found: OptOut) -> None:
        if self._answering.is_undecided and found.words and not self._over:
            self._unproven = found
            self._parts.timers.set(_VERDICT, VERDICT_SECONDS, self._proven)
        elif found.tier is Tier.ASK:
            self._ask(found)
        else:
            self._opted_out(found)

    def _proven(self) -> None:
        found, self._unproven = self._unproven, None
        self._parts.timers.cancel(_VERDICT)
        if found is None or self._answering.hears_machine:
            self._ear = self._new_ear()
            return
        if found.tier is Tier.ASK:
            self._ask(found)
        else:
            self._opted_out(found)

    def _ask(self, found: OptOut) -> None:
        busy = self._farewell.closing or self._transfer.under_way or self._hold.holds
        if self._over or busy or self.holds:
            return  # what is clearer goes first
        question = words_for(self._parts.config.session.language, found).question
        self._question = found, question
        self._agent.hush(partial(self._agent.say, _asking(question)))

    def _answered(self, text: str) -> None:
        if not wants_calls(text):
            self._no_answer()
            return
        self._question = None
        self._tell_model(prompt.WANTS_CALLS)
        self._respond()

    def _no_answer(self) -> None:
        if self._question is not None:
            self._opted_out(replace(self._question[0], tier=Tier.STOP))

    def _opted_out(self, found: OptOut) -> None:
        log.info("Opted out", tier=found.tier.name.lower(), language=found.language)
        parts = self._parts
        self._question = None
        parts.timers.cancel(_ANSWER, _LOOK)
        parts.observer.opted_out(found)
        note = notes.OPTED_OUT if found.tier is Tier.STOP else notes.OPTED_OUT_OF_PURPOSE
        parts.tell(parts.transcript.note("user", note, parts.call_ms()))
        if self._confirming is None and not self._over:
            words = words_for(parts.config.session.language, found)
            self._confirming = confirmation(words, found.tier)
            self._transfer.take_back()

    def _say_goodbye(self) -> None:
        """Again, should something have taken it back; not while nobody would hear it."""
        if self._hold.holds or self._transfer.under_way or self._agent.is_falling_silent:
            return
        words = self._confirming or ""
        self._farewell.begin("agent_ended", ENDED)
        self._agent.hush(partial(self._confirm, words))

    def _confirm(self, words: str) -> None:
        self._agent.speaker.release()
        self._agent.say(Ask(words, protection=Protection.ABSOLUTE))


def _asking(question: str) -> Ask:
    return Ask(question, protection=Protection.YIELDS_LATE)
