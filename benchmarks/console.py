"""Pages of the console in front of many rows: how long the server takes for each.

    python benchmarks/console.py [--calls 100000] [--live 1000] [--leads 1000000]

One account has `calls` that are over, counted as workers do, two of five of them answered and with
`--turns` turns of a transcript, `live` calls that are in progress, and `leads` on one list. Each
page is asked for `--repeats` times through the WSGI application, by somebody who is signed in: what
a browser waits for besides is the network. What a page loads besides itself is told alone. `ms` is
what passed, `CPU` the processor time of this process, which no busy machine makes much longer;
PostgreSQL (without fsync) is another one.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import analytics
from common import database, databases, environment, introduce, say, workspace
from werkzeug.test import Client

from topcalls import config, log
from topcalls.compose.api import build_api
from topcalls.compose.database import migrate
from topcalls.compose.services import Services, open_services
from topcalls.console.app import MOUNTED_AT
from topcalls.core.call_state import State
from topcalls.ids import new_id, ordered_ids
from topcalls.services.keys import SCOPES
from topcalls.store.models import Call, Lead, LeadList, LeadListAssignment, TranscriptTurn

TOGETHER = 500
"""Rows of one statement."""

AT_ONCE = 10_000
"""Rows of one transaction."""

WORDS = "I would like to move the appointment of my daughter to another day, if that is possible."
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def filled(services: Services, account_id: str, options: argparse.Namespace) -> str:
    """Write all of it; the id of the list of leads."""
    analytics.filled(services, account_id, options)
    analytics.counted_at_once(services, options.calls)
    services.db.run(_say, options.turns)
    _write(services, Call, _live(account_id, options.live))
    now = datetime.now(UTC)
    list_id = new_id()
    row = {"id": list_id, "account": account_id, "name": "All", "created_at": now}
    _write(services, LeadList, iter([row | {"updated_at": now}]))
    ids = ordered_ids(now, options.leads)
    _write(services, Lead, _leads(account_id, ids, now))
    places = ({"lead_list": list_id, "lead": lead_id} for lead_id in ids)
    _write(services, LeadListAssignment, places)
    return list_id


def _write(services: Services, model: Any, rows: Iterator[dict[str, Any]]) -> None:
    def verb(batch: list[dict[str, Any]]) -> None:
        for start in range(0, len(batch), TOGETHER):
            model.insert_many(batch[start : start + TOGETHER]).execute()

    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == AT_ONCE:
            services.db.run(verb, batch)
            batch = []
    if batch:
        services.db.run(verb, batch)


def _say(turns: int) -> None:
    """Words into every call that was answered, by the database itself."""
    table = f'"{TranscriptTurn._meta.table_name}"'
    names = "call_id, seq, role, text, started_ms, ended_ms, interrupted, at, change"
    for number in range(1, turns + 1):
        role = "assistant" if number % 2 else "user"
        words = WORDS if number < turns else "Monday and a refund, please."
        no = "FALSE" if not hasattr(Call._meta.database, "pragma") else "0"
        values = f"id, {number}, '{role}', '{words}', 0, 900, {no}, answered_at, {number}"
        source = "FROM call WHERE answered_at IS NOT NULL"
        text = f"INSERT INTO {table} ({names}) SELECT {values} {source}"  # noqa: S608
        Call._meta.database.execute_sql(text)


def _live(account_id: str, count: int) -> Iterator[dict[str, Any]]:
    now = datetime.now(UTC)
    for number in range(count):
        at = now - timedelta(seconds=number, microseconds=1)
        yield {
            "id": str(UUID(int=number + 10**9, version=4)),
            "account": account_id,
            "direction": "outbound",
            "state": State.IN_PROGRESS,
            "sandbox": False,
            "phone_number": f"+1202555{number:04}",
            "from_number": "+13035550100",
            "priority": 5,
            "request": {"task": "Remind of the appointment."},
            "channel_id": f"live-{number}",
            "node": f"node-{number % 4}",
            "tries_left": 0,
            "created_at": at,
            "dialled_at": at,
            "answered_at": at,
        }


def _leads(account_id: str, ids: list[str], now: datetime) -> Iterator[dict[str, Any]]:
    for number, lead_id in enumerate(ids):
        yield {
            "id": lead_id,
            "account": account_id,
            "phone_number": f"+1{2020000000 + number}",
            "name": f"Person {number}",
            "status": "New",
            "tags": [],
            "metadata": {"day": "Tuesday"},
            "created_at": now,
            "updated_at": now,
        }


class Reader:
    """Somebody who signed in."""

    def __init__(self, application: Any, token: str) -> None:
        self._client = Client(application)
        form = self._client.get(f"{MOUNTED_AT}/sign-in").text
        found = _TOKEN.search(form)
        assert found is not None
        data = {"csrf_token": found.group(1), "key": token}
        assert self._client.post(f"{MOUNTED_AT}/sign-in", data=data).status_code == 303

    def read(self, path: str) -> str:
        """The text of a page."""
        answer = self._client.get(MOUNTED_AT + path)
        text = answer.text
        assert answer.status_code == 200, (path, text[:500])
        return text

    def timed(self, path: str) -> tuple[float, float]:
        """Milliseconds that the server took for a page, and those of its processor."""
        used, began = time.process_time(), time.perf_counter()
        self.read(path)
        return (time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3


def older(reader: Reader, path: str, pages: int) -> str:
    """The address of the page so many pages further on in a list."""
    for _ in range(pages):
        text = reader.read(path)
        path = text.split('rel="next"')[0].rpartition(f'href="{MOUNTED_AT}')[2].rstrip('" ')
        path = path.replace("&amp;", "&")
    return path


def pages(reader: Reader, list_id: str) -> dict[str, str]:
    """What is asked for, by its name."""
    leads = f"/leads?list_id={list_id}"
    return {
        "overview": "/",
        "overview: chart of calls": "/charts/calls.svg",
        "overview: chart of latency": "/charts/latency.svg",
        "live": "/live",
        "live: rows alone": "/live/rows",
        "calls": "/calls",
        "calls, 20 pages back": older(reader, "/calls", 20),
        "calls that were busy": "/calls?status=busy",
        "calls: all found in some": "/calls?search=monday+refund",
        "calls: found in none": "/calls?search=nowhere",
        "leads": "/leads",
        "leads of the list": leads,
        "leads of the list, 20 back": older(reader, leads, 20),
        "lists": "/lists",
        "analytics": "/analytics",
    }


def measure(options: argparse.Namespace, kind: str, directory: Path) -> None:
    """Every page on one database."""
    with database(kind) as where:
        values = {
            "data_dir": str(directory / "data"),
            "telephony": "sandbox",
            "public_url": "http://127.0.0.1:8080",
            "api_port": "0",
            "api_requests_per_second": "1000000",
            **where,
        }
        settings = config.load(environ=environment(values))
        migrate(settings)
        services = open_services(settings)
        began = time.perf_counter()
        account = services.accounts.create("Benchmark").id
        token = services.keys.create(account, name="benchmark", scopes=sorted(SCOPES)).token
        list_id = filled(services, account, options)
        services.close()
        say(f"{kind}: rows written in {time.perf_counter() - began:.0f} s")
        server = build_api(settings)
        try:
            reader = Reader(server.application, token)
            for name, path in pages(reader, list_id).items():
                both = zip(*(reader.timed(path) for _ in range(options.repeats)), strict=True)
                took, used = map(sorted, both)
                half, most = options.repeats // 2, options.repeats * 95 // 100
                figures = (
                    f"{took[half]:>7.0f} {took[most]:>7.0f} {used[half]:>9.0f} {used[most]:>7.0f}"
                )
                say(f"{kind:<11} {name:<28} {figures}")
        finally:
            server.stop()


def main() -> None:
    """One table for each database."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--live", type=int, default=1_000)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--turns", type=int, default=10)
    parser.add_argument("--repeats", type=int, default=40)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    options = parser.parse_args()
    options.days, options.numbers, options.answers = 30, 100, 2
    log.configure("error")
    introduce("The console: how long the server takes for a page")
    kinds = databases(options.database)
    say("database    page                         ms: p50     p95   CPU: p50     p95")
    for kind in kinds:
        with workspace() as directory:
            measure(options, kind, directory)


if __name__ == "__main__":
    main()
