"""The tables of docs/sandbox.md, read off the scenario language and the built-in scenarios.

`python -m topcalls.sandbox.scenario_docs docs/sandbox.md` rewrites them in place.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import Field
from pathlib import Path
from typing import Any

from topcalls.sandbox.scenario import ModelRule, builtin_scenarios
from topcalls.sandbox.scenario_steps import FAULTS, STEPS, is_required, settings_of

_BLOCK = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def numbers() -> str:
    """Number, name and description of every built-in scenario."""
    rows = ((f"`{item.number}`", item.name, item.description) for item in builtin_scenarios())
    return _table(("Number", "Name", "What happens"), rows)


def steps() -> str:
    """Every step of the callee with its settings."""
    return _keywords(STEPS)


def faults() -> str:
    """Every fault a scenario can have."""
    return _keywords(FAULTS)


def rules() -> str:
    """The settings of a model rule."""
    rows = ((f"`{name}`", _meaning(item)) for name, item in settings_of(ModelRule).items())
    return _table(("Setting", "Meaning"), rows)


def updated(page: str) -> str:
    """`page` with its tables made anew: each stands between `<!-- name -->` and `<!-- end -->`."""

    def replaced(block: re.Match[str]) -> str:
        return f"<!-- {block[1]} -->\n{_TABLES[block[1]]()}<!-- end -->"

    return _BLOCK.sub(replaced, page)


def _keywords(kinds: Iterable[Any]) -> str:
    rows = []
    for kind in kinds:
        settings = settings_of(kind).items()
        listed = "<br>".join(f"`{name}`: {_meaning(item)}" for name, item in settings)
        rows.append((f"`{kind.keyword}`", " ".join(kind.__doc__.split()), listed))
    return _table(("Keyword", "Meaning", "Settings"), rows)


def _meaning(item: Field[Any]) -> str:
    meaning = str(item.metadata["meaning"])
    if is_required(item):
        return meaning
    if item.default in ("", None, (), False):
        return f"{meaning} (optional)"
    return f"{meaning} (default {item.default:g})" if _is_number(item.default) else meaning


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_TABLES: dict[str, Callable[[], str]] = {
    "numbers": numbers,
    "steps": steps,
    "rules": rules,
    "faults": faults,
}


def main(path: Path) -> None:
    """Rewrite the tables of a page."""
    path.write_text(updated(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
