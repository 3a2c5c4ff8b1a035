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
from topcalls.services.root_causes import RootCause
from topcalls.services.switch_logs import read_lines

_SOURCE_WIDTH = 13


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


def as_lines(report: RootCause) -> list[str]:
    """The report as text. What strangers sent is shown without characters that move a terminal."""
    finding, blame = report.finding, report.finding.blame
    status = report.call_status or report.status
    lines = [f"Call {report.call_id}, {report.direction}: {status}", ""]
    lines += [_step(step.at, step.source, step.text) for step in report.steps]
    lines += ["", f"{'Cause' if report.over else 'It is not over'}: {finding.cause}"]
    lines += [f"Rule: {finding.rule}", *([f"Blame: {blame}"] if blame else [])]
    lines += [f"Evidence: {plain(text)}" for text in finding.evidence]
    lines += [f"Remedy: {finding.remedy}"] if finding.remedy else []
    for remark in report.remarks:
        lines += [f"Also: {plain(remark.found)} {remark.remedy} ({remark.name})"]
    return lines


def _step(at: datetime, source: str, text: str) -> str:
    moment = at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return f"{moment}  {source:<{_SOURCE_WIDTH}} {plain(text)}"


def plain(text: str) -> str:
    """The text on one line, without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise TypeError(f"No JSON for {type(value).__name__}.")
