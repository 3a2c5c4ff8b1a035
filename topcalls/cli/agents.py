"""`topcalls agents`: store how calls are made, try it, publish it, take it back."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any, TextIO
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.cli.json_files import object_in
from topcalls.config import Settings

_FILE = click.File("r", encoding="utf-8")
_AGENT = click.argument("agent_id", type=click.UUID)


@click.group()
def agents() -> None:
    """Agents: stored call configurations, in versions."""


@agents.command("list")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--all", "archived", is_flag=True, help="Archived ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_agents(settings: Settings, limit: int, archived: bool, as_json: bool) -> None:
    """The newest agents, one a line: id, version in use, draft, name."""
    status = "all" if archived else None
    page = ApiClient.from_settings(settings).get("/v1/agents", limit=limit, status=status)
    if as_json:
        click.echo(json.dumps(page, indent=2))
        return
    for item in page["data"]:
        click.echo(f"{item['id']}  {_versions(item):<24} {item['name']}")


@agents.command("show")
@_AGENT
@click.option("--version", "number", type=int, default=None, help="One version, whole.")
@click.pass_obj
def show_agent(settings: Settings, agent_id: UUID, number: int | None) -> None:
    """An agent, or one of its versions, as JSON."""
    path = f"/v1/agents/{agent_id}" + (f"/versions/{number}" if number is not None else "")
    click.echo(json.dumps(ApiClient.from_settings(settings).get(path), indent=2))


@agents.command("create")
@click.argument("file", type=_FILE)
@click.pass_obj
def create_agent(settings: Settings, file: TextIO) -> None:
    """Create an agent from FILE (JSON with name, description, configuration); print its id."""
    created = ApiClient.from_settings(settings).post("/v1/agents", object_in(file))
    click.echo(created["id"])


@agents.command("edit")
@_AGENT
@click.argument("file", type=_FILE)
@click.pass_obj
def edit_agent(settings: Settings, agent_id: UUID, file: TextIO) -> None:
    """Change what FILE names (JSON; null removes). Calls go on as published."""
    edited = ApiClient.from_settings(settings).patch(f"/v1/agents/{agent_id}", object_in(file))
    click.echo(_versions(edited))


@agents.command("publish")
@_AGENT
@click.pass_obj
def publish_agent(settings: Settings, agent_id: UUID) -> None:
    """Let calls use the draft from now on."""
    done = ApiClient.from_settings(settings).post(f"/v1/agents/{agent_id}/publish")
    click.echo(_versions(done))


@agents.command("rollback")
@_AGENT
@click.argument("number", metavar="VERSION", type=int)
@click.pass_obj
def roll_agent_back(settings: Settings, agent_id: UUID, number: int) -> None:
    """Let calls use an older VERSION again."""
    path = f"/v1/agents/{agent_id}/rollback"
    click.echo(_versions(ApiClient.from_settings(settings).post(path, {"version": number})))


@agents.command("diff")
@_AGENT
@click.argument("first", metavar="[FROM]", type=int, required=False)
@click.argument("second", metavar="[TO]", type=int, required=False)
@click.pass_obj
def compare_versions(
    settings: Settings, agent_id: UUID, first: int | None, second: int | None
) -> None:
    """What changed FROM a version (the published one) TO another (the newest)."""
    query = {"from": first, "to": second}
    found = ApiClient.from_settings(settings).get(f"/v1/agents/{agent_id}/diff", **query)
    click.echo(f"from version {found['from_version']} to version {found['to_version']}")
    for change in found["changes"]:
        for line in _change(change):
            click.echo(line)


def _versions(agent: dict[str, Any]) -> str:
    """As in `version 2, draft 3`."""
    number, draft = agent["published_version"], agent["draft_version"]
    used = "archived" if agent["status"] == "archived" else f"version {number}"
    parts = [used if number or used == "archived" else "unpublished"]
    return ", ".join(parts + ([f"draft {draft}"] if draft else []))


def _change(change: dict[str, Any]) -> Iterator[str]:
    """A field's old and new lines, by line for long texts."""
    yield f"{change['path']} ({change['kind']})"
    before, after = _lines(change["before"]), _lines(change["after"])
    if change["kind"] != "changed":
        before, after = (before, []) if change["kind"] == "removed" else ([], after)
    for line in difflib.unified_diff(before, after, lineterm="", n=1):
        if not line.startswith(("---", "+++", "@@")):
            yield f"  {line}"


def _lines(value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return text.splitlines() or [""]
