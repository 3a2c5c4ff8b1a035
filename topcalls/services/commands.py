"""What users want of live calls, as rows that the call's controller carries out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from topcalls.core import keys
from topcalls.core.call_state import LIVE_STATES, State
from topcalls.errors import Conflict, NotFound
from topcalls.services.keys import Principal
from topcalls.services.recordings import is_recorded
from topcalls.store import calls, commands
from topcalls.store.database import Database

KEYS_ASKED = "KeysAsked"
PAUSE_ASKED, RESUME_ASKED = "RecordingPauseAsked", "RecordingResumeAsked"
"""What stands in the trail of a call, with the key that asked."""

LEASE_SECONDS = 15.0
_TRIES = 5
_BATCH = 50


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command to carry out."""

    id: str
    call_id: str
    kind: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CommandView:
    """A command and what came of it; `result` is set once `finished_at` is."""

    id: str
    call_id: str
    kind: str
    created_at: datetime
    finished_at: datetime | None
    result: Any


class Commands:
    """Submit, claim and finish commands."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def submit(self, call_id: str, kind: str, payload: dict[str, Any], now: datetime) -> str:
        """Ask something of a live call; the command's id.

        Raises:
            Conflict: the call is not live.
            NotFound: no such call.
        """

        def verb() -> str:
            call = calls.get(call_id)
            if call is None:
                raise NotFound("No such call.")
            if State(call.state) not in LIVE_STATES:
                raise Conflict("The call is not in progress.")
            return commands.insert(call_id, kind, payload, _TRIES, now)

        return self._db.run(verb)

    def press_keys(
        self, principal: Principal, call_id: str, digits: str, pause_ms: int, now: datetime
    ) -> str:
        """Have keys pressed on our side of a call; the command's id. The trail tells who asked for
        it and for how many, and not which: they may be a PIN.

        Raises:
            Conflict: nobody has answered, or the call is over.
            InvalidRequest: these keys cannot be pressed.
            NotFound: no such call in this account.
        """
        dial_string = keys.dial_string(digits, pause_ms)

        def verb() -> str:
            call = calls.of_account(principal.account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            if State(call.state) not in LIVE_STATES or call.answered_at is None:
                raise Conflict("The call is not in progress.")
            wish = commands.insert(call_id, "dtmf", {"digits": dial_string}, _TRIES, now)
            told = {"command_id": wish, "keys": len(keys.only_keys(digits))}
            calls.note(call_id, KEYS_ASKED, {**told, "key_id": principal.key_id}, now)
            return wish

        return self._db.run(verb)

    def mask_recording(
        self, principal: Principal, call_id: str, paused: bool, now: datetime
    ) -> str:
        """Have nothing recorded from now on, or everything again; the command's id. Asking for what
        is asked for already is the same command. The trail tells who asked first.

        Raises:
            Conflict: nobody has answered, the call is over, or it is not recorded.
            NotFound: no such call in this account.
        """
        kind = "pause_recording" if paused else "resume_recording"

        def verb() -> str:
            call = calls.of_account(principal.account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            if State(call.state) not in LIVE_STATES or call.answered_at is None:
                raise Conflict("The call is not in progress.")
            if not is_recorded(call) or call.recording_state == "refused":
                raise Conflict("The call is not recorded.")
            if same := commands.open_like(call_id, kind, {}):
                return same
            wish = commands.insert(call_id, kind, {}, _TRIES, now)
            told = {"command_id": wish, "key_id": principal.key_id}
            calls.note(call_id, PAUSE_ASKED if paused else RESUME_ASKED, told, now)
            return wish

        return self._db.run(verb)

    def claim(self, owner: str, now: datetime) -> list[CommandRow]:
        """Take the commands that wait for calls `owner` holds, oldest first."""
        if not self._db.read(commands.anything_for, owner, now):
            return []

        def verb() -> list[CommandRow]:
            rows = commands.claim(owner, now, LEASE_SECONDS, _BATCH)
            return [CommandRow(row.id, row.call_id, row.kind, row.payload) for row in rows]

        return self._db.run(verb)

    def put_off(self, command_id: str, owner: str) -> None:
        """Let go of a command that `owner` took: it comes again at once, and the try does not
        count."""
        self._db.run(commands.put_off, command_id, owner)

    def finish(self, command_id: str, result: Any, now: datetime) -> None:
        """Tell what came of a command. Only the first answer counts."""
        self._db.run(commands.finish, command_id, result, now)

    def get(self, command_id: str) -> CommandView:
        """Raises NotFound."""
        row = self._db.read(commands.get, command_id)
        if row is None:
            raise NotFound("No such command.")
        return CommandView(
            row.id, row.call_id, row.kind, row.created_at, row.finished_at, row.result
        )
