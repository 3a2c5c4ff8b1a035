"""What can answer a call, how sure one is of it and why, and who says which words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from topcalls.core import answer_phrases as phrases


class Answerer(StrEnum):
    """What can take a call."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    IVR = "ivr"
    SCREENING = "screening"
    FAX = "fax"
    INTERCEPT = "intercept"
    SILENCE = "silence"
    UNKNOWN = "unknown"


MACHINES = frozenset(
    {
        Answerer.VOICEMAIL,
        Answerer.IVR,
        Answerer.SCREENING,
        Answerer.FAX,
        Answerer.INTERCEPT,
    }
)
CERTAIN = 0.85
"""A verdict of at least this confidence may end a call."""

_DOCUMENTED = frozenset({Answerer.HUMAN, Answerer.VOICEMAIL, Answerer.IVR})


def documented(answerer: Answerer | str) -> str:
    """The value of `answered_by`: human, voicemail, ivr, and unknown for everything else."""
    return str(answerer) if answerer in _DOCUMENTED else Answerer.UNKNOWN.value


@dataclass(frozen=True)
class Evidence:
    """One reason for a verdict; never what was said, only which kind of phrase."""

    name: str
    at: float
    value: float | None = None


@dataclass(frozen=True)
class Verdict:
    """`confidence` 0 to 1; `at` in seconds since the line was up, ringing excepted."""

    answerer: Answerer
    confidence: float
    at: float
    evidence: tuple[Evidence, ...] = ()


def classify(plain: str) -> tuple[Answerer, float] | None:
    """Who says such words, and how sure that is; None if the words do not tell."""
    weights = {
        Answerer.VOICEMAIL: phrases.weight_of(phrases.VOICEMAIL, plain),
        Answerer.SCREENING: phrases.weight_of(phrases.SCREENING, plain),
        Answerer.INTERCEPT: phrases.weight_of(phrases.INTERCEPT, plain),
        Answerer.IVR: phrases.weight_of(phrases.IVR, plain),
    }
    # screening prompts ask to record something, and mailboxes offer keys: the rarer words decide
    order = (Answerer.SCREENING, Answerer.INTERCEPT, Answerer.VOICEMAIL, Answerer.IVR)
    best = max(order, key=lambda kind: (min(weights[kind], 3), -order.index(kind)))
    human = phrases.weight_of(phrases.HUMAN, plain)
    if weights[best] >= 2 and weights[best] >= human:
        return best, 0.96 if weights[best] >= 3 else 0.92
    if human >= 2:
        return Answerer.HUMAN, 0.95
    return None
