"""What registers said of numbers, kept as evidence: brought by users, or asked for ahead of calls
(`register_rounds`). Whoever a campaign held or skipped is looked at again, in the transaction that
stores the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.core import number_checks as rules
from topcalls.errors import FieldError, InvalidRequest
from topcalls.ids import ordered_ids
from topcalls.store import campaign_holds, number_checks
from topcalls.store.database import Database
from topcalls.store.models import NumberCheck


@dataclass(frozen=True, slots=True)
class NumberCheckView:
    """An answer that is kept."""

    id: str
    phone_number: str
    kind: str
    register: str
    answer: str
    asked_about: datetime | None
    version_at: datetime | None
    checked_at: datetime
    expires_at: datetime | None
    provider: str
    receipt: str | None


@dataclass(frozen=True, slots=True)
class NumberCheckPage:
    """Answers, newest first. `next_cursor` is the last one's id if there are more."""

    data: tuple[NumberCheckView, ...]
    next_cursor: str | None


class NumberChecks:
    """An account's answers."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def create_many(self, account_id: str, bodies: Sequence[Mapping[str, Any]]) -> int:
        """Store up to `core.number_checks.MOST_AT_ONCE` answers, all or none; how many.

        Raises:
            InvalidRequest: with every fault.
        """
        now, wrong = self._clock.now(), []
        if not 0 < len(bodies) <= rules.MOST_AT_ONCE:
            message = f"Must have 1 to {rules.MOST_AT_ONCE} entries."
            wrong.append(FieldError("checks", message, "length"))
        for place, body in enumerate(bodies):
            wrong += rules.faults(body, now, f"checks.{place}.")
        if wrong:
            raise InvalidRequest("The answers are not right as they were sent.", wrong)
        self._db.run(insert_answers, account_id, bodies, now)
        return len(bodies)

    def list(
        self, account_id: str, limit: int = 50, cursor: str | None = None, **chosen: str
    ) -> NumberCheckPage:
        """Answers stored before the one that `cursor` names, newest first; `chosen` by
        `phone_number`, `register`."""

        def verb() -> NumberCheckPage:
            found = number_checks.page(account_id, limit + 1, cursor, chosen)
            views = tuple(map(_view, found[:limit]))
            return NumberCheckPage(views, views[-1].id if len(found) > limit else None)

        return self._db.read(verb)


def insert_answers(account_id: str, bodies: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Part of a verb: store answers in which `core.number_checks.faults` found nothing wrong."""
    ids = ordered_ids(now, len(bodies))
    number_checks.insert(
        [
            {
                "id": check_id,
                "account": account_id,
                "phone_number": body["phone_number"],
                "kind": body["kind"],
                "register": body["register"],
                "answer": str(body["answer"]),
                "asked_about": body.get("asked_about"),
                "version_at": body.get("version_at"),
                "checked_at": body["checked_at"],
                "expires_at": body.get("expires_at"),
                "provider": (body.get("provider") or "api").strip(),
                "receipt": body.get("receipt"),
            }
            for body, check_id in zip(bodies, ids, strict=True)
        ]
    )
    campaign_holds.wake_numbers(account_id, {body["phone_number"] for body in bodies}, now)


def _view(row: NumberCheck) -> NumberCheckView:
    return NumberCheckView(
        row.id,
        row.phone_number,
        row.kind,
        row.register,
        row.answer,
        row.asked_about,
        row.version_at,
        row.checked_at,
        row.expires_at,
        row.provider,
        row.receipt,
    )
