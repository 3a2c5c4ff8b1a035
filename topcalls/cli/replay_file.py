"""Replays in a file of JSON lines, so that none is made twice and none is lost.

The first line says what was asked; each other is one call, whole. It holds what people said, and
only its owner can read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from topcalls.errors import ConfigError

_ASKED = "asked"


class ReplayFile:
    """`done` are the replays that are in it already; of one that failed only the last try."""

    def __init__(self, path: Path, asked: Mapping[str, Any]) -> None:
        """Raises `ConfigError` where the file holds replays of something else."""
        self.done: dict[str, dict[str, Any]] = {}
        known = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._read(path, known, json.loads(json.dumps(asked)))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")
        if not known:
            self._write({_ASKED: asked})
        elif not path.read_bytes().endswith(b"\n"):  # it was cut off in the middle of a line
            self._file.write("\n")

    def add(self, replay: Mapping[str, Any]) -> None:
        """Keep one."""
        self._write(replay)

    def close(self) -> None:
        self._file.close()

    def _write(self, content: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(content, ensure_ascii=False) + "\n")
        self._file.flush()

    def _read(self, path: Path, known: list[str], asked: Mapping[str, Any]) -> None:
        for number, line in enumerate(known):
            content: Any = None
            with suppress(ValueError):  # the last one may have been cut off
                content = json.loads(line)
            if not number:
                before = content.get(_ASKED) if isinstance(content, dict) else None
                if before != asked:
                    raise ConfigError(
                        f"{path} holds something else than these replays.",
                        field="out",
                        remedy="Name another file, or ask for the same changes again.",
                    )
            elif isinstance(content, dict) and "error" not in content:
                self.done[content["call_id"]] = content
