"""How campaigns move from state to state: for users, for the engine and by the clock alike.

Every function is a part of a verb that has locked the campaign. What a move means for its contacts,
its calls and webhooks happens here, in the transaction of the move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from topcalls.core.campaign_state import REMEDIES, CampaignEvent, CampaignState, Verdict, advance
from topcalls.errors import Conflict
from topcalls.services.campaign_webhooks import CampaignWebhooks
from topcalls.store import campaign_holds, campaigns
from topcalls.store.models import Campaign

GiveBack = Callable[[str, datetime], int]
"""Takes the calls of a campaign that wait to be dialled back out of the queue, and their contacts
to where they were; how many. A part of a verb."""


def no_calls(campaign_id: str, now: datetime) -> int:
    """Nothing produces calls for campaigns."""
    return 0


class CampaignMoves:
    """See the module's text. Each verb says whether the campaign moved: it does not where it is
    already."""

    def __init__(self, webhooks: CampaignWebhooks, give_back: GiveBack = no_calls) -> None:
        self._webhooks = webhooks
        self._give_back = give_back

    def schedule(self, row: Campaign, now: datetime) -> bool:
        """Let it wait for its start."""
        return self._move(row, CampaignEvent.SCHEDULED, now)

    def start(self, row: Campaign, now: datetime) -> bool:
        """Let it run. The leads of its lists, which are locked, become contacts from now on, those
        that are put on a list later too."""
        return self._move(
            row, CampaignEvent.STARTED, now, started_at=now, running_since=now, enrolling=True
        )

    def pause(self, row: Campaign, code: str, detail: str, now: datetime) -> bool:
        """Let nothing more be dialled. What is being dialled or talked goes on; what is queued goes
        back to its contact."""
        _judge(row, CampaignEvent.PAUSED)
        reason = {"code": code, "detail": detail}
        back = self._give_back(row.id, now) if row.state == CampaignState.RUNNING else 0
        told = {"reason": reason, "calls_given_back": back}
        return self._move(row, CampaignEvent.PAUSED, now, told, paused_for=reason, paused_at=now)

    def resume(self, row: Campaign, now: datetime) -> bool:
        """Let it run again; its ramp-up begins anew. Whoever is held or skipped is looked at again,
        as whatever it was paused for may have been put right."""
        return self._move(
            row,
            CampaignEvent.RESUMED,
            now,
            paused_for=None,
            paused_at=None,
            running_since=now,
            recheck_through=campaign_holds.FROM_THE_FIRST,
        )

    def stop(self, row: Campaign, code: str, detail: str, now: datetime) -> bool:
        """End it for good. What is being dialled or talked goes on."""
        _judge(row, CampaignEvent.STOPPED)
        reason = {"code": code, "detail": detail}
        back = 0 if row.state == CampaignState.CANCELLED else self._give_back(row.id, now)
        told = {"reason": reason, "calls_given_back": back}
        return self._move(row, CampaignEvent.STOPPED, now, told, ended_for=reason, ended_at=now)

    def finish(self, row: Campaign, code: str, detail: str, now: datetime) -> bool:
        """Say that it is over: nobody is left to be called, or its time is."""
        reason = {"code": code, "detail": detail}
        told = {"reason": reason}
        return self._move(row, CampaignEvent.FINISHED, now, told, ended_for=reason, ended_at=now)

    def _move(
        self,
        row: Campaign,
        event: CampaignEvent,
        now: datetime,
        told: Mapping[str, Any] | None = None,
        **columns: Any,
    ) -> bool:
        target = _judge(row, event)
        if target is None or not campaigns.move(row.id, event, now, **columns):
            return False
        for name, value in {"state": target, "updated_at": now, **columns}.items():
            setattr(row, name, value)
        self._webhooks.announce(row, event, now, told or {})
        return True


def _judge(row: Campaign, event: CampaignEvent) -> CampaignState | None:
    """The state that an event leads to; None: it is there already.

    Raises:
        Conflict: the state of the campaign does not allow it.
    """
    step = advance(CampaignState(row.state), event)
    if step.verdict is Verdict.REFUSED:
        raise Conflict(
            f"The campaign is {step.state}.",
            remedy=REMEDIES[step.state],
            reason="campaign_state",
            status=step.state,
        )
    return step.state if step.verdict is Verdict.MOVED else None
