"""Accounts, keys, minutes, migrations, the OpenAPI file: what an operator does by hand."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from topcalls import compose
from topcalls.config import Settings
from topcalls.core.recording_rules import MOST_RETENTION_DAYS
from topcalls.services.accounts import MOST_OVERLAP_HOURS

DEFAULT_SCOPES = "calls:read,calls:write"


@click.command()
@click.pass_obj
def migrate(settings: Settings) -> None:
    """Bring the database to this version's schema. Safe to repeat."""
    applied = compose.migrate(settings)
    click.echo(f"Applied: {', '.join(applied)}" if applied else "The schema is up to date.")


@click.command()
def openapi() -> None:
    """Print the OpenAPI 3 description as JSON."""
    click.echo(json.dumps(compose.openapi(), indent=2))


@click.group()
def accounts() -> None:
    """Accounts and their minutes."""


@accounts.command("create")
@click.argument("name")
@click.option("--minutes", type=click.IntRange(0), default=1000, show_default=True)
@click.option("--max-concurrent-calls", type=click.IntRange(1), default=10, show_default=True)
@click.option("--max-calls-per-minute", type=click.IntRange(1), default=60, show_default=True)
@click.pass_obj
def create_account(
    settings: Settings,
    name: str,
    minutes: int,
    max_concurrent_calls: int,
    max_calls_per_minute: int,
) -> None:
    """Create an account with MINUTES granted, and print its id."""
    if not name.strip():
        raise click.BadParameter("An account needs a name.", param_hint="NAME")
    with closing(compose.open_administration(settings)) as desk:
        account = desk.accounts.create(
            name,
            minutes=minutes,
            max_concurrent_calls=max_concurrent_calls,
            max_calls_per_minute=max_calls_per_minute,
        )
    click.echo(account.id)


@accounts.command("set-time-zone")
@click.argument("account_id")
@click.argument("zone")
@click.pass_obj
def set_time_zone(settings: Settings, account_id: str, zone: str) -> None:
    """Have the days of ACCOUNT_ID's usage and analytics begin in ZONE, as in America/New_York.

    What was counted is counted anew, by the workers.
    """
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise click.BadParameter(
            f"{zone} is no time zone of the IANA data base.", param_hint="ZONE"
        ) from None
    with closing(compose.open_services(settings)) as services:
        count = services.statistics.set_time_zone(account_id, zone)
    click.echo(f"{count} calls are counted anew")


@accounts.command("list")
@click.pass_obj
def list_accounts(settings: Settings) -> None:
    """All accounts, one a line: id, name, minutes left."""
    with closing(compose.open_administration(settings)) as desk:
        for account in desk.accounts.list():
            balance = desk.quotas.balance(account.id)
            click.echo(f"{account.id}  {balance.minutes_remaining:>10.1f} min  {account.name}")


@accounts.command("grant")
@click.argument("account_id")
@click.argument("minutes", type=click.IntRange(1))
@click.option("--note", default="granted by hand", show_default=True)
@click.pass_obj
def grant_minutes(settings: Settings, account_id: str, minutes: int, note: str) -> None:
    """Grant MINUTES to an account."""
    with closing(compose.open_administration(settings)) as desk:
        desk.quotas.grant(account_id, minutes, note)
        balance = desk.quotas.balance(account_id)
    click.echo(f"{balance.minutes_remaining:.1f} minutes left")


@accounts.command("retention")
@click.argument("account_id")
@click.argument("days", type=click.IntRange(0, MOST_RETENTION_DAYS))
@click.pass_obj
def set_retention(settings: Settings, account_id: str, days: int) -> None:
    """Delete an account's recordings after so many DAYS; 0: never.

    For recordings from now on whose call does not say.
    """
    with closing(compose.open_administration(settings)) as desk:
        desk.accounts.keep_recordings(account_id, days)
    click.echo("kept for ever" if days == 0 else f"deleted after {days} days")


@accounts.command("webhook-secret")
@click.argument("account_id")
@click.option("--rotate", is_flag=True, help="Make a new one.")
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, MOST_OVERLAP_HOURS),
    default=0,
    show_default=True,
    help="For so long the old one signs as well; 0: it is void at once.",
)
@click.pass_obj
def webhook_secret(settings: Settings, account_id: str, rotate: bool, overlap_hours: int) -> None:
    """Print the secret that signs an account's webhooks."""
    with closing(compose.open_administration(settings)) as desk:
        if not rotate:
            click.echo(desk.accounts.webhook_secret(account_id))
            return
        overlap = timedelta(hours=overlap_hours)
        click.echo(desk.accounts.rotate_webhook_secret(account_id, overlap).secret)


@click.group()
def keys() -> None:
    """API keys. A key is shown once, when it is made; only its hash is stored."""


@keys.command("create")
@click.argument("account_id")
@click.option("--name", default="made by hand", show_default=True)
@click.option("--scopes", default=DEFAULT_SCOPES, show_default=True, help="Comma-separated.")
@click.option("--days", type=click.IntRange(1), default=None, help="Expires after so many days.")
@click.pass_obj
def create_key(
    settings: Settings, account_id: str, name: str, scopes: str, days: int | None
) -> None:
    """Make a key for an account and print it, once."""
    wanted = [scope.strip() for scope in scopes.split(",") if scope.strip()]
    with closing(compose.open_administration(settings)) as desk:
        made = desk.keys.create(account_id, name=name, scopes=wanted, days=days)
    click.echo(made.token)


@keys.command("list")
@click.argument("account_id")
@click.pass_obj
def list_keys(settings: Settings, account_id: str) -> None:
    """An account's keys: id, first characters, name, scopes, last use."""
    with closing(compose.open_administration(settings)) as desk:
        for key in desk.keys.list(account_id):
            used = key.last_used_at.isoformat() if key.last_used_at else "never used"
            state = "revoked" if key.revoked_at else used
            click.echo(f"{key.id}  {key.prefix}…  {key.name}  {','.join(key.scopes)}  {state}")


@keys.command("revoke")
@click.argument("key_id")
@click.pass_obj
def revoke_key(settings: Settings, key_id: str) -> None:
    """Make a key useless, at once."""
    with closing(compose.open_administration(settings)) as desk:
        desk.keys.revoke(key_id)
    click.echo("revoked")


@keys.command("secret")
def make_secret_key() -> None:
    """Print a new value for TOPCALLS_SECRET_KEY. Nothing is stored."""
    click.echo(compose.new_secret_key())
