"""Numbers that an account does not call: kept by its users and agents, held to by every call.

A number is asked about twice: when a call is created, and again when it is claimed to be dialled,
in the transaction of the claim.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from topcalls.clock import Clock
from topcalls.core import do_not_call as rules
from topcalls.errors import InvalidRequest, NotCallable, NotFound
from topcalls.ids import new_id
from topcalls.store import do_not_call
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import DoNotCallNumber


@dataclass(frozen=True, slots=True)
class ListedNumber:
    """An entry of the list. `call_id`: the call in which an agent made it."""

    phone_number: str
    reason: str | None
    source: str
    call_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Entries, newest first. `next_cursor` is the last one's `created_at` if there are more."""

    data: tuple[ListedNumber, ...]
    next_cursor: datetime | None


class DoNotCall:
    """An account's list."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def add(
        self,
        account_id: str,
        phone_number: str,
        reason: str | None = None,
        *,
        source: str = "api",
        call_id: str | None = None,
        now: datetime | None = None,
    ) -> tuple[ListedNumber, bool]:
        """Put a number on the list; its entry, and whether it is new. One that is listed keeps the
        entry that it has.

        Raises:
            InvalidRequest: it is no telephone number, or the reason is too long.
        """
        wrong = list(rules.faults(phone_number, reason))
        if wrong:
            raise InvalidRequest("The number cannot be listed: see 'errors'.", wrong)
        moment = now or self._clock.now()

        def verb() -> tuple[ListedNumber, bool]:
            lock_account(account_id)
            found = do_not_call.get(account_id, phone_number)
            if found is not None:
                return _view(found), False
            entry = ListedNumber(
                phone_number, reason, source, call_id, do_not_call.free_time(account_id, moment)
            )
            do_not_call.insert(
                id=new_id(),
                account=account_id,
                phone_number=phone_number,
                reason=reason,
                source=source,
                call_id=call_id,
                created_at=entry.created_at,
            )
            return entry, True

        return self._db.run(verb)

    def get(self, account_id: str, phone_number: str) -> ListedNumber:
        """Raises NotFound."""

        def verb() -> ListedNumber:
            found = do_not_call.get(account_id, phone_number)
            if found is None:
                raise NotFound("The number is not on the do-not-call list.")
            return _view(found)

        return self._db.read(verb)

    def list(self, account_id: str, limit: int = 50, cursor: datetime | None = None) -> ListedPage:
        """Entries made before `cursor`, newest first."""

        def verb() -> ListedPage:
            found = do_not_call.page(account_id, limit + 1, cursor)
            views = tuple(map(_view, found[:limit]))
            return ListedPage(views, views[-1].created_at if len(found) > limit else None)

        return self._db.read(verb)

    def remove(self, account_id: str, phone_number: str) -> None:
        """Take a number off the list. Raises NotFound."""
        if not self._db.run(do_not_call.delete, account_id, phone_number):
            raise NotFound("The number is not on the do-not-call list.")


def refusal() -> NotCallable:
    """What an account is told that does not call a number."""
    return NotCallable(
        rules.WORDS,
        remedy="Take it off the list only with the consent of whoever has the number.",
        rule=rules.RULE,
    )


def _view(row: DoNotCallNumber) -> ListedNumber:
    return ListedNumber(row.phone_number, row.reason, row.source, row.call_id, row.created_at)
