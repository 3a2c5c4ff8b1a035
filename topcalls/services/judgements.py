"""A call that is meant, what was decided about it, and what whoever asked for it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from topcalls.core import do_not_call, pre_dial
from topcalls.core.call_events import Forbidden
from topcalls.core.call_request import CallRequest
from topcalls.core.campaign_holds import Fate, Place, place_of
from topcalls.core.eligibility_facts import Decision, Facts, Plan, Verdict
from topcalls.core.pre_dial import Server
from topcalls.core.readiness import WORDS as SLOT_WORDS
from topcalls.errors import NotCallable
from topcalls.services.decision_records import About
from topcalls.services.registers import Asked

_REMEDIES: Final[Mapping[Verdict, str]] = {
    Verdict.DEFER: "Ask again at `until`, or give it as `schedule_at`.",
    Verdict.BLOCK: "`checks` of the decision say what is missing: POST /v1/eligibility/check.",
    Verdict.REVIEW: "`checks` of the decision say what is not known: POST /v1/eligibility/check.",
}


_ASKED: Final = "The register is being asked: try again in a minute, or at `until`."
_TAKE_OFF: Final[Mapping[str, str]] = {
    do_not_call.WORDS: "Take it off the list only with the consent of whoever has the number.",
    do_not_call.UNSUBSCRIBED_WORDS: "Give the lead another status only with their consent.",
}


@dataclass(frozen=True, slots=True)
class Meant:
    """A call that is to be made. `asked_by`: the key that asked for it; None: a campaign did.
    `planned_at`: when it is to be dialled. `purpose`: of a single call, where its request says
    none."""

    account_id: str
    request: CallRequest
    planned_at: datetime
    stage: str
    call_id: str | None = None
    campaign_id: str | None = None
    asked_by: str | None = None
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision, and whether the call may be made: `refused_by` is the rule that forbids it, in
    `words` for people. `server`: the account's own, which is asked before the call is created;
    `waits_until`: for how long that lets it wait. `asked`: registers that it waits for."""

    decision: Decision
    facts: Facts
    plan: Plan
    about: About
    refused_by: str | None = None
    words: str = ""
    server: Server | None = None
    waits_until: datetime | None = None
    asked: Asked | None = None

    @property
    def place(self) -> Place:
        """What becomes of a contact of a campaign of whom this was decided."""
        return place_of(str(self.refused_by), self.decision, self.until)

    @property
    def forbidden(self) -> Forbidden:
        """What happens to a call that was created before."""
        place = self.place
        held = place.fate in (Fate.HOLD, Fate.PAUSE)
        return Forbidden(str(self.refused_by), self.words, place.until, held)

    @property
    def until(self) -> datetime | None:
        """When the call may be made, where it only has to wait."""
        if self.refused_by == pre_dial.RULE:
            return self.waits_until
        if self.asked is not None:
            return self.asked.until
        is_deferred = self.decision.verdict is Verdict.DEFER
        return self.decision.until if is_deferred and self.refused_by != do_not_call.RULE else None

    def refusal(self) -> NotAllowed:
        """What whoever asked for the call is told."""
        if self.refused_by == do_not_call.RULE:
            return NotAllowed(
                self.words,
                remedy=_TAKE_OFF[self.words],
                rule=do_not_call.RULE,
                judged=self,
            )
        verdict = Verdict.DEFER if self.asked is not None else self.decision.verdict
        return NotAllowed(
            self.words,
            judged=self,
            remedy=_ASKED if self.asked is not None else self._remedy(verdict),
            rule=self.refused_by,
            verdict=str(verdict),
            until=None if self.until is None else self.until.isoformat().replace("+00:00", "Z"),
        )

    def _remedy(self, verdict: Verdict) -> str | None:
        return _disclosure_remedy(self.decision) or _REMEDIES.get(verdict)


class NotAllowed(NotCallable):
    """A call was not created. `judged` is what forbade it: with the call it came to nothing, and
    whoever keeps that nobody was called records it."""

    def __init__(self, message: str, *, judged: Judgement, **more: Any) -> None:
        super().__init__(message, **more)
        self.judged = judged


def _disclosure_remedy(decision: Decision) -> str | None:
    """What the beginning of the call lacks, by its field, where that keeps it from being made."""
    if decision.reason != "disclosure_missing":
        return None
    seen = [one.observed or {} for one in decision.checks if one.reason == decision.reason]
    missing = dict.fromkeys(slot for one in seen for slot in one["missing"])
    what = "; ".join(f"{SLOT_WORDS[slot]} ('{slot}')" for slot in missing)
    return (
        f"Say in 'first_sentence' or 'recording.announcement', and state in 'slots': {what}. Where "
        "it is said in other words, name them in 'said' of the compliance terms."
    )
