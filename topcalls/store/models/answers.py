"""What answered each call, why that was thought, and what a person says it was."""

from __future__ import annotations

import peewee

from topcalls.core.answer_verdict import Answerer
from topcalls.store.fields import InstantField, JsonField
from topcalls.store.models.base import Table, one_of
from topcalls.store.models.calls import Call


class CallAnswer(Table):
    """`first_kind` is the verdict that was acted on first, `kind` the last one; `decided_ms` counts
    from when the line was up, ringing excepted. `corrected` is what a user says it was."""

    call = peewee.ForeignKeyField(Call, on_delete="CASCADE", primary_key=True)
    call_id: str
    kind = peewee.TextField(constraints=[one_of("kind", Answerer)])
    first_kind = peewee.TextField(constraints=[one_of("first_kind", Answerer)])
    confidence_percent = peewee.IntegerField()
    decided_ms = peewee.IntegerField()
    evidence = JsonField()
    at = InstantField()
    corrected = peewee.TextField(null=True, constraints=[one_of("corrected", Answerer)])
    corrected_at = InstantField(null=True)
