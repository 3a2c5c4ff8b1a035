"""The directory that the switch includes: generated files, written whole or not at all.

Files are touched on a thread, because a shared directory may hang; a thread hands over its errors
as values.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import gevent

from topcalls.errors import SwitchError
from topcalls.ids import new_id

T = TypeVar("T")
FILE_MODE = 0o640
"""Passwords of carriers and softphones: for us and the switch's group."""

FOLDER_MODE = 0o2750


class SwitchFiles:
    """Files in `folders` of `directory` whose names begin with `prefix`; they are named by their
    path from there. Others' files are never touched."""

    def __init__(self, directory: Path, folders: Sequence[str], prefix: str) -> None:
        self._directory = directory
        self._folders = folders
        self._prefix = prefix

    def place_of(self, folder: str) -> Path:
        """Where the switch must include `*.xml` from."""
        return self._directory / folder

    def read(self) -> dict[str, str]:
        """Every file of ours. Raises `SwitchError` where the directory cannot be read or made."""
        return _on_thread(self._read)

    def write(self, files: Mapping[str, str]) -> str | None:
        """Write these files; why they cannot be written, in words."""
        try:
            return _on_thread(lambda: self._write(files))
        except SwitchError as error:
            return error.message

    def remove(self, paths: Iterable[str]) -> None:
        """Delete these files. Raises `SwitchError` where one cannot be deleted."""
        wanted = list(paths)
        if wanted:
            _on_thread(lambda: self._remove(wanted))

    def _read(self) -> dict[str, str]:
        found = {}
        for folder in self._folders:
            place = self._directory / folder
            if not place.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                place.chmod(FOLDER_MODE)
            for path in sorted(place.glob(f"{self._prefix}*.xml")):
                found[f"{folder}/{path.name}"] = path.read_text()
        return found

    def _write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self._directory / name
            part = path.with_name(f".{path.name}.{new_id()}")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            with os.fdopen(descriptor, "w") as file:
                os.fchmod(descriptor, FILE_MODE)
                file.write(text)
            part.replace(path)

    def _remove(self, paths: Iterable[str]) -> None:
        for name in paths:
            (self._directory / name).unlink(missing_ok=True)


def _on_thread(work: Callable[[], T]) -> T:
    def attempt() -> tuple[T | None, OSError | None]:
        try:
            return work(), None
        except OSError as error:
            return None, error

    result, error = gevent.get_hub().threadpool.apply(attempt)
    if error is not None:
        where = f" ({error.filename})" if error.filename else ""
        raise SwitchError(
            f"Files for the switch cannot be written: {error.strerror or error}{where}.",
            remedy="Let the user that TopCalls runs as write in switch_dir.",
        )
    return result  # type: ignore[no-any-return]
