"""Voices that vendors offer, as they were last read, and those that accounts have cloned."""

from __future__ import annotations

import peewee

from topcalls.core.voice_clones import OPEN, State
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, Task, id_field, literals, one_of


class VendorVoice(Table):
    """One voice of a vendor. `languages` are BCP 47 tags that the vendor vouches for; `category` is
    the vendor's word. Rows that a reading no longer shows are deleted by it."""

    provider = peewee.CharField(max_length=32)
    voice_id = peewee.CharField(max_length=100)
    name = SpeechField()
    gender = peewee.TextField(null=True)
    accent = SpeechField(null=True)
    languages = JsonField()
    category = peewee.TextField(null=True)
    description = SpeechField(null=True)
    preview_url = peewee.TextField(null=True)
    seen_at = InstantField()

    class Meta:
        primary_key = peewee.CompositeKey("provider", "voice_id")


class ClonedVoice(Task):
    """A voice that an account had made, with the consent to it.

    The row is there before its vendor is asked, and stays when the voice is gone: the consent is
    evidence. `samples` are names, sizes and SHA-256 digests; `fingerprint` is one digest of them
    all, so that the same samples are not sent twice. `consented_at` is when the consent reached us.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = SpeechField()
    description = SpeechField(null=True)
    language = peewee.TextField(null=True)
    gender = peewee.TextField(null=True)
    provider = peewee.TextField()
    provider_voice_id = peewee.TextField(null=True)
    state = peewee.TextField(constraints=[one_of("state", State)])
    error = SpeechField(null=True)
    consent = SpeechField()
    consent_by = SpeechField()
    consented_at = InstantField()
    created_by_key = id_field()
    samples = JsonField()
    fingerprint = peewee.CharField(max_length=64)
    tries = peewee.IntegerField(default=0)
    created_at = InstantField()
    updated_at = InstantField()


IS_OPEN = peewee.Expression(ClonedVoice.state, "IN", literals(OPEN))
"""Something is still to be done about it."""

ClonedVoice.add_index(
    ClonedVoice.index(ClonedVoice.account, ClonedVoice.created_at, name="cloned_voice_of_account")
)
ClonedVoice.add_index(
    ClonedVoice.index(
        ClonedVoice.provider, ClonedVoice.provider_voice_id, name="cloned_voice_at_vendor"
    )
)
ClonedVoice.add_index(
    ClonedVoice.index(
        ClonedVoice.available_at,
        where=IS_OPEN,
        name="cloned_voice_due",
    )
)
