"""What the tools of rehearsed calls answer: as the person says who is called, or one file for all.

The sandbox tells beside its addresses which of its people come with a cassette; it does not know
what one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topcalls.compose.endpoints import sandbox_endpoints
from topcalls.config import Settings
from topcalls.core.tool_cassette import Cassette, cassette_faults, cassette_of
from topcalls.errors import ConfigError
from topcalls.services.call_views import ClaimedCall
from topcalls.services.tool_replay import load_cassette


class Rehearsed:
    """The cassette of a call that brings none: of the scenario of whom it is with, else that of
    `tool_cassette`, which is read at once. Raises `ConfigError`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_sandbox = settings.telephony_mode == "sandbox"
        path = settings.tool_cassette
        self._for_all = None if path is None else load_cassette(path)

    def __call__(self, call: ClaimedCall) -> Cassette | None:
        section = self._of_scenario(call.other_number) if self._is_sandbox else None
        return self._for_all if section is None else cassette_of(section)

    def _of_scenario(self, number: str | None) -> Mapping[str, Any] | None:
        try:
            told = sandbox_endpoints(self._settings).get("cassettes", {})
        except ConfigError:  # it has just gone, and its calls with it
            return None
        found: Mapping[str, Any] | None = told.get(number)
        return found


def judge_cassettes(cassettes: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises `ConfigError` for the first that cannot be played, with the number of its person."""
    for number, section in cassettes.items():
        for fault in cassette_faults(section, "cassette"):
            raise ConfigError(
                f"The scenario of {number}: {fault.path}: {fault.message}",
                field="scenario",
                remedy="Export one: topcalls calls cassette CALL_ID > cassette.json",
            )
