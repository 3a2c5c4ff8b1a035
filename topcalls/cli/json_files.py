"""JSON in files that commands are given."""

from __future__ import annotations

import json
from typing import Any, TextIO

import click


def object_in(file: TextIO) -> dict[str, Any]:
    """The JSON object in a file. Raises click.BadParameter."""
    found = _json(file)
    if not isinstance(found, dict):
        raise click.BadParameter(f"{file.name} must hold a JSON object.")
    return found


def list_in(file: TextIO) -> list[Any]:
    """The JSON list in a file. Raises click.BadParameter."""
    found = _json(file)
    if not isinstance(found, list):
        raise click.BadParameter(f"{file.name} must hold a JSON list.")
    return found


def _json(file: TextIO) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"{file.name} is not JSON: {error}.") from None
