"""Did a person or a machine answer at the target of a transfer?

Nobody is hung up on for a long greeting: how something is said decides nothing here, only beeps,
tones and words do. In doubt it is a person.
"""

from __future__ import annotations

from math import inf
from typing import Final

from topcalls.core.answer_detection import AnswerRules
from topcalls.core.answer_verdict import MACHINES, Answerer, Verdict

BRIEFED: Final = AnswerRules(long_greeting=inf, longest_person=inf)
"""For a target that is talked to, and whose words are written down."""

_PAUSES: Final = ((0.85, 0.55), (1.3, 0.85), (2.3, 1.0), (inf, 1.2))

UNBRIEFED: Final = AnswerRules(
    pauses=_PAUSES,
    noisy_pauses=_PAUSES,
    silence=3.0,
    long_greeting=inf,
    longest_person=inf,
)
"""For one that nobody talks to: who has greeted waits, and a mailbox beeps soon after its words."""

CHECK_SECONDS: Final = 20.0
"""The longest greeting that is listened to before the caller is connected all the same."""


def is_machine(verdict: Verdict) -> bool:
    """Nobody will take the call. A screening assistant asks on behalf of somebody who may."""
    return verdict.answerer in MACHINES - {Answerer.SCREENING}
