"""A crash anywhere leaves the state before or the state after, and nothing between."""

from __future__ import annotations

import random
import subprocess
import sys

import factories
import pytest

from topcalls.core.call_events import Answered, BridgeReady, Hangup, HungUp, StreamConnected
from topcalls.core.call_state import State
from topcalls.core.transcript import Turn
from topcalls.store import calls as queries
from topcalls.store.models import Call, CallEvent, Reservation, WebhookEvent, WrapUp

pytestmark = pytest.mark.service
URL = "https://example.com/h"


@pytest.fixture
def who(services):
    return factories.principal(services)


class Crash(Exception):
    pass


def crash_after(database, statements):
    """Make the database fail after so many statements, as if the process died there."""
    left = [statements]

    def hook(_):
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    database._engine.peewee.query_hooks[:] = [hook]


def contents(services):
    tables = (Call, CallEvent, WebhookEvent, WrapUp)

    def verb():
        dump = [list(table.select().dicts()) for table in tables]
        return sorted(map(str, sum(dump, [])))

    balance = [services.quotas.balance(account.id) for account in services.accounts.list()]
    return services.db.read(verb), balance


def steps_of_a_life(services, who):
    """Every writing verb in the life of a call, as (name, work)."""
    now = services.clock.now
    life = []
    turn = Turn(1, "user", "Hello?", 0, 500)

    def claim():
        (claimed,) = services.dispatch.claim(factories.OWNER, "n", 1, now())
        life.append(factories.Life(services, claimed))

    def take(*happened):
        for event in happened:
            life[0].take(event)

    yield "create", lambda: factories.queued_call(services, who, webhook_url=URL)
    yield "claim", claim
    yield "intend", lambda: life[0].dial()
    yield "answer", lambda: take(Answered())
    yield "connect", lambda: take(StreamConnected())
    yield "ready", lambda: take(BridgeReady())
    yield "turn", lambda: services.calls.append_turn(life[0].call_id, turn)
    yield "end", lambda: take(HungUp(Hangup("NORMAL_CLEARING")))


def test_a_crash_between_any_two_statements_leaves_the_state_before_or_after(services, who):
    hooks = services.db._engine.peewee.query_hooks
    for name, work in steps_of_a_life(services, who):
        before = contents(services)
        for statements in range(1, 50):
            crash_after(services.db, statements)
            try:
                work()
            except Crash:
                hooks.clear()
                assert contents(services) == before, (name, statements)
            else:
                hooks.clear()
                break
        else:
            raise AssertionError(f"{name} never ends")
        assert statements > 1, f"{name} made no statement"
        assert contents(services) != before or name == "turn"
    assert len(services.calls.list(who.account_id).data) == 1


WORKER = """
from gevent import monkey
monkey.patch_all()
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
import factories
from gevent.pool import Pool
from topcalls.clock import SystemClock
from topcalls.services.keys import Principal
from topcalls.store.database import open_database
db = open_database(sys.argv[1], encryption_key=sys.argv[4])
services = factories.services(db, Path("."), SystemClock())
who = Principal(sys.argv[2], "Acme", "k", frozenset(), "test")
services.clock.advance = lambda seconds: None
def life(_):
    factories.queued_call(services, who, webhook_url="https://example.com/h")
    for claimed in services.dispatch.claim("o", "n", 1, services.clock.now()):
        factories.Life(services, claimed).talk(0).hang_up()
    print("x", end="", flush=True)
Pool(4).map(life, range(100000))
"""


def test_a_killed_process_leaves_nothing_half_done(services, who, database_url):
    services.accounts.set_limits(
        who.account_id, max_concurrent_calls=10_000, max_calls_per_minute=100_000
    )
    here = str(factories.__file__).rpartition("/")[0]
    worker = [sys.executable, "-c", WORKER, database_url, who.account_id, here]
    process = subprocess.Popen([*worker, factories.SECRET_KEY], stdout=subprocess.PIPE)
    process.stdout.read(20 + random.randrange(20))
    process.kill()
    process.wait()
    process.stdout.close()

    def verb():
        rows = list(Call.select())
        open_ones = {row.call_id for row in Reservation.select() if row.settled_at is None}
        told = sorted((event.call_id, event.kind) for event in WebhookEvent.select())
        return rows, open_ones, told, {row.call_id for row in WrapUp.select()}

    rows, reserved, told, wrapped = services.db.read(verb)
    assert len(rows) >= 20
    assert len(told) == len(set(told))
    for call in rows:
        steps = services.db.read(queries.events, call.id)
        is_final = State(call.state).is_final
        assert (call.id in reserved) is not is_final
        assert (call.id in wrapped) is is_final
        assert (call.lease_owner is None) is (is_final or call.state == State.QUEUED)
        assert (call.id, "call.queued") in told
        begun = any(step.after == State.IN_PROGRESS for step in steps)
        assert ((call.id, "call.started") in told) is begun
        assert call.state == (steps[-1].after if steps else State.QUEUED)
        assert call.version == 1 + len(steps) + (call.dialled_at is not None)
