"""The recording of a call, from the switch's disk to where it is kept."""

from __future__ import annotations

import peewee

from topcalls.store.fields import InstantField
from topcalls.store.models.base import Leased, one_of
from topcalls.store.models.calls import Call

STATES = ("recording", "waiting", "stored", "lost")


class CallRecording(Leased):
    """A recording. `recording`: the switch was asked to write it; `waiting`: it is complete and has
    to be brought from the spool of `node` to the store; `lost`: there is nothing to keep.

    The lease is of the controller that brings it, which tries again at `available_at`; `problem`
    says in words why it did not succeed so far, after `failures` tries. While it is masked,
    `paused_at` is set; `resumed_at` is when the last such time ended. `repaired`: the switch had
    died before it completed the file. What is stored is deleted at `expires_at`, and was at
    `deleted_at`.
    """

    call = peewee.ForeignKeyField(Call, primary_key=True, on_delete="CASCADE")
    call_id: str
    node = peewee.TextField()
    state = peewee.TextField(constraints=[one_of("state", STATES)])
    available_at = InstantField()
    failures = peewee.IntegerField(default=0)
    problem = peewee.TextField(null=True)
    paused_at = InstantField(null=True)
    paused_by = peewee.TextField(null=True)
    resumed_at = InstantField(null=True)
    stored_at = InstantField(null=True)
    size = peewee.BigIntegerField(null=True)
    sha256 = peewee.CharField(max_length=64, null=True)
    channels = peewee.IntegerField(null=True)
    milliseconds = peewee.IntegerField(null=True)
    repaired = peewee.BooleanField(default=False)
    expires_at = InstantField(null=True)
    deleted_at = InstantField(null=True)


CallRecording.add_index(
    CallRecording.index(
        CallRecording.available_at,
        where=CallRecording.state == peewee.SQL("'waiting'"),
        name="call_recording_waiting",
    )
)
CallRecording.add_index(
    CallRecording.index(
        CallRecording.expires_at,
        where=peewee.SQL('"expires_at" IS NOT NULL'),
        name="call_recording_expires",
    )
)
