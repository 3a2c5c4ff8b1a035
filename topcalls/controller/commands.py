"""What users want of live calls: command rows, claimed and carried out by the controller that owns
the call.

A command that comes at a bad moment waits in its row, and those of its call behind it: while the
call is being taken over, or let go of, nobody is there to carry it out. A stop waits until its
transition is stored, which finishes it, so that it holds whatever becomes of the call meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from topcalls.clock import Clock
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_state import State
from topcalls.errors import TopCallsError
from topcalls.log import get_logger
from topcalls.services.commands import CommandRow, Commands
from topcalls.services.live_words import INJECT, SAY
from topcalls.services.partial_words import FOLLOW

_Kind = Callable[[LiveCall, dict[str, Any]], bool]
"""Carries a command out, and says whether it is done; what is not comes again."""

_TALKING = (State.ANSWERED, State.IN_PROGRESS)

log = get_logger("controller.commands")


class CommandTaker:
    """One look at the command rows is `tick`; the controller's loop calls it."""

    def __init__(self, commands: Commands, owner: str, sessions: Sessions, clock: Clock) -> None:
        self._commands = commands
        self._owner = owner
        self._sessions = sessions
        self._clock = clock
        self._kinds: dict[str, _Kind] = {
            "stop": _stop,
            "dtmf": _not_while(_is_being_taken_up, _press_keys),
            "transfer": _not_while(_is_being_taken_up, _transfer),
            "tool_result": _not_while(_is_being_taken_up, _tool_result),
            SAY: _not_while(_is_being_taken_up, _say),
            INJECT: _not_while(_is_being_taken_up, _inject),
            FOLLOW: _follow,
            "supervise": _supervise,
            "pause_recording": _not_while(_recording_is_being_taken_up, _pause_recording),
            "resume_recording": _not_while(_recording_is_being_taken_up, _resume_recording),
        }
        self._untold: dict[str, str] = {}  # results that could not be stored

    def tick(self) -> int:
        """Carry out what is waiting; returns how many commands were taken."""
        try:
            rows = self._commands.claim(self._owner, self._clock.now())
        except TopCallsError as error:
            log.warning("Commands could not be read", why=str(error))
            return 0
        results: list[tuple[CommandRow, str | None]] = []
        waiting: set[str] = set()
        for row in rows:
            result = None if row.call_id in waiting else self._carry_out(row)
            if result is None:
                waiting.add(row.call_id)
            results.append((row, result))
        for row, result in results:
            if result is None:
                self._put_off(row)
            else:
                self._finish(row, result)
        return len(rows)

    def _put_off(self, row: CommandRow) -> None:
        try:
            self._commands.put_off(row.id, self._owner)
        except TopCallsError as error:  # it comes again when its lease is over
            log.warning("Command not put off", call_id=row.call_id, why=str(error))

    def _finish(self, row: CommandRow, result: str) -> None:
        """A command whose end cannot be stored comes again later, and is not carried out twice."""
        self._untold[row.id] = result
        try:
            self._commands.finish(row.id, result, self._clock.now())
            del self._untold[row.id]
        except TopCallsError as error:
            log.warning("Command not finished", call_id=row.call_id, why=str(error))

    def _carry_out(self, row: CommandRow) -> str | None:
        """What came of it; None: it has to wait. The end of its call finishes it."""
        if row.id in self._untold:
            return self._untold.pop(row.id)
        live = self._sessions.of_call(row.call_id)
        if live is None or not live.session.is_open:
            return None
        kind = self._kinds.get(row.kind)
        if kind is None:
            log.error("Unknown command", kind=row.kind, call_id=row.call_id)
            return "unknown command"
        return "done" if kind(live, {**row.payload, "command_id": row.id}) else None


def _not_while(
    is_unready: Callable[[LiveCall], bool], do: Callable[[LiveCall, dict[str, Any]], None]
) -> _Kind:
    def kind(live: LiveCall, payload: dict[str, Any]) -> bool:
        if is_unready(live):
            return False
        do(live, payload)
        return True

    return kind


def _press_keys(live: LiveCall, payload: dict[str, Any]) -> None:
    if live.effects.bridge is not None:
        live.effects.bridge.press(str(payload.get("digits", "")))


def _supervise(live: LiveCall, payload: dict[str, Any]) -> bool:
    live.effects.supervisors.wish(payload)
    return True


def _follow(live: LiveCall, payload: dict[str, Any]) -> bool:
    live.effects.partial_words.follow(datetime.fromisoformat(payload["until"]))
    return True


def _transfer(live: LiveCall, payload: dict[str, Any]) -> None:
    live.effects.transfers.wish(payload)


def _tool_result(live: LiveCall, payload: dict[str, Any]) -> None:
    if live.effects.bridge is not None:
        words = (str(payload.get(name, "")) for name in ("tool_call_id", "tool", "output"))
        live.effects.bridge.tool_result(*words)


def _say(live: LiveCall, payload: dict[str, Any]) -> None:
    live.effects.words.say(payload)


def _inject(live: LiveCall, payload: dict[str, Any]) -> None:
    live.effects.words.inject(payload)


def _pause_recording(live: LiveCall, _: dict[str, Any]) -> None:
    live.effects.recording.pause("api")


def _resume_recording(live: LiveCall, _: dict[str, Any]) -> None:
    live.effects.recording.resume("api")


def _stop(live: LiveCall, payload: dict[str, Any]) -> bool:
    live.session.stop(str(payload.get("by", "api")))
    return False


def _is_being_taken_up(live: LiveCall) -> bool:
    """Its conversation is about to be opened here."""
    return live.session.facts.state in _TALKING and live.effects.bridge is None


def _recording_is_being_taken_up(live: LiveCall) -> bool:
    """What was asked of the controller before is about to be asked again."""
    return live.session.facts.state in _TALKING and not live.effects.recording.is_settled
