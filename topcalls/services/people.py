"""One person: everything that an account has about them, shown or erased.

Erasing takes out what tells of them and leaves what has to be proved: that a call was made and
what it cost, that they may not be called, that they once agreed (under a fingerprint), and every
decision in its place of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from topcalls.clock import Clock
from topcalls.core import phone_numbers
from topcalls.core.call_request import CallRequest
from topcalls.core.do_not_call import Listing
from topcalls.errors import Conflict, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.do_not_call import DoNotCall
from topcalls.services.ledger import DecisionView, Ledger
from topcalls.services.person_keys import PersonKeys
from topcalls.services.recordings import Recordings
from topcalls.store import people
from topcalls.store.database import Database
from topcalls.store.locking import lock_account
from topcalls.store.models import Erasure

_ERASED_TASK: Final = "Erased."


@dataclass(frozen=True, slots=True)
class Person:
    """Everything about a number. `rows`: by what they are; `calls`: with all that hangs on each;
    `recordings`: where their sound is fetched; `erasures`: what was erased before."""

    phone_number: str
    calls: list[Mapping[str, Any]]
    of_calls: Mapping[str, list[dict[str, Any]]]
    rows: Mapping[str, list[dict[str, Any]]]
    recordings: list[str]
    decisions: list[DecisionView]
    erasures: list[Receipt]


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody was erased: by whom, when, and how many rows of each kind. `fingerprint` is
    what stands for their number now."""

    id: str
    fingerprint: str
    requested_by: str
    erased: Mapping[str, int]
    at: datetime


class People:
    """An account's people, by their numbers."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        keys: PersonKeys,
        recordings: Recordings,
        numbers: DoNotCall,
        ledger: Ledger,
    ) -> None:
        self._db = db
        self._clock = clock
        self._keys = keys
        self._recordings = recordings
        self._numbers = numbers
        self._ledger = ledger

    def get(self, account_id: str, phone_number: str) -> Person:
        """Everything that is stored about a number.

        Raises:
            InvalidRequest: it is no telephone number.
            NotFound: there is nothing about it.
        """
        _check(phone_number)
        names = self._keys.names(account_id, phone_number)

        def verb() -> Person:
            calls = people.calls_of(account_id, phone_number)
            urls = [self._recordings.url(call) for call in calls]
            return Person(
                phone_number=phone_number,
                calls=[dict(call.__data__) for call in calls],
                of_calls=people.of_calls([call.id for call in calls]),
                rows=people.of_number(account_id, names),
                recordings=[url for url in urls if url is not None],
                decisions=list(self._ledger.export(account_id, phone_number)),
                erasures=[_receipt(row) for row in people.erasures(account_id, names[1])],
            )

        found = self._db.read(verb)
        if not (found.calls or found.decisions or found.erasures or any(found.rows.values())):
            raise NotFound("Nothing is stored about this number.")
        return found

    def erase(
        self, account_id: str, phone_number: str, by: str, *, suppress: bool = True
    ) -> Receipt:
        """Erase somebody, for good; the receipt. `suppress`: they are not to be called any more
        either, which is remembered by a fingerprint of their number. Erasing again finds what has
        come since.

        Raises:
            Conflict: a call with them waits or is under way.
            InvalidRequest: it is no telephone number.
        """
        _check(phone_number)
        fingerprint = self._keys.fingerprint(account_id, phone_number)
        now = self._clock.now()
        sound = self._delete_sound(account_id, phone_number, now)
        request = CallRequest(phone_number=fingerprint, task=_ERASED_TASK).to_mapping()

        def verb() -> Receipt:
            lock_account(account_id)
            _ensure_over(account_id, phone_number)
            erased = people.erase(account_id, phone_number, fingerprint, request)
            if suppress and not self._is_listed(account_id, phone_number):
                listing = Listing(fingerprint, source="erasure")
                self._numbers.insert(account_id, [listing])
            counts = erased | ({"recording": sound} if sound else {})
            receipt = Receipt(new_id(), fingerprint, by, counts, now)
            people.insert_erasure(
                id=receipt.id,
                account=account_id,
                fingerprint=fingerprint,
                requested_by=by,
                erased=counts,
                at=now,
            )
            return receipt

        return self._db.run(verb)

    def _is_listed(self, account_id: str, phone_number: str) -> bool:
        try:
            self._numbers.get(account_id, phone_number)
        except NotFound:
            return False
        return True

    def _delete_sound(self, account_id: str, phone_number: str, now: datetime) -> int:
        """Recordings go first: where their store is away nothing is erased, and all of it can be
        tried again."""
        self._db.read(_ensure_over, account_id, phone_number)
        calls = self._db.read(people.calls_of, account_id, phone_number)
        stored = [call for call in calls if call.recording_file]
        for call in stored:
            self._recordings.delete(account_id, call.id, now)
        return len(stored)


def _ensure_over(account_id: str, phone_number: str) -> None:
    waiting = people.open_calls(account_id, phone_number)
    if waiting:
        raise Conflict(
            f"{len(waiting)} calls with this number wait or are under way.",
            remedy="Stop them, wait until they are wrapped up, and erase then.",
            reason="calls_open",
            call_ids=waiting[:10],
        )


def _check(phone_number: str) -> None:
    wrong = phone_numbers.fault(phone_number, "phone_number")
    if wrong is not None:
        raise InvalidRequest("The telephone number is not valid.", [wrong])


def _receipt(row: Erasure) -> Receipt:
    return Receipt(row.id, row.fingerprint, row.requested_by, row.erased, row.at)
