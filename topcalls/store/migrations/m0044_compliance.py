"""What is known of people before they are called, and every decision about it, is kept.

Entries of the do-not-call list have a scope and an end; consents, answers of registers, decisions
and the chain that they are sealed into have tables. Tables are frozen as they were made: they do
not follow the models.
"""

from __future__ import annotations

from typing import Any

from peewee import (
    BigIntegerField,
    BooleanField,
    CharField,
    Check,
    ForeignKeyField,
    Model,
    TextField,
)
from playhouse.migrate import SchemaMigrator


class _Frozen(Model):
    class Meta:
        legacy_table_names = False


class Account(_Frozen):
    id = CharField(primary_key=True, max_length=36)


class DoNotCallEntry(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField()
    scope = TextField(constraints=[Check("\"scope\" IN ('account', 'purpose', 'campaign')")])
    subject = TextField()
    reason = TextField(null=True)
    source = TextField()
    call_id = CharField(max_length=36, null=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("account", "phone_number", "scope", "subject"), True),
            (("account", "created_at"), True),
        )


class Consent(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField(null=True)
    list_id = CharField(max_length=36, null=True)
    campaign_id = CharField(max_length=36, null=True)
    kind = TextField()
    purposes = TextField()
    sellers = TextField()
    source = TextField()
    captured_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    revoked_by = TextField(null=True)
    wording = TextField(null=True)
    proof = TextField(null=True)
    names_ai_voice = BooleanField()
    device_agreement = BooleanField()
    lifts_hours = BooleanField()
    created_by = TextField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("account", "id"), False),)


class NumberCheck(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    phone_number = TextField()
    kind = TextField(constraints=[Check("\"kind\" IN ('scrub', 'reassigned')")])
    register = TextField()
    answer = TextField()
    asked_about = BigIntegerField(null=True)
    version_at = BigIntegerField(null=True)
    checked_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    provider = TextField()
    receipt = TextField(null=True)

    class Meta:
        indexes = ((("account", "phone_number", "checked_at"), False),)


class Decision(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    call_id = CharField(max_length=36, null=True)
    campaign_id = CharField(max_length=36, null=True)
    stage = TextField()
    verdict = TextField()
    rule_id = TextField()
    at = BigIntegerField()
    phone_number = TextField(null=True)
    content = TextField()
    personal = TextField(null=True)
    salt = TextField(null=True)
    personal_digest = TextField()
    digest = TextField()
    seq = BigIntegerField(null=True)
    chain = TextField(null=True)


class LedgerHead(_Frozen):
    account = ForeignKeyField(Account, on_delete="CASCADE", primary_key=True)
    seq = BigIntegerField()
    chain = TextField()


class Erasure(_Frozen):
    id = CharField(primary_key=True, max_length=36)
    account = ForeignKeyField(Account, on_delete="CASCADE", index=False)
    fingerprint = TextField()
    requested_by = TextField()
    erased = TextField()
    at = BigIntegerField()

    class Meta:
        indexes = ((("account", "fingerprint"), False),)


_INDEXES = (
    'CREATE INDEX "consent_of_number" ON "consent" ("account_id", "phone_number") '
    'WHERE ("phone_number" IS NOT NULL)',
    'CREATE INDEX "consent_of_list" ON "consent" ("account_id", "list_id") '
    'WHERE ("list_id" IS NOT NULL)',
    'CREATE INDEX "consent_of_campaign" ON "consent" ("account_id", "campaign_id") '
    'WHERE ("campaign_id" IS NOT NULL)',
    'CREATE INDEX "decision_of_number" ON "decision" ("account_id", "phone_number") '
    'WHERE ("phone_number" IS NOT NULL)',
    'CREATE INDEX "decision_of_call" ON "decision" ("call_id") WHERE ("call_id" IS NOT NULL)',
    'CREATE UNIQUE INDEX "decision_sealed" ON "decision" ("account_id", "seq") '
    'WHERE ("seq" IS NOT NULL)',
    'CREATE INDEX "decision_unsealed" ON "decision" ("account_id", "id") WHERE ("seq" IS NULL)',
    'CREATE INDEX "call_of_number" ON "call" ("account_id", "phone_number", "claimed_at") '
    'WHERE ("claimed_at" IS NOT NULL)',
)


def up(migrator: SchemaMigrator, db: Any) -> None:
    """Make the tables, and bring the list over."""
    tables = [DoNotCallEntry, Consent, NumberCheck, Decision, LedgerHead, Erasure]
    with db.bind_ctx([Account, *tables]):
        db.create_tables(tables, safe=False)
    db.execute_sql(
        'INSERT INTO "do_not_call_entry" ("id", "account_id", "phone_number", "scope", "subject", '
        '"reason", "source", "call_id", "created_at") SELECT "id", "account_id", "phone_number", '
        '\'account\', \'\', "reason", "source", "call_id", "created_at" '
        'FROM "do_not_call_number"'
    )
    db.execute_sql('DROP TABLE "do_not_call_number"')
    for text in _INDEXES:
        db.execute_sql(text)
    migrator.migrate(
        migrator.add_column("account", "compliance", TextField(null=True)),
        migrator.add_column("account", "person_key", TextField(null=True)),
    )
