"""Verbs: whole or not at all, never in the event loop's way, and clear when the store is gone."""

from __future__ import annotations

import sqlite3
import stat

import factories
import gevent
import peewee
import pytest
from cryptography.fernet import Fernet
from gevent.event import Event

from topcalls.errors import ConfigError, StoreUnavailable
from topcalls.store.current import current
from topcalls.store.database import open_database
from topcalls.store.models import Account, IdempotencyRecord, NamedLease, TranscriptTurn

pytestmark = pytest.mark.service
LIMIT = 10


def add(name):
    NamedLease.create(name=name)


def names():
    return sorted(row.name for row in NamedLease.select())


class Broken(Exception):
    pass


def add_and_break(name):
    add(name)
    raise Broken


def test_a_verb_is_stored(db):
    db.run(add, "a")
    assert db.read(names) == ["a"]


def test_a_verb_that_raises_leaves_nothing(db):
    with pytest.raises(Broken):
        db.run(add_and_break, "a")
    assert db.read(names) == []


def test_a_verb_inside_a_verb_is_part_of_it(db):
    def outer():
        db.run(add, "inner")
        raise Broken

    with pytest.raises(Broken):
        db.run(outer)
    assert db.read(names) == []


def test_a_part_can_be_rolled_back_alone(db):
    def verb():
        add("kept")
        with pytest.raises(Broken), db.atomic():
            add_and_break("lost")

    db.run(verb)
    assert db.read(names) == ["kept"]


def test_a_reading_verb_may_not_call_a_writing_one(db):
    with pytest.raises(RuntimeError):
        db.read(lambda: db.run(add, "a"))


def test_a_query_outside_a_verb_fails(db):
    with pytest.raises((RuntimeError, AttributeError)):
        names()


def test_two_databases_in_one_process_stay_apart(db, sqlite_template, tmp_path):
    other_file = tmp_path / "other.db"
    other_file.write_bytes(sqlite_template.read_bytes())
    other = open_database(f"sqlite:///{other_file}")
    db.run(add, "here")
    other.run(add, "there")
    assert (db.read(names), other.read(names)) == (["here"], ["there"])
    other.close()


def test_many_greenlets_at_once(db):
    jobs = [gevent.spawn(db.run, add, f"{number:03}") for number in range(50)]
    gevent.joinall(jobs, timeout=LIMIT, raise_error=True)
    assert len(db.read(names)) == 50


def test_a_closed_database_says_so(db):
    db.read(names)
    db.close()
    with pytest.raises(StoreUnavailable):
        db.read(names)


def test_no_tables_yet_tells_what_to_run(empty_url):
    database = open_database(empty_url)
    with pytest.raises(StoreUnavailable) as caught:
        database.read(names)
    assert "topcalls migrate" in str(caught.value)
    assert caught.value.retryable
    database.close()


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "mysql://localhost/x", "topcalls.db", "postgresql:"]
)
def test_a_wrong_url_is_refused(url):
    with pytest.raises(ConfigError) as caught:
        open_database(url)
    assert caught.value.field == "database_url"
    assert "sqlite:///" in str(caught.value)


def test_times_come_back_exact_and_compare_in_order(db):
    moments = [
        factories.START.replace(microsecond=microsecond) for microsecond in (0, 1, 10, 999999)
    ]

    def verb():
        for number, moment in enumerate(moments):
            NamedLease.create(name=str(number), lease_until=moment)
        query = NamedLease.select().where(NamedLease.lease_until > moments[0])
        return [row.lease_until for row in query.order_by(NamedLease.lease_until.desc())]

    assert db.run(verb) == moments[:0:-1]


def test_a_time_without_zone_is_refused(db):
    naive = factories.START.replace(tzinfo=None)
    with pytest.raises(ValueError):
        db.run(lambda: NamedLease.create(name="x", lease_until=naive))


def test_what_a_caller_says_is_stored_whatever_it_is(services):
    who = factories.principal(services)
    call = factories.queued_call(
        services, who, metadata={"nul": "a\0b", "half": "\ud800", "emoji": "☎️"}
    )

    def verb():
        TranscriptTurn.create(
            call=call.id, seq=1, role="user", text="nul\0 half \udfff end ☎️", at=factories.START
        )
        return TranscriptTurn.get().text

    assert services.db.run(verb) == "nul half ? end ☎️"
    stored = services.calls.get(who.account_id, call.id).metadata
    assert stored == {"nul": "a\0b", "half": "?", "emoji": "☎️"}


# --- secrets


def test_a_secret_is_encrypted_at_rest(db, services):
    account = services.accounts.create("Acme")
    secret = services.accounts.webhook_secret(account.id)
    stored = db.read(lambda: Account.select(Account.webhook_secret.cast("text")).tuples().get()[0])
    assert secret.startswith("whsec_")
    assert secret not in stored


def test_secrets_need_a_key(database_url, tmp_path):
    database = open_database(database_url)
    with pytest.raises(ConfigError) as caught:
        factories.services(database, tmp_path).accounts.create("Acme")
    assert "TOPCALLS_SECRET_KEY" in str(caught.value)
    database.close()


