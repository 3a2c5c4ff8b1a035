"""Forward migrations: numbered modules `mNNNN_what.py` beside this file, each with `up`.

They are applied by peewee's runner, all pending ones in one transaction under a lock: of several
processes that start at once one migrates and the others find it done, and a migration that fails
leaves the database as it was. A migration declares the tables it needs as frozen copies, never the
models of `store.models`. There is no way back but a backup.
"""

from __future__ import annotations

from pathlib import Path

import peewee
from playhouse.migrations import Migration, Runner

from topcalls.errors import ConfigError
from topcalls.store.current import current
from topcalls.store.database import Database
from topcalls.store.models import SchemaVersion

_FOLDER = Path(__file__).parent


class _Runner(Runner):
    """peewee's runner on our file names and our history table."""

    def __init__(self, database: peewee.Database) -> None:
        super().__init__(database, str(_FOLDER))
        self.History = SchemaVersion

    def migrations(self) -> list[Migration]:
        """Every migration of this version of the code, oldest first."""
        return [Migration(int(path.stem[1:5]), path.stem, str(path), None) for path in _paths()]


def migrate(database: Database, target: str | None = None) -> list[str]:
    """Bring the schema up to date (or to `target`); the names of what was applied.

    Raises:
        ConfigError: the database was made by a newer version of TopCalls.
    """
    return database.alter(_up, target)


def pending(database: Database) -> list[str]:
    """Migrations that this database still lacks."""
    return database.read(_pending)


def ensure_current(database: Database) -> None:
    """Refuse to work on a database of another version.

    Raises:
        ConfigError: migrations are missing, or the database is newer than this code.
    """
    missing = pending(database)
    if len(missing) == len(_paths()):
        raise ConfigError(
            "The database is empty: it has no tables yet.",
            field="database_url",
            remedy="Run `topcalls migrate`, or start everything on this machine by `topcalls run`.",
        )
    if missing:
        raise ConfigError(
            "The database is not up to date.",
            field="database_url",
            remedy="Stop TopCalls, make a backup, and run `topcalls migrate`.",
        )


def _paths() -> list[Path]:
    return sorted(_FOLDER.glob("m[0-9]*_*.py"))


def _up(target: str | None) -> list[str]:
    runner = _Runner(current().peewee)
    _refuse_newer(runner)
    applied: list[str] = runner.up(target)
    return applied


def _pending() -> list[str]:
    runner = _Runner(current().peewee)
    _refuse_newer(runner)
    return [migration.name for migration in runner.status() if not migration.applied]


def _refuse_newer(runner: _Runner) -> None:
    unknown = [migration.name for migration in runner.status() if migration.path is None]
    if unknown:
        raise ConfigError(
            f"The database was made by a newer version of TopCalls (it has {unknown[-1]}).",
            field="database_url",
            remedy="Run that version, or restore the backup made before the upgrade.",
        )
