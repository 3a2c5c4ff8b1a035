"""Listening to the target of a blind transfer before the caller is connected: by sound alone."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.answer_ear import AnswerEar
from topcalls.core.answer_detection import AnswerDetector
from topcalls.core.transfer_answer import UNBRIEFED, is_machine


class TargetCheck:
    """`tell(is_machine)` is called once, in the event loop."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._ear = AnswerEar(AnswerDetector(UNBRIEFED, words_come=False))
        self._tell = tell
        self._is_over = False

    def hear(self, l16: bytes) -> None:
        """Audio of whoever answered."""
        if self._is_over:
            return
        for verdict in self._ear.hear(l16)[:1]:
            self._is_over = True
            self._tell(is_machine(verdict))
