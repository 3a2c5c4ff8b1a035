"""What answered the call is found out while the agent speaks, and dealt with as the call wants.

Two decisions are kept apart: what answered (`core/answer_detection.py`), and when to speak to it:
a mailbox after its beep, a screening assistant after its question. Sound is listened to in the
event loop, all else runs in the call's greenlet.
"""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge import prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.answer_ear import AnswerEar
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.core import answer_phrases, answer_plan
from topcalls.core.answer_detection import MACHINES, AnswerDetector, Answerer, Verdict, classify
from topcalls.core.turns import Protection
from topcalls.log import get_logger

LISTEN_SECONDS = 30.0
BEEP_WAIT_SECONDS = 60.0
AFTER_HUMAN_SECONDS = 8.0
"""How long after the verdict "human" a beep may still say otherwise."""

NO_BEEP_SECONDS = 4.0
"""A mailbox that is silent for so long after its greeting has no beep."""

PROMPT_END_SECONDS = 0.8
MOST_LOOPS = 3
_LAST_BEEP_SECONDS = 1.5
_SURE = 0.9

log = get_logger(__name__)


class Answering:
    """`tell_model(text)` lets the model know something; `respond` has it speak."""

    def __init__(
        self,
        parts: Parts,
        agent: Agent,
        farewell: Farewell,
        tell_model: Callable[[str], None],
        respond: Callable[[], None],
    ) -> None:
        self.next_ear: Callable[[bytes], None] = _ignore
        self._parts = parts
        self._plan = parts.config.answer
        self._agent = agent
        self._farewell = farewell
        self._tell_model = tell_model
        self._respond = respond
        self._detector = AnswerDetector(self._plan.rules)
        self._ear = AnswerEar(self._detector) if self._plan.detect else None
        self._waits_for: Callable[[], None] | None = None  # what is said when the moment comes
        self._for_beep = False
        self._leaving = False  # a message is being left
        self._after_beep: set[str] = set()  # speech that began while it is
        self._steps = 0
        self._has_pressed = False  # since the last words from the far end began
        self._menus: list[str] = []

    @property
    def holds(self) -> bool:
        """The agent must not speak of itself now."""
        return self._waits_for is not None

    def forget(self) -> None:
        """The conversation was under way before: nothing is to be found out."""
        self._ear = None

    # --- in the event loop

    def hear(self, l16: bytes) -> None:
        """Audio of whoever answered."""
        if self._ear is not None:
            self._listen(self._ear, l16)
        self.next_ear(l16)

    def _listen(self, ear: AnswerEar, l16: bytes) -> None:
        for verdict in ear.hear(l16):
            self._news(verdict)
        if self._waits_for is not None and self._moment_has_come(ear):
            self._parts.mailbox.put(self._speak_now)
        if self._has_heard_enough(ear.seconds):
            self._ear = None

    def _moment_has_come(self, ear: AnswerEar) -> bool:
        """The beep is over, or there is none; the question has been asked."""
        if self._for_beep:
            if ear.seconds - ear.last_beep < _LAST_BEEP_SECONDS:
                return True
            limit = NO_BEEP_SECONDS
        else:
            limit = PROMPT_END_SECONDS
        return not ear.is_speech and ear.seconds - ear.quiet_since >= limit

    def _has_heard_enough(self, now: float) -> bool:
        verdict = self._detector.verdict
        if self._waits_for is not None:
            return now > BEEP_WAIT_SECONDS
        if verdict is None or verdict.confidence < _SURE:
            return now > LISTEN_SECONDS
        if verdict.answerer in (Answerer.HUMAN, Answerer.SILENCE):
            return now > max(verdict.at + AFTER_HUMAN_SECONDS, 0.0) or now > LISTEN_SECONDS
        return True

    def _news(self, verdict: Verdict | None) -> None:
        if verdict is not None:
            self._parts.mailbox.put(self._decided, verdict)

    # --- in the call's greenlet

    def speech_started(self, item_id: str) -> None:
        """The model's ears hear somebody."""
        self._has_pressed = False
        if self._leaving:
            self._after_beep.add(item_id)

    def words(self, item_id: str, text: str) -> None:
        """What they said."""
        if self._leaving and item_id in self._after_beep:
            self._perhaps_picked_up(text)
        elif self._ear is not None:
            self._news(self._detector.words(text, self._ear.seconds))
        self._watch_menu(text)

    def pressed(self) -> None:
        """The model has pressed keys."""
        self._has_pressed = True
        self._steps += 1
        if self._in_menu and self._steps > self._plan.steps:
            self._hang_up("menu_steps")

    def _decided(self, verdict: Verdict) -> None:
        log.info("Answer detected", answerer=verdict.answerer.value, after=round(verdict.at, 2))
        self._parts.observer.answered_by(verdict)
        if verdict.answerer is Answerer.VOICEMAIL:
            self._met_voicemail()
        elif verdict.answerer is Answerer.IVR:
            self._met_menu()
        elif verdict.answerer is Answerer.SCREENING and self._plan.introduction:
            self._wait(self._introduce, for_beep=False)
        elif verdict.answerer not in MACHINES and self._waits_for is not None:
            self._waits_for = None
            self._respond()

    def _met_voicemail(self) -> None:
        if self._plan.voicemail == answer_plan.HANG_UP:
            self._hang_up("voicemail")
        elif self._plan.voicemail == answer_plan.LEAVE_MESSAGE:
            self._wait(self._leave_message, for_beep=True)

    def _wait(self, then: Callable[[], None], *, for_beep: bool) -> None:
        """Be silent until the moment has come; should the line go silent, it comes by itself."""
        self._agent.cut_off()
        self._farewell.abandon()
        self._waits_for, self._for_beep = then, for_beep
        if self._ear is None:
            self._speak_now()
        else:
            self._parts.timers.set("answering", BEEP_WAIT_SECONDS, self._speak_now)

    def _speak_now(self) -> None:
        then, self._waits_for = self._waits_for, None
        if then is not None:
            self._parts.timers.cancel("answering")
            then()

    def _leave_message(self) -> None:
        self._leaving = True
        self._agent.say(Ask(self._plan.message, protection=Protection.ABSOLUTE))
        self._farewell.begin("agent_ended", "voicemail message left")

    def _introduce(self) -> None:
        self._agent.say(Ask(self._plan.introduction))

    def _perhaps_picked_up(self, text: str) -> None:
        """Speech over our message: a person, unless it is the mailbox once more."""
        plain = answer_phrases.plain(text)
        found = classify(plain)
        if not plain or (found is not None and found[0] in MACHINES):
            return
        self._leaving = False
        self._agent.cut_off()
        self._farewell.abandon()
        seconds = self._parts.call_ms() / 1000
        if (verdict := self._detector.picked_up(seconds)) is not None:
            self._parts.observer.answered_by(verdict)
        self._respond()

    # --- menus

    @property
    def _in_menu(self) -> bool:
        verdict = self._detector.verdict
        met = verdict is not None and verdict.answerer is Answerer.IVR
        return met and self._plan.ivr == answer_plan.NAVIGATE

    def _met_menu(self) -> None:
        if self._plan.ivr == answer_plan.HANG_UP:
            self._hang_up("ivr")
        elif self._plan.ivr == answer_plan.NAVIGATE:
            self._navigate()

    def _navigate(self) -> None:
        """Have the model choose, unless it chose before the menu was known to be one."""
        if not self._has_pressed:
            self._agent.cut_off()
        self._tell_model(prompt.menu_message(self._plan.goal))
        if not self._has_pressed:
            self._respond()

    def _watch_menu(self, text: str) -> None:
        """The same menu again and again leads nowhere."""
        if not self._in_menu or len(plain := answer_phrases.plain(text)) < 20:
            return
        self._menus.append(plain)
        heard = self._menus.count(plain)
        if heard > MOST_LOOPS:
            self._hang_up("menu_loop")
        elif heard > 1:
            self._tell_model(prompt.MENU_AGAIN)

    def _hang_up(self, why: str) -> None:
        self._agent.cut_off()
        self._parts.end("agent_ended", why)


def _ignore(_: bytes) -> None:
    """Nobody else listens."""
