"""`GET /v1/analytics` on a million calls: how long it takes to count them, and to tell them.

    python benchmarks/analytics.py [--calls 1000000] [--by-workers 20000] [--database sqlite]

The calls of one account are written into an empty database as they stand when they are over: over
`days`, from `numbers`, of five campaigns and three versions of an agent, two of five answered, each
with `answers` timed answers. Most of them are copies of the first ones at other times, made by the
database itself. Nearly all are counted many at once, the last ones as workers do it, and every kind
of question about all of the days is asked five times. Without HTTP, in one process; PostgreSQL
(without fsync) is on the other core.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from common import database, databases, environment, introduce, say, workspace

from topcalls import config
from topcalls.compose.database import migrate
from topcalls.compose.services import Services, open_services
from topcalls.core.call_state import State
from topcalls.ids import new_id
from topcalls.services import statistics
from topcalls.services.statistics import GROUPS, Query
from topcalls.store.fields import InstantField
from topcalls.store.models import Call, TurnTiming

LAST = datetime(2026, 11, 30, tzinfo=UTC)
AGENT = "0b0ea4ec-3d2c-4c1d-9a2f-6c1f0a6f3d11"
TOGETHER = 500
"""Rows of one statement."""

MADE = 20_000
"""Calls that are made one by one; the others are copies of them."""

AT_ONCE = 10_000
"""Calls that are counted together where nobody waits."""

REPEATS = 5


def filled(services: Services, account_id: str, options: argparse.Namespace) -> float:
    """Seconds that it took to write the calls."""
    began = time.perf_counter()
    dice = random.Random(7)  # noqa: S311 - the same calls every time
    copies = max(1, options.calls // MADE)
    made = list(_calls(dice, account_id, options.calls // copies, options))
    timings = [row for call in made for row in _timings(dice, call, options.answers)]
    services.db.run(_write, made, timings)
    between = timedelta(days=options.days) / options.calls
    for number in range(1, copies):
        services.db.run(_copy, number, number * between // timedelta(microseconds=1))
    return time.perf_counter() - began


def _copy(number: int, later: int) -> None:
    """The first calls again, so many microseconds later: both databases read this alike."""
    first = "WHERE {0} >= '00000000' AND {0} < '00000001'"
    ids = {"id": f"'{number:08x}' || substr(id, 9)", "channel_id": f"'{number}-' || channel_id"}
    for model, key in ((Call, "id"), (TurnTiming, "call_id")):
        fields = model._meta.sorted_fields
        columns = {field.column_name: f'"{field.column_name}"' for field in fields}
        columns[key] = f"'{number:08x}' || substr({key}, 9)"
        if model is Call:
            columns |= ids
            times = [one.column_name for one in fields if isinstance(one, InstantField)]
            columns |= {name: f'"{name}" + {later}' for name in times}
        names = ", ".join(f'"{name}"' for name in columns)
        table = f'"{model._meta.table_name}"'
        values = ", ".join(columns.values())
        source = f"{table} {first.format(key)}"
        text = f"INSERT INTO {table} ({names}) SELECT {values} FROM {source}"  # noqa: S608
        model._meta.database.execute_sql(text)


def _write(calls: list[dict[str, Any]], timings: list[dict[str, Any]]) -> None:
    for model, found in ((Call, calls), (TurnTiming, timings)):
        for start in range(0, len(found), TOGETHER):
            model.insert_many(found[start : start + TOGETHER]).execute()


def _calls(
    dice: random.Random, account_id: str, count: int, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    span = timedelta(days=options.days) / count
    for number in range(count):
        at = LAST - timedelta(days=options.days) + number * span
        answered = dice.random() < 0.4
        seconds = dice.randrange(10, 240) if answered else 0
        yield {
            "id": str(UUID(int=number, version=4)),
            "account": account_id,
            "direction": "outbound",
            "state": State.COMPLETED if answered else dice.choice((State.BUSY, State.NO_ANSWER)),
            "sandbox": False,
            "phone_number": f"+1202555{number % 10_000:04}",
            "from_number": f"+1303555{dice.randrange(options.numbers):04}",
            "priority": 5,
            "request": {"task": "Remind of the appointment."},
            "agent_id": AGENT,
            "agent_version": dice.randrange(1, 4),
            "campaign_id": str(UUID(int=dice.randrange(5), version=4)),
            "channel_id": f"channel-{number}",
            "tries_left": 0,
            "created_at": at,
            "dialled_at": at,
            "answered_at": at if answered else None,
            "ended_at": at + timedelta(seconds=seconds),
            "end_reason": "callee_hung_up" if answered else "busy",
            "billed_seconds": seconds,
            "disposition": dice.choice(("confirmed", "moved", "refused")) if answered else None,
            "cost": {"total": "0.0213", "known": "0.0213", "components": []},
            "completed": True,
        }


def _timings(dice: random.Random, call: dict[str, Any], answers: int) -> Iterator[dict[str, Any]]:
    for seq in range(answers if call["answered_at"] else 0):
        parts = (dice.randrange(300, 900), dice.randrange(200, 900), dice.randrange(10, 60))
        measures = dict(zip(("endpointing_ms", "provider_ms", "gateway_ms"), parts, strict=True))
        moments = {"caller_energy": 1}
        told = {**measures, "ear_ms": sum(parts) + 40, "moments": moments}
        yield {"call": call["id"], "seq": seq, "measures": told, "at": call["ended_at"]}


def counted(services: Services, most: int) -> tuple[int, float]:
    """How many calls were counted, `most` or a little more, and in how many seconds."""
    began, total = time.perf_counter(), 0
    while total < most and (done := services.statistics.count(LAST)):
        total += done
    return total, time.perf_counter() - began


def counted_at_once(services: Services, most: int) -> int:
    """The same in large batches, which no worker takes."""
    usual, total = statistics.BATCH, 0
    try:
        while total < most:
            statistics.BATCH = min(AT_ONCE, most - total)
            total += services.statistics.count(LAST)
    finally:
        statistics.BATCH = usual
    return total


def asked(services: Services, account_id: str, query: Query) -> list[float]:
    """Milliseconds of each time."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        services.statistics.report(account_id, query)
        took.append((time.perf_counter() - began) * 1e3)
    return sorted(took)


