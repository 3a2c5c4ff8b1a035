"""How the report on why a call ended is asked for, and shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.call_status import CALL_STATUSES, STATUSES
from topcalls.core.end_reasons import EndedBy
from topcalls.services.call_steps import SOURCES


def _text(text: str) -> fields.Text:
    return fields.Text(required=True, metadata={"description": text})


class RootCauseQuerySchema(ma.Schema):
    """How it is told."""

    numbers = fields.Choice(
        "true",
        "false",
        load_default="false",
        metadata={"description": "Show telephone numbers; who did is written down."},
    )


class StepSchema(ma.Schema):
    """One thing that happened."""

    at = fields.Timestamp(required=True)
    source = fields.Choice(
        *SOURCES,
        required=True,
        metadata={
            "description": "Where it is told from: `event` is the call's trail, `answer` the "
            "timing of one, `after` the work that follows a call."
        },
    )
    text = _text("What happened; nothing that was said.")


class FindingSchema(ma.Schema):
    """The rule that explains the end, or what the call waits for."""

    rule = _text("Its stable name, as in `dial_failed.credentials`; `open.…` while it goes on.")
    blame = fields.Choice(
        *EndedBy,
        required=True,
        allow_none=True,
        metadata={"description": "At whose door the end lies, `ended_by` of the call."},
    )
    cause = _text("In one sentence.")
    evidence = fields.ListOf(fields.Text(), required=True)
    remedy = _text("What to do about it; empty where nothing went wrong.")


class RemarkSchema(ma.Schema):
    """What else was not as it should be."""

    name = _text("Stable.")
    found = _text("For people.")
    remedy = _text("What to do about it.")


class RootCauseSchema(ma.Schema):
    """What happened to a call, in order, and why it ended."""

    call_id = fields.Text(required=True, metadata={"format": "uuid"})
    direction = fields.Choice("outbound", "inbound", required=True)
    status = fields.Choice(*STATUSES, required=True)
    call_status = fields.Choice(*CALL_STATUSES, required=True, allow_none=True)
    over = fields.Flag(
        required=True, metadata={"description": "It has ended; until then more will come."}
    )
    finding = ma.fields.Nested(FindingSchema, required=True)
    remarks = fields.ListOf(ma.fields.Nested(RemarkSchema), required=True)
    steps = fields.ListOf(ma.fields.Nested(StepSchema), required=True)
