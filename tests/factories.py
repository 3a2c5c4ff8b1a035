"""One function per stored noun, and the services wired as compose wires them.

Everything goes through the services' own verbs; nothing writes rows behind their backs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from topcalls.clock import ManualClock
from topcalls.compose.services import Services, wire
from topcalls.config import Settings
from topcalls.core.call_events import (
    Answered,
    BridgeReady,
    CallEvent,
    Hangup,
    HungUp,
    HungUpBy,
    OriginateFailed,
    Rang,
    StreamConnected,
)
from topcalls.core.call_request import CallRequest
from topcalls.core.call_state import Transition, advance
from topcalls.services.call_views import CallView, ClaimedCall
from topcalls.services.keys import Principal
from topcalls.services.transitions import hangup_facts
from topcalls.store.database import Database

START = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
SECRET_KEY = Fernet.generate_key().decode()
NUMBER = "+12025550100"
FROM_NUMBER = "+12025550199"
OWNER = "controller-1"
NODE = "node-1"
SCOPES = ("calls:read", "calls:write")


def services(
    db: Database,
    directory: Path,
    clock: ManualClock | None = None,
    *,
    node_capacity: int | None = None,
    runners: Any = None,
    completed_webhook_seconds: int = 0,
    registers_file: Path | None = None,
) -> Services:
    """All services on `db`, as in a sandbox; recordings live in `directory`. Webhooks of calls that
    are over wait for nothing but for what follows the call, unless told otherwise."""
    settings = Settings(
        telephony="sandbox",
        ai="sandbox",
        recordings_dir=directory,
        secret_key=SECRET_KEY,
        public_url="https://calls.example.com",
        from_number=FROM_NUMBER,
        node_capacity=node_capacity,
        completed_webhook_seconds=completed_webhook_seconds,
        registers_file=registers_file,
    )
    return wire(db, clock or ManualClock(START), settings, runners=runners)


def principal(services: Services, *, name: str = "Acme", **limits: Any) -> Principal:
    """A new account (1000 minutes unless `minutes` says otherwise) and a key of it."""
    limits.setdefault("minutes", 1000)
    account = services.accounts.create(name, **limits)
    key = services.keys.create(account.id, name="test", scopes=SCOPES)
    assert key.token is not None
    return services.keys.authenticate(key.token)


def request(**fields: Any) -> CallRequest:
    """What a customer asks for; every field can be set."""
    fields.setdefault("phone_number", NUMBER)
    fields.setdefault("task", "Ask whether the appointment still suits.")
    return CallRequest(**fields)


def queued_call(services: Services, who: Principal, **fields: Any) -> CallView:
    """A call that waits to be dispatched."""
    return services.calls.create(who, request(**fields), services.clock.now())


def claimed_call(services: Services, who: Principal, **fields: Any) -> ClaimedCall:
    """A call that a controller has just taken."""
    call = queued_call(services, who, **fields)
    claimed = services.dispatch.claim(OWNER, NODE, 100, services.clock.now())
    return next(item for item in claimed if item.call_id == call.id)


class Life:
    """Plays a claimed call's controller: asks the state machine and records its answers."""

    def __init__(self, services: Services, call: ClaimedCall) -> None:
        self._services = services
        self.call_id = call.call_id
        self.version = call.version
        self.facts = call.facts
        self.channel_uuid = call.channel_uuid

    def dial(self) -> Life:
        """Commit the dial intent."""
        now = self._services.clock.now()
        self.version = self._services.calls.intend_dial(
            self.call_id, self.version, self.channel_uuid, now
        )
        self.facts = replace(self.facts, dialled=True)
        return self

    def take(self, event: CallEvent, **facts: Any) -> Transition:
        """One event happens."""
        transition = advance(self.facts, event)
        now = self._services.clock.now()
        self.version = self._services.calls.record(
            self.call_id, self.version, transition, facts, now
        )
        self.facts = self.facts.after(transition)
        return transition

    def talk(self, seconds: float) -> Life:
        """Dial, ring, answer, connect, and talk for a while."""
        self.dial()
        for event in (Rang(), Answered(), StreamConnected(), BridgeReady()):
            self.take(event)
        self._services.clock.advance(seconds)
        return self

    def hang_up(self) -> Life:
        """The callee hangs up."""
        hangup = Hangup("NORMAL_CLEARING", 200, 16, HungUpBy.CALLEE)
        self.take(HungUp(hangup), **hangup_facts(hangup))
        return self.all_told()

    def all_told(self) -> Life:
        """The last words are written."""
        self._services.calls.close_transcript(self.call_id, self._services.clock.now())
        return self

    def fail(self, cause: str) -> Life:
        """The switch cannot place the call."""
        self.take(OriginateFailed(Hangup(cause)), **hangup_facts(Hangup(cause)))
        return self


def finished_call(services: Services, who: Principal, seconds: float = 90, **fields: Any) -> str:
    """The id of a call that was answered and talked for `seconds`."""
    life = Life(services, claimed_call(services, who, **fields))
    return life.talk(seconds).hang_up().call_id
