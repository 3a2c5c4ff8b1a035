"""Queries on people who picked up and heard nobody: how many there were, of all who picked up.

Those who heard nobody are few and have indexes of their own; the others are counted only where
there are any.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from topcalls.core.answer_verdict import Answerer
from topcalls.store import rows
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models.campaigns import PEOPLE

LONGEST_AHEAD: Final = timedelta(days=31)
"""A call is made at most so long after it was asked for."""


class Counted(NamedTuple):
    """Of `people` who picked up, `abandoned` heard nobody, the first at `oldest_at`. Without any of
    these `people` are not counted."""

    people: int = 0
    abandoned: int = 0
    oldest_at: datetime | None = None


_OF_CAMPAIGN = """
SELECT COUNT(*), MIN(ended_at) FROM campaign_attempt
WHERE campaign_id = ? AND ended_at > ? AND abandoned IS NOT NULL
"""
_PEOPLE_OF_CAMPAIGN = f"""
SELECT COUNT(*) FROM campaign_attempt
WHERE campaign_id = ? AND ended_at > ? AND outcome IN {PEOPLE}
"""
_OF_ACCOUNT = """
SELECT COUNT(*), MIN(ended_at) FROM call
WHERE account_id = ? AND ended_at > ? AND abandoned IS NOT NULL
"""
_PEOPLE_OF_ACCOUNT = f"""
SELECT COUNT(*) FROM call
WHERE account_id = ? AND created_at > ? AND ended_at > ? AND campaign_id IS NULL
  AND direction = 'outbound' AND answered_at IS NOT NULL
  AND COALESCE(answered_by, '') <> '{Answerer.VOICEMAIL}'
"""


def of_campaign(campaign_id: str, since: datetime) -> Counted:
    """Of the calls of a campaign that ended after `since`."""
    moment = to_microseconds(since)
    ((abandoned, oldest),) = rows.select(_OF_CAMPAIGN, campaign_id, moment)
    if not abandoned:
        return Counted()
    ((people,),) = rows.select(_PEOPLE_OF_CAMPAIGN, campaign_id, moment)
    return Counted(int(people), int(abandoned), from_microseconds(oldest))


def of_account(account_id: str, since: datetime) -> Counted:
    """Of the calls out of an account, of no campaign, that ended after `since`."""
    moment, asked = to_microseconds(since), to_microseconds(since - LONGEST_AHEAD)
    ((abandoned, oldest),) = rows.select(_OF_ACCOUNT, account_id, moment)
    if not abandoned:
        return Counted()
    ((people,),) = rows.select(_PEOPLE_OF_ACCOUNT, account_id, asked, moment)
    return Counted(int(people), int(abandoned), from_microseconds(oldest))
