"""How a transcript is asked for, and shown as JSON."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.call_views import CitedTurnSchema

FORMATS = {
    "json": "application/json",
    "text": "text/plain",
    "srt": "application/x-subrip",
}


class TranscriptQuerySchema(ma.Schema):
    """In which form."""

    format = fields.Choice(
        *FORMATS,
        metadata={
            "description": "Without it `Accept` decides: `application/json`, `text/plain` or "
            "`application/x-subrip`; anything else gets JSON."
        },
    )


class TranscriptSchema(ma.Schema):
    """What was said in a call, in the order in which it began."""

    call_id = fields.Text(required=True, metadata={"format": "uuid"})
    language = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "BCP 47 tag that the call asked for; null: it was recognised."},
    )
    final = fields.Flag(
        required=True,
        metadata={"description": "The last words are written; until then it may grow or change."},
    )
    turns = fields.ListOf(ma.fields.Nested(CitedTurnSchema), required=True)
