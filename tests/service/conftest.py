"""A migrated database per test: on SQLite always, on PostgreSQL when a server is named.

The schema is built once per session. On SQLite it is a file that is copied for each test, on
PostgreSQL a database that is emptied after each: copying one there takes half a second. Connections
to it go from test to test. A new one knows none of the tables: to make it, and to look them up, is
more work, here and on the server, than most tests are.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import factories
import pytest

from topcalls.clock import ManualClock
from topcalls.store.database import Database, open_database
from topcalls.store.migrations import migrate
from topcalls.store.models import TABLES

POSTGRES_VARIABLE = "TOPCALLS_TEST_POSTGRES"
_numbers = itertools.count(1)
_spare: list[Any] = []
"""Connections to the migrated PostgreSQL database that no test uses."""


@pytest.fixture(
    params=[
        pytest.param("sqlite"),
        pytest.param("postgresql", marks=pytest.mark.postgres),
    ]
)
def kind(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test uses."""
    if request.param == "postgresql" and not os.environ.get(POSTGRES_VARIABLE):
        pytest.skip(f"{POSTGRES_VARIABLE} names no PostgreSQL server")
    return str(request.param)


@pytest.fixture
def new_postgres() -> Callable[[], AbstractContextManager[str]]:
    """Makes one more PostgreSQL database, empty, for as long as the context lasts."""
    return postgres_database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    _migrated(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgres() -> Iterator[tuple[str, Callable[[], object]]]:
    """The URL of a migrated PostgreSQL database, and what empties it."""
    with postgres_database() as url:
        _migrated(url)
        with pytest.importorskip("psycopg").connect(url, autocommit=True) as connection:
            connection.execute(_emptying())
            yield url, lambda: connection.execute("SELECT empty_all_tables()")
        while _spare:
            _spare.pop().close()


@pytest.fixture
def database_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without rows."""
    if kind == "sqlite":
        path = tmp_path / "topcalls.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        url, empty = request.getfixturevalue("migrated_postgres")
        yield url
        empty()


@pytest.fixture
def empty_url(kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with postgres_database() as url:
            yield url


@pytest.fixture
def db(kind: str, database_url: str) -> Iterator[Database]:
    """A fresh, migrated database."""
    database = open_database(database_url, encryption_key=factories.SECRET_KEY)
    if kind == "postgresql":
        _lend(database)
    yield database
    if kind == "postgresql":
        _take_back(database)
    database.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(factories.START)


@pytest.fixture
def services(db: Database, tmp_path: Path, clock: ManualClock) -> factories.Services:
    """Every service on a fresh database."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    return factories.services(db, recordings, clock)


@contextmanager
def postgres_database() -> Iterator[str]:
    """A PostgreSQL database of its own on the server under test."""
    psycopg = pytest.importorskip("psycopg")
    server = os.environ.get(POSTGRES_VARIABLE)
    if not server:
        pytest.skip(f"{POSTGRES_VARIABLE} names no PostgreSQL server")
    name = f"topcalls_test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def _lend(database: Database) -> None:
    engine: Any = database._engine
    while _spare and len(engine._idle) < engine._size:
        connection = _spare.pop()
        engine.peewee._set_server_version(connection)
        engine._idle.append(connection)


def _take_back(database: Database) -> None:
    """What a test broke, or still uses, is not for the next one."""
    engine: Any = database._engine
    while engine._idle:
        connection = engine._idle.pop()
        if connection.closed or connection.pgconn.transaction_status != 0:  # libpq's "idle"
            connection.close()
        else:
            _spare.append(connection)


def _emptying() -> str:
    """A function that deletes all rows; most tables have none, which is soon seen."""
    names = [table._meta.table_name for table in reversed(TABLES)]
    steps = "".join(
        f'IF EXISTS (SELECT FROM "{name}") THEN DELETE FROM "{name}"; END IF; ' for name in names
    )
    begin = "CREATE FUNCTION empty_all_tables() RETURNS void LANGUAGE plpgsql AS "
    return f"{begin} $$ BEGIN {steps} END $$"


def _migrated(url: str) -> None:
    database = open_database(url)
    migrate(database)
    database.close()
