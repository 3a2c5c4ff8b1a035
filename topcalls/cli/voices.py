"""`topcalls voices`: built-in voices, and voices of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings
from topcalls.core.voice_clones import GENDERS, media_type
from topcalls.net.multipart import FormFile

_BASE = "/v1/voices"
_BUILT_IN = f"{_BASE}/builtin"
_PAGE = 200
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group()
def voices() -> None:
    """Voices: those that are built in, and those that you have cloned."""


@voices.command("list")
@_JSON
@click.pass_obj
def list_voices(settings: Settings, as_json: bool) -> None:
    """Your own voices, one a line: id, state, name, what is wrong."""
    found = ApiClient.from_settings(settings).get(_BASE)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found["data"]:
        click.echo(_line(item))


@voices.command("builtin")
@click.option("--mode", type=click.Choice(["realtime", "legacy"]))
@click.option("--provider", help="Who speaks: openai, elevenlabs or local.")
@click.option("--language", help="BCP 47, as in pt-BR.")
@click.option("--gender", type=click.Choice(GENDERS))
@_JSON
@click.pass_obj
def list_built_in(settings: Settings, /, as_json: bool, **query: Any) -> None:
    """Built-in voices, one a line: id, provider, gender, modes, name."""
    client = ApiClient.from_settings(settings)
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = client.get(_BUILT_IN, limit=_PAGE, cursor=cursor, **query)
        found += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for item in found:
        who = f"{item['provider']:<10} {item['gender'] or '-':<8} {'+'.join(item['modes']):<16}"
        click.echo(f"{item['id']:<24} {who} {item['name']}")


@voices.command("clone")
@click.argument("name")
@click.argument(
    "samples", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--consent", required=True, help="The words in which whose voice it is has agreed.")
@click.option("--consent-by", required=True, help="Who that is.")
@click.option("--description")
@click.option("--language", help="BCP 47; what is spoken in SAMPLES.")
@click.option("--gender", type=click.Choice(GENDERS))
@click.option("--remove-background-noise", is_flag=True, help="SAMPLES are noisy.")
@click.pass_obj
def clone_voice(
    settings: Settings,
    /,
    samples: tuple[Path, ...],
    remove_background_noise: bool,
    **texts: str | None,
) -> None:
    """Have a voice called NAME made of recordings, with the consent of whose voice it is."""
    fields = [(name, text) for name, text in texts.items() if text is not None]
    if remove_background_noise:
        fields.append(("remove_background_noise", "true"))
    files = [_sample(file) for file in samples]
    click.echo(_line(ApiClient.from_settings(settings).upload(_BASE, fields, files)))


@voices.command("show")
@click.argument("voice_id", type=click.UUID)
@click.pass_obj
def show_voice(settings: Settings, voice_id: UUID) -> None:
    """All that is known of one of your voices, as JSON."""
    click.echo(json.dumps(ApiClient.from_settings(settings).get(f"{_BASE}/{voice_id}"), indent=2))


@voices.command("preview")
@click.argument("voice")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--text", help="What is said.")
@click.option("--language", help="BCP 47.")
@click.pass_obj
def preview_voice(
    settings: Settings, voice: str, output: Path, text: str | None, language: str | None
) -> None:
    """Write how VOICE, built in or your own, sounds on the telephone into a WAV file."""
    path = f"{_BASE if _is_own(voice) else _BUILT_IN}/{quote(voice, safe='')}/preview"
    sound = ApiClient.from_settings(settings).download(path, text=text, language=language)
    output.write_bytes(sound)
    click.echo(output)


@voices.command("delete")
@click.argument("voice_id", type=click.UUID)
@click.confirmation_option(prompt="Delete this voice? Calls that name it will be refused.")
@click.pass_obj
def delete_voice(settings: Settings, voice_id: UUID) -> None:
    """Delete one of your voices, here and at its vendor."""
    click.echo(_line(ApiClient.from_settings(settings).delete(f"{_BASE}/{voice_id}")))


def _sample(file: Path) -> FormFile:
    content = file.read_bytes()
    return FormFile(
        "samples", file.name, content, media_type(content) or "application/octet-stream"
    )


def _is_own(voice: str) -> bool:
    try:
        UUID(voice)
    except ValueError:
        return False
    return True


def _line(item: dict[str, Any]) -> str:
    trouble = f"  {item['error']}" if item["error"] else ""
    return f"{item['id']}  {item['state']:<10}  {item['name']}{trouble}"
