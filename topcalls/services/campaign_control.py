"""Campaigns are started, paused, resumed and stopped by their owners.

Whoever presses a button twice is told the same twice: what a campaign is already, it is not made
again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core.campaign_state import CampaignState
from topcalls.errors import Conflict, FieldError
from topcalls.services.campaign_enrolment import begin
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.services.campaign_readiness import CampaignReadiness
from topcalls.services.campaign_views import CampaignView, Readiness
from topcalls.services.campaigns import Campaigns, found, view
from topcalls.store import campaign_contacts, campaigns, lead_jobs
from topcalls.store.database import Database
from topcalls.store.models import Campaign

BY_USER = ("user", "By request.")


class CampaignControl:
    """See the module's text."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        edits: Campaigns,
        moves: CampaignMoves,
        readiness: CampaignReadiness,
    ) -> None:
        self._db = db
        self._clock = clock
        self._edits = edits
        self._moves = moves
        self._readiness = readiness

    def check(self, account_id: str, campaign_id: str) -> Readiness:
        """Whether it could be started now. Raises NotFound."""
        now = self._clock.now()

        def verb() -> Readiness:
            row = found(account_id, campaign_id)
            lawful = self._readiness.look(row, now)
            problems = [*self._problems(row, now), *lawful.problems]
            return Readiness(not problems, problems, lawful.warnings)

        return self._db.read(verb)

    def ensure_ready(self, account_id: str, campaign_id: str) -> None:
        """Raises Conflict when it lacks something (`extra["problems"]`), and NotFound. What the
        rules ask for is not looked at: whoever rehearses it is told of each dial."""
        now = self._clock.now()
        _refuse(self._db.read(lambda: self._problems(found(account_id, campaign_id), now)))

    def start(self, account_id: str, campaign_id: str) -> CampaignView:
        """Let a draft run, or wait for the start of its schedule; one that waits begins now.

        Raises:
            Conflict: it lacks something (`extra["problems"]`), or its state does not allow it.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()

        def verb(row: Campaign) -> None:
            if row.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
                self._moves.start(row, now)  # tells why not, or that it runs
                return
            _refuse([*self._problems(row, now), *self._readiness.look(row, now).problems])
            waits = row.start_at is not None and row.start_at > now
            if row.state == CampaignState.DRAFT and waits:
                self._moves.schedule(row, now)
                return
            if waits:
                _forget_start(row, now)
            begin(row, self._moves, now)

        return self._carried_out(account_id, campaign_id, verb)

    def pause(self, account_id: str, campaign_id: str) -> CampaignView:
        """Let nothing more be dialled: calls that wait to be dialled go back to their contacts,
        those that are dialled or talked go on.

        Raises:
            Conflict: its state does not allow it.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()
        return self._carried_out(
            account_id, campaign_id, lambda row: self._moves.pause(row, *BY_USER, now)
        )

    def resume(self, account_id: str, campaign_id: str) -> CampaignView:
        """Let it run again.

        Raises:
            Conflict: it lacks something by now (`extra["problems"]`), or its state does not allow
                it.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()

        def verb(row: Campaign) -> None:
            if row.state == CampaignState.PAUSED:
                self._ensure_right(row, now)
            self._moves.resume(row, now)

        return self._carried_out(account_id, campaign_id, verb)

    def stop(self, account_id: str, campaign_id: str) -> CampaignView:
        """End it for good. Calls that are dialled or talked go on.

        Raises:
            Conflict: its state does not allow it.
            NotFound: no such campaign in this account.
        """
        now = self._clock.now()
        return self._carried_out(
            account_id, campaign_id, lambda row: self._moves.stop(row, *BY_USER, now)
        )

    # --- parts

    def _carried_out(
        self, account_id: str, campaign_id: str, change: Callable[[Campaign], object]
    ) -> CampaignView:
        def verb() -> CampaignView:
            change(found(account_id, campaign_id, lock=True))
            return view(found(account_id, campaign_id))

        return self._db.run(verb)

    def _ensure_right(self, row: Campaign, now: datetime) -> None:
        body = view(row).body
        _refuse(self._edits.faults(row.account_id, body, now, complete=True))

    def _problems(self, row: Campaign, now: datetime) -> list[FieldError]:
        """What keeps a campaign from being started, beside the rules."""
        body = view(row).body
        return [
            *_archived(row),
            *self._edits.faults(row.account_id, body, now, complete=True),
            *_without_contacts(row.id, body["list_ids"]),
            *_under_way(row.account_id, body["list_ids"]),
        ]


def _archived(row: Campaign) -> list[FieldError]:
    message = "The campaign is archived. Make another one."
    return [FieldError("archived_at", message, "archived")] if row.archived_at else []


def _without_contacts(campaign_id: str, list_ids: list[str]) -> list[FieldError]:
    if campaign_contacts.any_left(campaign_id) or campaigns.any_lead(list_ids):
        return []
    if not list_ids:
        message = "There is nobody to call. Name lists of leads, or add contacts."
    else:
        message = "There is nobody to call: the lists are empty. Put leads on one of them."
    return [FieldError("list_ids", message, "empty")]


def _under_way(account_id: str, list_ids: list[str]) -> list[FieldError]:
    """A list that is being filled or emptied is not called yet: nobody would know how many."""
    return [
        FieldError(
            "list_ids",
            f"The {job.kind} job {job.id} works at list {list_id}. Wait until it is over.",
            "list_under_way",
        )
        for job in lead_jobs.open_of(account_id)
        for list_id in list_ids
        if (job.options or job.selection or {}).get("list_id") in (list_id, None)
    ]


def _forget_start(row: Campaign, now: datetime) -> None:
    """It begins before its time, by request: from now on it has no time to wait for."""
    schedule = dict(row.settings["schedule"])
    schedule.pop("start_at", None)
    row.settings = {**row.settings, "schedule": schedule}
    row.start_at = None
    campaigns.change(row, now, settings=row.settings, start_at=None)


def _refuse(problems: Sequence[FieldError]) -> None:
    if problems:
        raise Conflict(
            f"The campaign cannot run as it is: {problems[0].path}: {problems[0].message}",
            remedy="See 'problems', each with its field.",
            reason="not_ready",
            problems=[problem._asdict() for problem in problems],
        )
