"""`topcalls rca`: what happened to a call, in order, and why it ended."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from topcalls import compose
from topcalls.config import Settings
from topcalls.services.root_cause_text import as_lines
from topcalls.services.root_causes import RootCause
from topcalls.services.switch_logs import read_lines


@click.command()
@click.argument("call_id", metavar="CALL", type=click.UUID)
@click.option(
    "--switch-log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="FreeSWITCH's log; without it that of the setting `switch_log`.",
)
@click.option("--numbers", is_flag=True, help="Show telephone numbers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def rca(
    settings: Settings, call_id: UUID, switch_log: Path | None, numbers: bool, as_json: bool
) -> None:
    """Tell what happened to a CALL, in order, and the rule that explains its end.

    Reads the database itself, whatever account the call is of, and asks nobody: the same call
    gives the same report.
    """
    report = _report(settings, str(call_id), switch_log or settings.switch_log, numbers)
    if as_json:
        click.echo(json.dumps(asdict(report), indent=2, default=_moment))
        return
    for line in as_lines(report):
        click.echo(line)


def _report(settings: Settings, call_id: str, log: Path | None, numbers: bool) -> RootCause:
    with closing(compose.open_services(settings)) as services:
        channels = services.root_causes.channels(call_id)
        lines = read_lines(log, channels) if log is not None else ()
        return services.root_causes.of_any(call_id, lines, numbers=numbers)


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"No JSON for {type(value).__name__}.")
