"""Files of leads: received as rows, checked to the last one, and only then imported.

Until every row is checked no lead is touched; from there on the rows that are good are imported
part by part, each once, by whichever worker is alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from topcalls.clock import Clock
from topcalls.core import lead_csv, phone_numbers
from topcalls.core import leads as rules
from topcalls.core.lead_jobs import PART, JobKind, JobStatus, RefusedRows, chunks_of
from topcalls.core.leads import ImportMode
from topcalls.errors import FieldError, InvalidRequest, NotFound
from topcalls.ids import new_id
from topcalls.services.lead_imports import take
from topcalls.services.lead_jobs import (
    JobView,
    Overtaken,
    ensure_room,
    finish,
    hold,
    note,
    view_of,
)
from topcalls.services.lead_lists import found_list
from topcalls.services.lead_screening import ERASED, LeadScreening
from topcalls.services.lead_webhooks import LeadNews, no_news
from topcalls.store import lead_jobs
from topcalls.store.database import Database
from topcalls.store.models import LeadJob, LeadUploadPart

MOST_KNOWN = 8
"""Files whose numbers a worker remembers while it checks them."""


@dataclass(frozen=True)
class UploadOptions:
    """How a file is taken in. `region`: the country of numbers without a country code."""

    mode: ImportMode = ImportMode.MERGE
    refused_rows: RefusedRows = RefusedRows.SKIP
    region: str | None = None


@dataclass
class _Lines:
    """On which line each number is that was found good, in the first `parts` of a file."""

    parts: int
    of: dict[str, int]


class LeadUploads:
    """Files of an account's leads."""

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
        self._lines: dict[str, _Lines] = {}

    def receive(
        self, account_id: str, list_id: str, options: UploadOptions, pieces: Iterable[bytes]
    ) -> JobView:
        """Take a file as its pieces arrive; what is wrong with it as a whole leaves nothing behind.

        Raises:
            Conflict: the account has as many jobs under way as it may have.
            InvalidRequest: it is no CSV that can be read, with the line; or its header is wrong.
            NotFound: no such list in this account.
        """
        if options.region is not None and not phone_numbers.is_region(options.region):
            said = "Must be a country by its ISO 3166 code, as in US."
            raise InvalidRequest(said, field="region")
        job_id = new_id()
        self._db.run(self._begin, account_id, list_id, job_id, options)
        try:
            return self._receive(job_id, pieces)
        except BaseException:
            self._db.run(lead_jobs.delete, job_id)
            raise

    def step(self, job: LeadJob, owner: str) -> bool:
        """See `Step`: check one part, or once all are checked import one."""
        part = self._db.read(lambda: lead_jobs.next_part(job.id, checked=False))
        if part is not None:
            self._check(job, owner, part)
            return True
        self._lines.pop(job.id, None)
        return self._db.run(self._import, job.id, owner)

    # --- receiving

    def _begin(self, account_id: str, list_id: str, job_id: str, options: UploadOptions) -> None:
        found_list(account_id, list_id)
        ensure_room(account_id)
        given = {"list_id": list_id, "mode": options.mode, "region": options.region}
        lead_jobs.insert(
            id=job_id,
            account=account_id,
            kind=JobKind.UPLOAD,
            status=JobStatus.RECEIVING,
            options={**given, "refused_rows": options.refused_rows},
            created_at=self._clock.now(),
        )

    def _receive(self, job_id: str, pieces: Iterable[bytes]) -> JobView:
        found = lead_csv.rows(pieces)
        columns, total = lead_csv.columns_of(next(found)), 0
        for number, some in enumerate(iter(lambda: list(islice(found, PART)), [])):
            self._db.run(lead_jobs.insert_part, job_id, number, some)
            total += len(some)
        if not total:
            said = "The file has a header and no rows."
            raise InvalidRequest(said, [FieldError("line 2", said, "no_rows")])
        chunks = 2 * chunks_of(total, PART)  # checked, then imported

        def verb() -> JobView:
            job = lead_jobs.found(job_id)
            options = {**job.options, "columns": columns}
            changes = {"total": total, "chunks_total": chunks, "status": JobStatus.PENDING}
            lead_jobs.change(job_id, options=options, available_at=self._clock.now(), **changes)
            return view_of(lead_jobs.found(job_id))

        return self._db.run(verb)

    # --- checking

    def _check(self, job: LeadJob, owner: str, part: LeadUploadPart) -> None:
        options, lines, now = job.options, self._lines_of(job.id, part.number), self._clock.now()
        good: list[tuple[int, Mapping[str, Any]]] = []
        refused: list[tuple[int, Sequence[Any]]] = []
        seen: dict[str, int] = {}
        for line, cells in part.rows:
            row = lead_csv.judged(lead_csv.Row(line, cells), options["columns"], options["region"])
            errors = row.errors or _repeated(row, lines.of, seen)
            if errors:
                refused.append((line, [fault._asdict() for fault in errors]))
            else:
                seen[row.body["phone_number"]] = line
                good.append((line, row.body))

        seen_now = [body["phone_number"] for _, body in good]
        erased = self._db.run(self._screening.of, job.account_id, seen_now, now).erased
        refused += [
            (line, [ERASED._asdict()]) for line, body in good if body["phone_number"] in erased
        ]
        good = [(line, body) for line, body in good if body["phone_number"] not in erased]

        def verb() -> None:
            held = hold(job.id, owner)
            if not lead_jobs.set_checked(job.id, part.number, good):
                raise Overtaken
            lead_jobs.insert_refusals(job.id, refused)
            count = held.refused + len(refused)
            note(held, now, status=JobStatus.CHECKING, refused=count)

        self._db.run(verb)
        lines.of.update(seen)
        lines.parts = part.number + 1

    def _lines_of(self, job_id: str, parts: int) -> _Lines:
        """The lines of so many parts, which other workers may have checked."""
        known = self._lines.get(job_id)
        if known is None or known.parts != parts:
            found = self._db.read(lambda: list(lead_jobs.checked_parts(job_id)))
            rows = (row for rows in found for row in rows)
            known = _Lines(parts, {body["phone_number"]: line for line, body in rows})
            if len(self._lines) >= MOST_KNOWN:
                self._lines.clear()
            self._lines[job_id] = known
        return known

    # --- importing

    def _import(self, job_id: str, owner: str) -> bool:
        held, now = hold(job_id, owner), self._clock.now()
        if held.refused and held.options["refused_rows"] == RefusedRows.ABORT:
            said = f"{held.refused} rows were refused, so none was imported."
            finish(held, now, ("rows_refused", said))
            return False
        part = lead_jobs.next_part(job_id, checked=True)
        if part is None:
            finish(held, now)
            return False
        options = held.options
        drafts = [rules.draft_of(body, now) for _, body in part.rows]
        mode = ImportMode(options["mode"])
        try:
            where = (held.account_id, options["list_id"])
            counts = take(*where, drafts, mode, now, self._screening, self._news)
        except NotFound:
            finish(held, now, ("list_deleted", "The list was deleted meanwhile."))
            return False
        refused = [(part.rows[place][0], [fault._asdict()]) for place, fault in counts.faults()]
        lead_jobs.insert_refusals(job_id, refused)
        lead_jobs.delete_parts(job_id, part.number)
        note(
            held,
            now,
            status=JobStatus.RUNNING,
            inserted=held.inserted + counts.inserted,
            updated=held.updated + counts.updated,
            duplicates=held.duplicates + counts.duplicates,
            refused=held.refused + len(refused),
        )
        return True


def _repeated(
    row: lead_csv.Judged, lines: Mapping[str, int], seen: Mapping[str, int]
) -> Sequence[FieldError]:
    number = row.body["phone_number"]
    line = seen.get(number) or lines.get(number)
    if line is None or line == row.line:
        return ()
    return [FieldError("phone_number", f"Is on line {line} as well, which is taken.", "repeated")]
