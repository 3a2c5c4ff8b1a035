"""How calls are shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_state import CALL_STATUSES, STATUSES, EndReason

_ANSWERED_BY = ("human", "voicemail", "ivr", "unknown")
_FILTER = ("completed", "no-answer", "failed", "busy", "rejected", "cancelled", "dispatch_timeout")


def _uuid(text: str, *, nullable: bool = False) -> fields.Text:
    return fields.Text(
        required=not nullable,
        allow_none=nullable,
        metadata={"format": "uuid", "description": text},
    )


def _moment(text: str, *, nullable: bool = True) -> fields.Timestamp:
    return fields.Timestamp(
        required=not nullable, allow_none=nullable, metadata={"description": text}
    )


class CallCreatedSchema(ma.Schema):
    """A call that was accepted."""

    call_id = _uuid("Names the call from now on.")
    provider_call_id = _uuid("The channel's id on the switch; `external_call_id` of the details.")
    status = fields.Choice(
        "queued", "pending", metadata={"description": "`pending` until `schedule_at`."}
    )


class StoppedSchema(ma.Schema):
    """The call will be ended."""

    ok = fields.Flag(required=True)
    status = fields.Choice("cancelled", required=True)


class CancelledSchema(ma.Schema):
    """The call will not be made."""

    ok = fields.Flag(required=True)


class TurnSchema(ma.Schema):
    """What one side said in one go."""

    id = fields.Whole(required=True, metadata={"description": "Counts up from 1."})
    user = fields.Choice("assistant", "user", required=True)
    text = fields.Text(required=True)
    created_at = _moment("When it began.", nullable=False)


class CallSchema(ma.Schema):
    """A call in a list."""

    id = _uuid("The `call_id`.")
    created_at = _moment("When it was asked for.", nullable=False)
    phone_number = fields.Text(allow_none=True)
    from_phone_number = fields.Text(allow_none=True, metadata={"description": "Caller ID shown."})
    status = fields.Choice(
        *STATUSES, required=True, metadata={"description": "What the gateway does with it."}
    )
    call_status = fields.Choice(
        *CALL_STATUSES, allow_none=True, metadata={"description": "What became of it by telephone."}
    )
    duration = fields.Number(allow_none=True, metadata={"description": "Minutes talked."})
    started_at = _moment("When it was answered.")
    end_at = _moment("When it ended.")
    end_reason = fields.Choice(*EndReason, allow_none=True)
    schedule_at = _moment("When it is to be made, if not at once.")
    campaign_id = _uuid("The campaign it belongs to.", nullable=True)
    lead_id = _uuid("The lead that was called.", nullable=True)
    answered_by = fields.Choice(*_ANSWERED_BY, allow_none=True)
    error_message = fields.Text(allow_none=True)
    recording_url = fields.Text(
        allow_none=True,
        metadata={
            "format": "uri",
            "description": "Needs the same key; some seconds after the end.",
        },
    )
    transcript = fields.ListOf(ma.fields.Nested(TurnSchema), required=True)
    call_summary = fields.Text(allow_none=True)
    disposition = fields.Text(allow_none=True)
    actual_duration_billed = fields.Number(
        allow_none=True, metadata={"description": "Minutes billed."}
    )
    sandbox = fields.Flag(required=True, metadata={"description": "Nobody was really called."})


class CallDetailsSchema(CallSchema):
    """A call, whole."""

    account_id = _uuid("Whose it is.")
    external_call_id = _uuid("The channel's id on the switch.", nullable=True)
    completed = fields.Flag(
        required=True, metadata={"description": "The work after the call is done as well."}
    )
    metadata = fields.ObjectOf(
        required=True,
        metadata={"description": "Your metadata, and under `configuration` how it was asked for."},
    )


class CallPageSchema(ma.Schema):
    """Calls, newest first."""

    data = fields.ListOf(ma.fields.Nested(CallSchema), required=True)
    next_cursor = _moment("Where the next page begins; null on the last.")


class CallQuerySchema(ma.Schema):
    """Which calls to list."""

    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 200, error="Must be from 1 to 200."),
    )
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})
    status = fields.Choice(
        *_FILTER, metadata={"description": "Compared with `call_status`, not with `status`."}
    )
    campaign_id = fields.Text(
        validate=ma.validate.Regexp(
            r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z", error="Must be a UUID."
        ),
        metadata={"format": "uuid"},
    )


class CallEventSchema(ma.Schema):
    """One step in the life of a call."""

    version = fields.Whole(required=True)
    kind = fields.Text(required=True, metadata={"example": "answered"})
    before = fields.Text(required=True)
    after = fields.Text(required=True)
    detail = fields.ObjectOf(required=True)
    at = _moment("When it happened.", nullable=False)


class CallEventsSchema(ma.Schema):
    """The audit trail of a call, oldest first."""

    data = fields.ListOf(ma.fields.Nested(CallEventSchema), required=True)


class TimingSchema(ma.Schema):
    """Where the milliseconds of one turn went."""

    seq = fields.Whole(required=True)
    measures = fields.ObjectOf(required=True)
    at = _moment("When the turn ended.", nullable=False)


class TimingsSchema(ma.Schema):
    """The turns of a call that were measured, oldest first."""

    data = fields.ListOf(ma.fields.Nested(TimingSchema), required=True)


class DeliverySchema(ma.Schema):
    """One webhook, and how its delivery goes."""

    id = _uuid("Of the delivery.")
    event = fields.Text(required=True, metadata={"example": "call.completed"})
    url = fields.Text(required=True)
    state = fields.Text(required=True)
    attempts = fields.Whole(required=True)
    last_status = fields.Whole(allow_none=True)
    last_error = fields.Text(allow_none=True)
    created_at = _moment("When the event happened.", nullable=False)
    next_attempt_at = _moment("When it is tried again.")
    finished_at = _moment("When it was delivered or given up.")


class DeliveriesSchema(ma.Schema):
    """The webhooks of a call, oldest first."""

    data = fields.ListOf(ma.fields.Nested(DeliverySchema), required=True)
