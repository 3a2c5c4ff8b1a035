"""One campaign in one round of its producer: what its calls are, and by which numbers it calls.

Beside it what is told where calls are not made, or are callbacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from topcalls.core import callbacks
from topcalls.core.call_request import CallRequest
from topcalls.core.campaign_holds import NUMBERS
from topcalls.core.eligibility_facts import Plan
from topcalls.core.number_pool import NumberUse, unusable_words
from topcalls.services.campaign_callbacks import told_of
from topcalls.services.campaign_plans import CampaignPlan
from topcalls.services.judgements import Judgement
from topcalls.store.models import Campaign, CampaignContact


@dataclass
class Round:
    """One campaign in one round: its numbers as they are used up. `calls`: what its calls are to
    the rules; `enforced`: one that is not allowed is not made."""

    row: Campaign
    plan: CampaignPlan
    body: Mapping[str, Any]
    now: datetime
    calls: Plan
    enforced: bool
    uses: dict[str, NumberUse] = field(default_factory=dict)

    @property
    def numbers(self) -> list[NumberUse]:
        """The numbers that it calls by, where it names any."""
        return [self.uses.get(one, NumberUse(one)) for one in shown_by(self.plan, self.body)]

    def used(self, number: str) -> None:
        """A call was made by this number."""
        before = self.uses.get(number, NumberUse(number))
        self.uses[number] = replace(
            before,
            today=before.today + 1,
            oldest_today=before.oldest_today or self.now,
            last_at=self.now,
            first_at=before.first_at or self.now,
        )


def why_paused(judged: Judgement) -> str:
    """Why a campaign is paused by what was decided about one of its calls, for people."""
    if judged.place.why != NUMBERS or judged.plan.caller is None:
        until = judged.place.until
        ends = f" That is so until {until:%Y-%m-%d %H:%M} UTC." if until is not None else ""
        return f"{judged.words}{ends}"
    number = judged.plan.caller.number
    return f"{judged.words} It is {number}: put it right, or name another, and resume."


def as_agreed(request: CallRequest, contact: CampaignContact) -> CallRequest:
    """The call as the callback that it is, where it is one."""
    found = told_of(contact)
    if found is None:
        return request
    told, about = found
    data = {**request.request_data, callbacks.DATA: told}
    return replace(request, request_data=data, metadata={**request.metadata, **about})


def shown_by(rules: CampaignPlan, body: Mapping[str, Any]) -> tuple[str, ...]:
    """The numbers by which a campaign calls, where it names any."""
    named = body.get("from_number")
    return rules.pool.numbers or ((named,) if named else ())


def no_number_words(numbers: Sequence[NumberUse]) -> str:
    """Why none of a campaign's numbers can be used, and what to do about each."""
    return (
        f"None of the numbers that it calls by can be used: {unusable_words(numbers)}. Put one "
        "right, or name others in 'from_numbers', and resume."
    )
