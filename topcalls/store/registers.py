"""Queries on what registers are to be asked, and on how asking them goes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from peewee import chunked, fn

from topcalls.core.campaign_outcomes import Outcome
from topcalls.store import leases, rows
from topcalls.store.fields import to_microseconds
from topcalls.store.models import RegisterQuestion, RegisterState
from topcalls.store.models.base import tuples

_MOST_VALUES = 500


class Waiting(NamedTuple):
    """Of one provider: how many questions are open, since when the oldest is."""

    provider: str
    numbers: int
    since: datetime


def ask(questions: Sequence[Mapping[str, Any]]) -> None:
    """Store questions that are not open yet; those that are have the provider and the rule of the
    new ones from now on, and the consent they ask about."""
    for question in questions:
        found = RegisterQuestion
        found.insert(**question).on_conflict(
            conflict_target=[found.account, found.phone_number, found.kind, found.register],
            preserve=[found.provider, found.rule_id, found.asked_about],
        ).execute()


def since(account_id: str, number: str) -> datetime | None:
    """When the oldest question about a number that is still open was asked."""
    mine = (RegisterQuestion.account == account_id) & (RegisterQuestion.phone_number == number)
    found: datetime | None = (
        RegisterQuestion.select(fn.MIN(RegisterQuestion.created_at)).where(mine).scalar()
    )
    return found


def with_questions(now: datetime) -> list[str]:
    """The providers that may be asked something now."""
    query = RegisterQuestion.select(RegisterQuestion.provider).distinct()
    return [name for (name,) in tuples(query.where(RegisterQuestion.available_at <= now))]


def take(provider: str, owner: str, now: datetime, seconds: float) -> bool:
    """Lease a provider that may be asked now; False if it may not, or another has it."""
    RegisterState.insert(provider=provider, next_at=now).on_conflict_ignore().execute()
    return leases.claim(RegisterState, provider, owner, now, seconds, RegisterState.next_at <= now)


def state(provider: str) -> RegisterState | None:
    """How asking a provider goes."""
    return RegisterState.get_or_none(RegisterState.provider == provider)


def states() -> list[RegisterState]:
    """How asking goes, of all that were ever asked."""
    return list(RegisterState.select().order_by(RegisterState.provider))


def open_of(provider: str, now: datetime, limit: int) -> list[RegisterQuestion]:
    """What a provider is to be asked now, the longest waiting first."""
    mine = (RegisterQuestion.provider == provider) & (RegisterQuestion.available_at <= now)
    query = RegisterQuestion.select().where(mine).order_by(RegisterQuestion.available_at)
    return list(query.limit(limit))


def answered(ids: Collection[str]) -> None:
    """Forget questions that have their answer."""
    for some in chunked(sorted(ids), _MOST_VALUES):
        RegisterQuestion.delete().where(RegisterQuestion.id.in_(some)).execute()


def again(ids: Collection[str], at: datetime) -> None:
    """Ask once more, of whom nothing was said."""
    for some in chunked(sorted(ids), _MOST_VALUES):
        RegisterQuestion.update(available_at=at, tries=RegisterQuestion.tries + 1).where(
            RegisterQuestion.id.in_(some)
        ).execute()


def told(provider: str, owner: str, **columns: Any) -> bool:
    """Let go of a provider, and note how asking it went; False if it was another's by then."""
    return leases.complete(RegisterState, provider, owner, **columns)


def waiting() -> list[Waiting]:
    """What is open, by provider."""
    count, oldest = fn.COUNT(RegisterQuestion.id), fn.MIN(RegisterQuestion.created_at)
    query = RegisterQuestion.select(RegisterQuestion.provider, count, oldest)
    found = tuples(query.group_by(RegisterQuestion.provider).order_by(RegisterQuestion.provider))
    return [Waiting(*one) for one in found]


_WAKE = """
UPDATE campaign_contact SET next_at = ?, changed_at = ?
WHERE state = 'waiting' AND reason IN (?, ?) AND next_at > ? AND lead_id IN (
  SELECT id FROM lead WHERE account_id = ? AND phone_number IN ({marks}))
"""


def wake(account_id: str, rule_id: str, numbers: Collection[str], now: datetime) -> None:
    """Let whoever waits in campaigns because of a rule, or was put off in the moment of the dial,
    be looked at now."""
    moment = to_microseconds(now)
    for some in chunked(sorted(numbers), _MOST_VALUES):
        text = _WAKE.format(marks=", ".join("?" * len(some)))
        rows.change(text, moment, moment, rule_id, Outcome.DEFERRED, moment, account_id, *some)
