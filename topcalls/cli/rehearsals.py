"""`topcalls campaign rehearse`: what would come of a campaign, to be read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TextIO
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.cli.json_files import object_in
from topcalls.config import Settings

SECONDS = 1830.0
"""The server takes half an hour at most."""

MOST_DIALS = 200_000
_MOST_NAMED = 5


@click.command("rehearse")
@click.argument("campaign_id", type=click.UUID)
@click.option("--seed", type=int, help="The same seed meets the same people.")
@click.option("--days", type=float, help="So many at most, 10 if left out.")
@click.option("--starts-at", help="When it begins, as in 2026-12-01T09:00:00Z.")
@click.option(
    "--callees", type=click.File("r", encoding="utf-8"), help="How people answer: a JSON file."
)
@click.option(
    "--dials",
    type=click.File("w", encoding="utf-8", lazy=True),
    help="Write every call to this CSV file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_context
def rehearse(
    ctx: click.Context,
    /,
    campaign_id: UUID,
    callees: TextIO | None,
    dials: TextIO | None,
    as_json: bool,
    **wishes: Any,
) -> None:
    """Run it on a virtual clock: nobody is called. Exits with 1 where it would end paused."""
    body = {name: value for name, value in wishes.items() if value is not None}
    if callees is not None:
        body["callees"] = object_in(callees)
    if dials is not None:
        body["dials"] = MOST_DIALS
    settings: Settings = ctx.obj
    client = ApiClient.from_settings(settings)
    report = client.post(f"/v1/campaigns/{campaign_id}/rehearsal", body, seconds=SECONDS)
    if dials is not None:
        _write(dials, report.pop("dials"))
    lines = [json.dumps(report, indent=2)] if as_json else _lines(report)
    for line in lines:
        click.echo(line)
    if report["ends"] == "paused":
        ctx.exit(1)


_ENDS = {
    "completed": "completed",
    "held": "nobody left but those who are held",
    "time_over": "time over, people left",
}


def _write(file: TextIO, dials: list[dict[str, Any]]) -> None:
    names = ["at", "lead_id", "attempt", "outcome", "talk_seconds", "from_number"]
    writer = csv.DictWriter(file, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(dials)


def _lines(report: dict[str, Any]) -> Iterator[str]:
    calls, contacts, rates = report["calls"], report["contacts"], report["rates"]
    yield f"{_end(report)} {_time(report['ends_at'])}, seed {report['wishes']['seed']}"
    first, last = _time(report["first_call_at"]), _time(report["last_call_at"])
    within = f", from {first} to {last}" if calls["total"] else ""
    yield f"calls      {calls['total']:,}{within}, {calls['peak_concurrent']} at once at most"
    yield f"           {_named(calls['outcomes'])}"
    states = ("done", "given_up", "skipped", "held", "left")
    shown = ", ".join(f"{contacts[state]:,} {state.replace('_', ' ')}" for state in states)
    yield f"people     {report['people']:,}: {shown}"
    for title, counts in (
        ("skipped", contacts["skipped_by_rule"]),
        ("held", contacts["held_by_rule"]),
        ("given up", contacts["given_up_by_reason"]),
        ("had wait", report["postponed_by_rule"]),
        ("forbidden", report["not_enforced_by_rule"]),
        ("not known", report["not_known"]),
    ):
        if counts:
            yield f"{title:<10} {_named(counts)}"
    yield (
        f"rates      {_percent(rates['answer_rate'])} answered, "
        f"{_percent(rates['connection_rate'])} by a person; "
        f"{_percent(rates['completion_rate'])} of people reached"
    )
    spent = report["spent"]
    cost = "cost not known" if spent["cost"] is None else f"{spent['cost']} US dollars"
    yield f"spent      {spent['minutes']:,.1f} minutes, {cost}"
    closest = report["closest_call"]
    if closest is not None:
        clocks = ", ".join(f"{zone} {at}" for zone, at in closest["local_times"].items())
        yield f"closest    {closest['margin_seconds']:,} s before the end of lawful hours: {clocks}"
    versions = report["versions"]
    yield f"rules      {versions['pack']}, zone data {versions['tz']}"


def _end(report: dict[str, Any]) -> str:
    if report["ends"] == "paused":
        return f"paused ({report['paused']['code']}: {report['paused']['detail']})"
    return _ENDS[report["ends"]]


def _named(counts: dict[str, int]) -> str:
    most = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    shown = [f"{count:,} {name}" for name, count in most[:_MOST_NAMED]]
    left = sum(count for _, count in most[_MOST_NAMED:])
    return ", ".join([*shown, *([f"{left:,} others"] if left else [])]) or "none"


def _percent(part: float | None) -> str:
    return "–" if part is None else f"{part * 100:.1f} %"


def _time(moment: str | None) -> str:
    return "–" if moment is None else f"{datetime.fromisoformat(moment):%a %Y-%m-%d %H:%M} UTC"
