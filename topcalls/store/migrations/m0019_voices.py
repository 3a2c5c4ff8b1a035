"""Voices of vendors are rows, read from them now and then.

The table is frozen as it was made: it does not follow the model.
"""

from __future__ import annotations

from typing import Any

from peewee import BigIntegerField, CharField, CompositeKey, Model, TextField
from playhouse.migrate import SchemaMigrator


class VendorVoice(Model):
    provider = CharField(max_length=32)
    voice_id = CharField(max_length=100)
    name = TextField()
    gender = TextField(null=True)
    accent = TextField(null=True)
    languages = TextField()
    category = TextField(null=True)
    description = TextField(null=True)
    preview_url = TextField(null=True)
    seen_at = BigIntegerField()

    class Meta:
        legacy_table_names = False
        primary_key = CompositeKey("provider", "voice_id")


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the table."""
    with db.bind_ctx([VendorVoice]):
        db.create_tables([VendorVoice], safe=False)
