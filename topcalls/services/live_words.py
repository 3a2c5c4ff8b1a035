"""Words for a live call: what its agent is to say, and what its model is to know.

Both are commands of the call. What became of them stands in the call's trail, with the key that
asked; what was heard of words stands in the transcript.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from topcalls.core.call_state import LIVE_STATES, State
from topcalls.core.live_words import Outcome, Words
from topcalls.errors import Conflict, NotFound
from topcalls.services.keys import Principal
from topcalls.store import calls, commands
from topcalls.store.database import Database
from topcalls.store.models import Call

SAY: Final = "say"
INJECT: Final = "inject"

SAID: Final = "WordsSaid"
INJECTED: Final = "ContextInjected"
"""What stands in the trail of a call."""

_TRIES = 5


class LiveWords:
    """Wishes of users, and what controllers tell of them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # --- users

    def say(
        self, principal: Principal, call_id: str, wanted: Mapping[str, Any], now: datetime
    ) -> str:
        """Have the agent say `text`; the command's id. Of `wanted` further: the fields of
        `core.live_words.Words`.

        Raises:
            Conflict: nobody has answered, the caller is with a person, or the call is over.
            NotFound: no such call in this account.
        """
        return self._ask(principal, call_id, SAY, wanted, now)

    def inject(
        self, principal: Principal, call_id: str, wanted: Mapping[str, Any], now: datetime
    ) -> str:
        """Let the model know `text`, and (`respond`) speak about it; the command's id.

        Raises:
            Conflict: nobody has answered, the caller is with a person, or the call is over.
            NotFound: no such call in this account.
        """
        return self._ask(principal, call_id, INJECT, wanted, now)

    # --- controllers

    def said(self, call_id: str, wish: str, outcome: Outcome, key_id: str, now: datetime) -> None:
        """What became of words, by the id of their command."""
        detail = {"command_id": wish, "outcome": outcome.value, "key_id": key_id}
        self._db.run(calls.note, call_id, SAID, detail, now)

    def injected(self, call_id: str, payload: Mapping[str, Any], now: datetime) -> None:
        """The model was told something: `payload` of the command, with its id."""
        detail = {name: payload[name] for name in ("command_id", "key_id", "text", "respond")}
        self._db.run(calls.note, call_id, INJECTED, detail, now)

    # --- parts

    def _ask(
        self,
        principal: Principal,
        call_id: str,
        kind: str,
        wanted: Mapping[str, Any],
        now: datetime,
    ) -> str:
        def verb() -> str:
            call = calls.of_account(principal.account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            _refuse_without_agent(call)
            payload = {**wanted, "key_id": principal.key_id}
            return commands.insert(call_id, kind, payload, _TRIES, now)

        return self._db.run(verb)


def notes_of(call_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What the models of these calls were told, in order; part of a verb."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(call_ids, ())
    for row in calls.events_of_kind(call_ids, INJECTED):
        found[row.call_id] = (*found[row.call_id], row.detail["text"])
    return found


def words_of(payload: Mapping[str, Any]) -> Words:
    """The words of a command's payload, with its id."""
    return Words(
        payload["command_id"],
        payload["text"],
        interrupt=payload["interrupt"],
        interruptible=payload["interruptible"],
        end_call=payload["end_call"],
    )


def _refuse_without_agent(call: Call) -> None:
    state = State(call.state)
    if state is State.TRANSFERRED:
        raise Conflict("The caller is with a person: the agent has left the call.")
    if state not in LIVE_STATES or state is State.ENDING or call.answered_at is None:
        raise Conflict("The call is not in progress.")
