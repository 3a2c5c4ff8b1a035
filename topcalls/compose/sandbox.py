"""The sandbox process."""

from __future__ import annotations

from pathlib import Path

import gevent

from topcalls.compose.cassettes import judge_cassettes
from topcalls.config import Settings
from topcalls.errors import ConfigError

try:
    from topcalls.sandbox.server import Sandbox
except ModuleNotFoundError as missing:  # the sandbox is an extra
    if missing.name not in ("h11", "wsproto"):
        raise
    Sandbox = None  # type: ignore[assignment,misc]


UNUSED_SECONDS = 15.0


def build_sandbox(settings: Settings, scenarios: tuple[Path, ...] = ()) -> Sandbox:
    """The doubles, with the built-in scenarios and those of `scenarios` (files or directories).

    Raises `ConfigError` when the packages of the sandbox are not installed, or a scenario has a
    cassette that cannot be played.
    """
    if Sandbox is None:
        raise ConfigError(
            "The sandbox is not installed.",
            field="telephony",
            remedy="Run: pip install 'topcalls[sandbox]', or configure a switch and an AI key.",
        )
    doubles = Sandbox(settings.data_dir, settings.sandbox_file, scenarios)
    judge_cassettes(doubles.cassettes)
    doubles.switch.switch.options.journal = settings.sandbox_journal
    doubles.switch.switch.options.node = settings.node
    doubles.switch.switch.read_files(settings.effective_switch_dir)
    return doubles


def wait_until_unused(doubles: Sandbox) -> None:
    """Let controllers end their calls first, where all were left alone at the same moment."""
    with gevent.Timeout(UNUSED_SECONDS, False):
        while doubles.switch.connection_count:
            gevent.sleep(0.1)
