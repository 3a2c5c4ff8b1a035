"""Whoever is held or skipped is looked at again when something has arrived: rules, evidence, terms.

What arrives about somebody has their contacts looked at again in the transaction that stores it.
What may concern everybody (terms, a consent of a list, numbers, new rules or zone data) only marks
the campaigns, and is carried out here in pieces: whoever dies at any line is followed by another
that goes on where the mark says.
"""

from __future__ import annotations

from datetime import datetime

from topcalls.core.campaign_state import CampaignState
from topcalls.core.rule_pack import RulePack
from topcalls.core.zones import data_version
from topcalls.store import campaign_holds, campaigns
from topcalls.store.campaign_holds import FROM_THE_FIRST
from topcalls.store.database import Database
from topcalls.store.locking import lock_account

AT_ONCE = 2_000
"""Contacts of a campaign that one round has looked at again."""


class CampaignHolds:
    """See the module's text. `pack`: the rules by which this process judges."""

    def __init__(self, db: Database, pack: RulePack) -> None:
        self._db = db
        self._pack = pack

    def step(self, now: datetime) -> int:
        """Have the next contacts looked at again, of every campaign that has some; how many."""
        judged_by = f"{self._pack.hash} {data_version()}"
        woken = 0
        for row in self._db.read(campaigns.running):
            if row.judged_by != judged_by:
                self._db.run(_judge_by, row.id, judged_by)
            if row.judged_by != judged_by or row.recheck_through is not None:
                woken += self._db.run(_recheck, row.id, row.account_id, now)
        return woken


def _judge_by(campaign_id: str, judged_by: str) -> None:
    """Other rules decide from now on. Whoever was judged by none was judged by these."""
    row = campaigns.found(campaign_id, lock=True)
    if row is None or row.judged_by == judged_by:
        return
    through = row.recheck_through if row.judged_by is None else FROM_THE_FIRST
    campaigns.note(campaign_id, judged_by=judged_by, recheck_through=through)


def _recheck(campaign_id: str, account_id: str, now: datetime) -> int:
    """The account is locked, so that nobody is being decided about by what was known before."""
    lock_account(account_id)
    row = campaigns.found(campaign_id, lock=True)
    if row is None or row.state != CampaignState.RUNNING or row.recheck_through is None:
        return 0
    return campaign_holds.recheck(row, now, AT_ONCE)
