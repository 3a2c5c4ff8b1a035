"""Reads the switch's log, where it lies on this machine."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Final

from topcalls.core.switch_log import LogLine, lines_about
from topcalls.errors import InvalidRequest

MOST_BYTES: Final = 256_000_000
"""Of a log only its end is read, if it is longer: some seconds' work."""


def read_lines(path: Path, channels: Collection[str]) -> list[LogLine]:
    """The lines about these channels.

    Raises:
        InvalidRequest: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return lines_about(channels, _text(file))
    except OSError as error:
        raise InvalidRequest(
            f"The switch's log {path} cannot be read: {error.strerror or error}. Name another with "
            "--switch-log, or correct the setting switch_log.",
            field="switch_log",
        ) from None


def _text(file: IO[bytes]) -> Iterator[str]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - MOST_BYTES))
    for line in file:
        yield line.decode("utf-8", "replace")
