"""Others who are asked about what answered: a language model, and the customer's server.

Each question has a greenlet of its own and a time limit; the call goes on meanwhile. No answer in
time, or none that makes sense, is None, and the call does what it would have done without asking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import gevent

from topcalls.bridge.mailbox import Mailbox
from topcalls.core.answer_instruction import Instruction, read_instruction
from topcalls.core.answer_plan import AnswerPlan
from topcalls.core.answer_verdict import Answerer, Verdict
from topcalls.errors import InvalidRequest
from topcalls.log import get_logger

JUDGE_SECONDS: Final = 1.5
DECIDE_SECONDS: Final = 2.0
MOST_JUDGED: Final = 3
MOST_DECIDED: Final = 5
"""How often either is asked in one call."""

Judgement = tuple[Answerer, float]

log = get_logger(__name__)


@dataclass(frozen=True)
class Advisers:
    """Both block their greenlet. `judge(text, spoken_seconds)`: who says such words, and how sure
    that is. `decide(verdict)`: the body that the customer's server answers with."""

    judge: Callable[[str, float], Judgement | None] | None = None
    decide: Callable[[Verdict], bytes] | None = None


class Advice:
    """What was asked in one call. Answers are told in the call's greenlet."""

    def __init__(self, advisers: Advisers, mailbox: Mailbox, plan: AnswerPlan) -> None:
        self._advisers = advisers
        self._mailbox = mailbox
        self._plan = plan
        self._judged = self._decided = 0
        self._open: set[gevent.Greenlet] = set()

    @property
    def is_awaited(self) -> bool:
        """An answer may come yet."""
        return bool(self._open)

    def judge(self, text: str, seconds: float, then: Callable[[Judgement | None], None]) -> None:
        """Ask the model, unless it is being asked, or was often enough."""
        if self._advisers.judge is None or self._judged >= MOST_JUDGED or self._open or not text:
            return
        self._judged += 1
        self._ask(partial(self._advisers.judge, text, seconds), JUDGE_SECONDS, "model", then)

    def decide(self, verdict: Verdict, then: Callable[[Instruction | None], None]) -> bool:
        """Ask the customer's server; False if there is none, or it was asked often enough."""
        ask = self._advisers.decide
        if ask is None or self._decided >= MOST_DECIDED:
            return False
        self._decided += 1

        def question() -> Instruction:
            return read_instruction(ask(verdict), self._plan)

        self._ask(question, DECIDE_SECONDS, "webhook", then)
        return True

    def stop(self) -> None:
        """Nobody waits for an answer any more."""
        asked, self._open = self._open, set()
        for greenlet in asked:
            greenlet.kill(block=False)

    def _ask(
        self, question: Callable[[], Any], limit: float, who: str, then: Callable[[Any], None]
    ) -> None:
        greenlet = gevent.Greenlet(_answer_of, question, limit, who)
        self._open.add(greenlet)
        greenlet.link(lambda done: self._mailbox.put(self._answered, done, then))
        greenlet.start()

    def _answered(self, greenlet: gevent.Greenlet, then: Callable[[Any], None]) -> None:
        if greenlet in self._open:
            self._open.discard(greenlet)
            then(greenlet.value)


def _answer_of(question: Callable[[], Any], limit: float, who: str) -> Any:
    try:
        with gevent.Timeout(limit):
            return question()
    except gevent.Timeout:
        log.warning("No advice in time on what answered", of=who, seconds=limit)
    except InvalidRequest as error:
        wrong = [f"{fault.path}: {fault.message}" for fault in error.errors]
        log.warning("Advice on what answered makes no sense", of=who, why=wrong or error.message)
    except Exception as error:  # noqa: BLE001 - the call goes on without advice
        log.warning("No advice on what answered", of=who, error=type(error).__name__)
    return None
