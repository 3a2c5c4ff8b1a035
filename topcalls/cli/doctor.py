"""`topcalls doctor`: what is wrong with this installation, and what to do about it."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from topcalls import __version__, log
from topcalls.config import Settings
from topcalls.core.checkup import Finding, Level, Summary, fault, summarise
from topcalls.errors import ConfigError

_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}
_NAME_WIDTH = 20


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Check this installation: settings, database, switch, AI, disks, clocks.

    Takes less than 15 seconds whatever is broken, and changes nothing. Exits with 0 when no check
    found a fault (warnings do not count), with 1 when one did. With a command only what it names is
    checked.
    """
    if context.invoked_subcommand is None:
        _report(lambda: _diagnose(context.obj), as_json)


@doctor.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def carrier(context: click.Context, name: str, as_json: bool) -> None:
    """Say what is wrong with the carrier NAME (its name or id), and what to do about it."""
    assert context.parent is not None
    wanted = as_json or bool(context.parent.params["as_json"])
    _report(lambda: _diagnose_carrier(context.obj, name), wanted)


def _report(diagnose: Callable[[], list[Finding]], as_json: bool) -> NoReturn:
    log.configure("error", process="doctor")
    begun = time.monotonic()
    findings = diagnose()
    seconds = time.monotonic() - begun
    summary = summarise(findings)
    if as_json:
        click.echo(json.dumps(document(findings, summary, seconds), indent=2))
    else:
        show(findings, summary, seconds)
    sys.exit(summary.exit_code)


def _diagnose(settings: Settings | ConfigError) -> list[Finding]:
    """The checks are imported now: they load packages that no other command needs."""
    try:
        checks: Any = importlib.import_module("topcalls.compose.doctor")
    except ModuleNotFoundError as missing:
        return [_not_installed(missing)]
    if isinstance(settings, ConfigError):
        found: list[Finding] = checks.diagnose_without_settings(settings)
    else:
        found = checks.diagnose(settings)
    return found


def _not_installed(missing: ModuleNotFoundError) -> Finding:
    """Without it nothing else can be looked at."""
    return fault(
        "packages",
        f"The package {missing.name} is not installed.",
        "Install TopCalls again with pip, which brings what it needs.",
    )


def _diagnose_carrier(settings: Settings | ConfigError, name: str) -> list[Finding]:
    checks: Any = importlib.import_module("topcalls.compose.carrier_doctor")
    found: list[Finding] = checks.diagnose_carrier(settings, name)
    return found


def document(findings: Sequence[Finding], summary: Summary, seconds: float) -> dict[str, Any]:
    """The report for machines. Names of checks and statuses are stable, texts are not."""
    return {
        "status": summary.level,
        "version": __version__,
        "seconds": round(seconds, 3),
        "ok": summary.ok,
        "warnings": summary.warnings,
        "faults": summary.faults,
        "checks": [
            {
                "check": finding.check,
                "status": finding.level,
                "found": finding.found,
                "remedy": finding.remedy or None,
                "seconds": finding.seconds,
            }
            for finding in findings
        ],
    }


def show(findings: Sequence[Finding], summary: Summary, seconds: float) -> None:
    """One line a finding, its remedy below it; colours on a terminal only."""
    for finding in findings:
        level = click.style(f"{finding.level:<8}", fg=_COLOURS[finding.level])
        click.echo(f"{level} {finding.check:<{_NAME_WIDTH}} {finding.found}")
        if finding.remedy:
            click.echo(f"{'':<{9 + _NAME_WIDTH}} > {finding.remedy}")
    click.echo(
        f"\n{summary.faults} fault(s), {summary.warnings} warning(s), {summary.ok} ok, "
        f"in {seconds:.1f} s."
    )
