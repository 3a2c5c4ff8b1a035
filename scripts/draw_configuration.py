#!/usr/bin/env python3
"""List every setting: writes docs/configuration.md from topcalls/config (`--check` compares)."""

import sys
from pathlib import Path

from pydantic_core import PydanticUndefined

from topcalls.config import CONFIG_VARIABLE, DEFAULT_FILE, PREFIX, Settings

PAGE = Path(__file__).parent.parent / "docs" / "configuration.md"

HEAD = f"""# Configuration

Generated from `topcalls/config` by `scripts/draw_configuration.py`; a test compares the two.

Defaults are overridden by a settings file (TOML; `{DEFAULT_FILE}` in the working directory, or the
file that `{CONFIG_VARIABLE}` names), and that by the environment. An unknown key is an error.
With nothing configured, everything runs in the [sandbox](sandbox.md). What is configured but
cannot be reached is an error, never a silent fall-back.

| Setting | Environment | Default | Meaning |
| --- | --- | --- | --- |
"""


def _default(field):
    value = field.get_default(call_default_factory=True)
    if value is None or value is PydanticUndefined or value == "":
        return ""
    return f"`{value}`"


def page():
    """The whole page as text."""
    rows = [
        f"| `{name}` | `{PREFIX}{name.upper()}` | {_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return HEAD + "".join(rows)


def main():
    if "--check" in sys.argv:
        fresh = PAGE.exists() and PAGE.read_text() == page()
        return 0 if fresh else "docs/configuration.md is stale"
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
