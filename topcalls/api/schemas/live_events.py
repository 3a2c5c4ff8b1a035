"""What is told of a call while it lasts."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.call_views import CallEventSchema, CallSchema, TurnSchema
from topcalls.api.schemas.latency import TimingSchema
from topcalls.api.schemas.tools import ToolUseSchema
from topcalls.core import live_events


class PartialSchema(TurnSchema):
    """What the caller has said so far: a turn that is not written down yet."""

    class Meta:
        """A turn has more when it is written."""

        fields = ("id", "user", "text", "started_ms")


class RemovedTurnSchema(ma.Schema):
    """A turn that was foretold, and that nobody heard."""

    id = fields.Whole(required=True)


_END_FIELDS = (
    "id",
    "status",
    "call_status",
    "end_reason",
    "ended_by",
    "hangup",
    "answered_by",
    "error_message",
    "started_at",
    "end_at",
    "duration",
)
_TRAIL = CallEventSchema()

SCHEMAS: dict[str, ma.Schema] = {
    **dict.fromkeys(live_events.NAMES, _TRAIL),
    live_events.PARTIAL: PartialSchema(),
    live_events.TURN: TurnSchema(),
    live_events.DTMF: TurnSchema(),
    live_events.TURN_REMOVED: RemovedTurnSchema(),
    live_events.LATENCY: TimingSchema(),
    live_events.TOOL: ToolUseSchema(),
    live_events.END: CallSchema(only=_END_FIELDS),
}
"""How each kind of event shows what it tells of."""
