"""A migrated database per test: on SQLite always, on PostgreSQL when a server is named.

The schema is built once per session. On SQLite it is a file that is copied for each test, on
PostgreSQL a database that is emptied after each: copying one there takes half a second.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import factories
import pytest

from topcalls.clock import ManualClock
from topcalls.store.database import Database, open_database
from topcalls.store.migrations import migrate
from topcalls.store.models import TABLES

POSTGRES_VARIABLE = "TOPCALLS_TEST_POSTGRES"
_numbers = itertools.count(1)


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
def migrated_postgres() -> Iterator[str]:
    """The URL of a migrated PostgreSQL database."""
    with postgres_database() as url:
        _migrated(url)
        yield url


@pytest.fixture
def database_url(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a migrated database without rows."""
    if kind == "sqlite":
        path = tmp_path / "topcalls.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("migrated_postgres")
        yield url
        _empty(url)


@pytest.fixture
def empty_url(kind: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables."""
    if kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with postgres_database() as url:
            yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database."""
    database = open_database(database_url, encryption_key=factories.SECRET_KEY)
    yield database
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


def _empty(url: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url) as connection:
        for table in reversed(TABLES):
            connection.execute(f'DELETE FROM "{table._meta.table_name}"')


def _migrated(url: str) -> None:
    database = open_database(url)
    migrate(database)
    database.close()
