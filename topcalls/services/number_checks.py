"""What registers said of numbers: brought by users or asked for by a plug-in, kept as evidence.

A plug-in is a `Register`: an object that answers about numbers. What it answered is not asked again
until it is too old to rely on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from topcalls.clock import Clock
from topcalls.core import number_checks as rules
from topcalls.errors import FieldError, InvalidRequest
from topcalls.ids import ordered_ids
from topcalls.store import number_checks
from topcalls.store.database import Database
from topcalls.store.models import NumberCheck


@dataclass(frozen=True, slots=True)
class Answer:
    """What a register says of a number. `answer` as of `core.number_checks.ANSWERS`; `version_at`:
    of when its copy is; `asked_about`: the date of a consent, where that was asked about."""

    phone_number: str
    answer: str
    version_at: datetime | None = None
    asked_about: datetime | None = None
    expires_at: datetime | None = None
    receipt: str | None = None


class Register(Protocol):
    """A plug-in. `kind` and `register` as of `core.number_checks`; `provider` is who asks it.
    `keep`: for how long an answer is not asked for again."""

    kind: str
    register: str
    provider: str
    keep: timedelta

    def ask(self, numbers: Sequence[str]) -> Sequence[Answer]:
        """What is known of these numbers; one of which nothing is said stays without an answer.
        It may block, and raise whatever it wants: then nothing is stored."""
        ...


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
        self._insert(account_id, bodies, now)
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

    def ask(self, account_id: str, register: Register, numbers: Sequence[str]) -> int:
        """Ask a register about those numbers of which it has not answered lately, and keep what it
        says; how many it was asked about."""
        now = self._clock.now()
        since = now - register.keep
        known = self._db.read(
            number_checks.answered, account_id, numbers, register.register, since, now
        )
        open_ones = sorted(set(numbers) - known)
        answers = register.ask(open_ones) if open_ones else []
        said = {
            "kind": register.kind,
            "register": register.register,
            "provider": register.provider,
            "checked_at": now,
        }
        bodies = [asdict(answer) | said for answer in answers]
        wrong = [fault for body in bodies for fault in rules.faults(body, now)]
        if wrong:
            raise InvalidRequest(f"The register {register.register} answered wrongly.", wrong)
        self._insert(account_id, bodies, now)
        return len(open_ones)

    def _insert(self, account_id: str, bodies: Sequence[Mapping[str, Any]], now: datetime) -> None:
        ids = ordered_ids(now, len(bodies))
        found = [
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
        self._db.run(number_checks.insert, found)


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
