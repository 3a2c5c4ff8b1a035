"""Agents tried in writing."""

from __future__ import annotations

from typing import Any, Final

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.dialogue import FunctionCall
from topcalls.services.agent_chats import ChatTurn

MOST_MESSAGES: Final = 200
LONGEST_TEXT: Final = 4000
_TEXT = ma.validate.Length(max=LONGEST_TEXT, error=f"Must be at most {LONGEST_TEXT} characters.")


class ChatToolCallSchema(ma.Schema):
    """A tool that the agent calls. Nobody carries it out."""

    id = fields.Text(required=True, attribute="call_id", metadata={"example": "call_1"})
    name = fields.Text(required=True, metadata={"example": "end_call"})
    arguments = fields.Text(
        required=True, metadata={"description": "JSON, as the model wrote it.", "example": "{}"}
    )

    @ma.post_load
    def _call(self, given: dict[str, Any], **_: Any) -> FunctionCall:
        return FunctionCall(**given)


class ChatMessageSchema(ma.Schema):
    """What was said, or what a tool gave."""

    role = fields.Choice(
        "user",
        "assistant",
        "tool",
        required=True,
        metadata={"description": "`assistant`: the agent, with the `tool_calls` of its answer."},
    )
    text = fields.Text(
        load_default="",
        validate=_TEXT,
        metadata={"description": "Of a `tool`: what it gave, as its server would answer."},
    )
    tool_calls = fields.ListOf(
        ma.fields.Nested(ChatToolCallSchema),
        load_default=list,
        validate=ma.validate.Length(max=16, error="Must be at most 16."),
    )
    tool_call_id = fields.Text(
        load_default="", metadata={"description": "Of a `tool`: the `id` of the call it answers."}
    )

    @ma.post_load
    def _turn(self, given: dict[str, Any], **_: Any) -> ChatTurn:
        return ChatTurn(**{**given, "tool_calls": tuple(given["tool_calls"])})


class ChatSchema(ma.Schema):
    """A conversation so far."""

    messages = fields.ListOf(
        ma.fields.Nested(ChatMessageSchema),
        load_default=list,
        validate=ma.validate.Length(max=MOST_MESSAGES, error=f"Must be at most {MOST_MESSAGES}."),
        metadata={"description": "In order. None: the agent begins, as when a call is answered."},
    )
    version = fields.Whole(
        metadata={"description": "Of the agent. Left out: its draft, else what is published."}
    )
    request_data = fields.ObjectOf(
        metadata={"description": "Values for its texts. Those that are missing stay blank."}
    )


class ChatAnswerSchema(ma.Schema):
    """What the agent says next."""

    version = fields.Whole(required=True)
    text = fields.Text(required=True, metadata={"description": "Empty where it only calls tools."})
    tool_calls = fields.ListOf(
        ma.fields.Nested(ChatToolCallSchema),
        required=True,
        metadata={
            "description": "None is carried out. Go on with a message of the role `tool` for each."
        },
    )
    model = fields.Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "Whom it was asked: the agent's model, where that is one of the chain, "
            "else the chain's own. Null where the answer is its first sentence."
        },
    )
    cut_off = fields.Flag(
        required=True,
        metadata={"description": "It had more to say than fits, or may not say the rest."},
    )
