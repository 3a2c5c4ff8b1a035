"""Cells of tables that people open in a spreadsheet."""

from __future__ import annotations

from typing import Any

_FORMULAS = "=+-@\t\r"


def plain_cell(value: Any) -> Any:
    """What a spreadsheet takes for text and not for a formula: numbers begin with `+`, and names
    are anybody's."""
    return f"'{value}" if isinstance(value, str) and value[:1] in _FORMULAS and value else value
