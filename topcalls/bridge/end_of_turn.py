"""Whether a caller who pauses has finished, by the sound of it: what a model is asked, and when.

It is asked once at each pause at which an answer might begin. The answer is held back for its
verdict, for a moment only; without one silence and words decide alone. A verdict that comes late
still counts, as words do: an answer of which nothing was heard can be withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from topcalls import metrics
from topcalls.bridge.codec import codec_of
from topcalls.bridge.hearing import TurnModel
from topcalls.bridge.parts import Parts
from topcalls.bridge.uplink import Uplink
from topcalls.core.endpointing import DOUBT_BELOW, GOES_ON_BELOW

HOLD_MS: Final = 150
BEFORE_MS: Final = 500
"""Of the line before the turn, which the model hears as well."""

LISTENED_TO_MS: Final = 8000
"""The end of a long turn is enough."""

_TIMER: Final = "end of turn"


class EndOfTurn:
    """`model` None: nobody is asked. `changed` is called when more, or nothing more, is known."""

    def __init__(
        self, parts: Parts, uplink: Uplink, model: TurnModel | None, changed: Callable[[], None]
    ) -> None:
        self.finished: float | None = None
        """How likely the caller has finished; None: not known."""
        self.held_ms = 0
        """How long the caller's silence lasts at least before it is answered."""
        self._parts = parts
        self._uplink = uplink
        self._model = model
        self._changed = changed
        self._codec = codec_of(parts.config.session.audio_format)
        self._pause = 0
        self._asked_at = 0.0

    def speech_started(self) -> None:
        """What was asked about the last pause is of no use any more."""
        self._pause += 1
        self._let_go()
        self.finished = None
        self._parts.stopwatch.judged(None)

    def paused(self, turn_from_ms: int, quiet_ms: int) -> None:
        """The caller is quiet, since so long; the turn began at that place in the audio."""
        if self._model is None:
            return
        audio = self._uplink.recent(turn_from_ms - BEFORE_MS)
        told = partial(self._parts.mailbox.put, self._told, self._pause)
        if not self._model.ask(audio, self._codec, told):
            metrics.turn_verdicts.labels("unasked").inc()
            return
        self._asked_at = self._parts.now
        self.held_ms = quiet_ms + HOLD_MS
        self._parts.timers.set(_TIMER, HOLD_MS / 1000, self._waited_long_enough)

    def _told(self, pause: int, finished: float) -> None:
        metrics.turn_verdict_delay.observe(self._parts.now - self._asked_at)
        if pause != self._pause:
            metrics.turn_verdicts.labels("late").inc()
            return
        metrics.turn_verdicts.labels(_name(finished)).inc()
        self._let_go()
        self.finished = finished
        self._parts.stopwatch.judged(finished)
        self._changed()

    def _waited_long_enough(self) -> None:
        self._let_go()
        self._changed()

    def _let_go(self) -> None:
        self.held_ms = 0
        self._parts.timers.cancel(_TIMER)


def _name(finished: float) -> str:
    if finished < GOES_ON_BELOW:
        return "goes_on"
    return "doubtful" if finished < DOUBT_BELOW else "finished"
