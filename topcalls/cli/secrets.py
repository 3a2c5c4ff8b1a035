"""`topcalls secrets`: the secrets that are stored encrypted."""

from __future__ import annotations

import click

from topcalls import compose
from topcalls.config import Settings


@click.group()
def secrets() -> None:
    """Secrets at rest: those that sign webhooks, and passwords of others."""


@secrets.command("rotate")
@click.pass_obj
def rotate(settings: Settings) -> None:
    """Encrypt every stored secret with the first key of TOPCALLS_SECRET_KEY.

    Before you run this, put the new key before the old one, with a comma, and restart every
    process. Drop the old key afterwards. Safe to repeat, and to interrupt.
    """
    services = compose.open_services(settings)
    try:
        for column in services.secrets.rotate():
            click.echo(f"{column.column}: {column.rewritten} of {column.seen} encrypted again")
    finally:
        services.close()
