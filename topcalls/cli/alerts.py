"""`topcalls alerts`: what is wrong with the installation, and whether somebody would be told."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict

import click

from topcalls import compose
from topcalls.config import Settings


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_context
def alerts(context: click.Context, as_json: bool) -> None:
    """List what is wrong with this installation, and the latest messages about it.

    Looks at what the worker found, once a minute. Exits with 1 when an alert is firing.
    """
    if context.invoked_subcommand is not None:
        return
    with closing(compose.open_services(context.obj)) as services:
        found, told = services.alerts.standing(), services.alerts.messages()
    if as_json:
        shown = {
            "alerts": [asdict(one) for one in found],
            "messages": [asdict(one) for one in told],
        }
        click.echo(json.dumps(shown, indent=2, default=lambda moment: moment.isoformat()))
    else:
        for one in found:
            state = one.severity if one.firing else "soon"
            click.echo(f"{state:<5} {one.name:<26} since {one.since:%Y-%m-%d %H:%M}  {one.summary}")
            click.echo(f"{'':<33} > {one.remedy}")
        if not found:
            click.echo("Nothing is wrong.")
        for message in told:
            error = f": {message.error}" if message.error else ""
            click.echo(
                f"{message.created_at:%Y-%m-%d %H:%M}  {message.alert} {message.news} by "
                f"{message.channel}: {message.state}, {message.attempts} tries{error}"
            )
    context.exit(1 if any(one.firing for one in found) else 0)


@alerts.command("test")
@click.pass_obj
def test_alerts(settings: Settings) -> None:
    """Have a message sent by every way that is set up. The worker sends it within a minute."""
    with closing(compose.open_services(settings)) as services:
        ways = services.alerts.test()
    click.echo(f"{ways} messages wait for the worker; `topcalls alerts` tells what became of them.")
