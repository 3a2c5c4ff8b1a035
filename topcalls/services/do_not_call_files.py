"""Files of numbers that are not called: read as CSV, and written as CSV.

A file is judged to its last row before any number is listed; then its good rows are listed, some
thousand in a transaction. If that breaks off, the same file is sent again: what is listed stays.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from topcalls.clock import Clock
from topcalls.core import do_not_call as rules
from topcalls.core import lead_csv, phone_numbers
from topcalls.core.do_not_call import Listing
from topcalls.errors import FieldError, InvalidRequest
from topcalls.services.do_not_call import DoNotCall

COLUMNS: Final = ("phone_number", "reason", "purpose", "campaign_id", "expires_at")
"""Columns of a file that comes in; one that goes out has `scope`, `source` and more too."""

MOST_REFUSALS: Final = 1_000
_EXPORTED = (*COLUMNS, "scope", "source", "call_id", "created_at")
_METADATA = "metadata."


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken."""

    line: int
    errors: Sequence[FieldError]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the rows of a file; `refusals` are the first of those refused."""

    rows: int
    inserted: int
    existed: int
    refused: int
    refusals: tuple[Refusal, ...]


class DoNotCallFiles:
    """Files of an account's list."""

    def __init__(self, numbers: DoNotCall, clock: Clock) -> None:
        self._numbers = numbers
        self._clock = clock

    def take(self, account_id: str, pieces: Iterable[bytes], region: str | None = None) -> Taken:
        """List the numbers of a file as its pieces arrive. `region`: the country of numbers
        without a country code.

        Raises:
            InvalidRequest: it is no CSV that can be read, with the line, or its header is wrong.
        """
        if region is not None and not phone_numbers.is_region(region):
            said = "Must be a country by its ISO 3166 code, as in US."
            raise InvalidRequest(said, field="region")
        rows = lead_csv.rows(pieces)
        columns = _columns(next(rows))
        good: list[Listing] = []
        refusals: list[Refusal] = []
        refused, now = 0, self._clock.now()
        for row in rows:
            listing, wrong = _listing(lead_csv.judged(row, columns, region), now)
            if listing is not None and not wrong:
                good.append(listing)
                continue
            refused += 1
            if len(refusals) < MOST_REFUSALS:
                refusals.append(Refusal(row.line, wrong))
        some, inserted = iter(good), 0
        while part := list(islice(some, rules.MOST_AT_ONCE)):
            inserted += self._numbers.insert(account_id, part).inserted
        existed = len(good) - inserted
        return Taken(len(good) + refused, inserted, existed, refused, tuple(refusals))

    def written(self, account_id: str) -> Iterator[str]:
        """The whole list as CSV, in pieces. Whoever was erased has no line: their number is not
        known."""
        yield _line(_EXPORTED)
        for entry in self._numbers.every(account_id):
            if entry.phone_number is not None:
                yield _line(_cell(getattr(entry, name)) for name in _EXPORTED)


def _columns(header: lead_csv.Row) -> tuple[str, ...]:
    columns = lead_csv.columns_of(header)
    known = {name.removeprefix(_METADATA) for name in columns}
    others = sorted(known - set(_EXPORTED) - {"id"})
    if others:
        message = f"Column '{others[0][:64]}' is not known here: {', '.join(COLUMNS)} are."
        wrong = [FieldError("header", message, "unknown")]
        raise InvalidRequest("The header of the file is not right: see 'errors'.", wrong)
    return columns


def _listing(row: lead_csv.Judged, now: datetime) -> tuple[Listing | None, Sequence[FieldError]]:
    if row.errors:
        return None, row.errors
    more = {name: row.body.get("metadata", {}).get(name) for name in COLUMNS[1:]}
    until = more.pop("expires_at")
    moment = _moment(until) if until is not None else None
    if until is not None and moment is None:
        message = "Is no moment with a zone, as in 2026-12-24T00:00:00Z."
        return None, [FieldError("expires_at", message, "invalid")]
    listing = Listing(row.body["phone_number"], expires_at=moment, source="csv", **more)
    return listing, list(rules.faults(listing, now))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _cell(value: Any) -> str:
    """What a spreadsheet takes for text: a reason may be anybody's words."""
    if isinstance(value, datetime):
        return value.isoformat()
    text = "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "-", "@", "\t") else text


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()
