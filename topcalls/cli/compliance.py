"""`topcalls ledger` and `topcalls people`: what proves a call, and everything about one person."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from topcalls import compose
from topcalls.cli.client import ApiClient
from topcalls.config import Settings

_PEOPLE = "/v1/people"


@click.group()
def ledger() -> None:
    """The ledger: what was decided about each call, chained so that nobody changes it unseen."""


@ledger.command("verify")
@click.option("--account", "account_id", help="Only of this account; without it, of all.")
@click.pass_context
def verify(context: click.Context, account_id: str | None) -> None:
    """Read every record, and name those that were changed or are missing. Reads the database
    itself; ends with 1 where anything is wrong."""
    services, is_wrong = compose.open_services(context.obj), False
    try:
        for account in services.accounts.list():
            if account_id not in (None, account.id):
                continue
            found = services.ledger.verify(account.id)
            is_wrong = is_wrong or bool(found.faults)
            click.echo(
                f"{account.id}: {found.records} records, {found.unsealed} not sealed yet, "
                f"{len(found.faults)} faults. Head: {found.head or 'none'}"
            )
            for fault in found.faults:
                click.echo(f"  {fault.seq} {fault.record_id or '-'}: {fault.message}")
    finally:
        services.close()
    context.exit(1 if is_wrong else 0)


@ledger.command("export")
@click.option("--number", help="Only what is about this number, in E.164.")
@click.pass_obj
def export(settings: Settings, number: str | None) -> None:
    """Print the account's ledger, a JSON object on each line."""
    found = ApiClient.from_settings(settings).download("/v1/ledger/export", phone_number=number)
    click.echo(found.decode(), nl=False)


@click.group()
def people() -> None:
    """One person, by their number: everything that is stored, shown or erased."""


@people.command("show")
@click.argument("number")
@click.pass_obj
def show(settings: Settings, number: str) -> None:
    """Print everything about a number as JSON."""
    _print(ApiClient.from_settings(settings).get(_person(number)))


@people.command("erase")
@click.argument("number")
@click.option("--callable", "is_callable", is_flag=True, help="They may be called again.")
@click.confirmation_option(prompt="This cannot be taken back. Erase?")
@click.pass_obj
def erase(settings: Settings, number: str, is_callable: bool) -> None:
    """Erase a person for good, and print the receipt."""
    suppress = "false" if is_callable else "true"
    _print(ApiClient.from_settings(settings).delete(_person(number), suppress=suppress))


def _person(number: str) -> str:
    return f"{_PEOPLE}/{quote(number, safe='')}"


def _print(found: Any) -> None:
    click.echo(json.dumps(found, indent=2))