def measure(options: argparse.Namespace, kind: str, directory: Path) -> None:
    """Every line of one database."""
    with database(kind) as where:
        values = {"data_dir": str(directory / "data"), "telephony": "sandbox", **where}
        settings = config.load(environ=environment(values))
        migrate(settings)
        services = open_services(settings)
        try:
            _measure(options, kind, services)
        finally:
            services.close()


def _measure(options: argparse.Namespace, kind: str, services: Services) -> None:
    account_id = services.accounts.create(new_id()).id
    seconds = filled(services, account_id, options)
    say(f"{kind}: {options.calls} calls written in {seconds:.0f} s")
    used = time.process_time()
    many = counted_at_once(services, options.calls - options.by_workers)
    used = time.process_time() - used
    say(f"{kind}: {many} counted at once, {used * 1e6 / max(many, 1):.0f} CPU-us each")
    total, seconds = counted(services, options.calls)
    say(f"{kind}: the last {total} counted by workers, {total / seconds:.0f} a second")
    first = (LAST - timedelta(days=options.days)).date()
    for group_by in GROUPS:
        took = asked(services, account_id, Query(first, date(2026, 11, 30), group_by))
        say(f"{kind:<11} {group_by:<14} {took[REPEATS // 2]:>9.1f} {took[-1]:>9.1f}")


def main() -> None:
    """One table for each database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--by-workers", type=int, default=20_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--numbers", type=int, default=100)
    parser.add_argument("--answers", type=int, default=2)
    options = parser.parse_args()
    introduce("Analytics: counted by workers, told by day, hour and what calls share")
    kinds = databases(options.database)
    say("database    group_by       median ms    max ms")
    for kind in kinds:
        with workspace() as directory:
            measure(options, kind, directory)


if __name__ == "__main__":
    main()
