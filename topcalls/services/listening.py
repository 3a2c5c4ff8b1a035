"""Listening to live calls: who may, by which address, and what is written of it.

The sound is served by the controller that has the call. Its address carries a token, signed with a
key derived from the install's secret key, for one call and a short time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from topcalls.core.call_state import LIVE_STATES, State
from topcalls.core.listening import Address
from topcalls.errors import Conflict, NoCapacity, NotFound
from topcalls.services.expiring_tokens import ExpiringTokens
from topcalls.services.keys import Principal
from topcalls.services.nodes import SILENT_AFTER
from topcalls.services.supervisions import SUPERVISE
from topcalls.store import calls, nodes
from topcalls.store.database import Database
from topcalls.store.models import Call

VALID: Final = timedelta(minutes=5)
"""Within which listening has to begin; it lasts as long as the call."""

ALLOWED: Final = "ListeningAllowed"
JOINED: Final = "ListenerJoined"
LEFT: Final = "ListenerLeft"

_PURPOSE = b"topcalls: listening to a call, version 1"


class Invitation(NamedTuple):
    """Where a call is heard, and until when one may begin to listen."""

    url: str
    expires_at: datetime


class ListenTokens:
    """Signs and checks tokens. `secret_keys`: see `Signer`."""

    def __init__(self, secret_keys: str) -> None:
        self._tokens = ExpiringTokens(
            secret_keys,
            _PURPOSE,
            words=r"\.([0-9a-f-]{36})",
            foreign="This address was not made for listening to this call.",
            over="The time of this address is over: ask for another one.",
        )

    def issue(self, call_id: str, key_id: str, until: datetime) -> str:
        """For listening to this call, on behalf of an API key."""
        return self._tokens.issue(call_id, until, key_id)

    def check(self, call_id: str, token: str, now: datetime) -> str:
        """On behalf of which API key.

        Raises:
            Unauthorized: it was not made here, not for this call, or its time is over.
        """
        (key_id,) = self._tokens.check(call_id, token, now)
        return key_id


class Listening:
    """Invites, and keeps the trail."""

    def __init__(self, db: Database, tokens: ListenTokens) -> None:
        self._db = db
        self._tokens = tokens

    def invite(self, principal: Principal, call_id: str, now: datetime) -> Invitation:
        """Where a live call is heard.

        Raises:
            Conflict: nobody has answered, the caller is with a person, or the call is over.
            InsufficientScope: the key may not.
            NoCapacity: no controller has the call now.
            NotFound: no such call in this account.
        """
        principal.require(SUPERVISE)
        until = (now + VALID).astimezone(UTC).replace(microsecond=0)

        def verb() -> Invitation:
            call = calls.of_account(principal.account_id, call_id)
            if call is None:
                raise NotFound("No such call.")
            _refuse_silent(call)
            base = _base(call, now)
            detail = {"key_id": principal.key_id, "until": until.isoformat()}
            calls.note(call_id, ALLOWED, detail, now)
            token = self._tokens.issue(call_id, principal.key_id, until)
            return Invitation(base + Address(call_id, token).path, until)

        return self._db.run(verb)


def _refuse_silent(call: Call) -> None:
    state = State(call.state)
    if state is State.TRANSFERRED:
        raise Conflict(
            "The caller is with a person: the call does not pass here any more.",
            remedy="Use supervise to listen by a softphone.",
        )
    if state not in LIVE_STATES or state is State.ENDING or call.answered_at is None:
        raise Conflict("The call is not in progress.")


def _base(call: Call, now: datetime) -> str:
    owner = nodes.get(call.lease_owner) if call.lease_owner else None
    if owner is None or owner.heartbeat_at < now - SILENT_AFTER or not owner.listen_url:
        raise NoCapacity("No controller lets anybody listen to this call now.", retry_after=5)
    return str(owner.listen_url)
