"""`topcalls analysis`: rules tried on past calls, and past calls analysed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.cli.json_files import object_in
from topcalls.config import Settings

_RUNS = "/v1/analysis/runs"


def _request(ctx: click.Context, param: click.Parameter, file: TextIO) -> dict[str, Any]:
    with file:
        return object_in(file)


_file = click.argument("file", type=click.File(), callback=_request)


@click.group()
def analysis() -> None:
    """What was found out about past calls, and what else could be."""


@analysis.command("preview")
@_file
@click.pass_obj
def preview(settings: Settings, file: dict[str, Any]) -> None:
    """Try the rules in FILE (`outcome_mapping`, `filter`, `limit`) on past calls."""
    found = ApiClient.from_settings(settings).post("/v1/analysis/preview", file)
    click.echo(f"{found['calls']} calls, {found['changed']} with another disposition")
    for rule in found["rules"]:
        click.echo(f"  rule {rule['rule']:<3} {rule['outcome']:<30} {rule['calls']:>6}")
    click.echo(f"  {'no rule':<39} {found['unmatched']:>6}")
    _show_outcomes(found["outcomes"])


@analysis.command("run")
@_file
@click.option("--apply", is_flag=True, help="Write what is found to the calls at once.")
@click.pass_obj
def run(settings: Settings, file: dict[str, Any], apply: bool) -> None:
    """Analyse past calls again as FILE says: `filter`, `analysis_schema`, `outcome_mapping`,
    `summary`."""
    body = {**file, "apply": True} if apply else file
    made = ApiClient.from_settings(settings).post(_RUNS, body)
    click.echo(f"{made['id']}  {made['calls']} calls")


@analysis.command("show")
@click.argument("run_id", type=click.UUID)
@click.pass_obj
def show(settings: Settings, run_id: UUID) -> None:
    """How a run stands, and what it would change."""
    _show_run(ApiClient.from_settings(settings).get(f"{_RUNS}/{run_id}"))


@analysis.command("apply")
@click.argument("run_id", type=click.UUID)
@click.pass_obj
def apply_run(settings: Settings, run_id: UUID) -> None:
    """Write what a run found to its calls."""
    _show_run(ApiClient.from_settings(settings).post(f"{_RUNS}/{run_id}/apply"))


@analysis.command("cancel")
@click.argument("run_id", type=click.UUID)
@click.pass_obj
def cancel(settings: Settings, run_id: UUID) -> None:
    """Let the calls of a run be that have not begun."""
    _show_run(ApiClient.from_settings(settings).post(f"{_RUNS}/{run_id}/cancel"))


def _show_run(run: dict[str, Any]) -> None:
    applied = "applied" if run["applied_at"] else "not applied"
    click.echo(f"{run['id']}  {run['status']}, {applied}")
    counts = (f"{run[name]} {name}" for name in ("calls", "waiting", "done", "failed", "changed"))
    click.echo("  " + ", ".join(counts))
    _show_outcomes(run["outcomes"])


def _show_outcomes(outcomes: Iterable[dict[str, Any]]) -> None:
    for one in outcomes:
        mark = " " if one["before"] == one["after"] else ">"
        before, after = one["before"] or "-", one["after"] or "-"
        click.echo(f"{mark} {before:<20} > {after:<20} {one['calls']:>6}")
