"""How long a campaign takes to find and call whoever is next, by how many people it has.

    python benchmarks/producer.py [--leads 1000 100000 1000000] [--repeats 10]

In this process, without a network: *due* is the look for the next 100 people, *made* a worker's
whole round for each of the calls that it makes (rules, attempt, call, minutes and webhook event, a
transaction for each), *claimed* a controller's claim within the campaign's pace, for each call that
it takes, *woken* the step that has the next 2,000 looked at again, once everybody is held or
skipped, every second one by the do-not-call list, which is passed over. Half of the people were
called before, a tenth is due again. Milliseconds: the median and the worst of all repeats.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

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

from topcalls.store import campaign_holds, campaign_production, campaigns, rows
from topcalls.store.fields import to_microseconds

HEADER = (
    "database       leads      due     worst     made     worst  claimed     worst"
    "    woken     worst"
)
PORTS = {"esl_port": 1, "realtime_port": 1}
CHUNK = 10_000

LEADS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last})
INSERT INTO lead (id, account_id, phone_number, name, status, tags, metadata, time_zone,
  created_at, updated_at)
SELECT 'lead-' || CAST(1000000000 + i AS TEXT), ?, '+1202' || CAST(1000000 + i AS TEXT), 'Ann',
  'New', '[]', '{{}}', 'UTC', ?, ? FROM n
"""
KEPT_BACK = """
UPDATE campaign_contact SET state = CASE WHEN state = 'done' THEN 'held' ELSE 'skipped' END,
  reason = CASE WHEN state = 'done' THEN 'US.dnc.national' ELSE 'do_not_call' END
WHERE campaign_id = ? AND state IN ('waiting', 'done') AND lead_id >= ? AND lead_id < ?
"""
CONTACTS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {last})
INSERT INTO campaign_contact (campaign_id, lead_id, state, rank, next_at, attempts, counted,
  converted, enrolled_at, changed_at)
SELECT ?, 'lead-' || CAST(1000000000 + i AS TEXT),
  CASE WHEN i - 2 * (i / 2) = 0 THEN 'waiting' ELSE 'done' END,
  CASE WHEN i - 10 * (i / 10) = 0 THEN 1 ELSE 2 END,
  ?, 0, 0, ?, ?, ? FROM n
"""


def fill(made: Product, campaign_id: str, leads: int) -> None:
    """So many people, half of whom wait."""
    now = to_microseconds(made.services.clock.now())
    account_id = made.principal.account_id

    def verb(first: int) -> None:
        bounds = {"first": first, "last": min(leads, first + CHUNK)}
        rows.change(LEADS.format(**bounds), account_id, now, now)
        rows.change(CONTACTS.format(**bounds), campaign_id, now, False, now, now)

    for first in range(0, leads, CHUNK):
        made.services.db.run(verb, first)


def keep_back(made: Product, campaign_id: str, leads: int) -> None:
    """Everybody who is not being called is held or skipped."""
    for first in range(0, leads, CHUNK):
        bounds = (f"lead-{1_000_000_000 + first}", f"lead-{1_000_000_000 + first + CHUNK}")
        made.services.db.run(rows.change, KEPT_BACK, campaign_id, *bounds)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Milliseconds, and what it gave."""
    began = time.perf_counter()
    given = work()
    return (time.perf_counter() - began) * 1e3, given


def measure(made: Product, leads: int, repeats: int) -> str:
    """The cells of one line."""
    services, clock = made.services, made.services.clock
    account_id = made.principal.account_id
    leads_of = services.lead_lists.create(account_id, {"name": "People"}).id
    one = {"list_id": leads_of, "leads": [{"phone_number": "+12025550199"}]}
    services.lead_imports.run(account_id, one)
    body = {
        "name": "Benchmark",
        "call": {"task": "Remind them of the appointment on Monday."},
        "list_ids": [leads_of],
        "pacing": {"max_concurrent": 500, "calls_per_minute": 5_000},
    }
    campaign_id = services.campaigns.create(account_id, body).id
    services.campaign_control.start(account_id, campaign_id)
    fill(made, campaign_id, leads)
    cells: dict[str, list[float]] = {"due": [], "made": [], "claimed": [], "woken": []}
    for _ in range(repeats):
        now = clock.now()
        look = partial(services.db.read, campaign_production.due, campaign_id, now, 100)
        cells["due"].append(timed(look)[0])
        round_ms, _ = timed(partial(services.campaign_engine.round, now))
        claim_ms, taken = timed(partial(services.dispatch.claim, "b", "n", 500, clock.now()))
        if not taken:  # the campaign has as many calls at once as it may
            break
        cells["made"].append(round_ms / len(taken))
        cells["claimed"].append(claim_ms / len(taken))
    assert services.db.read(campaigns.found, campaign_id).state == "running"
    keep_back(made, campaign_id, leads)
    services.db.run(campaign_holds.recheck_account, account_id)
    for _ in range(repeats):
        cells["woken"].append(timed(partial(services.campaign_engine.holds.step, clock.now()))[0])
    return "  ".join(
        f"{statistics.median(found):7.2f} {max(found):8.2f}" for found in cells.values()
    )


def run_once(kind: str, leads: int, repeats: int, directory: Path) -> str:
    """One line of the table."""
    with database(kind) as where:
        settings = product_settings(directory, PORTS, **where)
        with product(settings) as made:
            return f"{kind:<11} {leads:>8}  {measure(made, leads, repeats)}"


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    introduce("Campaigns: whoever is next")
    kinds = databases()
    say(HEADER)
    for kind in kinds:
        for leads in options.leads:
            with workspace() as directory:
                say(run_once(kind, leads, options.repeats, directory))


if __name__ == "__main__":
    main()
