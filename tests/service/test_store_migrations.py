"""Migrations: from nothing, from the version before, from two processes at once, or not at all."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playhouse.reflection import Introspector

from topcalls.errors import ConfigError
from topcalls.store import migrations
from topcalls.store.current import current
from topcalls.store.database import open_database
from topcalls.store.migrations import ensure_current, migrate, pending
from topcalls.store.models import TABLES, SchemaVersion

pytestmark = pytest.mark.service
LIMIT = 60
FULL_TEXT = "knowledge_text"
"""The full-text index has no model: it is another thing on each database."""

ALL = sorted(path.stem for path in Path(migrations.__file__).parent.glob("m[0-9]*_*.py"))
RACER = """
from gevent import monkey
monkey.patch_all()
import sys
from topcalls.store.database import open_database
from topcalls.store.migrations import migrate
sys.stdin.readline()
print(len(migrate(open_database(sys.argv[1]))))
"""


@pytest.fixture
def database(empty_url):
    opened = open_database(empty_url)
    yield opened
    opened.close()


def run(database, *statements):
    def verb():
        return [list(current().peewee.execute_sql(sql)) for sql in statements]

    return database.run(verb)


def execute(database, *statements):
    def verb():
        for sql in statements:
            current().peewee.execute_sql(sql)

    database.run(verb)


def test_from_nothing_and_again(database):
    assert pending(database) == ALL
    assert migrate(database) == ALL
    assert migrate(database) == []
    assert pending(database) == []
    ensure_current(database)


def test_an_empty_database_says_what_to_do(empty_url):
    database = open_database(empty_url)
    with pytest.raises(ConfigError, match="no tables yet") as refused:
        ensure_current(database)
    assert "topcalls migrate" in refused.value.remedy
    assert "topcalls run" in refused.value.remedy
    database.close()


def test_a_database_that_lacks_migrations_is_refused(database):
    migrate(database, ALL[0])
    with pytest.raises(ConfigError) as caught:
        ensure_current(database)
    assert "topcalls migrate" in str(caught.value)


def test_rows_of_the_first_version_survive(database):
    migrate(database, ALL[0])
    execute(
        database,
        "INSERT INTO account (id, name, metered, max_concurrent_calls, max_calls_per_minute, "
        "created_at) VALUES ('a', 'Acme', TRUE, 1, 1, 1)",
        "INSERT INTO call (id, account_id, direction, state, version, sandbox, phone_number, "
        "priority, request, channel_id, tries_left, created_at, completed) VALUES "
        "('c', 'a', 'outbound', 'completed', 7, TRUE, '+12025550100', 5, '{}', 'u', 1, 1, TRUE)",
        "INSERT INTO transcript_turn (call_id, seq, role, text, at) "
        "VALUES ('c', 1, 'user', 'Hello?', 5), ('c', 2, 'assistant', 'Good day.', 6)",
        "INSERT INTO call_event (call_id, version, kind, before, after, detail, at) "
        "VALUES ('c', 7, 'HungUp', 'in_progress', 'completed', '{}', 6)",
    )
    assert migrate(database) == ALL[1:]
    turns, trail, calls = run(
        database,
        "SELECT seq, text, started_ms, ended_ms FROM transcript_turn ORDER BY seq",
        "SELECT call_id FROM call_event",
        "SELECT version, q850 FROM call",
    )
    assert [tuple(row) for row in turns] == [(1, "Hello?", 0, 0), (2, "Good day.", 0, 0)]
    assert [tuple(row) for row in trail] == [("c",)]
    assert [tuple(row) for row in calls] == [(7, None)]


def test_what_was_checked_before_is_still_checked(database):
    migrate(database)
    execute(
        database,
        "INSERT INTO account (id, name, metered, max_concurrent_calls, max_calls_per_minute, "
        "created_at) VALUES ('a', 'Acme', TRUE, 1, 1, 1)",
    )
    call = (
        "INSERT INTO call (id, account_id, direction, state, version, sandbox, phone_number, "
        "priority, request, channel_id, tries_left, created_at, completed) VALUES "
        "('{id}', '{account}', 'outbound', '{state}', 1, TRUE, 'n', 5, '{{}}', '{id}', 1, {at}, "
        "TRUE)"
    )
    execute(database, call.format(id="1", account="a", state="queued", at=1))
    for wrong in (
        call.format(id="2", account="a", state="nonsense", at=2),
        call.format(id="3", account="nobody", state="queued", at=3),
        call.format(id="4", account="a", state="queued", at=1),
        "INSERT INTO transcript_turn (call_id, seq, role, text, at, started_ms, ended_ms, "
        "interrupted) VALUES ('1', 1, 'cat', 'meow', 1, 0, 0, FALSE)",
    ):
        with pytest.raises(Exception, match=r"(?i)constraint"):
            execute(database, wrong)


def test_processes_that_start_at_once(empty_url):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, empty_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    results = []
    for racer in racers:
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        out, error = racer.communicate(timeout=LIMIT)
        assert racer.returncode == 0, error
        results.append(int(out))
    assert sorted(results) == [0, 0, len(ALL)]


def test_a_newer_database_is_refused(database):
    migrate(database)
    database.run(lambda: SchemaVersion.create(name="m9999_from_the_future"))
    for work in (migrate, pending, ensure_current):
        with pytest.raises(ConfigError) as caught:
            work(database)
        assert "newer version" in str(caught.value)


def test_a_migration_that_fails_leaves_everything_as_it_was(database, monkeypatch, tmp_path):
    migrate(database)
    before = schema(database)
    broken = tmp_path / "m9000_broken.py"
    broken.write_text(
        "def up(migrator, db):\n"
        "    db.execute_sql('CREATE TABLE half_done (id INTEGER)')\n"
        "    db.execute_sql('DELETE FROM schema_version')\n"
        "    raise ValueError('broken')\n"
    )
    for name in ALL:
        (tmp_path / f"{name}.py").write_text("def up(migrator, db): pass\n")
    monkeypatch.setattr(migrations, "_FOLDER", tmp_path)
    with pytest.raises(ValueError, match="broken"):
        migrate(database)
    assert schema(database) == before
    assert pending(database) == ["m9000_broken"]


def test_the_migrated_schema_is_the_schema_of_the_models(database, tmp_path, kind, request):
    migrate(database)
    migrated = schema(database)
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'models.db'}"
    else:
        url = request.getfixturevalue("second_postgres")
    fresh = open_database(url)

    def create():
        SchemaVersion.create_table()
        for table in TABLES:
            table.create_table()

    fresh.run(create)
    of_the_models = schema(fresh)
    fresh.close()
    assert of_the_models == migrated


@pytest.fixture
def second_postgres(new_postgres):
    with new_postgres() as url:
        yield url


def schema(database):
    """Tables, columns, indexes, checks and foreign keys, in a form that can be compared."""

    def verb():
        db = current().peewee
        tables = [name for name in db.get_tables() if not name.startswith(FULL_TEXT)]
        found = Introspector.from_database(db).introspect(table_names=tables)
        return {
            table: {
                "columns": {
                    (column.name, column.data_type.upper(), column.null, column.primary_key)
                    for column in db.get_columns(table)
                },
                "fields": sorted(found.columns[table]),
                "foreign keys": {
                    (key.column, key.dest_table, key.dest_column, key.on_delete)
                    for key in db.get_foreign_keys(table)
                },
                "indexes": {normal(index.sql) for index in db.get_indexes(table) if index.sql},
                "checks": checks(db, table),
            }
            for table in tables
        }

    return database.read(verb)


def checks(db, table):
    if hasattr(db, "pragma"):
        sql = db.execute_sql("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
        return set(re.findall(r'CHECK \("\w+" IN \([^)]*\)\)', sql))
    rows = db.execute_sql(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'c' AND conrelid = %s::regclass",
        (f'"{table}"',),
    )
    return {row[0] for row in rows}


def normal(sql):
    return re.sub(r"\s+", " ", sql.replace("public.", ""))
