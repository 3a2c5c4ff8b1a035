"""`topcalls calls say`, `inject` and `listen`: take part in a live call."""

from __future__ import annotations

from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings


@click.command()
@click.argument("call_id", type=click.UUID)
@click.argument("text")
@click.option("--interrupt", is_flag=True, help="Cut off what the agent is saying.")
@click.option("--to-the-end", is_flag=True, help="Nobody interrupts it.")
@click.option("--end-call", is_flag=True, help="Hang up once it was heard.")
@click.pass_obj
def say(
    settings: Settings, call_id: UUID, text: str, interrupt: bool, to_the_end: bool, end_call: bool
) -> None:
    """Have the agent of a live call say TEXT."""
    body = {
        "text": text,
        "interrupt": interrupt,
        "interruptible": not to_the_end,
        "end_call": end_call,
    }
    ApiClient.from_settings(settings).post(f"/v1/calls/{call_id}/say", body)
    click.echo("asked")


@click.command()
@click.argument("call_id", type=click.UUID)
@click.argument("text")
@click.option("--respond", is_flag=True, help="Have the agent speak about it.")
@click.pass_obj
def inject(settings: Settings, call_id: UUID, text: str, respond: bool) -> None:
    """Let the model of a live call know TEXT; the caller hears nothing of it."""
    body = {"text": text, "respond": respond}
    ApiClient.from_settings(settings).post(f"/v1/calls/{call_id}/inject", body)
    click.echo("asked")


@click.command()
@click.argument("call_id", type=click.UUID)
@click.pass_obj
def listen(settings: Settings, call_id: UUID) -> None:
    """Print the address where a live call is heard, for any player."""
    click.echo(ApiClient.from_settings(settings).get(f"/v1/calls/{call_id}/listen")["url"])
