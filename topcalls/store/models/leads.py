"""People to be called, and the lists that they are on."""

from __future__ import annotations

import peewee

from topcalls.core.leads import LeadStatus
from topcalls.store.fields import InstantField, JsonField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Table, id_field, one_of


class LeadList(Table):
    """A list of leads. `created_at` is unique in an account, which makes it a cursor."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    name = SpeechField()
    description = SpeechField(null=True)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        indexes = (
            (("account", "name"), True),
            (("account", "created_at"), True),
        )


class Lead(Table):
    """Somebody to be called. `id` sorts by when it was made: lists are read in its order."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField()
    name = SpeechField()
    email = SpeechField(null=True)
    status = peewee.TextField(constraints=[one_of("status", LeadStatus)])
    notes = SpeechField(null=True)
    tags = JsonField()
    metadata = JsonField()
    time_zone = peewee.TextField(null=True)
    region = peewee.TextField(null=True)
    converted_at = InstantField(null=True)
    created_at = InstantField()
    updated_at = InstantField()

    class Meta:
        indexes = (
            (("account", "phone_number"), True),
            (("account", "id"), False),
            (("account", "status", "id"), False),
        )


class LeadListAssignment(Table):
    """A lead is on a list."""

    lead_list = peewee.ForeignKeyField(
        LeadList, column_name="list_id", on_delete="CASCADE", index=False
    )
    list_id: str
    lead = peewee.ForeignKeyField(Lead, on_delete="CASCADE", index=False)
    lead_id: str

    class Meta:
        primary_key = peewee.CompositeKey("lead_list", "lead")
        indexes = ((("lead", "lead_list"), False),)


class LeadTag(Table):
    """A lead has a tag: what `Lead.tags` says, to find leads by."""

    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    tag = SpeechField()
    lead = peewee.ForeignKeyField(Lead, on_delete="CASCADE")
    lead_id: str

    class Meta:
        primary_key = peewee.CompositeKey("account", "tag", "lead")
