"""What answered the call is found out while the agent speaks, and dealt with as the call wants.

Two decisions are kept apart: what answered (`core/answer_detection.py`), and when to speak to it
(`core/answer_timing.py`). Sound is listened to in the event loop, all else runs in the call's
greenlet.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from topcalls.bridge.agent import Agent
from topcalls.bridge.answer_advice import Advice, Judgement
from topcalls.bridge.answer_ear import AnswerEar
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.mailbox_message import MailboxMessage
from topcalls.bridge.menu_guide import MenuGuide
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import Ask
from topcalls.core import answer_plan
from topcalls.core.answer_detection import AnswerDetector
from topcalls.core.answer_instruction import Instruction
from topcalls.core.answer_plan import Reaction, reaction_to
from topcalls.core.answer_timing import SpeakingTime
from topcalls.core.answer_verdict import CERTAIN, MACHINES, Answerer, Verdict
from topcalls.log import get_logger

LISTEN_SECONDS = 30.0
AFTER_HUMAN_SECONDS = 8.0
"""How long after the verdict "human" a beep may still say otherwise."""

LONGEST_WAIT_SECONDS = 60.0
"""For a moment to speak, on a line that may have gone silent."""

_SURE = 0.9
_WAIT = "answering"

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
        self._respond = respond
        self._detector = AnswerDetector(self._plan.rules)
        self._time = SpeakingTime()
        self._decided_at = 0.0  # seconds of the line
        self._undealt = 0  # verdicts that the greenlet has not seen yet
        self._waits_for: Callable[[], None] | None = None  # what is said when the moment comes
        self._moment_told = False
        self._advice = Advice(parts.advisers, parts.mailbox, self._plan)
        self._reactions: dict[Answerer, Reaction] = {}  # that the customer's server has wanted
        self._message = MailboxMessage(parts, agent, farewell)
        self._menu = MenuGuide(agent, self._plan, tell_model, respond, self._hang_up)
        beep = partial(parts.mailbox.put, self._message.beep)
        self._ear = AnswerEar(self._detector, self._time, beep) if self._plan.detect else None

    @property
    def holds(self) -> bool:
        """The agent must not speak of itself now."""
        return self._waits_for is not None or self._agent.is_falling_silent

    @property
    def in_menu(self) -> bool:
        """An automatic menu is listened to, which is not to be answered at every pause."""
        return self._menu.is_in_menu

    @property
    def awaits_words(self) -> bool:
        """The call must not end before it is known who speaks over the message."""
        return self._message.awaits_words

    @property
    def hears_machine(self) -> bool:
        """What answered is no person, as far as is known."""
        verdict = self._detector.verdict
        return verdict is not None and verdict.answerer in MACHINES

    @property
    def is_undecided(self) -> bool:
        """It is still listened for what answered."""
        return self._ear is not None and self._detector.verdict is None

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
        if not self._moment_told and self._time.has_come(ear.seconds):
            self._moment_told = True
            self._parts.mailbox.put(self._speak_now)
        if self._has_heard_enough(ear.seconds):
            self._ear = None

    def _has_heard_enough(self, now: float) -> bool:
        if (
            self._undealt
            or self._advice.is_awaited
            or self._waits_for is not None
            or self._menu.is_in_menu
        ):
            return False
        if self._message.is_being_left:
            return not self._message.may_begin_again
        verdict = self._detector.verdict
        if verdict is None or verdict.confidence < _SURE:
            return now > LISTEN_SECONDS
        if verdict.answerer in (Answerer.HUMAN, Answerer.SILENCE):
            return now > self._decided_at + AFTER_HUMAN_SECONDS or now > LISTEN_SECONDS
        return verdict.answerer is not Answerer.IVR or now > LISTEN_SECONDS

    def _news(self, verdict: Verdict | None) -> None:
        if verdict is not None:
            self._decided_at = self._now
            self._undealt += 1
            self._parts.mailbox.put(self._decided, verdict)

    @property
    def _now(self) -> float:
        """Seconds of the line; of the call, where nobody listens any more."""
        return self._parts.call_ms() / 1000 if self._ear is None else self._ear.seconds

    # --- in the call's greenlet

    def speech_started(self, item_id: str) -> None:
        """The model's ears hear somebody."""
        self._message.speech_began(item_id)
        self._menu.speech_began()

    def words(self, item_id: str, text: str) -> None:
        """What they said."""
        if self._message.is_being_left:
            if self._message.picked_up(item_id, text):
                self._picked_up()
        elif self._ear is not None:
            self._news(self._detector.words(text, self._ear.seconds))
            self._menu.heard(text)
            spoken = self._detector.spoken(self._ear.seconds)
            self._advice.judge(self._detector.unsettled, spoken, self._judged)

    def stop(self) -> None:
        """The call is over."""
        self._advice.stop()

    def pressed(self) -> None:
        """The model has pressed keys."""
        self._menu.pressed()

    def spoke(self) -> None:
        """The agent is audible."""
        self._menu.spoke()

    def _decided(self, verdict: Verdict) -> None:
        self._undealt -= 1
        log.info("Answer detected", answerer=verdict.answerer.value, after=round(verdict.at, 2))
        self._parts.observer.answered_by(verdict)
        known = self._reactions.get(verdict.answerer)
        if known is not None:
            self._react(verdict, known, wanted=True)
        elif not self._advice.decide(verdict, partial(self._advised, verdict)):
            self._react(verdict, reaction_to(verdict.answerer, self._plan))

    def _judged(self, judgement: Judgement | None) -> None:
        """The model has read what was said."""
        if judgement is not None and not self._message.is_being_left:
            self._news(self._detector.judged(*judgement, self._now))

    def _advised(self, verdict: Verdict, instruction: Instruction | None) -> None:
        """The customer's server has answered, or has not. A newer verdict is asked about anew."""
        latest = self._detector.verdict or verdict
        if latest.answerer is not verdict.answerer or self._message.is_being_left:
            return
        instruction = instruction or Instruction()
        if instruction.verdict not in (None, latest.answerer):
            latest = self._detector.overruled(instruction.verdict, self._now)
            self._parts.observer.answered_by(latest)
        if instruction.reaction is None:
            self._react(latest, reaction_to(latest.answerer, self._plan))
        else:
            self._reactions[latest.answerer] = instruction.reaction
            self._react(latest, instruction.reaction, wanted=True)

    def _react(self, verdict: Verdict, reaction: Reaction, *, wanted: bool = False) -> None:
        """`wanted`: the customer's server has said so, whatever we are sure of."""
        if self._agent.is_retired:
            return
        if reaction.action != answer_plan.NAVIGATE:
            self._menu.leave()
        if reaction.action == answer_plan.HANG_UP:
            if not wanted and verdict.confidence < CERTAIN:
                return
            self._hang_up(verdict.answerer.value)
        elif reaction.action == answer_plan.LEAVE_MESSAGE:
            self._wait(partial(self._leave, reaction.text), for_beep=True)
        elif reaction.action == answer_plan.INTRODUCE:
            self._wait(lambda: self._agent.say(Ask(reaction.text)), for_beep=False)
        elif reaction.action == answer_plan.NAVIGATE:
            self._stop_waiting()
            self._menu.enter(reaction.text)
        elif self.holds:
            self._stop_waiting()
            self._agent.hush(self._respond)

    def _wait(self, then: Callable[[], None], *, for_beep: bool) -> None:
        """Be silent until the moment has come; should the line go silent, it comes by itself."""
        if self._message.is_being_left:
            return
        if self._waits_for is None:
            self._parts.timers.set(_WAIT, LONGEST_WAIT_SECONDS, self._speak_now)
        self._time.wait(self._now, for_beep=for_beep)
        self._waits_for = then
        self._farewell.abandon()
        self._agent.hush(_nothing)
        if self._ear is None:
            self._speak_now()

    def _speak_now(self) -> None:
        if self._waits_for is not None:
            self._agent.hush(self._speak)

    def _speak(self) -> None:
        if self._waits_for is not None:
            self._waits_for()
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        self._waits_for, self._moment_told = None, False
        self._time.stop()
        self._parts.timers.cancel(_WAIT)

    def _leave(self, text: str) -> None:
        self._message.leave(text, by_beep=self._time.by_beep)

    def _picked_up(self) -> None:
        """A person takes the call while a message is being left."""
        self._news(self._detector.picked_up(self._now))
        self._respond()

    def _hang_up(self, why: str) -> None:
        self._agent.cut_off()
        self._parts.end("agent_ended", why)


def _ignore(_: bytes) -> None:
    """Nobody else listens."""


def _nothing() -> None:
    """The silence is all that was wanted."""
