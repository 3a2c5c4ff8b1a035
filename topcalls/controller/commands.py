"""What users want of live calls: command rows, claimed and carried out by the controller that owns
the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from topcalls.clock import Clock
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.commands import CommandRow, Commands

log = get_logger("controller.commands")


class CommandTaker:
    """One look at the command rows is `tick`; the controller's loop calls it."""

    def __init__(self, commands: Commands, owner: str, sessions: Sessions, clock: Clock) -> None:
        self._commands = commands
        self._owner = owner
        self._sessions = sessions
        self._clock = clock
        self._kinds: dict[str, Callable[[LiveCall, dict[str, Any]], None]] = {
            "stop": _stop,
            "dtmf": _press_keys,
            "transfer": _transfer,
            "pause_recording": lambda live, _: live.effects.recording.pause("api"),
            "resume_recording": lambda live, _: live.effects.recording.resume("api"),
        }
        self._untold: dict[str, str] = {}  # results that could not be stored

    def tick(self) -> int:
        """Carry out what is waiting; returns how many commands were taken."""
        try:
            rows = self._commands.claim(self._owner, self._clock.now())
        except TopCallsError as error:
            log.warning("Commands could not be read", why=str(error))
            return 0
        results = [(row, self._carry_out(row)) for row in rows]
        for row, result in results:
            self._finish(row, result)
        return len(rows)

    def _finish(self, row: CommandRow, result: str) -> None:
        """A command whose end cannot be stored comes again later, and is not carried out twice."""
        self._untold[row.id] = result
        try:
            self._commands.finish(row.id, result, self._clock.now())
            del self._untold[row.id]
        except TopCallsError as error:
            log.warning("Command not finished", call_id=row.call_id, why=str(error))

    def _carry_out(self, row: CommandRow) -> str:
        if row.id in self._untold:
            return self._untold.pop(row.id)
        live = self._sessions.of_call(row.call_id)
        if live is None:
            return "the call is over"
        kind = self._kinds.get(row.kind)
        if kind is None:
            log.error("Unknown command", kind=row.kind, call_id=row.call_id)
            return "unknown command"
        kind(live, row.payload)
        return "done"


def _press_keys(live: LiveCall, payload: dict[str, Any]) -> None:
    if live.effects.bridge is not None:
        live.effects.bridge.press(str(payload.get("digits", "")))


def _transfer(live: LiveCall, payload: dict[str, Any]) -> None:
    live.effects.transfers.wish(payload)


def _stop(live: LiveCall, payload: dict[str, Any]) -> None:
    live.session.stop(str(payload.get("by", "api")))
