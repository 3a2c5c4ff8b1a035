"""`topcalls softphones`: telephones of the account's own people."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings

_BASE = "/v1/softphones"


@click.group()
def softphones() -> None:
    """Softphones: telephones of your own people, registered at the switch."""


@softphones.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_softphones(settings: Settings, as_json: bool) -> None:
    """The account's softphones, one a line: extension, user name, where it is registered, id, whose
    it is."""
    found = ApiClient.from_settings(settings).get(_BASE)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found["data"]:
        where = ", ".join(item["registered_at"]) or "not registered"
        line = f"{item['extension']:<6} {item['username']:<14} {where:<16} {item['id']}"
        click.echo(f"{line}  {item['name'] or ''}".rstrip())


@softphones.command("add")
@click.argument("extension")
@click.option("--name", default=None, help="Whose it is.")
@click.option("--no-supervisor", is_flag=True, help="It may not listen to calls.")
@click.pass_obj
def add_softphone(
    settings: Settings, extension: str, name: str | None, no_supervisor: bool
) -> None:
    """Add a softphone that your account calls by EXTENSION (two to five digits).

    Prints its user name and password: the password is shown now and never again.
    """
    body: dict[str, Any] = {"extension": extension, "may_supervise": not no_supervisor}
    if name is not None:
        body["name"] = name
    made = ApiClient.from_settings(settings).post(_BASE, body)
    click.echo(f"user      {made['username']}")
    click.echo(f"password  {made['password']}")
    click.echo(f"id        {made['id']}")


@softphones.command("delete")
@click.argument("softphone_id", type=click.UUID)
@click.pass_obj
def delete_softphone(settings: Settings, softphone_id: UUID) -> None:
    """Forget a softphone: the switch refuses it within seconds."""
    ApiClient.from_settings(settings).delete(f"{_BASE}/{softphone_id}")
