"""How long a file of leads takes, from its first byte to its last lead, and what is told meanwhile.

    python benchmarks/lead_upload.py [--rows 100000] [--wrong 5000]

In this process, without a network, on SQLite and PostgreSQL: *received* until the file is answered
for, *checked* until every row is, *imported* until the last lead is there. Progress is read as its
owner reads it, after every slice of a worker's work, and may not go back; then every refused row is
read, page by page: each must have its line and a reason, and no lead may be there of any of them.
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from common import (
    Product,
    database,
    databases,
    introduce,
    product,
    product_settings,
    say,
    workspace,
)

from topcalls.services.lead_uploads import UploadOptions

PORTS = {"esl_port": 1, "realtime_port": 1}
PIECE = 64 * 1024
WRONG = ("12", "+1202555", "no number", "", "+12025550100,extra,columns,here,too,many")
HEADER = "database      rows  received   checked  imported   looks  refused     leads    MB more"


def content(rows: int, wrong: int) -> Iterator[bytes]:
    """A file in which so many rows are wrong, anywhere, in pieces as they come from a network."""
    bad = set(random.Random(1).sample(range(rows), wrong))
    buffer = b"phone_number,name,email,notes\r\n"
    for row in range(rows):
        number = WRONG[row % len(WRONG)] if row in bad else f"+1{AREAS[row % 9]}{2000000 + row:07d}"
        buffer += f'{number},"Doe, Ann {row}",ann{row}@example.com,Met in May.\r\n'.encode()
        while len(buffer) >= PIECE:
            yield buffer[:PIECE]
            buffer = buffer[PIECE:]
    yield buffer


AREAS = ("212", "305", "312", "415", "713", "850", "602", "404", "617")


def measure(made: Product, rows: int, wrong: int) -> str:
    """The rest of a line."""
    services, account_id = made.services, made.principal.account_id
    list_id = services.lead_lists.create(account_id, {"name": "People"}).id
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    job = services.lead_uploads.receive(account_id, list_id, UploadOptions(), content(rows, wrong))
    received = time.perf_counter() - begun
    checked, looks, progress = 0.0, 0, 0.0
    while job.finished_at is None:
        for taken in services.lead_jobs.due(services.clock.now()):
            services.lead_jobs.run(taken)
        job = services.lead_jobs.get(account_id, job.id)
        looks += 1
        assert job.progress >= progress, "progress went back"
        progress = job.progress
        if not checked and job.inserted:
            checked = time.perf_counter() - begun
    imported = time.perf_counter() - begun
    assert (job.status, job.progress) == ("completed", 1.0), job
    lines, cursor = 0, 0
    while True:
        page = services.lead_jobs.refusals(account_id, job.id, 1000, cursor)
        assert all(one.line > cursor and one.errors for one in page.data)
        lines += len(page.data)
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert lines == job.refused == wrong, (lines, job.refused, page.data[:3])
    leads = services.lead_lists.get(account_id, list_id).lead_count
    assert leads == job.inserted == rows - wrong
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return (
        f"{received:7.1f} s {checked:7.1f} s {imported:7.1f} s  {looks:6}  {lines:7}  {leads:8}"
        f"  {more:8.0f}"
    )


def run_once(kind: str, rows: int, wrong: int, directory: Path) -> str:
    """One line of the table."""
    with database(kind) as where:
        settings = product_settings(directory, PORTS, **where)
        with product(settings) as made:
            return f"{kind:<10} {rows:>7}  {measure(made, rows, wrong)}"


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--wrong", type=int, default=5_000)
    options = parser.parse_args()
    introduce("Leads: a file")
    kinds = databases()
    say(HEADER)
    for kind in kinds:
        with workspace() as directory:
            say(run_once(kind, options.rows, options.wrong, directory))


if __name__ == "__main__":
    main()
