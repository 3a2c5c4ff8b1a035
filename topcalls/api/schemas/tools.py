"""Tools of calls: how they are defined, and what became of their use."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import tool_rules as rules
from topcalls.core.tools import (
    BRIDGE_LENGTH,
    DEFAULT_TIMEOUT,
    DESCRIPTION_LENGTH,
    HIDDEN,
    ToolStatus,
)


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
            "description": "What it does and when to use it: the agent decides by this. "
            "`{{name}}` is filled in.",
            "minLength": DESCRIPTION_LENGTH[0],
            "maxLength": DESCRIPTION_LENGTH[1],
        },
    )
    parameters = fields.ObjectOf(
        allow_none=True,
        metadata={
            "description": "JSON Schema (draft 2020-12) of its arguments: `type` of the root is "
            "`object`. What the agent makes of it is checked before you are asked. Without it "
            "there are none. `$ref` leads to parts of the same schema (`#/$defs/...`); `$id`, "
            "`$anchor`, `$dynamicRef` and references to other documents are refused, since nothing "
            "is fetched.",
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
            "minLength": BRIDGE_LENGTH[0],
            "maxLength": BRIDGE_LENGTH[1],
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


class ToolUseSchema(ma.Schema):
    """A call of a tool by the agent."""

    id = fields.Text(
        required=True, metadata={"format": "uuid", "description": "`tool_call_id` of the request."}
    )
    name = fields.Text(required=True)
    is_builtin = fields.Flag(required=True)
    arguments = ma.fields.Raw(
        required=True,
        allow_none=True,
        metadata={
            "description": "What the agent called it with. Values under names that tell of secrets "
            f"are `{HIDDEN}`; everything is `[masked]` while the recording is paused."
        },
    )
    result = ma.fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "What the agent was told. Null: nothing yet."},
    )
    status = fields.Choice(
        *ToolStatus,
        required=True,
        metadata={
            "description": "`running`: its server is asked. `pending`: it has taken the call, and "
            "the result comes later. `refused`: it was not carried out, see `error`. "
            "`interrupted`: the call ended first, and whether it was carried out is not known."
        },
    )
    error = fields.Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "What went wrong, in one word.",
            "example": "timeout",
        },
    )
    http_status = fields.Whole(
        required=True, allow_none=True, metadata={"description": "Your server's answer."}
    )
    attempts = fields.Whole(
        required=True, metadata={"description": "How often your server was asked."}
    )
    called_ms = fields.Whole(required=True, metadata={"description": "Since the answer."})
    duration_ms = fields.Whole(
        required=True,
        allow_none=True,
        metadata={"description": "Until the agent was told something."},
    )
    called_at = fields.Timestamp(required=True)
    finished_at = fields.Timestamp(required=True, allow_none=True)


class ToolResultSchema(ma.Schema):
    """A result that comes later: `result`, or the `error` that there is none."""

    result = ma.fields.Raw(
        allow_none=True,
        metadata={"description": "Any JSON. The agent reads it, so be brief: at most 32 KiB."},
    )
    error = fields.Text(
        metadata={"description": "Why there is no result, in words for the agent."},
        validate=ma.validate.Length(1, 1_000, error="Must be 1 to 1000 characters."),
    )

    @ma.validates_schema
    def _one_of_two(self, content: dict[str, Any], **_: Any) -> None:
        if ("result" in content) is ("error" in content):
            raise ma.ValidationError("Give either this or 'error'.", "result")


class ToolResultTakenSchema(ma.Schema):
    """What becomes of it."""

    ok = fields.Flag(required=True)
    delivered = fields.Flag(
        required=True,
        metadata={
            "description": "The agent is told. False: the call is over, and the result stands in "
            "its `tool_calls`."
        },
    )
