"""Questions to registers that are open, and how asking each register goes."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Leased, Table, id_field, one_of
from topcalls.store.models.compliance import CHECK_KINDS


class RegisterQuestion(Table):
    """What a call to somebody waits for: an answer of a register, asked of `provider` from
    `available_at` on. `rule_id`: the rule that keeps the call back; `asked_about` as of
    `NumberCheck`. `tries`: how often nothing was said of the number. It goes with its answer."""

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    phone_number = peewee.TextField()
    kind = peewee.TextField(constraints=[one_of("kind", CHECK_KINDS)])
    register = peewee.TextField()
    asked_about = InstantField(null=True)
    provider = peewee.TextField()
    rule_id = peewee.TextField()
    available_at = InstantField()
    tries = peewee.IntegerField(default=0)
    created_at = InstantField()

    class Meta:
        indexes = (
            (("account", "phone_number", "kind", "register"), True),
            (("provider", "available_at"), False),
        )


class RegisterState(Leased):
    """How asking one register goes. `next_at`: not to be asked before; `failures` in a row, the
    last at `failed_at` by `error`; `answered_at`: when it last answered."""

    provider = peewee.TextField(primary_key=True)
    next_at = InstantField()
    failures = peewee.IntegerField(default=0)
    failed_at = InstantField(null=True)
    error = SpeechField(null=True)
    answered_at = InstantField(null=True)
