"""The model on the own machine that hears whether a caller has finished: no server, no key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from topcalls.audio.formats import G711Codec
from topcalls.clock import Clock
from topcalls.log import get_logger
from topcalls.providers.local.process import AUDIO, Child
from topcalls.providers.local.turns_process import (
    ANSWER,
    CODECS,
    QUESTION,
    SECONDS,
    VERDICT,
    weights,
)

REMEDY: Final = "Run: pip install 'topcalls[ears]' && pip install --no-deps 'pipecat-ai>=1.0,<2'"
LONGEST_BYTES: Final = SECONDS * 8000
MOST_WAITING: Final = 8
"""Questions of all calls of a process; with more, none would be answered in time."""

REST_SECONDS: Final = 30.0
"""After its end the child is not started again for so long."""

_MODULE: Final = "topcalls.providers.local.turns_process"
log = get_logger(__name__)


def is_installed() -> bool:
    """Whether the network is there, and what runs it."""
    return weights() is not None


class TurnModel:
    """The network in a child process, which all calls of a process share; it is started when it is
    first asked, and again some time after it has died."""

    name = "local:smart-turn-v3"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._child: Child | None = None
        self._rests_until = 0.0
        self._asked = 0
        self._waiting: dict[int, Callable[[float], None]] = {}

    def ask(self, audio: bytes, codec: G711Codec, told: Callable[[float], None]) -> bool:
        """Ask about G.711 that ends where the caller paused. `told` gets how likely (0 to 1) they
        have finished, in a greenlet of ours, late or never. False: it is not asked, being busy or
        out of order."""
        if len(self._waiting) >= MOST_WAITING or not self._is_up():
            return False
        self._asked = self._asked % 0xFFFFFFFF + 1
        self._waiting[self._asked] = told
        question = QUESTION.pack(self._asked, CODECS.index(codec)) + audio[-LONGEST_BYTES:]
        assert self._child is not None
        self._child.send(AUDIO, question)
        return True

    def warm_up(self) -> None:
        """Load it now, and not with the first question."""
        self._is_up()

    def close(self) -> None:
        """End the child; what was asked stays unanswered."""
        child, self._child = self._child, None
        self._waiting.clear()
        if child is not None:
            child.close()

    def _is_up(self) -> bool:
        if self._child is None and self._clock.monotonic() >= self._rests_until:
            self._child = Child(_MODULE, self._told, self._gone)
        return self._child is not None

    def _told(self, kind: bytes, payload: bytes) -> None:
        if kind == VERDICT:
            number, finished = ANSWER.unpack(payload)
            self._waiting.pop(number)(finished)

    def _gone(self) -> None:
        log.warning("The end-of-turn model has ended; turns are judged without it")
        self._child = None
        self._rests_until = self._clock.monotonic() + REST_SECONDS
        self._waiting.clear()
