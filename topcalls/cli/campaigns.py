"""`topcalls campaign`: call everybody on a list, look at it, change it, stop it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TextIO
from uuid import UUID

import click
import gevent

from topcalls.cli.client import ApiClient
from topcalls.cli.json_files import object_in
from topcalls.cli.rehearsals import rehearse
from topcalls.config import Settings

_BASE = "/v1/campaigns"
_FILE = click.File("r", encoding="utf-8")
_CAMPAIGN = click.argument("campaign_id", type=click.UUID)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_OVER = ("completed", "cancelled")
WATCH_SECONDS = 2.0


@click.group()
def campaign() -> None:
    """Campaigns: calls to everybody on a list, that run by themselves."""


campaign.add_command(rehearse)


@campaign.command("list")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--status", help="Only those in this state.")
@click.option("--archived", is_flag=True, help="Those put away too.")
@_JSON
@click.pass_obj
def list_campaigns(
    settings: Settings, limit: int, status: str | None, archived: bool, as_json: bool
) -> None:
    """The newest campaigns, one a line: id, state, name."""
    which = {"status": status, "archived": "all" if archived else None}
    page = ApiClient.from_settings(settings).get(_BASE, limit=limit, **which)
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    for item in page["data"]:
        click.echo(f"{item['id']}  {item['status']:<10} {item['name']}")


@campaign.command("show")
@_CAMPAIGN
@click.pass_obj
def show_campaign(settings: Settings, campaign_id: UUID) -> None:
    """A campaign and what it has come to, as JSON."""
    found = ApiClient.from_settings(settings).get(f"{_BASE}/{campaign_id}")
    click.echo(json.dumps(found, indent=2))


@campaign.command("create")
@click.argument("file", type=_FILE)
@click.pass_obj
def create_campaign(settings: Settings, file: TextIO) -> None:
    """Make a draft from FILE (JSON, as of POST /v1/campaigns); print its id."""
    click.echo(ApiClient.from_settings(settings).post(_BASE, object_in(file))["id"])


@campaign.command("edit")
@_CAMPAIGN
@click.argument("file", type=_FILE)
@click.option("--preview", is_flag=True, help="Show what would change, and change nothing.")
@click.pass_context
def edit_campaign(ctx: click.Context, campaign_id: UUID, file: TextIO, preview: bool) -> None:
    """Change what FILE names (JSON; null takes back to the default), also while it runs."""
    client, path = ApiClient.from_settings(ctx.obj), f"{_BASE}/{campaign_id}"
    if not preview:
        edited = client.patch(path, object_in(file))
        click.echo(f"{edited['status']}, revision {edited['revision']}")
        return
    seen = client.post(f"{path}/preview", object_in(file))
    for line in _preview_lines(seen):
        click.echo(line)
    if seen["errors"]:
        ctx.exit(1)


@campaign.command("check")
@_CAMPAIGN
@click.pass_context
def check_campaign(ctx: click.Context, campaign_id: UUID) -> None:
    """Whether it could be started now, and what it lacks."""
    found = ApiClient.from_settings(ctx.obj).get(f"{_BASE}/{campaign_id}/check")
    for one in found["problems"]:
        click.echo(f"{one['path']}: {one['message']}")
    for one in found["warnings"]:
        click.echo(f"warning: {one['path']}: {one['message']}")
    if not found["ready"]:
        ctx.exit(1)
    click.echo("ready")


def _add_move(name: str, text: str) -> None:
    """A command that moves a campaign to another state."""

    @campaign.command(name, help=text)
    @_CAMPAIGN
    @click.pass_obj
    def move(settings: Settings, campaign_id: UUID) -> None:
        done = ApiClient.from_settings(settings).post(f"{_BASE}/{campaign_id}/{name}")
        click.echo(done["status"])


for _name, _text in {
    "start": "Let it run, or wait for its start.",
    "pause": "Dial nothing more; what is dialled or talked goes on.",
    "resume": "Let it run again.",
    "stop": "End it for good; what is dialled or talked goes on.",
    "archive": "Put away one that is over or was never started.",
}.items():
    _add_move(_name, _text)


@campaign.command("watch")
@_CAMPAIGN
@click.option("--once", is_flag=True, help="One look.")
@click.pass_obj
def watch_campaign(settings: Settings, campaign_id: UUID, once: bool) -> None:
    """How far it is, in a line whenever that changes, until it is over."""
    client, shown = ApiClient.from_settings(settings), ""
    while True:
        found = client.get(f"{_BASE}/{campaign_id}")
        line = _progress(found)
        if line != shown:
            click.echo(line)
        if once or found["status"] in _OVER:
            return
        shown = line
        gevent.sleep(WATCH_SECONDS)


@campaign.command("contacts")
@_CAMPAIGN
@click.option("--status", help="Only those in this state.")
@click.option("--outcome", help="Only those whose last call came to this.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@_JSON
@click.pass_obj
def list_contacts(settings: Settings, /, campaign_id: UUID, as_json: bool, **which: Any) -> None:
    """Its contacts, one a line: lead, state, calls, last outcome, when it is called again."""
    page = ApiClient.from_settings(settings).get(f"{_BASE}/{campaign_id}/contacts", **which)
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    for one in page["data"]:
        last = one["last_outcome"] or one["reason"] or ""
        due = one["next_at"] or ""
        state = f"{one['status']:<10} {one['attempts']:>3} {last:<18}"
        click.echo(f"{one['lead_id']}  {state} {due}".rstrip())


@campaign.command("contact")
@_CAMPAIGN
@click.argument("lead_id", type=click.UUID)
@click.option("--remove", is_flag=True, help="Do not call them any more in this campaign.")
@_JSON
@click.pass_obj
def show_contact(
    settings: Settings, campaign_id: UUID, lead_id: UUID, remove: bool, as_json: bool
) -> None:
    """What happened to one contact, in the order of time."""
    client, path = ApiClient.from_settings(settings), f"{_BASE}/{campaign_id}/contacts/{lead_id}"
    if remove:
        click.echo(client.delete(path)["status"])
        return
    found = client.get(path)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for entry in found["timeline"]:
        number = f"#{entry['attempt']}" if entry["attempt"] else ""
        detail = " ".join(filter(None, (number, entry["detail"], entry["call_id"])))
        click.echo(f"{entry['at']}  {entry['what']:<13} {detail}".rstrip())


def _preview_lines(seen: dict[str, Any]) -> list[str]:
    if seen["errors"]:
        return [f"refused: {one['path']}: {one['message']}" for one in seen["errors"]]
    lines = [
        f"{one['path']}: {json.dumps(one['before'])} -> {json.dumps(one['after'])} "
        f"({one['takes_effect'].replace('_', ' ')})"
        for one in seen["changes"]
    ]
    counts: dict[str, Callable[[int], str]] = {
        "contacts_added": "{} leads become contacts".format,
        "contacts_removed": "{} contacts are not called any more".format,
        "calls_open": "{} calls that wait or run stay as they are".format,
    }
    lines += [say(seen[name]) for name, say in counts.items() if seen[name]]
    return lines or ["nothing changes"]


def _progress(found: dict[str, Any]) -> str:
    counted = found["statistics"]
    contacts, calls = counted["contacts"], counted["calls"]
    left = contacts["waiting"] + contacts["in_flight"] + contacts["held"]
    parts = [
        found["status"],
        f"{contacts['total'] - left} of {contacts['total']} done",
        *([f"{contacts['held']} held"] if contacts["held"] else []),
        f"{calls['open']} open calls",
        f"{calls['connected']} of {calls['dialled']} connected",
        f"{counted['conversions']} conversions",
    ]
    ends_at = counted["forecast"]["ends_at"]
    if found["status"] == "running" and ends_at:
        parts.append(f"over at about {ends_at[:16]}Z")
    reason = found["paused_for"] or found["ended_for"]
    if reason:
        parts.append(f"{reason['code']}: {reason['detail']}")
    return " · ".join(parts)
