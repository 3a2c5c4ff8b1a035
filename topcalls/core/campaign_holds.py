"""What becomes of somebody of a campaign whose call a rule forbids.

They wait, are held, or are left out; or the campaign pauses, where the fault is its own number's.

A campaign that runs and its rehearsal ask here, so that both do the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from topcalls.core import do_not_call, pre_dial
from topcalls.core.eligibility_facts import Decision, Verdict
from topcalls.core.number_pool import Lack
from topcalls.core.readiness import ABANDONMENT, CALLER, NOT_READY
from topcalls.core.suppression_rules import suppression_of

NUMBERS: Final = str(Lack.UNUSABLE)
"""Why a campaign is paused of whose numbers none can be shown."""


class Fate(StrEnum):
    """`WAIT`: until a moment. `HOLD`: until something arrives that is missing. `SKIP`: the rule
    forbids it, as far as is known. `PAUSE`: nobody can be called by this number."""

    WAIT = "wait"
    HOLD = "hold"
    SKIP = "skip"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Place:
    """What becomes of a contact; `until` where it waits; `why` the campaign pauses, in one word."""

    fate: Fate
    until: datetime | None = None
    why: str = ""


def place_of(rule: str, decision: Decision, until: datetime | None = None) -> Place:
    """Of somebody whom `rule` forbids to be called. `until`: when the call may be made, where the
    rule only makes it wait.

    A ban that has an end, of an emergency or by an entry of the do-not-call list that expires, is
    waited for. What is missing (`review`, or `defer` without a moment) holds. A number of the wrong
    series is nobody's fault who is called, so it holds too. Where people who answer meet nobody, or
    the number is not to be shown, calling the others is no better.
    """
    if rule == do_not_call.RULE:
        listed = suppression_of(decision)
        ends = listed.until if listed is not None else None
        return Place(Fate.SKIP) if ends is None else Place(Fate.WAIT, ends)
    if any(one.check == ABANDONMENT and one.rule_id == rule for one in decision.checks):
        return Place(Fate.PAUSE, until, ABANDONMENT)
    if until is not None:
        return Place(Fate.WAIT, until)
    if rule == pre_dial.RULE:
        return Place(Fate.SKIP)
    if decision.verdict is not Verdict.BLOCK:
        return Place(Fate.HOLD)
    if decision.until is not None:
        return Place(Fate.WAIT, decision.until)
    blocking = [one for one in decision.checks if one.verdict is Verdict.BLOCK]
    if not all(one.check == CALLER for one in blocking):
        return Place(Fate.SKIP)
    is_unready = any(one.reason == NOT_READY for one in blocking)
    return Place(Fate.PAUSE, None, NUMBERS) if is_unready else Place(Fate.HOLD)
