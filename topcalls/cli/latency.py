"""`topcalls latency`: what callers waited for answers, by day and by whose time it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings

_SHARES = ("endpointing", "provider", "gateway", "ear")


@click.command()
@click.option("--days", type=click.IntRange(1, 366), default=7, show_default=True, help="How many.")
@click.pass_obj
def latency(settings: Settings, days: int) -> None:
    """Show what callers waited for answers: p50/p95/p99 in milliseconds by UTC day.

    `ear` is what was waited, measured on recordings; the others are whose time it was.
    """
    last = datetime.now(UTC).date()
    period = {"from": last - timedelta(days=days - 1), "to": last}
    found = ApiClient.from_settings(settings).get("/v1/latency", **period)["data"]
    if not found:
        click.echo("No answers were timed on these days.")
        return
    click.echo(_row("Day", "Mode", "Model", *_SHARES))
    for day in found:
        spreads = (_spread(day["latency"][share]) for share in _SHARES)
        click.echo(_row(day["day"], day["mode"], day["model"] or "-", *spreads))


def _row(day: str, mode: str, model: str, *shares: str) -> str:
    return f"{day:<11}{mode:<9}{model:<22}" + "".join(f"{share:>17}" for share in shares)


def _spread(spread: dict[str, Any] | None) -> str:
    if spread is None:
        return "-"
    return f"{spread['p50']}/{spread['p95']}/{spread['p99']}"
