"""Queries of whoever makes the calls of campaigns: who is due, what runs, and what is over.

Each reads an index that holds only what waits or is open, so that a look costs the same with a
million contacts behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from topcalls.core.call_state import LIVE_STATES, State
from topcalls.core.campaign_production import Turn
from topcalls.core.campaign_state import Rank
from topcalls.core.network_refusals import LONGEST_RETRY_SECONDS
from topcalls.core.number_pool import NumberUse, Unusable
from topcalls.store import rows
from topcalls.store.fields import from_microseconds, to_microseconds
from topcalls.store.models import Call, CampaignAttempt, NumberRest
from topcalls.store.models.base import tuples

LONGEST_REST = timedelta(seconds=LONGEST_RETRY_SECONDS)
_LIVE = frozenset(str(state) for state in LIVE_STATES)


class OpenCalls(NamedTuple):
    """The calls of a campaign that are not over: those that wait to be dialled, and those that
    are."""

    account_id: str
    queued: int = 0
    live: int = 0


class Over(NamedTuple):
    """An attempt that is open though its call is over."""

    campaign_id: str
    lead_id: str
    number: int
    call_id: str


_OPEN = """
SELECT account_id, campaign_id, state, COUNT(*) FROM call
WHERE campaign_id IS NOT NULL AND ended_at IS NULL{of_accounts}
GROUP BY account_id, campaign_id, state
"""


def open_calls(account_ids: Collection[str] | None = None) -> dict[str, OpenCalls]:
    """By campaign; of these accounts, or of all."""
    marks = ", ".join("?" * len(account_ids or ()))
    of_accounts = "" if account_ids is None else f" AND account_id IN ({marks})"
    found: dict[str, OpenCalls] = {}
    text = _OPEN.format(of_accounts=of_accounts)
    for account_id, campaign_id, state, count in rows.select(text, *(account_ids or ())):
        one = found.setdefault(campaign_id, OpenCalls(account_id))
        if state in _LIVE:
            found[campaign_id] = one._replace(live=one.live + count)
        elif state == State.QUEUED:
            found[campaign_id] = one._replace(queued=one.queued + count)
    return found


_DIALLED = "SELECT COUNT(*) FROM call WHERE campaign_id = ? AND claimed_at > ?"


def dialled_since(campaign_id: str, moments: Iterable[datetime]) -> list[int]:
    """How many calls of a campaign were taken up to be dialled after each moment."""
    return [
        int(rows.select(_DIALLED, campaign_id, to_microseconds(moment))[0][0]) for moment in moments
    ]


_DUE = """
SELECT next_at, lead_id FROM campaign_contact
WHERE campaign_id = ? AND rank = ? AND state IN ('waiting') AND next_at <= ?
AND (lease_until IS NULL OR lease_until <= ?)
ORDER BY next_at, lead_id LIMIT ?
"""


def due(campaign_id: str, now: datetime, limit: int) -> list[Turn]:
    """Up to `limit` contacts that may be called now, in the order of
    `core.campaign_production.order`."""
    found: list[Turn] = []
    moment = to_microseconds(now)
    for rank in Rank:
        room = limit - len(found)
        if room > 0:
            due_now = rows.select(_DUE, campaign_id, rank, moment, moment, room)
            found += [Turn(rank, from_microseconds(at), lead_id) for at, lead_id in due_now]
    return found


def queued_of(campaign_id: str, account_id: str, before: datetime | None = None) -> list[Call]:
    """Calls of a campaign that wait to be dialled, the longest waiting first; those that were
    queued `before`, or all."""
    query = Call.select().where(
        Call.account == account_id,
        Call.campaign_id == campaign_id,
        Call.state == State.QUEUED,
        Call.ended_at.is_null(),
    )
    if before is not None:
        query = query.where(Call.queued_at < before)
    return list(query.order_by(Call.queued_at))


_OVER = """
SELECT a.campaign_id, a.lead_id, a.number, a.call_id
FROM (SELECT campaign_id, lead_id, number, call_id FROM campaign_attempt
  WHERE ended_at IS NULL ORDER BY campaign_id, created_at LIMIT 1000000) a
JOIN call c ON c.id = a.call_id
WHERE c.ended_at IS NOT NULL AND (c.completed OR c.ended_at < ?)
LIMIT ?
"""
"""The limit within keeps the attempts that are open, which are few, the first to be read."""


def over(limit: int, given_up: datetime) -> list[Over]:
    """Attempts whose call is over, with all that follows a call done or given up: it ended before
    `given_up`."""
    return [Over(*row) for row in rows.select(_OVER, to_microseconds(given_up), limit)]


_ANY_OPEN = "SELECT 1 FROM campaign_attempt WHERE campaign_id = ? AND ended_at IS NULL LIMIT 1"


def any_open(campaign_id: str) -> bool:
    """Whether a campaign has a call that is not settled."""
    return bool(rows.select(_ANY_OPEN, campaign_id))


# --- numbers

_USE = """
SELECT (SELECT COUNT(*) FROM campaign_attempt
    WHERE account_id = ? AND from_number = ? AND created_at > ?),
  (SELECT MIN(created_at) FROM campaign_attempt
    WHERE account_id = ? AND from_number = ? AND created_at > ?),
  (SELECT MAX(created_at) FROM campaign_attempt WHERE account_id = ? AND from_number = ?),
  (SELECT MIN(created_at) FROM campaign_attempt WHERE account_id = ? AND from_number = ?)
