"""The sandbox process."""

from __future__ import annotations

from pathlib import Path

import gevent

from topcalls.compose.cassettes import judge_cassettes
from topcalls.compose.sandbox_extra import allow_missing, not_installed
from topcalls.config import Settings

try:
    from topcalls.sandbox.server import Sandbox
except ModuleNotFoundError as missing:  # the sandbox is an extra
    allow_missing(missing)
    Sandbox = None  # type: ignore[assignment,misc]


UNUSED_SECONDS = 15.0


def build_sandbox(settings: Settings, scenarios: tuple[Path, ...] = ()) -> Sandbox:
    """The doubles, with the built-in scenarios and those of `scenarios` (files or directories).

    Raises `ConfigError` when the packages of the sandbox are not installed, or a scenario has a
    cassette that cannot be played.
    """
    if Sandbox is None:
        raise not_installed("telephony", "configure a switch and an AI key")
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
