"""`topcalls bundle`: everything about a call in one file, for a bug report."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from uuid import UUID

import click

from topcalls import compose
from topcalls.compose.bundles import surroundings
from topcalls.config import Settings
from topcalls.services.bundle_file import write_bundle


@click.command()
@click.argument("call_id", metavar="CALL", type=click.UUID)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it; without it ./topcalls-CALL.zip.",
)
@click.option(
    "--switch-log",
    type=click.Path(dir_okay=False, path_type=Path),
    help="FreeSWITCH's log; without it that of the setting `switch_log`.",
)
@click.option("--with-audio", is_flag=True, help="Put the recording in, too.")
@click.option("--unredacted", is_flag=True, help="Keep telephone numbers, names and what was said.")
@click.pass_obj
def bundle(
    settings: Settings,
    call_id: UUID,
    output: Path | None,
    switch_log: Path | None,
    with_audio: bool,
    unredacted: bool,
) -> None:
    """Write all that is known of a CALL into one zip for a bug report.

    Reads the database itself. Telephone numbers, names and words are taken out, and only their
    lengths stay, unless --unredacted; keys and passwords are never in it.
    """
    path = output or Path(f"topcalls-{call_id}.zip")
    with closing(compose.open_services(settings)) as services:
        around = surroundings(
            settings, services, str(call_id), log=switch_log, with_audio=with_audio
        )
        parts = services.call_bundles.parts(str(call_id), around, unredacted=unredacted)
    write_bundle(path, parts)
    click.echo(f"{path}: {len(parts)} parts, {path.stat().st_size} bytes")
