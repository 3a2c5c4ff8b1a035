"""The connection pool of PostgreSQL: bounded, given back, and whole after every accident."""

from __future__ import annotations

import gevent
import peewee
import pytest
from gevent.event import Event

from topcalls.errors import StoreUnavailable
from topcalls.store import rows
from topcalls.store.current import current
from topcalls.store.database import open_database
from topcalls.store.models import NamedLease

pytest.importorskip("psycopg")
from topcalls.store.postgres_driver import GreenletConnection

LIMIT = 10
pytestmark = [
    pytest.mark.service,
    pytest.mark.parametrize(
        "kind", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True
    ),
]


def add(name):
    NamedLease.create(name=name)


def names():
    return sorted(row.name for row in NamedLease.select())


@pytest.fixture
def postgres(database_url):
    database = open_database(database_url, pool_size=2, lock_limit=0.2)
    yield database
    database.close()


def backend():
    return current().peewee.execute_sql("SELECT pg_backend_pid()").fetchone()[0]


def hold(entered, release):
    backend()
    entered.set()
    release.wait(LIMIT)
    return backend()


def test_connections_are_bounded_and_given_back(postgres):
    release, waiting = Event(), [Event(), Event()]
    jobs = [gevent.spawn(postgres.run, hold, entered, release) for entered in waiting]
    for entered in waiting:
        assert entered.wait(LIMIT)
    assert postgres._engine.in_use == 2
    with pytest.raises(StoreUnavailable) as caught:
        postgres.read(names)
    assert "pool" in str(caught.value)
    release.set()
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert postgres._engine.in_use == 0
    assert postgres.read(names) == []


def test_a_greenlet_waits_for_a_connection(postgres):
    release, entered = Event(), [Event(), Event()]
    jobs = [gevent.spawn(postgres.run, hold, event, release) for event in entered]
    for event in entered:
        assert event.wait(LIMIT)
    third = gevent.spawn(postgres.read, names)
    gevent.idle()
    release.set()
    gevent.joinall([*jobs, third], timeout=LIMIT, raise_error=True)
    assert third.value == []


def test_a_connection_that_died_while_idle_is_replaced(postgres):
    first = postgres.read(backend)
    stranger = open_database(postgres._engine.peewee.database)
    stranger.run(
        lambda: current().peewee.execute_sql("SELECT pg_terminate_backend(%s)", (first,)).fetchone()
    )
    stranger.close()
    assert postgres.read(backend) != first


def test_a_connection_that_dies_in_a_verb_is_unavailable_and_replaced(postgres):
    def verb():
        add("lost")
        current().peewee.execute_sql("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(StoreUnavailable):
        postgres.run(verb)
    assert postgres.read(names) == []
    assert postgres._engine.in_use == 0


def test_a_killed_greenlet_leaves_the_pool_whole(postgres):
    started = Event()

    def sleeper():
        add("killed")
        started.set()
        current().peewee.execute_sql("SELECT pg_sleep(30)")

    job = gevent.spawn(postgres.run, sleeper)
    assert started.wait(LIMIT)
    job.kill(timeout=LIMIT)
    assert postgres._engine.in_use == 0
    assert postgres.read(names) == []


def test_a_deadlock_is_resolved_by_running_the_verb_again(database_url):
    database = open_database(database_url, pool_size=2)
    database.run(lambda: [add("a"), add("b")])
    met = [Event(), Event()]

    def update(name):
        NamedLease.update(lease_owner="x").where(NamedLease.name == name).execute()

    def crossing(mine, first, second):
        current().peewee.execute_sql("SET LOCAL deadlock_timeout = '20ms'")
        update(first)
        met[mine].set()
        met[1 - mine].wait(LIMIT)
        update(second)

    jobs = [
        gevent.spawn(database.run, crossing, 0, "a", "b"),
        gevent.spawn(database.run, crossing, 1, "b", "a"),
    ]
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert all(job.successful() for job in jobs)
    database.close()


def test_what_is_only_sent_is_stored_with_the_rest(postgres):
    def verb():
        rows.insert(NamedLease, name="a")
        rows.set_columns(NamedLease, "a", lease_owner="me")
        rows.insert(NamedLease, name="b")

    postgres.run(verb)
    assert postgres.read(names) == ["a", "b"]
    assert postgres.read(lambda: NamedLease.get_by_id("a").lease_owner) == "me"
    assert len(postgres._engine._idle) == 1


@pytest.mark.parametrize("looks", [False, True], ids=["told by the commit", "told by a look"])
def test_what_fails_after_it_was_sent_undoes_the_verb(postgres, looks):
    postgres.run(add, "b")
    looked = []

    def verb():
        rows.insert(NamedLease, name="a")
        rows.insert(NamedLease, name="b")
        rows.insert(NamedLease, name="c")
        if looks:
            names()
            looked.append("went on")

    with pytest.raises(peewee.IntegrityError):
        postgres.run(verb)
    assert not looked
    assert postgres.read(names) == ["b"]
    postgres.run(add, "d")
    assert postgres.read(names) == ["b", "d"]
    assert postgres._engine.in_use == 0


def test_what_is_posted_outside_a_transaction_is_done_at_once(postgres):
    postgres.run(add, "a")
    postgres.read(rows.set_columns, NamedLease, "a", lease_owner="me")
    stranger = open_database(postgres._engine.peewee.database)
    assert stranger.read(lambda: NamedLease.get_by_id("a").lease_owner) == "me"
    stranger.close()


def test_a_verb_that_raises_after_it_sent_something_undoes_it(postgres):
    def verb():
        rows.insert(NamedLease, name="a")
        raise KeyError("a mistake")

    with pytest.raises(KeyError):
        postgres.run(verb)
    assert postgres.read(names) == []
    assert len(postgres._engine._idle) == 1


def test_a_lock_that_is_only_sent_holds_before_the_next_look(postgres):
    postgres.run(add, "a")
    entered, release = Event(), Event()

    def first():
        rows.lock(NamedLease, "a")
        owner = NamedLease.get_by_id("a").lease_owner
        entered.set()
        assert release.wait(LIMIT)
        rows.set_columns(NamedLease, "a", lease_owner=f"{owner}, first")

    def second():
        rows.lock(NamedLease, "a")
        owner = NamedLease.get_by_id("a").lease_owner
        rows.set_columns(NamedLease, "a", lease_owner=f"{owner}, second")

    postgres.run(rows.set_columns, NamedLease, "a", lease_owner="nobody")
    jobs = [gevent.spawn(postgres.run, first)]
    assert entered.wait(LIMIT)
    jobs.append(gevent.spawn(postgres.run, second))
    release.set()
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert postgres.read(lambda: NamedLease.get_by_id("a").lease_owner) == "nobody, first, second"


def test_storing_many_rows_waits_for_the_server_once(postgres, monkeypatch):
    waits, until_ready = [], GreenletConnection._until_ready

    def counted(self, wanted):
        waits.append(wanted)
        return until_ready(self, wanted)

    postgres.run(add, "first")  # connected now, and the type of statement known
    monkeypatch.setattr(GreenletConnection, "_until_ready", counted)

    def verb():
        for number in range(5):
            rows.insert(NamedLease, name=f"{number}")

    postgres.run(verb)
    assert len(waits) <= 1
    assert len(postgres.read(names)) == 6


def test_a_server_that_is_not_there_is_an_error_with_a_remedy(kind):
    database = open_database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable) as caught:
        database.read(names)
    assert "database URL" in str(caught.value)
    database.close()
