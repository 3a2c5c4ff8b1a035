"""Writes a bundle: whole, or not at all."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from topcalls.errors import TopCallsError

_MODE: Final = 0o600
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can tell: the manifest has the real one."""


class BundleNotWritten(TopCallsError):
    """There is no room for it, or no right to write there. Nothing was left behind."""

    code = "bundle_not_written"


def write_bundle(path: Path, parts: Mapping[str, bytes]) -> None:
    """Write `parts` as a zip at `path`, which is replaced only by a bundle that is complete. Raises
    BundleNotWritten."""
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
                for name, data in parts.items():
                    bundle.writestr(_entry(name), data)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise BundleNotWritten(
            f"The bundle {path} cannot be written: {error.strerror or error}. Nothing is left of "
            "it.",
            remedy="Make room there, or name another place with -o.",
        ) from None


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = _MODE << 16
    return entry
