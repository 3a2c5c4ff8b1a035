"""Many leads at once, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from topcalls.clock import Clock
from topcalls.core import leads as rules
from topcalls.core.leads import Draft, ImportMode
from topcalls.errors import FieldError, InvalidRequest
from topcalls.ids import ordered_ids
from topcalls.services.lead_lists import found_list, put_on_list
from topcalls.services.lead_screening import ERASED, LeadScreening
from topcalls.services.lead_webhooks import LeadNews, StatusChange, no_news
from topcalls.services.leads import columns_of
from topcalls.store import leads
from topcalls.store.database import Database
from topcalls.store.models import Lead

MOST: Final = 2_000
MOST_FAULTS: Final = 100


@dataclass(slots=True)
class Counts:
    """What became of leads: each is one of the first three, or its place is in `refused` (its notes
    would become too long) or `erased`.

    `duplicates`: it existed and was to be skipped, or came before among these.
    """

    inserted: int = 0
    updated: int = 0
    duplicates: int = 0
    refused: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)

    def faults(self) -> Iterator[tuple[int, FieldError]]:
        """Why leads were not taken, each with its place."""
        too_long = FieldError("notes", f"Would be over {rules.MAX_NOTES} characters.", "length")
        yield from ((place, too_long) for place in self.refused)
        yield from ((place, ERASED) for place in self.erased)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    success: bool
    inserted: int
    updated: int
    duplicates: int
    total_processed: int
    duration_ms: int


class LeadImports:
    """Imports of an account."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        screening: LeadScreening,
        news: LeadNews = no_news,
    ) -> None:
        self._db = db
        self._clock = clock
        self._screening = screening
        self._news = news

    def run(self, account_id: str, body: Mapping[str, Any]) -> ImportReport:
        """Take up to 2,000 leads, all or none.

        Raises:
            InvalidRequest: with every fault of every lead, up to a hundred.
            NotFound: no such list in this account.
        """
        began, now = self._clock.monotonic(), self._clock.now()
        listed = body["leads"]
        _judge(list(_faults(listed)))
        drafts = [rules.draft_of(lead, now) for lead in listed]
        mode = ImportMode(body.get("mode") or ImportMode.MERGE)

        def verb() -> Counts:
            where = (account_id, body["list_id"])
            counts = take(*where, drafts, mode, now, self._screening, self._news)
            wrong = [
                fault._replace(path=f"leads.{place}.{fault.path}")
                for place, fault in counts.faults()
            ]
            _judge(wrong)
            return counts

        counts = self._db.run(verb)
        duration = round((self._clock.monotonic() - began) * 1000)
        done = (counts.inserted, counts.updated, counts.duplicates)
        return ImportReport(True, *done, sum(done), duration)


def take(
    account_id: str,
    list_id: str,
    drafts: Sequence[Draft],
    mode: ImportMode,
    now: datetime,
    screening: LeadScreening,
    news: LeadNews = no_news,
) -> Counts:
    """Part of a verb: put leads on a list, making or merging them. A lead whose notes would become
    too long is refused, and is as it was; one of an erased person is not taken.

    Raises:
        NotFound: no such list in this account.
    """
    found_list(account_id, list_id, lock=True)
    screened = screening.of(account_id, {draft.phone_number for draft in drafts}, now)
    taken_in = [
        (place, screened.marked(draft))
        for place, draft in enumerate(drafts)
        if draft.phone_number not in screened.erased
    ]
    first = {draft.phone_number: draft for _, draft in reversed(taken_in)}
    new = dict(zip(first, ordered_ids(now, len(first)), strict=True))
    made = [columns_of(draft, new[number], account_id, now) for number, draft in first.items()]
    leads.insert_new(made)
    rows = leads.with_numbers(account_id, first, lock=True)
    counts, changes = Counts(), _Changes({row.phone_number: row for row in rows})
    counts.erased = sorted(set(range(len(drafts))) - {place for place, _ in taken_in})
    seen: set[str] = set()
    dropped: set[str] = set()
    for place, draft in taken_in:
        number = draft.phone_number
        is_again, is_new = number in seen, changes.id_of(number) == new[number]
        seen.add(number)
        if is_new and not is_again:
            counts.inserted += 1
        elif not changes.merge(draft, mode, now):
            counts.refused.append(place)
            dropped |= {number} if not is_again else set()
        elif is_again or mode is ImportMode.SKIP:
            counts.duplicates += 1
        else:
            counts.updated += 1
    added = {new[row.phone_number]: row.tags for row in rows if row.id == new[row.phone_number]}
    leads.add_tags(account_id, added)
    _write(account_id, changes.changed, now)
    _tell(rows, changes.changed, now, news)
    taken = [row.id for row in rows if row.phone_number not in dropped]
    put_on_list(list_id, taken, now)
    return counts


class _Changes:
    """What becomes of leads that exist, one merge after another."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        self._leads = {number: dict(row.__data__) for number, row in rows.items()}
        self.changed: dict[str, dict[str, Any]] = {}

    def id_of(self, number: str) -> str:
        return str(self._leads[number]["id"])

    def merge(self, draft: Draft, mode: ImportMode, now: datetime) -> bool:
        """False: its notes would become too long, and nothing of it is taken."""
        lead = self._leads[draft.phone_number]
        changes = rules.merged(lead, draft, mode, now)
        if rules.notes_fault(changes.get("notes")) is not None:
            return False
        lead.update(changes)
        if changes:
            self.changed.setdefault(lead["id"], {}).update(changes)
        return True


def _write(account_id: str, changed: Mapping[str, Mapping[str, Any]], now: datetime) -> None:
    for lead_id, changes in changed.items():
        leads.change(lead_id, updated_at=now, **changes)
        if "tags" in changes:
            leads.replace_tags(account_id, lead_id, changes["tags"])


def _tell(
    rows: Sequence[Lead],
    changed: Mapping[str, Mapping[str, Any]],
    now: datetime,
    news: LeadNews,
) -> None:
    for row in rows:
        status = changed.get(row.id, {}).get("status", row.status)
        where = (row.account_id, row.id, row.phone_number)
        news(StatusChange(*where, row.status, status, "import"), now)


def _faults(listed: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    if not 1 <= len(listed) <= MOST:
        message = f"Must be 1 to {MOST} leads. Send more in parts, or as a file."
        yield FieldError("leads", message, "length")
        return
    for place, lead in enumerate(listed):
        for fault in rules.faults(lead, needed=("phone_number",)):
            yield fault._replace(path=f"leads.{place}.{fault.path}")


def _judge(wrong: Sequence[FieldError]) -> None:
    if wrong:
        said = "No lead was imported: see 'errors'."
        raise InvalidRequest(said, [*wrong[:MOST_FAULTS]])