"""


def number_uses(
    account_id: str, numbers: Collection[str], since: datetime, now: datetime
) -> list[NumberUse]:
    """What campaigns of an account used these numbers for, and whether they can be used; `today`
    counts after `since`."""
    bad = _unusable(account_id, numbers)
    resting = {
        row.number: row.rests_until
        for row in NumberRest.select().where(
            NumberRest.account == account_id,
            NumberRest.number.in_(list(numbers)),
            NumberRest.rests_until > now,
        )
    }
    moment = to_microseconds(since)
    found = []
    for number in numbers:
        recent = (account_id, number, moment)
        ((today, oldest, last, first),) = rows.select(_USE, *recent, *recent, *recent[:2] * 2)
        times = (_moment(oldest), _moment(last), _moment(first))
        found.append(NumberUse(number, int(today), *times, resting.get(number), bad.get(number)))
    return found


_STATUSES = "SELECT number, account_id, status FROM phone_number WHERE number IN ({marks})"
_GONE = "SELECT number, why FROM gone_number WHERE account_id = ? AND number IN ({marks})"
_ACTIVE = "active"


def _unusable(account_id: str, numbers: Collection[str]) -> dict[str, Unusable]:
    """Those of the numbers that may not be shown. What is nobody's here, and was not the account's
    before, is taken for one of a trunk of the operator's own."""
    if not numbers:
        return {}
    marks = ", ".join("?" * len(numbers))
    known = {
        number: Unusable.FOREIGN if owner != account_id else status
        for number, owner, status in rows.select(_STATUSES.format(marks=marks), *numbers)
    }
    gone = rows.select(_GONE.format(marks=marks), account_id, *numbers)
    return {
        number: _WHY.get(status, Unusable.INACTIVE)
        for number, status in (dict(gone) | known).items()
        if status != _ACTIVE
    }


_WHY: Mapping[str, Unusable] = {one.value: one for one in Unusable}


def _moment(stored: int | None) -> datetime | None:
    return None if stored is None else from_microseconds(stored)


def rest_number(account_id: str, number: str, until: datetime, reason: str) -> None:
    """Let no campaign call by a number until then; a longer rest stays."""
    NumberRest.insert(
        account=account_id, number=number, rests_until=until, reason=reason
    ).on_conflict(
        conflict_target=[NumberRest.account, NumberRest.number],
        update={NumberRest.rests_until: until, NumberRest.reason: reason},
        where=(NumberRest.rests_until < until),
    ).execute()


def resting(account_id: str, now: datetime) -> list[NumberRest]:
    """The numbers of an account that rest."""
    query = NumberRest.select().where(NumberRest.account == account_id)
    return list(query.where(NumberRest.rests_until > now).order_by(NumberRest.number))


# --- how it goes


def endings(campaign_id: str, since: datetime, limit: int) -> list[tuple[Any, ...]]:
    """The last attempts that ended after `since`, newest first: outcome, end, carrier, number, talk
    seconds, why the call ended, its AI providers, and which of them failed."""
    query = (
        CampaignAttempt.select(
            CampaignAttempt.outcome,
            CampaignAttempt.ended_at,
            CampaignAttempt.carrier_id,
            CampaignAttempt.from_number,
            CampaignAttempt.talk_seconds,
            Call.end_reason,
            CampaignAttempt.providers,
            CampaignAttempt.failed_provider,
        )
        .join(Call, on=(Call.id == CampaignAttempt.call_id))
        .where(CampaignAttempt.campaign == campaign_id, CampaignAttempt.ended_at > since)
        .order_by(CampaignAttempt.ended_at.desc())
        .limit(limit)
    )
    return tuples(query)


def busy_dials(campaign_id: str, since: datetime, outcome: str, now: datetime) -> int:
    """How many calls ended with this outcome after `since`, or asked to be left alone until after
    `now`; those whose time is over are none."""
    count: int = (
        CampaignAttempt.select()
        .where(
            CampaignAttempt.campaign == campaign_id,
            CampaignAttempt.outcome == outcome,
            (CampaignAttempt.ended_at > since) & CampaignAttempt.retry_at.is_null()
            | (CampaignAttempt.ended_at > now - LONGEST_REST) & (CampaignAttempt.retry_at > now),
        )
        .count()
    )
    return count
