"""What a called telephone does before it is answered."""

from __future__ import annotations

from typing import Protocol

import gevent

from topcalls.sandbox.freeswitch import causes
from topcalls.sandbox.scenario_steps import (
    Answer,
    Busy,
    EarlyMedia,
    Fail,
    NoAnswer,
    NoCodec,
    Refusal,
    Refuse,
    Reject,
    Ring,
    Step,
)


class CalledLeg(Protocol):
    """The outbound leg that rings."""

    def progress(self) -> None:
        """It rings."""
        ...

    def early_media(self) -> None:
        """A tone is heard."""
        ...

    def answer(self) -> bool:
        """Picked up."""
        ...

    def hang_up(
        self, cause: str, disposition: str = "", refusal: causes.SipRefusal | None = None
    ) -> None:
        """Refused."""
        ...


def ring(leg: CalledLeg, steps: tuple[Step, ...]) -> None:
    """Play the steps up to the answer or the refusal. Blocks while it rings."""
    for step in steps:
        if isinstance(step, Answer):
            leg.answer()
            return
        _before_answer(leg, step)
        if isinstance(step, Refusal):
            return


def _before_answer(leg: CalledLeg, step: Step) -> None:
    match step:
        case Ring(seconds):
            leg.progress()
            gevent.sleep(seconds)
        case EarlyMedia(seconds):
            leg.early_media()
            gevent.sleep(seconds)
        case Busy():
            _refuse(leg, causes.BUSY)
        case Reject():
            _refuse(leg, causes.DECLINE)
        case Fail(cause):
            _refuse(leg, causes.refusal_for(cause))
        case Refuse(status, phrase, reason, retry_after):
            _refuse(leg, causes.refusal_of(status, phrase, reason, retry_after))
        case NoCodec(broken):
            if broken:
                leg.hang_up(causes.NO_SDP.cause, refusal=causes.NO_SDP)
            else:
                leg.hang_up("INCOMPATIBLE_DESTINATION", "send_bye")
        case NoAnswer(after):
            leg.progress()
            if after:
                gevent.sleep(after)
                _refuse(leg, causes.UNAVAILABLE)


def _refuse(leg: CalledLeg, refusal: causes.SipRefusal) -> None:
    leg.hang_up(refusal.cause, "recv_refuse", refusal)
