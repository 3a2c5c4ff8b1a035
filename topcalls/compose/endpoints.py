"""Where the other processes find the doubles of the sandbox. Loads none of them."""

from __future__ import annotations

import json
from typing import Any

from topcalls.config import Settings
from topcalls.errors import ConfigError


def sandbox_endpoints(settings: Settings) -> dict[str, Any]:
    """What the running sandbox wrote about itself. Raises `ConfigError` when none runs."""
    try:
        endpoints = json.loads(settings.sandbox_file.read_text())
    except (OSError, ValueError):
        raise ConfigError(
            f"No sandbox runs in {settings.data_dir}.",
            field="data_dir",
            remedy="Start `topcalls sandbox` (or all of it with `topcalls run`) with the same "
            "data_dir, or configure a switch and an AI key.",
        ) from None
    return dict(endpoints)
