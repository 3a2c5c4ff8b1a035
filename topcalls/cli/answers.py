"""`topcalls answers`: what answered, as clips for the benchmark of answer detection."""

from __future__ import annotations

import csv
import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from topcalls.cli.client import ApiClient
from topcalls.config import Settings

CLIP_SECONDS = 30
_PAGE = 200
_COLUMNS = ("file", "label", "detected", "corrected")


@click.group()
def answers() -> None:
    """What answered calls, and how well that was told."""


@answers.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, help="Clips.")
@click.option("--corrected", is_flag=True, help="Only calls whose verdict somebody corrected.")
@click.pass_obj
def export(settings: Settings, directory: Path, limit: int, corrected: bool) -> None:
    """Write the far end's first half minute of recorded calls into DIRECTORY, with labels.csv.

    The label is what somebody said it was, else what was detected: listen before you trust it.
    """
    client = ApiClient.from_settings(settings)
    directory.mkdir(parents=True, exist_ok=True)
    rows = []
    for call in _judged(client, corrected):
        clip = _far_end(client.download(f"/v1/calls/{call['id']}/recording"))
        if clip is None:
            continue
        name = f"{call['id']}.wav"
        (directory / name).write_bytes(clip)
        answer = call["answer"]
        label = answer["corrected"] or answer["detected"]
        rows.append((name, label, answer["detected"], answer["corrected"] or ""))
        if len(rows) >= limit:
            break
    with (directory / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([_COLUMNS, *rows])
    click.echo(f"{len(rows)} clips in {directory}")


def _judged(client: ApiClient, corrected: bool) -> Iterator[dict[str, Any]]:
    """Recorded calls with a verdict, newest first."""
    cursor: str | None = None
    while True:
        page = client.get("/v1/calls", limit=_PAGE, cursor=cursor)
        for item in page["data"]:
            if not (item["answered_by"] and item["recording_url"]):
                continue
            call = client.get(f"/v1/calls/{item['id']}")
            if call["answer"] and (call["answer"]["corrected"] or not corrected):
                yield call
        cursor = page["next_cursor"]
        if cursor is None:
            return


def _far_end(recording: bytes) -> bytes | None:
    """The beginning of the first channel as WAV; None for a recording of another kind."""
    try:
        with wave.open(io.BytesIO(recording)) as audio:
            channels, width, rate = audio.getnchannels(), audio.getsampwidth(), audio.getframerate()
            frames = audio.readframes(CLIP_SECONDS * rate)
    except (wave.Error, EOFError):
        return None
    if (channels, width, rate) != (2, 2, 8000):
        return None
    out = io.BytesIO()
    with wave.open(out, "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(rate)
        clip.writeframes(b"".join(frames[at : at + 2] for at in range(0, len(frames), 4)))
    return out.getvalue()
