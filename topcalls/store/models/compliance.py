"""What is known of people before they are called, and what was decided of it."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of

CHECK_KINDS = ("scrub", "reassigned")


class Consent(Table):
    """What somebody agreed to; or, on a list or a campaign instead of a number, what the account
    states that everybody on it did. A stored `core.eligibility_facts.Consent`, with its proof.
    `created_by`: the key that sent it, or what else made it. `id` sorts by when it was made."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField(null=True)
    list_id = peewee.CharField(max_length=36, null=True)
    campaign_id = peewee.CharField(max_length=36, null=True)
    kind = peewee.TextField()
    purposes = JsonField()
    sellers = JsonField()
    source = SpeechField()
    captured_at = InstantField()
    expires_at = InstantField(null=True)
    revoked_at = InstantField(null=True)
    revoked_by = SpeechField(null=True)
    wording = SpeechField(null=True)
    proof = JsonField(null=True)
    names_ai_voice = peewee.BooleanField()
    device_agreement = peewee.BooleanField()
    lifts_hours = peewee.BooleanField()
    created_by = peewee.TextField()
    created_at = InstantField()

    class Meta:
        indexes = ((("account", "id"), False),)


class NumberCheck(Table):
    """What a register said of a number, and for how long that may be relied on. `register`: its
    name in rules ("US", "US-CO", "RND"). `asked_about`: the date of a consent, where that was
    asked about. `receipt`: the provider's own."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField()
    kind = peewee.TextField(constraints=[one_of("kind", CHECK_KINDS)])
    register = peewee.TextField()
    answer = peewee.TextField()
    asked_about = InstantField(null=True)
    version_at = InstantField(null=True)
    checked_at = InstantField()
    expires_at = InstantField(null=True)
    provider = SpeechField()
    receipt = SpeechField(null=True)

    class Meta:
        indexes = ((("account", "phone_number", "checked_at"), False),)


class Decision(Table):
    """A decision whether somebody may be called. Written once; only its place in the chain is
    added, and what tells of the person is taken out when they are erased.

    `content` is what may stay for ever, `personal` the rest, `personal_digest` that of the rest
    under `salt` and `digest` that of everything: see `core/ledger.py`. `seq` counts in the account
    from 1; `chain` binds it to the one before it.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    call_id = peewee.CharField(max_length=36, null=True)
    campaign_id = peewee.CharField(max_length=36, null=True)
    stage = peewee.TextField()
    verdict = peewee.TextField()
    rule_id = peewee.TextField()
    at = InstantField()
    phone_number = peewee.TextField(null=True)
    content = peewee.TextField()
    personal = peewee.TextField(null=True)
    salt = peewee.TextField(null=True)
    personal_digest = peewee.TextField()
    digest = peewee.TextField()
    seq = peewee.BigIntegerField(null=True)
    chain = peewee.TextField(null=True)


class LedgerHead(Table):
    """The end of an account's chain of decisions: locked by whoever makes it longer."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", primary_key=True)
    account_id: str
    seq = peewee.BigIntegerField()
    chain = peewee.TextField()


class Erasure(Table):
    """The receipt for a person who was erased: how many rows of each kind. `fingerprint` stands for
    the number (`core/people.py`)."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    fingerprint = peewee.TextField()
    requested_by = peewee.TextField()
    erased = JsonField()
    at = InstantField()

    class Meta:
        indexes = ((("account", "fingerprint"), False),)


for _index in (
    Consent.index(
        Consent.account,
        Consent.phone_number,
        where=Consent.phone_number.is_null(False),
        name="consent_of_number",
    ),
    Consent.index(
        Consent.account,
        Consent.list_id,
        where=Consent.list_id.is_null(False),
        name="consent_of_list",
    ),
    Consent.index(
        Consent.account,
        Consent.campaign_id,
        where=Consent.campaign_id.is_null(False),
        name="consent_of_campaign",
    ),
):
    Consent.add_index(_index)

for _index in (
    Decision.index(
        Decision.account,
        Decision.phone_number,
        where=Decision.phone_number.is_null(False),
        name="decision_of_number",
    ),
    Decision.index(
        Decision.call_id, where=Decision.call_id.is_null(False), name="decision_of_call"
    ),
    Decision.index(
        Decision.account,
        Decision.seq,
        unique=True,
        where=Decision.seq.is_null(False),
        name="decision_sealed",
    ),
    Decision.index(
        Decision.account, Decision.id, where=Decision.seq.is_null(), name="decision_unsealed"
    ),
):
    Decision.add_index(_index)
