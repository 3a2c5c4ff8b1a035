"""Agents and their versions."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field


class Agent(Table):
    """A stored call configuration. `published_version` is the number calls use.

    `revision` counts the changes of agent and draft. An agent is archived, never deleted: calls
    name it.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = SpeechField()
    description = SpeechField(null=True)
    revision = peewee.IntegerField(default=1)
    published_version = peewee.IntegerField(null=True)
    created_at = InstantField()
    updated_at = InstantField()
    archived_at = InstantField(null=True)

    class Meta:
        # The list, newest first; `created_at` is unique in an account, which makes it a cursor.
        indexes = ((("account", "created_at"), True),)


class AgentVersion(Table):
    """What an agent was in one version. Without `published_at` it is the draft; there is one at
    most. `configuration` is the part of a `CallRequest` that is not about one call."""

    agent = peewee.ForeignKeyField(Agent, on_delete="CASCADE", index=False)
    agent_id: str
    number = peewee.IntegerField()
    configuration = JsonField()
    created_at = InstantField()
    updated_at = InstantField()
    published_at = InstantField(null=True)

    class Meta:
        primary_key = peewee.CompositeKey("agent", "number")


AgentVersion.add_index(
    AgentVersion.index(
        AgentVersion.agent,
        unique=True,
        where=AgentVersion.published_at.is_null(),
        name="agent_version_draft",
    )
)
