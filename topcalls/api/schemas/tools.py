"""Tools of calls: how they are defined, and what became of their use."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import tool_rules as rules
from topcalls.core.tools import DEFAULT_TIMEOUT, HIDDEN


class ToolSchema(ma.Schema):
    """A function of yours that the agent may call."""

    name = fields.Text(
        required=True,
        metadata={
            "description": "What the agent calls it; unique in the call.",
            "pattern": rules.NAME_PATTERN,
        },
    )
    description = fields.Text(
        required=True,
        metadata={
            "description": "What it does and when to use it: the agent decides by this.",
            "minLength": rules.DESCRIPTION_LENGTH[0],
            "maxLength": rules.DESCRIPTION_LENGTH[1],
        },
    )
    parameters = fields.ObjectOf(
        allow_none=True,
        metadata={
            "description": "JSON Schema (draft 2020-12) of its arguments: an object. What the "
            "agent makes of it is checked before you are asked. Without it there are none.",
        },
    )
    url = fields.Text(
        required=True,
        metadata={
            "description": "Where its calls are posted: http or https, reachable from the "
            "internet.",
            "format": "uri",
            "maxLength": 2048,
        },
    )
    headers = fields.ObjectOf(
        allow_none=True,
        metadata={
            "description": "Sent with every request, to show who asks for instance. Values are "
            f"stored encrypted and shown as `{HIDDEN}`. At most {rules.MAX_HEADERS}.",
            "additionalProperties": {"type": "string"},
        },
    )
    headers_id = fields.Text(
        allow_none=True,
        metadata={
            "description": f"Names the stored values. Send it back to keep those that read "
            f"`{HIDDEN}`.",
            "format": "uuid",
        },
    )
    timeout_seconds = fields.Number(
        allow_none=True,
        metadata={
            "description": "How long the answer may take, a second try included.",
            "default": DEFAULT_TIMEOUT,
            "minimum": rules.TIMEOUT_SECONDS[0],
            "maximum": rules.TIMEOUT_SECONDS[1],
        },
    )
    speak_while_waiting = fields.Text(
        allow_none=True,
        metadata={
            "description": "Said when the answer takes more than a second and the agent has said "
            "nothing itself.",
            "minLength": rules.BRIDGE_LENGTH[0],
            "maxLength": rules.BRIDGE_LENGTH[1],
        },
    )
    is_async = fields.Flag(
        data_key="async",
        attribute="async",
        allow_none=True,
        metadata={
            "description": "You may answer 202 and bring the result later, to the `result_url` of "
            "the request.",
            "default": False,
        },
    )
