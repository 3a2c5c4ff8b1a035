"""The leads of a campaign's lists become its contacts, in pieces.

A campaign that is started enrols the leads that its lists have by then, a few thousand in a
transaction: the first of them when it is started, the rest by a worker's loop. Leads that are put
on one of its lists later become contacts in the transaction that puts them there, which the lock
of the list keeps apart from the start.
"""

from __future__ import annotations

from datetime import datetime

from topcalls.core.campaign_state import CampaignState
from topcalls.services.campaign_moves import CampaignMoves
from topcalls.store import campaign_contacts, campaigns
from topcalls.store.database import Database
from topcalls.store.models import Campaign

CHUNK = 2_000
"""Leads that one transaction enrols: others wait meanwhile."""


class Enrolment:
    """See the module's text."""

    def __init__(self, db: Database, moves: CampaignMoves) -> None:
        self._db = db
        self._moves = moves

    def step(self, now: datetime) -> int:
        """Begin campaigns whose time has come, and enrol a piece of each that is not done with it;
        how many leads became contacts. Part of a worker's loop."""
        for due in self._db.read(campaigns.due_to_start, now):
            self._db.run(self._begin, due.id, now)
        ids = self._db.read(campaigns.enrolling)
        return sum(self._db.run(self._enrol, campaign_id, now) for campaign_id in ids)

    def _begin(self, campaign_id: str, now: datetime) -> None:
        row = campaigns.found(campaign_id, lock=True)
        if row is None or row.state != CampaignState.SCHEDULED or row.start_at > now:
            return
        begin(row, self._moves, now)

    def _enrol(self, campaign_id: str, now: datetime) -> int:
        row = campaigns.found(campaign_id, lock=True)
        return enrol_piece(row, now) if row is not None and row.enrolling else 0


def begin(row: Campaign, moves: CampaignMoves, now: datetime) -> bool:
    """Part of a verb: start a locked campaign, and enrol the first leads. Whether it moved."""
    list_ids = [one.list_id for one in campaigns.lists(row.id)]
    campaigns.known_lists(row.account_id, list_ids, lock=True)
    if not moves.start(row, now):
        return False
    enrol_piece(row, now)
    return True


def enrol_piece(row: Campaign, now: datetime) -> int:
    """Part of a verb: let up to `CHUNK` more leads of a locked campaign become contacts; how many
    did."""
    made, room = 0, CHUNK
    for one in campaigns.lists(row.id):
        if one.enrolled_at is not None:
            continue
        if room <= 0:
            return made
        piece = campaign_contacts.enrol_of_list(
            row.id, one.list_id, one.enrolled_through, room, now
        )
        made += piece.made
        room -= piece.seen
        done = {"enrolled_at": now} if piece.is_last else {}
        through = piece.through or one.enrolled_through
        campaigns.note_enrolled(row.id, one.list_id, enrolled_through=through, **done)
        if not piece.is_last:
            return made
    campaigns.note(row.id, enrolling=False)
    row.enrolling = False
    return made
