"""`topcalls call` and `topcalls calls`: place calls, follow them, look at them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.cli.follow import CallFollower, summary
from topcalls.cli.json_files import list_in, object_in
from topcalls.cli.live_words import inject, listen, say
from topcalls.config import Settings
from topcalls.core.supervision import Mode

MODES = tuple(mode.value for mode in Mode)
DEFAULT_TASK = (
    "You are Rachel from Bright Smile Dental. Confirm the appointment on Tuesday at ten o'clock, "
    "offer another time if it does not suit, thank the person and say goodbye."
)
DEFAULT_FIRST_SENTENCE = "Hi, this is Rachel from Bright Smile Dental. Is this a good time to talk?"


def _pairs(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if any(not name or not sign for name, sign, _ in pairs):
        raise click.BadParameter("Write it as in name=Ann.")
    return {name: value for name, _, value in pairs}


def _tools(ctx: click.Context, param: click.Parameter, file: TextIO | None) -> list[Any] | None:
    if file is None:
        return None
    with file:
        return list_in(file)


def _object(
    ctx: click.Context, param: click.Parameter, file: TextIO | None
) -> dict[str, Any] | None:
    if file is None:
        return None
    with file:
        return object_in(file)


@click.command()
@click.argument("phone_number")
@click.option("--task", default=None, help="What the agent should do, in plain words.")
@click.option("--instructions", default=None, help="The whole system prompt instead of a task.")
@click.option("--first-sentence", default=None, help="What the agent says first.")
@click.option("--from", "from_number", default=None, help="Caller ID (E.164).")
@click.option("--max-minutes", type=float, default=None, help="Longest duration.")
@click.option("--webhook-url", default=None, help="Where to post this call's events.")
@click.option("--agent", "agent_id", type=click.UUID, default=None, help="Who makes the call.")
@click.option("--agent-version", type=int, default=None, help="A draft or an older version.")
@click.option(
    "--set",
    "values",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_pairs,
    help="A value for {{NAME}} in the texts; may be repeated.",
)
@click.option(
    "--tools",
    type=click.File(),
    callback=_tools,
    help="A file of tools that the agent may call: a JSON list.",
)
@click.option(
    "--body",
    type=click.File(),
    callback=_object,
    help="A file of any further fields of the call: a JSON object, as for POST /v1/calls.",
)
@click.option(
    "--cassette",
    "tool_cassette",
    type=click.File(),
    callback=_object,
    help="A file of answers that its tools give, from `topcalls calls cassette`.",
)
@click.option("--no-follow", is_flag=True, help="Print the call's id and leave.")
@click.pass_obj
def call(settings: Settings, /, phone_number: str, no_follow: bool, **wishes: Any) -> None:
    """Place a call to PHONE_NUMBER (E.164) and follow it live.

    Exits with 0 when the call was completed, with 1 when it was not.
    """
    client = ApiClient.from_settings(settings)
    created = client.post("/v1/calls", call_body(phone_number, **wishes))
    if no_follow:
        click.echo(created["call_id"])
        return
    details = follow_to_the_end(client, created["call_id"])
    sys.exit(0 if details["status"] == "completed" else 1)


def call_body(
    phone_number: str,
    max_minutes: float | None = None,
    agent_id: UUID | None = None,
    values: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
    **wishes: Any,
) -> dict[str, Any]:
    """The body of `POST /v1/calls`; a friendly demonstration where nothing is asked for. What an
    option says goes before what is in `body`."""
    wishes = {**(body or {}), **{key: value for key, value in wishes.items() if value is not None}}
    if agent_id is not None:
        wishes["agent_id"] = str(agent_id)
    elif not wishes.keys() & {"agent_id", "task", "instructions"}:
        wishes["task"] = DEFAULT_TASK
        wishes["first_sentence"] = wishes.get("first_sentence") or DEFAULT_FIRST_SENTENCE
    if max_minutes is not None:
        wishes["max_duration"] = max_minutes
    if values:
        wishes["request_data"] = {**wishes.get("request_data", {}), **values}
    return {**wishes, "phone_number": phone_number}


def follow_to_the_end(
    client: ApiClient, call_id: str, recordings: Path | None = None
) -> dict[str, Any]:
    """Show the call live, then what remains of it; `recordings` as in `summary`."""
    click.echo(f"  Call {call_id}")
    follower = CallFollower(client, call_id)
    try:
        details = follower.follow()
    except KeyboardInterrupt:
        click.echo(f"\n  The call goes on. `topcalls calls stop {call_id}` ends it.")
        sys.exit(130)
    _show_rest(follower, details, recordings)
    return details


def _show_rest(
    follower: CallFollower, details: dict[str, Any], recordings: Path | None = None
) -> None:
    click.echo("")
    for line in summary(details, follower.deliveries(), recordings):
        click.echo(line)


@click.group()
def calls() -> None:
    """Look at calls, and end them."""


for _command in (say, inject, listen):
    calls.add_command(_command)


@calls.command("list")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--status", default=None, help="Only calls with this call_status.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_calls(settings: Settings, limit: int, status: str | None, as_json: bool) -> None:
    """The newest calls, one a line."""
    page = ApiClient.from_settings(settings).get("/v1/calls", limit=limit, status=status)
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    for item in page["data"]:
        outcome = item["call_status"] or item["status"]
        click.echo(f"{item['id']}  {item['created_at']}  {item['phone_number']:<16} {outcome}")


@calls.command("live")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def live_calls(settings: Settings, as_json: bool) -> None:
    """Live calls, one a line: code for softphones, since when, numbers, whom it talks with, who
    listens."""
    found = ApiClient.from_settings(settings).get("/v1/calls/live")
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found["data"]:
        listeners = [f"{one['extension']} ({one['mode']})" for one in item["supervisors"]]
        partner = item["talks_with"] or "not answered"
        line = f"{item['live_code'] or '-':<7} {item['started_at'] or '-':<28}"
        numbers = f"{item['from_phone_number'] or 'unknown'} > {item['phone_number']}"
        click.echo(f"{line} {numbers:<34} {partner:<13} {', '.join(listeners)}".rstrip())
    if found["total"] > len(found["data"]):
        click.echo(f"and {found['total'] - len(found['data'])} more")


@calls.command("supervise")
@click.argument("call_id", type=click.UUID)
@click.argument("extension")
@click.option("--mode", type=click.Choice(MODES), default=MODES[0], show_default=True)
@click.pass_obj
def supervise_call(settings: Settings, call_id: UUID, extension: str, mode: str) -> None:
    """Ring the softphone EXTENSION and put it on a call, or have it take part in another way."""
    body = {"mode": mode, "extension": extension}
    ApiClient.from_settings(settings).post(f"/v1/calls/{call_id}/supervise", body)
    click.echo("asked")


@calls.command("show")
@click.argument("call_id", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def show_call(settings: Settings, call_id: UUID, as_json: bool) -> None:
    """One call: conversation, outcome, timings, recording, webhooks."""
    client = ApiClient.from_settings(settings)
    details = client.get(f"/v1/calls/{call_id}")
    if as_json:
        click.echo(json.dumps(details, indent=2))
        return
    follower = CallFollower(client, str(call_id))
    follower.show(details)
    _show_rest(follower, details)


@calls.command("transcript")
@click.argument("call_id", type=click.UUID)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "srt", "json")),
    default="text",
    show_default=True,
    help="Lines, subtitles for the recording, or JSON.",
)
@click.pass_obj
def show_transcript(settings: Settings, call_id: UUID, form: str) -> None:
    """What was said in a call."""
    client = ApiClient.from_settings(settings)
    said = client.download(f"/v1/calls/{call_id}/transcript", format=form)
    click.echo(said.decode().rstrip("\n"))


@calls.command("cassette")
@click.argument("call_id", type=click.UUID)
@click.pass_obj
def export_cassette(settings: Settings, call_id: UUID) -> None:
    """Print what the tools of a call answered, for `topcalls call --cassette`."""
    found = ApiClient.from_settings(settings).get(f"/v1/calls/{call_id}/tool_cassette")
    click.echo(json.dumps(found, indent=2))


@calls.command("stop")
@click.argument("call_id", type=click.UUID)
@click.pass_obj
def stop_call(settings: Settings, call_id: UUID) -> None:
    """End a call that waits or is in progress."""
    answer = ApiClient.from_settings(settings).post(f"/v1/calls/{call_id}/stop")
    click.echo(answer["status"])
