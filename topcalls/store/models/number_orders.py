"""Purchases and releases of numbers at carriers."""

from __future__ import annotations

import peewee

from topcalls.core.number_orders import Kind, State
from topcalls.store.fields import InstantField, SpeechField
from topcalls.store.models.accounts import Account
from topcalls.store.models.base import Task, id_field, one_of


class NumberOrder(Task):
    """One intent, stored before anything is asked of the carrier; its id is our reference there.

    `number_id` names a `PhoneNumber` that may be gone: orders stay, and the daily limit is counted
    from them. Prices are decimal text. `sent_at`: when the one request to buy went out.
    """

    id = id_field(primary_key=True)
    account = peewee.ForeignKeyField(Account, on_delete="CASCADE", index=False)
    account_id: str
    number_id = id_field()
    number = peewee.CharField(max_length=16)
    kind = peewee.TextField(constraints=[one_of("kind", Kind)])
    state = peewee.TextField(constraints=[one_of("state", State)])
    provider = peewee.TextField()
    provider_id = peewee.TextField(null=True)
    trunk_id = peewee.TextField(null=True)
    max_price = peewee.TextField(null=True)
    currency = peewee.TextField(null=True)
    price = peewee.TextField(null=True)
    error = SpeechField(null=True)
    sent_at = InstantField(null=True)
    created_at = InstantField()
    updated_at = InstantField()
    finished_at = InstantField(null=True)


NumberOrder.add_index(
    NumberOrder.index(NumberOrder.account, NumberOrder.created_at, name="number_order_of_account")
)
NumberOrder.add_index(
    NumberOrder.index(NumberOrder.number_id, NumberOrder.created_at, name="number_order_of_number")
)
NumberOrder.add_index(
    NumberOrder.index(
        NumberOrder.available_at, where=NumberOrder.finished_at.is_null(), name="number_order_due"
    )
)
