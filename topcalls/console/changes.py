"""What to ask of the API so that what is stored becomes what a form says."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


def changed(
    before: Mapping[str, Any], after: Mapping[str, Any], within: Collection[str] = ()
) -> dict[str, Any]:
    """The body of a PATCH: what differs, and null for what is gone. Sections named in `within` are
    changed part by part, others are replaced as a whole."""
    asked: dict[str, Any] = {
        name: None for name, value in before.items() if name not in after and value is not None
    }
    for name, value in after.items():
        old = before.get(name)
        if old == value:
            continue
        in_parts = name in within and isinstance(old, Mapping) and isinstance(value, Mapping)
        asked[name] = changed(old or {}, value) if in_parts else value
    return asked
