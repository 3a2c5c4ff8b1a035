"""Knowledge bases, their full-text index, and what calls looked up in them.

The tables are frozen as they were made: they do not follow the models. The full-text index has no
model: on SQLite it is a table of FTS5 over the passages, on PostgreSQL a table beside them.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    CompositeKey,
    Field,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator

_FTS5 = (
    "CREATE VIRTUAL TABLE knowledge_text USING fts5(scope, terms, content='knowledge_passage', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0')",
    "CREATE TRIGGER knowledge_text_of_new AFTER INSERT ON knowledge_passage BEGIN "
    "INSERT INTO knowledge_text (rowid, scope, terms) VALUES (new.id, new.scope, new.terms); END",
    "CREATE TRIGGER knowledge_text_of_old AFTER DELETE ON knowledge_passage BEGIN "
    "INSERT INTO knowledge_text (knowledge_text, rowid, scope, terms) "
    "VALUES ('delete', old.id, old.scope, old.terms); END",
)
_TSVECTOR = (
    "CREATE TABLE knowledge_text (passage_id BIGINT PRIMARY KEY "
    "REFERENCES knowledge_passage (id) ON DELETE CASCADE, search TSVECTOR NOT NULL)",
    "CREATE INDEX knowledge_text_search ON knowledge_text USING GIN (search)",
    "CREATE FUNCTION knowledge_text_of_new() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO knowledge_text VALUES (NEW.id, setweight(to_tsvector('simple', NEW.terms), 'A') "
    "|| setweight(array_to_tsvector(ARRAY[NEW.scope::TEXT]), 'D')); RETURN NULL; END $$",
    "CREATE TRIGGER knowledge_text_of_new AFTER INSERT ON knowledge_passage "
    "FOR EACH ROW EXECUTE FUNCTION knowledge_text_of_new()",
)


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class _Bytes(Field):
    field_type = "BLOB"


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class Call(_Frozen):
    id = CharField(primary_key=True, max_length=36)


def _one_of(column: str, *values: str) -> list[Any]:
    quoted = ", ".join(f"'{value}'" for value in values)
    return [Check(f'"{column}" IN ({quoted})')]


class KnowledgeBase(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    name = TextField()
    description = TextField(null=True)
    language = TextField(null=True)
    indexed_in = TextField(null=True)
    version = IntegerField()
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    deleted_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("account", "created_at"), True),)


class KnowledgeSource(_Frozen):
    lease_owner = TextField(null=True)
    lease_until = BigIntegerField(null=True)
    available_at = BigIntegerField()
    tries_left = IntegerField()
    id = CharField(primary_key=True, max_length=36)
    base = ForeignKeyField(KnowledgeBase, on_delete="CASCADE", index=False)
    account_id = CharField(max_length=36)
    kind = TextField(constraints=_one_of("kind", "text", "file", "data", "web"))
    name = TextField()
    state = TextField(constraints=_one_of("state", "waiting", "working", "ready", "failed"))
    revision = IntegerField()
    settings = TextField()
    content_bytes = IntegerField()
    tries = IntegerField()
    due_again_at = BigIntegerField(null=True)
    finished_at = BigIntegerField(null=True)
    created_at = BigIntegerField()
    updated_at = BigIntegerField()
    deleted_at = BigIntegerField(null=True)


class KnowledgeContent(_Frozen):
    source = ForeignKeyField(KnowledgeSource, on_delete="CASCADE", primary_key=True)
    data = _Bytes()


class KnowledgeDocument(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    source = ForeignKeyField(KnowledgeSource, on_delete="CASCADE", index=False)
    base_id = CharField(max_length=36)
    url = TextField()
    title = TextField()
    depth = IntegerField()
    revision = IntegerField()
    state = TextField(constraints=_one_of("state", "waiting", "ready", "failed"))
    failure = TextField(null=True)
    detail = TextField(null=True)
    live_revision = IntegerField(null=True)
    digest = CharField(max_length=64, null=True)
    embedded_by = TextField(null=True)
    passages = IntegerField()
    passages_expected = IntegerField(null=True)
    characters = IntegerField()
    field_names = TextField(null=True)
    read_at = BigIntegerField(null=True)
    created_at = BigIntegerField()

    class Meta:
        indexes = (
            (("source", "url"), True),
            (("base_id", "created_at"), False),
        )


class KnowledgePassage(_Frozen):
    id = BigAutoField()
    document = ForeignKeyField(KnowledgeDocument, on_delete="CASCADE", index=False)
    scope = CharField(max_length=32)
    revision = IntegerField()
    seq = IntegerField()
    is_live = BooleanField()
    heading = TextField()
    place = TextField()
    text = TextField()
    terms = TextField()

    class Meta:
        indexes = ((("document", "revision", "seq"), True),)


class KnowledgeVectors(_Frozen):
    document = ForeignKeyField(KnowledgeDocument, on_delete="CASCADE", index=False)
    scope = CharField(max_length=32)
    revision = IntegerField()
    first = IntegerField()
    count = IntegerField()
    embedded_by = TextField()
    dimensions = IntegerField()
    data = _Bytes()

    class Meta:
        primary_key = CompositeKey("document", "revision", "first")
        indexes = ((("scope",), False),)


class CallLookup(_Frozen):
    call = ForeignKeyField(Call, on_delete="CASCADE", index=False)
    number = IntegerField()
    trigger = TextField(constraints=_one_of("trigger", "start", "turn", "tool"))
    query = TextField()
    at_ms = IntegerField()
    took_ms = IntegerField()
    method = TextField()
    passages = TextField()
    at = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("call", "number")


_TABLES = (
    KnowledgeBase,
    KnowledgeSource,
    KnowledgeContent,
    KnowledgeDocument,
    KnowledgePassage,
    KnowledgeVectors,
    CallLookup,
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables, their indexes and the full-text index."""
    with db.bind_ctx([Account, Call, *_TABLES]):
        db.create_tables(_TABLES, safe=False)
    is_open = "(\"state\" IN ('waiting', 'working'))"
    for name, columns, where in (
        ("knowledge_source_of_base", '"base_id", "created_at"', ""),
        ("knowledge_source_due", '"available_at"', f" WHERE {is_open}"),
        ("knowledge_source_due_again", '"due_again_at"', ""),
    ):
        db.execute_sql(f'CREATE INDEX "{name}" ON "knowledge_source" ({columns}){where}')
    for statement in _FTS5 if hasattr(db, "pragma") else _TSVECTOR:
        db.execute_sql(statement)
