"""Agents: stored call configurations in versions; a call knows which one it was made by.

The tables are frozen as they were made: they do not follow the models.
"""

from __future__ import annotations

import peewee
from peewee import (
    BigIntegerField,
    CharField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Agent(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    description = TextField(null=True)
    revision = IntegerField()
    published_version = IntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    archived_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), True),)


class AgentVersion(_Frozen):
    agent = ForeignKeyField(Agent, on_delete="CASCADE", index=False)
    number = IntegerField()
    configuration = TextField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    published_at = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("agent", "number")


AgentVersion.add_index(
    AgentVersion.index(
        AgentVersion.agent,
        unique=True,
        where=AgentVersion.published_at.is_null(),
        name="agent_version_draft",
    )
)


def up(migrator: SchemaMigrator, db: peewee.Database) -> None:
    """Create the tables and add the columns of a call."""
    with db.bind_ctx((Account, Agent, AgentVersion)):
        Agent.create_table(safe=False)
        AgentVersion.create_table(safe=False)
    migrator.migrate(
        migrator.add_column("call", "agent_id", CharField(max_length=36, null=True)),
        migrator.add_column("call", "agent_version", IntegerField(null=True)),
    )
