"""Knowledge bases: their sources, documents and passages, and what calls looked up in them."""

from __future__ import annotations

import peewee

from topcalls.core.knowledge import OPEN, DocumentState, SourceKind, SourceState
from topcalls.core.knowledge_citations import TRIGGERS
from topcalls.store.fields import BytesField, InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, literals, one_of
from topcalls.store.models.calls import Call


class KnowledgeBase(Table):
    """A base of an account. `indexed_in` is the language whose stems its passages are stored by,
    known once there are any. `version` changes with what can be found in it. With `deleted_at` it
    is gone for its owner, and its passages are being cleared away."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = SpeechField()
    description = SpeechField(null=True)
    language = peewee.TextField(null=True)
    indexed_in = peewee.TextField(null=True)
    version = peewee.IntegerField(default=0)
    created_at = InstantField()
    updated_at = InstantField()
    deleted_at = InstantField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), True),)


class KnowledgeSource(Task):
    """Where documents come from. `revision` counts its readings: the one that is under way, or was
    the last. `settings` are those of its kind. `due_again_at`: when pages of the web are read
    again."""

    id = id_field(primary_key=True)
    base = peewee.ForeignKeyField(KnowledgeBase, on_delete="CASCADE", index=False)
    base_id: str
    account_id = id_field()
    kind = peewee.TextField(constraints=[one_of("kind", SourceKind)])
    name = SpeechField()
    state = peewee.TextField(constraints=[one_of("state", SourceState)])
    revision = peewee.IntegerField()
    settings = JsonField()
    content_bytes = peewee.IntegerField(default=0)
    tries = peewee.IntegerField(default=0)
    due_again_at = InstantField(null=True)
    finished_at = InstantField(null=True)
    created_at = InstantField()
    updated_at = InstantField()
    deleted_at = InstantField(null=True)


class KnowledgeContent(Table):
    """What was sent as a source, whole."""

    source = peewee.ForeignKeyField(KnowledgeSource, on_delete="CASCADE", primary_key=True)
    source_id: str
    data = BytesField()


class KnowledgeDocument(Table):
    """One document of a source. `revision` is the newest reading of the source that it is part of,
    `state` how it stands with that; `live_revision` the reading whose passages are used. `digest`
    is of the text that these were made of, `embedded_by` the model of their vectors."""

    id = id_field(primary_key=True)
    source = peewee.ForeignKeyField(KnowledgeSource, on_delete="CASCADE", index=False)
    source_id: str
    base_id = id_field()
    url = peewee.TextField(default="")
    title = SpeechField(default="")
    depth = peewee.IntegerField(default=0)
    revision = peewee.IntegerField()
    state = peewee.TextField(constraints=[one_of("state", DocumentState)])
    failure = peewee.TextField(null=True)
    detail = SpeechField(null=True)
    live_revision = peewee.IntegerField(null=True)
    digest = peewee.CharField(max_length=64, null=True)
    embedded_by = peewee.TextField(null=True)
    passages = peewee.IntegerField(default=0)
    passages_expected = peewee.IntegerField(null=True)
    characters = peewee.IntegerField(default=0)
    field_names = JsonField(null=True)
    read_at = InstantField(null=True)
    created_at = InstantField()

    class Meta:
        indexes = (
            (("source", "url"), True),
            (("base_id", "created_at"), False),
        )


class KnowledgePassage(Table):
    """A passage. `scope` is its base's id without hyphens, `terms` its words as they are compared
    (`core/knowledge_terms.py`): the full-text index is made of both by the database."""

    id = peewee.BigAutoField()
    document = peewee.ForeignKeyField(KnowledgeDocument, on_delete="CASCADE", index=False)
    document_id: str
    scope = peewee.CharField(max_length=32)
    revision = peewee.IntegerField()
    seq = peewee.IntegerField()
    is_live = peewee.BooleanField()
    heading = SpeechField(default="")
    place = JsonField()
    text = SpeechField()
    terms = peewee.TextField()

    class Meta:
        indexes = ((("document", "revision", "seq"), True),)


class KnowledgeVectors(Table):
    """The vectors of `count` passages that follow each other, the first of them number `first`, as
    little-endian float16 of unit length."""

    document = peewee.ForeignKeyField(KnowledgeDocument, on_delete="CASCADE", index=False)
    document_id: str
    scope = peewee.CharField(max_length=32)
    revision = peewee.IntegerField()
    first = peewee.IntegerField()
    count = peewee.IntegerField()
    embedded_by = peewee.TextField()
    dimensions = peewee.IntegerField()
    data = BytesField()

    class Meta:
        primary_key = peewee.CompositeKey("document", "revision", "first")
        indexes = ((("scope",), False),)


class CallLookup(Table):
    """What was looked up in a call: a stored `core.knowledge_citations.Lookup`."""

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", index=False)
    call_id: str
    number = peewee.IntegerField()
    trigger = peewee.TextField(constraints=[one_of("trigger", TRIGGERS)])
    query = SpeechField()
    at_ms = peewee.IntegerField()
    took_ms = peewee.IntegerField()
    method = peewee.TextField()
    passages = JsonField()
    at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("call", "number")


IS_OPEN = peewee.Expression(KnowledgeSource.state, "IN", literals(OPEN))
"""A worker has something to do."""

KnowledgeSource.add_index(
    KnowledgeSource.index(
        KnowledgeSource.base, KnowledgeSource.created_at, name="knowledge_source_of_base"
    )
)
KnowledgeSource.add_index(
    KnowledgeSource.index(KnowledgeSource.available_at, where=IS_OPEN, name="knowledge_source_due")
)
KnowledgeSource.add_index(
    KnowledgeSource.index(KnowledgeSource.due_again_at, name="knowledge_source_due_again")
)
