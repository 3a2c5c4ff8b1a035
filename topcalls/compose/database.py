"""The database of the settings, the key that encrypts what is secret in it, and where both lie."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

from topcalls.config import Settings
from topcalls.errors import ConfigError
from topcalls.store import migrations
from topcalls.store.database import Database, open_database


def migrate(settings: Settings) -> list[str]:
    """Bring the schema up to date; the names of the migrations applied."""
    db = open_store(settings)
    try:
        return migrations.migrate(db)
    finally:
        db.close()


def new_secret_key() -> str:
    """A fresh value for `secret_key`."""
    return Fernet.generate_key().decode()


def ensure_data_dir(settings: Settings, free_bytes: int = 0) -> None:
    """Make `data_dir`. Raises `ConfigError` when it cannot be made or written to, or is full."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=settings.data_dir):
            free = shutil.disk_usage(settings.data_dir).free
    except OSError as error:
        raise ConfigError(
            f"The data directory {settings.data_dir} cannot be written to: {error.strerror}.",
            field="data_dir",
            remedy="Make it writable for this user, or set TOPCALLS_DATA_DIR to another.",
        ) from None
    if free < free_bytes:
        raise ConfigError(
            f"The disk of the data directory {settings.data_dir} is full: {free} bytes are free.",
            field="data_dir",
            remedy=f"Make room for {free_bytes} bytes, or set TOPCALLS_DATA_DIR to another disk.",
        )


def open_store(settings: Settings) -> Database:
    """Open the database, of whatever schema it is."""
    if not settings.database_url or settings.secret_key is None:
        ensure_data_dir(settings)
    return open_database(
        settings.effective_database_url,
        encryption_key=secret_key(settings),
        pool_size=settings.database_pool,
    )


def open_current(settings: Settings) -> Database:
    """Open the database. Raises `ConfigError` when it is not of this version's schema."""
    db = open_store(settings)
    migrations.ensure_current(db)
    return db


def secret_key(settings: Settings) -> str:
    """The configured key, or this machine's own, made at the first start."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    path = settings.data_dir / "secret.key"
    if not path.exists():
        _create_privately(path, new_secret_key())
    return path.read_text().strip()


def _create_privately(path: Path, text: str) -> None:
    """Write a new file that only this user may read; a process that came first wins."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror}.",
            field="data_dir",
            remedy="Make data_dir writable, or set TOPCALLS_SECRET_KEY.",
        ) from None
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
