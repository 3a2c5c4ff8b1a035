"""Check constraints that a migration changes."""

from __future__ import annotations

from typing import Any


def allow_in_sqlite(db: Any, table: str, before: str, after: str) -> None:
    """Replace the values `before` of a table's check by `after`. A check is text in the schema:
    this is SQLite's own way to change one without moving every row."""
    version = db.execute_sql("PRAGMA schema_version").fetchone()[0]
    db.execute_sql("PRAGMA writable_schema = ON")
    db.execute_sql(
        "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = ?",
        (before, after, table),
    )
    db.execute_sql(f"PRAGMA schema_version = {version + 1}")
    db.execute_sql("PRAGMA writable_schema = OFF")
