"""`topcalls status`: which nodes there are, how each part is, and what waits."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime

import click

from topcalls import compose
from topcalls.config import Settings
from topcalls.services.installation import InstallationView
from topcalls.services.nodes import NodeView

COLUMNS = ("node", "status", "since (UTC)", "calls", "sessions", "weight", "switch")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /v1/status does.")
@click.pass_obj
def status(settings: Settings, as_json: bool) -> None:
    """Show the installation as the database knows it; needs no API key.

    Exits with 1 when a part of it is down.
    """
    services = compose.open_services(settings)
    try:
        view = services.installation.view()
    finally:
        services.close()
    if as_json:
        click.echo(json.dumps(asdict(view), indent=2, default=_plain))
    else:
        _show(view)
    sys.exit(1 if any(part.status == "down" for part in view.components) else 0)


def _show(view: InstallationView) -> None:
    for part in view.components:
        click.echo(f"{part.name:<11} {part.status:<9} {part.detail}")
    queue = view.queue
    click.echo(
        f"\ncalls: {queue.calls_live} live, {queue.calls_queued} queued, "
        f"{queue.calls_scheduled} scheduled; webhooks due: {queue.webhooks_due}; "
        f"wrap-ups due: {queue.wrap_ups_due}\n"
    )
    rows = [COLUMNS, *(_row(one) for one in view.nodes)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
    for one in view.nodes:
        if one.status != "up":
            click.echo(f"{one.name}: {one.detail}")


def _row(node: NodeView) -> tuple[str, ...]:
    return (
        node.name,
        node.status,
        f"{node.since:%Y-%m-%d %H:%M:%S}" if node.since else "",
        f"{node.live_calls}/{node.capacity}",
        "" if node.sessions is None else f"{node.sessions}/{node.max_sessions}",
        str(node.weight),
        node.switch_version or "",
    )


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
