"""Voices that vendors offer, as they were last read."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.base import Table


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