def test_another_key_is_told_apart_and_an_old_key_may_stay(database_url, tmp_path):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()

    def secret_with(keys, account_id=None):
        database = open_database(database_url, encryption_key=keys)
        try:
            accounts = factories.services(database, tmp_path).accounts
            account_id = account_id or accounts.create("Acme").id
            return account_id, accounts.webhook_secret(account_id)
        finally:
            database.close()

    account_id, secret = secret_with(old)
    assert secret_with(f"{new},{old}", account_id)[1] == secret
    with pytest.raises(ConfigError):
        secret_with(new, account_id)


def test_a_key_that_is_none_is_refused():
    with pytest.raises(ConfigError):
        open_database("sqlite:///x.db", encryption_key="not a key")


# --- SQLite


@pytest.fixture
def sqlite_file(sqlite_template, tmp_path):
    path = tmp_path / "own.db"
    path.write_bytes(sqlite_template.read_bytes())
    return path


def locked_by_stranger(path):
    """Another process's connection that holds the write lock."""
    stranger = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    stranger.execute("BEGIN IMMEDIATE")
    return stranger


def test_a_foreign_lock_stops_the_verb_but_not_the_event_loop(sqlite_file):
    database = open_database(f"sqlite:///{sqlite_file}")
    database.read(names)
    stranger = locked_by_stranger(sqlite_file)
    turns, seen = 0, Event()

    def tick():
        nonlocal turns
        while not seen.is_set():
            turns += 1
            if turns == 100:
                stranger.rollback()
            seen.wait(0.002)

    ticker = gevent.spawn(tick)
    with gevent.Timeout(LIMIT):
        database.run(add, "a")
    seen.set()
    ticker.join()
    assert turns >= 100
    assert database.read(names) == ["a"]
    stranger.close()
    database.close()


def test_readers_do_not_wait_for_a_writer(sqlite_file):
    database = open_database(f"sqlite:///{sqlite_file}", lock_limit=0.05)
    stranger = locked_by_stranger(sqlite_file)
    assert database.read(names) == []
    stranger.close()
    database.close()


def test_a_lock_that_does_not_end_is_an_error_with_a_remedy(sqlite_file):
    database = open_database(f"sqlite:///{sqlite_file}", lock_limit=0.05)
    stranger = locked_by_stranger(sqlite_file)
    with pytest.raises(StoreUnavailable) as caught:
        database.run(add, "a")
    assert caught.value.remedy
    stranger.rollback()
    database.run(add, "a")
    stranger.close()
    database.close()


def test_a_new_file_is_for_its_owner_only(tmp_path):
    path = tmp_path / "new.db"
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable):
        database.read(names)
    database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_sqlite_runs_in_wal_mode_with_foreign_keys(sqlite_file):
    database = open_database(f"sqlite:///{sqlite_file}")

    def pragmas():
        return [current().peewee.pragma(name) for name in ("journal_mode", "synchronous")]

    assert database.read(pragmas) == ["wal", 1]
    assert database.read(lambda: current().peewee.pragma("foreign_keys")) == 1
    database.close()


@pytest.mark.parametrize("content", [b"this is no database" * 100])
def test_a_file_that_is_no_database_is_named(tmp_path, content):
    path = tmp_path / "text.db"
    path.write_bytes(content)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailable) as caught:
        database.read(names)
    assert "another path" in str(caught.value)
    database.close()


def test_a_file_that_is_deleted_under_a_running_process_is_missed(sqlite_file, tmp_path):
    """SQLite would go on writing into the deleted file."""
    path = sqlite_file
    database = open_database(f"sqlite:///{path}")
    database.run(add, "before")
    moved = path.rename(tmp_path / "moved.db")
    for work in (database.run, database.read):
        with pytest.raises(StoreUnavailable, match="deleted, moved or replaced") as gone:
            work(names)
        assert "backup" in gone.value.remedy
    assert not path.exists()
    path.touch()
    with pytest.raises(StoreUnavailable, match="replaced"):
        database.run(add, "lost")
    moved.rename(path)
    assert database.read(names) == ["before"]
    database.close()


def test_a_missing_folder_is_an_error_with_a_remedy(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")
    with pytest.raises(StoreUnavailable) as caught:
        database.read(names)
    assert "folder" in str(caught.value)
    database.close()


@pytest.mark.parametrize(
    ("words", "remedy"), [("disk I/O error", "disk"), ("database or disk is full", "space")]
)
def test_trouble_with_the_disk_is_told_and_the_next_verb_starts_anew(sqlite_file, words, remedy):
    database = open_database(f"sqlite:///{sqlite_file}")

    def verb():
        add("lost")
        raise peewee.OperationalError(words)

    with pytest.raises(StoreUnavailable) as caught:
        database.run(verb)
    assert remedy in str(caught.value)
    assert database.read(names) == []
    database.run(add, "a")
    assert database.read(names) == ["a"]
    database.close()


def test_only_our_own_mistakes_escape_as_they_are(db):
    def nonsense():
        current().peewee.execute_sql("SELEKT 1")

    with pytest.raises(Exception) as caught:
        db.read(nonsense)
    assert not isinstance(caught.value, StoreUnavailable)


def test_a_unique_row_stays_unique(services):
    who = factories.principal(services)

    def verb():
        for number in range(2):
            IdempotencyRecord.create(
                id=str(number),
                account=who.account_id,
                key="k",
                route="r",
                body_hash="h",
                created_at=factories.START,
                expires_at=factories.START,
            )

    with pytest.raises(Exception) as caught:
        services.db.run(verb)
    assert not isinstance(caught.value, StoreUnavailable)
