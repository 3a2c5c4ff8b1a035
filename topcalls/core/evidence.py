"""What of an analysis the conversation bears out: each value with the turns that it was found in.

A model that reads a call may make things up. It has to name turns for each value; a value for which
it names none that exist is taken out, and listed as unsupported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from topcalls.core.transcript import Turn

MOST_TURNS: Final = 20
"""Kept for one value."""


@dataclass(frozen=True)
class Supported:
    """`evidence` has, for each path, the turns with their times in milliseconds since the answer,
    or None. `unsupported` are the paths whose values were taken out."""

    values: Any
    evidence: Mapping[str, list[dict[str, int]] | None] = field(default_factory=dict)
    unsupported: tuple[str, ...] = ()


def unsupported_paths(
    values: Any, named: Mapping[str, Iterable[int]], paths: Sequence[str], turns: Sequence[Turn]
) -> list[str]:
    """The paths that hold something for which no turn of the call is named."""
    known = {turn.seq for turn in turns}
    return [
        path
        for path in paths
        if _says_something(_at(values, path)) and not known & set(named.get(path, ()))
    ]


def supported(
    values: Any, named: Mapping[str, Iterable[int]], paths: Sequence[str], turns: Sequence[Turn]
) -> Supported:
    """`values` without what no turn bears out."""
    by_seq = {turn.seq: turn for turn in turns}
    lost = unsupported_paths(values, named, paths, turns)
    evidence: dict[str, list[dict[str, int]] | None] = {}
    for path in paths:
        found = [by_seq[seq] for seq in sorted(set(named.get(path, ()))) if seq in by_seq]
        shown = [_shown(turn) for turn in found[:MOST_TURNS]]
        evidence[path] = shown if shown and _at(values, path) is not None else None
    return Supported(_without(values, "", set(lost)), evidence, tuple(lost))


def _shown(turn: Turn) -> dict[str, int]:
    return {"turn": turn.seq, "started_ms": turn.started_ms, "ended_ms": turn.ended_ms}


def _says_something(value: Any) -> bool:
    """Nothing, an empty text or an empty list says that there was nothing."""
    return value is not None and value not in ("", [], {})


def _at(values: Any, path: str) -> Any:
    for name in _steps(values, path):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values


def _steps(values: Any, path: str) -> list[str]:
    """Names may hold dots: the longest name that there is goes first."""
    parts, steps = path.split("."), []
    while parts:
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            if length == 1 or (isinstance(values, Mapping) and name in values):
                break
        steps.append(name)
        values = values.get(name) if isinstance(values, Mapping) else None
        parts = parts[length:]
    return steps


def _without(values: Any, prefix: str, lost: set[str]) -> Any:
    if not isinstance(values, Mapping):
        return values
    kept = {}
    for name, value in values.items():
        path = f"{prefix}.{name}" if prefix else name
        kept[name] = None if path in lost else _without(value, path, lost)
    return kept
