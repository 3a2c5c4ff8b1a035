"""`topcalls numbers`: search, buy and give back numbers."""

from __future__ import annotations

import json
import uuid
from typing import Any

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings

_BASE = "/v1/phone-numbers"
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group()
def numbers() -> None:
    """Numbers: those of the account, and those that can be bought."""


@numbers.command("list")
@_JSON
@click.pass_obj
def list_numbers(settings: Settings, as_json: bool) -> None:
    """The account's numbers, one a line: number, status, carrier, id, what is wrong."""
    found = ApiClient.from_settings(settings).get(_BASE)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found["data"]:
        click.echo(_line(item))


@numbers.command("search")
@click.option("--country", default="US", show_default=True, help="Two letters.")
@click.option("--area-code", help="Digits.")
@click.option("--contains", help="Digits that follow each other.")
@click.option("--locality", help="A city.")
@click.option("--features", default="voice", show_default=True, help="With commas between.")
@click.option("--provider", type=click.Choice(["telnyx", "twilio"]))
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@_JSON
@click.pass_obj
def search_numbers(settings: Settings, /, as_json: bool, **query: Any) -> None:
    """Numbers that can be bought, one a line: number, price a month, where it is."""
    found = ApiClient.from_settings(settings).get(f"{_BASE}/available", **query)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found["data"]:
        price = f"{item['monthly_price'] or '?'} {item['currency']}"
        where = ", ".join(part for part in (item["locality"], item["region"]) if part)
        needs = ", ".join(item["requirements"] or ())
        click.echo(f"{item['number']:<16} {price:<11} {where}{f'  needs {needs}' if needs else ''}")


@numbers.command("buy")
@click.argument("number")
@click.option("--max-monthly-price", type=float, required=True, help="It may cost this, no more.")
@click.option("--currency", default="USD", show_default=True)
@click.option("--provider", type=click.Choice(["telnyx", "twilio"]))
@click.option("--carrier", "voip_carrier_sid", type=click.UUID, help="The carrier it is bound to.")
@click.option("--agent", "agent_id", type=click.UUID, help="The agent that takes its calls.")
@click.option("--label")
@click.pass_obj
def buy_number(settings: Settings, /, **wishes: Any) -> None:
    """Buy NUMBER. It is bought in the background: `topcalls numbers list` shows how it went."""
    body = {
        name: str(value) if isinstance(value, uuid.UUID) else value
        for name, value in wishes.items()
        if value is not None
    }
    click.echo(_line(ApiClient.from_settings(settings).post(f"{_BASE}/purchase", body)))


@numbers.command("release")
@click.argument("number_id", type=click.UUID)
@click.confirmation_option(prompt="Give this number back? Somebody else may get it.")
@click.pass_obj
def release_number(settings: Settings, number_id: uuid.UUID) -> None:
    """Give a number that was bought here back to its carrier."""
    path = f"{_BASE}/{number_id}"
    click.echo(_line(ApiClient.from_settings(settings).delete(path, release="true")))


def _line(item: dict[str, Any]) -> str:
    doing = (item["provisioning"] or {}).get("state")
    state = item["status"] if doing in (None, "bought") else f"{item['status']} ({doing})"
    trouble = f"  {item['error_message']}" if item["error_message"] else ""
    carrier = item["carrier_name"] or "own trunk"
    return f"{item['number']:<16} {state:<22} {carrier:<20} {item['id']}{trouble}"
