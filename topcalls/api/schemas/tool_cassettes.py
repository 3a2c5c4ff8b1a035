"""Cassettes: what the tools of one call answered, played in another one."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import tool_cassette as rules
from topcalls.core.tool_rules import NAME_PATTERN


class RecordedToolSchema(ma.Schema):
    """One call of a tool, and its answer."""

    name = fields.Text(required=True, metadata={"pattern": NAME_PATTERN})
    arguments = fields.ObjectOf(
        allow_none=True,
        metadata={"description": "Null, or left out: whatever the tool is called with."},
    )
    result = ma.fields.Raw(
        required=True, allow_none=True, metadata={"description": "What the agent is told."}
    )
    status = fields.Choice(*rules.STATUSES, metadata={"default": rules.STATUSES[0]})
    error = fields.Text(allow_none=True)
    http_status = fields.Whole(allow_none=True, metadata={"minimum": 0, "maximum": 599})
    duration_ms = fields.Whole(
        allow_none=True, metadata={"minimum": 0, "maximum": rules.LONGEST_MS}
    )


class ToolCassetteSchema(ma.Schema):
    """Calls of tools with their answers, in order. Each answer is given once, to the same tool and
    the same arguments; a call of a tool that finds none fails with `not_in_cassette`."""

    version = fields.Whole(metadata={"default": rules.VERSION})
    call_id = fields.Text(
        metadata={"format": "uuid", "description": "Where it was recorded; not needed to play it."}
    )
    calls = fields.ListOf(
        ma.fields.Nested(RecordedToolSchema),
        required=True,
        metadata={"maxItems": rules.MOST_CALLS},
    )
    left_out = fields.Whole(
        metadata={
            "description": "How many calls of tools cannot be played: they have no result, or were "
            "masked."
        }
    )


class CassetteSettingsSchema(ToolCassetteSchema):
    """A cassette, and how it is played."""

    timing = fields.Choice(
        *rules.TIMINGS,
        metadata={
            "default": rules.INSTANT,
            "description": "`recorded`: each answer takes as long as it took.",
        },
    )
