"""Leases: exactly one winner, and nothing held by the dead."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import factories
import pytest

from topcalls.store import leases
from topcalls.store.database import open_database
from topcalls.store.models import Command, NamedLease

pytestmark = pytest.mark.service
NOW = factories.START
LIMIT = 60
ROWS = 60
RACER = """
from gevent import monkey
monkey.patch_all()
import sys
from datetime import datetime
from topcalls.store import leases
from topcalls.store.database import open_database
from topcalls.store.models import Command, NamedLease
url, owner, now = sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3])
db = open_database(url)
keys = db.read(lambda: [row.id for row in Command.select().where(Command.kind == "stop")])
print("ready", flush=True)
sys.stdin.readline()
for key in keys:
    if db.run(leases.claim, Command, key, owner, now, 60):
        print("won", key)
if db.run(leases.hold, "loop", owner, now, 60):
    print("won", "loop")
while rows := db.run(leases.claim_due, Command, owner, now, 60, 7, Command.kind == "second"):
    for row in rows:
        print("won", row.id)
db.close()
"""


def at(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def call(services):
    return factories.queued_call(services, factories.principal(services))


def put(db, call, number, **columns):
    values = {
        "id": f"{number:04}",
        "call": call.id,
        "kind": "stop",
        "payload": {},
        "tries_left": 3,
        "available_at": NOW,
        "created_at": NOW,
    }
    db.run(lambda: Command.create(**{**values, **columns}))
    return values["id"]


@pytest.fixture
def row(db, call):
    return put(db, call, 1)


def claim(db, key, owner="me", now=NOW, seconds=10.0, *conditions):
    return db.run(leases.claim, Command, key, owner, now, seconds, *conditions)


def stored(db, key):
    return db.read(Command.get_by_id, key)


def test_the_second_does_not_get_what_the_first_holds(db, row):
    assert claim(db, row, "first")
    assert not claim(db, row, "second")
    assert not claim(db, row, "first")
    assert stored(db, row).lease_owner == "first"
    assert stored(db, row).lease_until == at(10)


def test_a_lease_that_ran_out_is_free_again(db, row):
    claim(db, row, "first", seconds=10)
    assert not claim(db, row, "second", now=at(9.999))
    assert claim(db, row, "second", now=at(10))


def test_every_claim_spends_a_try_until_none_is_left(db, row):
    wins = [claim(db, row, now=at(20 * number)) for number in range(5)]
    assert wins == [True, True, True, False, False]


def test_what_is_not_due_cannot_be_claimed(db, call):
    later = put(db, call, 1, available_at=at(60))
    assert not claim(db, later)
    assert claim(db, later, now=at(60))


def test_a_condition_is_part_of_the_claim(db, row):
    assert not claim(db, row, "me", NOW, 10.0, Command.kind == "say")
    assert claim(db, row, "me", NOW, 10.0, Command.kind == "stop")


def test_extending_tells_what_was_lost(db, call):
    keys = [put(db, call, number) for number in (1, 2, 3)]
    claim(db, keys[0])
    claim(db, keys[1], seconds=1)
    claim(db, keys[1], "other", now=at(5))
    lost = db.run(leases.extend, Command, keys, "me", at(100))
    assert lost == {keys[1], keys[2]}
    assert stored(db, keys[0]).lease_until == at(100)
    assert stored(db, keys[1]).lease_until == at(15)
    assert db.run(leases.extend, Command, [], "me", at(100)) == set()
    assert db.run(leases.extend, Command, [keys[0]], "me", at(200)) == set()


def test_only_the_holder_completes_and_only_once(db, row):
    claim(db, row, "slow", seconds=1)
    claim(db, row, "quick", now=at(1))
    assert not db.run(leases.complete, Command, row, "slow", finished_at=at(2))
    assert stored(db, row).finished_at is None
    assert db.run(leases.complete, Command, row, "quick", finished_at=at(3))
    assert not db.run(leases.complete, Command, row, "quick", finished_at=at(4))
    assert stored(db, row).finished_at == at(3)


@pytest.mark.parametrize(("spent", "tries"), [(False, 3), (True, 2)])
def test_giving_back_keeps_or_spends_the_try(db, row, spent, tries):
    claim(db, row)
    assert db.run(lambda: leases.give_back(Command, row, "me", at(5), spent=spent))
    assert stored(db, row).tries_left == tries
    assert not claim(db, row, "other")
    assert claim(db, row, "other", now=at(5))


def test_due_rows_come_longest_due_first_and_bounded(db, call):
    for number, seconds in enumerate((3, 1, 2, 30)):
        put(db, call, number, available_at=at(seconds))
    rows = db.run(leases.claim_due, Command, "me", at(10), 60, 2)
    assert [row.id for row in rows] == ["0001", "0002"]
    assert [row.lease_owner for row in rows] == ["me", "me"]
    rest = db.run(leases.claim_due, Command, "you", at(10), 60, 10)
    assert [row.id for row in rest] == ["0000"]
    assert db.run(leases.claim_due, Command, "you", at(10), 60, 10) == []


def test_a_named_loop_has_one_runner(db):
    def hold(owner, now):
        return db.run(leases.hold, "campaigns", owner, now, 5)

    assert hold("a", NOW)
    assert not hold("b", at(4))
    assert hold("a", at(4))
    assert not hold("b", at(8.9))
    assert hold("b", at(9))
    assert not hold("a", at(9))
    db.run(leases.release, "campaigns", "a")
    assert not hold("a", at(10))
    db.run(leases.release, "campaigns", "b")
    assert hold("a", at(10))


def test_releasing_a_loop_that_was_never_held_is_harmless(db):
    db.run(leases.release, "nothing", "me")
    assert db.read(NamedLease.select().count) == 0


def test_processes_racing_for_the_same_rows_share_them_out(db, call, database_url):
    for number in range(ROWS):
        put(db, call, number)
    for number in range(ROWS, 2 * ROWS):
        put(db, call, number, kind="second", available_at=NOW - timedelta(seconds=1), tries_left=2)
    db.close()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, database_url, f"racer-{number}", NOW.isoformat()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    for racer in racers:
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    won = []
    for racer in racers:
        out, error = racer.communicate(timeout=LIMIT)
        assert racer.returncode == 0, error
        won += out.split()[1::2]
    assert sorted(won) == sorted([f"{number:04}" for number in range(2 * ROWS)] + ["loop"])
    reopened = open_database(database_url)
    held = reopened.read(
        lambda: {row.lease_owner for row in Command.select() if row.lease_until == at(60)}
    )
    assert held <= {f"racer-{number}" for number in range(3)}
    reopened.close()
