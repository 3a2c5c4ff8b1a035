"""How long a rehearsal takes: so many stored leads over ten days, by the rules as they hold.

    python benchmarks/rehearsal.py [--leads 100000] [--days 10] [--once]

Leads in eighteen area codes of the United States, with written consent, in weekday hours, thousands
of calls an hour, callees as they usually are. Twice, and the reports have to be the same to the
byte. Prints one line of JSON: wall seconds of each, CPU seconds of both processes, the child's
memory, and the longest time in which this process served nobody else. The aim: 100,000 in less than
two minutes.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gevent
from common import Product, introduce, product, product_settings, say, workspace

from topcalls.store import rows
from topcalls.store.fields import to_microseconds

BEGINS = "2026-12-01T14:00:00Z"
AREAS = "212305312415713850270602404617206303701928808907504801"
OPENING = (
    "Hello {{name}}, this is an AI assistant of Bright Smile, +1 305 555 0199, about your "
    "appointment. Say stop or press 9 to stop all calls. May I go on?"
)
"""It says all that rules ask for, so that people are called and not held."""

SAYS = ["registered_name", "purpose", "ai_voice", "opt_out", "callback_number", "go_on"]
CHUNK = 10_000
BEAT = 0.005
LEADS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last})
INSERT INTO lead (id, account_id, phone_number, name, status, tags, metadata, created_at,
  updated_at)
SELECT 'lead-' || CAST(1000000000 + i AS TEXT), ?,
  '+1' || substr('{areas}', 1 + 3 * (i % 18), 3) || CAST(2000000 + i * 7 AS TEXT),
  'Ann', 'New', '[]', '{{}}', ?, ? FROM n
"""
ON_LIST = """
INSERT INTO lead_list_assignment (list_id, lead_id)
SELECT ?, id FROM lead WHERE account_id = ? AND id LIKE 'lead-%'
"""


def prepared(made: Product, leads: int) -> str:
    """A draft that calls so many people."""
    services, account_id = made.services, made.principal.account_id
    now = services.clock.now()
    policy = {"require_scrubs": False}
    terms = {"enforcement": "enforce", "policy": policy}
    services.compliance_terms.change(account_id, terms)
    list_id = services.lead_lists.create(account_id, {"name": "People"}).id

    def fill(first: int) -> None:
        bounds = {"first": first, "last": min(leads, first + CHUNK), "areas": AREAS}
        moment = to_microseconds(now)
        rows.change(LEADS.format(**bounds), account_id, moment, moment)

    for first in range(0, leads, CHUNK):
        services.db.run(fill, first)
    services.db.run(rows.change, ON_LIST, list_id, account_id)
    consent = {
        "list_id": list_id,
        "kind": "express_written",
        "source": "form",
        "captured_at": now,
        "wording": "Yes.",
        "names_ai_voice": True,
        "device_agreement": True,
    }
    services.consents.create(made.principal, consent)
    body = {
        "name": "Benchmark",
        "list_ids": [list_id],
        "call": {
            "task": "Remind {{name}} of the appointment on Monday.",
            "first_sentence": OPENING,
            "recording": {"enabled": False},
        },
        "compliance": {"category": "informational", "slots": SAYS},
        "schedule": {
            "windows": [
                {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "09:00", "end": "20:00"}
            ]
        },
        "pacing": {"max_concurrent": leads // 200 + 10, "calls_per_minute": leads // 400 + 10},
    }
    return str(services.campaigns.create(account_id, body).id)


@contextmanager
def heartbeat() -> Iterator[list[float]]:
    """The pauses between beats of this process's loop, in seconds."""
    pauses: list[float] = []

    def beat() -> None:
        last = time.perf_counter()
        while True:
            gevent.sleep(BEAT)
            now = time.perf_counter()
            pauses.append(now - last - BEAT)
            last = now

    greenlet = gevent.spawn(beat)
    try:
        yield pauses
    finally:
        greenlet.kill()


def measure(made: Product, campaign_id: str, wishes: dict[str, Any], times: int) -> dict[str, Any]:
    """Rehearse so many times."""
    told, seconds, account_id = [], [], made.principal.account_id
    own = time.process_time()
    with heartbeat() as pauses:
        for _ in range(times):
            began = time.perf_counter()
            told.append(made.services.rehearsals.told(account_id, campaign_id, wishes))
            seconds.append(round(time.perf_counter() - began, 1))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(told[0])
    return {
        "people": report["people"],
        "ends": report["ends"],
        "calls": report["calls"]["total"],
        "contacts": {k: v for k, v in report["contacts"].items() if isinstance(v, int)},
        "seconds": seconds,
        "cpu_of_child": round((children.ru_utime + children.ru_stime) / times, 1),
        "cpu_of_server": round((time.process_time() - own) / times, 1),
        "child_megabytes": round(children.ru_maxrss / 1024),
        "longest_pause_ms": round(max(pauses) * 1000),
        "same_bytes": len(set(told)) == 1 if times > 1 else None,
    }


def main() -> None:
    """One line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--days", type=float, default=10)
    parser.add_argument("--once", action="store_true", help="do not compare two")
    options = parser.parse_args()
    zoneinfo.reset_tzpath([])
    introduce("A rehearsal of a campaign")
    with workspace() as directory:
        settings = product_settings(directory, {"esl_port": 1, "realtime_port": 1})
        with product(settings) as made:
            campaign_id = prepared(made, options.leads)
            wishes = {"starts_at": BEGINS, "days": options.days, "seed": 7}
            say(json.dumps(measure(made, campaign_id, wishes, 1 if options.once else 2)))


if __name__ == "__main__":
    main()
