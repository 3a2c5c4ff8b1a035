"""The body of `POST /v1/calls`, and the part of it that an agent holds.

The rules are in `core/call_rules.py` and judge the body before this schema does, so that every
fault of shape and of sense is told at once. What the schema adds is the reference: its limits are
read from the rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.auth import principal
from topcalls.api.context import services
from topcalls.api.schemas.after_call import RedactionSchema, SummarySchema
from topcalls.api.schemas.answers import IvrSchema, ScreeningSchema, VoicemailSchema
from topcalls.api.schemas.appointments import AppointmentSettingsSchema
from topcalls.api.schemas.interruption import FillerSchema, InterruptionSchema
from topcalls.api.schemas.knowledge_use import KnowledgeUseSchema
from topcalls.api.schemas.speech import keywords, pronunciations
from topcalls.api.schemas.tool_cassettes import CassetteSettingsSchema
from topcalls.api.schemas.tools import ToolSchema
from topcalls.api.schemas.transfers import TransferSettingsSchema
from topcalls.core import call_rules, tool_rules
from topcalls.core.builtin_tools import BUILT_IN
from topcalls.core.call_request import (
    BACKGROUND_GAINS,
    BACKGROUNDS,
    CALL_EVENTS,
    DEFAULT_BACKGROUND_GAIN,
    DEFAULT_MAX_DURATION,
    DEFAULT_VOICE,
    MODES,
    RECORDING_CHANNELS,
    CallRequest,
)
from topcalls.core.call_rules import (
    MODEL_PATTERN,
    NUMBER_RANGES,
    TEXT_LENGTHS,
)
from topcalls.core.do_not_call import PURPOSE_PATTERN
from topcalls.core.knowledge import MOST_PER_CALL
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.core.recording_rules import MAX_ANNOUNCEMENT, MOST_RETENTION_DAYS
from topcalls.errors import InvalidRequest


def _about(path: str, text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field: its description, and its limits."""
    if path in TEXT_LENGTHS:
        more["minLength"], more["maxLength"] = TEXT_LENGTHS[path]
    if path in NUMBER_RANGES:
        more["minimum"], more["maximum"] = NUMBER_RANGES[path]
    return {"description": text, **more}


def _text(path: str, text: str, **more: Any) -> fields.Text:
    return fields.Text(allow_none=True, metadata=_about(path, text, **more))


def _number(path: str, text: str, **more: Any) -> fields.Number:
    return fields.Number(allow_none=True, metadata=_about(path, text, **more))


def _object(path: str, text: str, **more: Any) -> fields.ObjectOf:
    return fields.ObjectOf(allow_none=True, metadata=_about(path, text, **more))


class RecordingSchema(ma.Schema):
    """Whether the call is recorded, how, and how it is announced."""

    enabled = fields.Flag(metadata={"default": True})
    channels = fields.Choice(
        *RECORDING_CHANNELS,
        allow_none=True,
        metadata={
            "default": RECORDING_CHANNELS[0],
            "description": "`stereo`: the other person left, the agent right. `mono`: both in one.",
        },
    )
    announcement = fields.Text(
        allow_none=True,
        metadata={
            "description": "Spoken exactly so, before anything else and to its end, where the call "
            "is recorded.",
            "maxLength": MAX_ANNOUNCEMENT,
        },
    )
    agent_may_pause = fields.Flag(
        metadata={
            "default": False,
            "description": "The agent has the tools `pause_recording` and `resume_recording`.",
        }
    )
    retention_days = fields.Whole(
        allow_none=True,
        metadata={
            "description": "Deleted after so many days; 0: never. Otherwise as the account, or the "
            "installation, has it.",
            "minimum": 0,
            "maximum": MOST_RETENTION_DAYS,
        },
    )


class CallConfigurationSchema(ma.Schema):
    """What an agent holds: a call, but for what is about one call.

    `task` or `instructions` is required, not both. In both, in `first_sentence`, in the
    `message` of `voicemail` and in what `tools` are described by and say, `{{name}}` stands for a
    value of `request_data`, and `{{name|default}}` has a default.
    """

    task = _text("task", "What the agent is to do, in plain words. Not with `instructions`.")
    instructions = _text("instructions", "A whole system prompt. Not with `task`.")
    first_sentence = _text("first_sentence", "Spoken, exactly so, as soon as the call is answered.")
    mode = fields.Choice(
        *MODES,
        allow_none=True,
        metadata=_about("mode", "`realtime` is one speech-to-speech model.", default=MODES[0]),
    )
    voice = _text(
        "voice",
        "A voice of the mode: GET /v1/voices/builtin. Without it "
        f"`{DEFAULT_VOICE}` in mode `realtime`, the installation's own in mode `legacy`.",
    )
    model = _text(
        "model",
        "A model of the mode: GET /v1/models. Without it the installation's choice. A name not "
        "listed is passed on to the vendor, who may be newer than this version.",
        pattern=MODEL_PATTERN,
    )
    language = _text(
        "language",
        "BCP 47 tag of the language to expect. Without it the model recognises it. One that the "
        "ears or the voice do not know is refused with the code `language_not_spoken`: "
        "GET /v1/languages.",
        pattern=LANGUAGE_PATTERN,
    )
    keywords = keywords(allow_none=True)
    pronunciations = pronunciations(allow_none=True)
    spoken_forms = fields.Flag(
        allow_none=True,
        metadata=_about(
            "spoken_forms",
            "In calls with a `language`: numbers, money, dates, times and telephone numbers are "
            "put into words before a voice of mode `legacy` gets them, and in exact texts of mode "
            "`realtime`. Transcripts keep the figures.",
            default=True,
        ),
    )
    temperature = _number("temperature", "Realtime models ignore it; kept with the call.")
    max_duration = _number(
        "max_duration",
        "Minutes after which the call is ended. So many minutes are reserved.",
        default=DEFAULT_MAX_DURATION,
    )
    ring_timeout_seconds = _number(
        "ring_timeout_seconds", "How long it may ring. Without it the installation's own."
    )
    silence_timeout_seconds = _number(
        "silence_timeout_seconds", "Ends the call when nobody spoke for so long.", default=30
    )
    interruption = ma.fields.Nested(InterruptionSchema, allow_none=True)
    filler = ma.fields.Nested(FillerSchema, allow_none=True)
    recording = ma.fields.Nested(RecordingSchema, allow_none=True)
    priority = fields.Whole(
        allow_none=True,
        metadata=_about("priority", "Of queued calls the highest goes first.", default=5),
    )
    request_data = _object(
        "request_data",
        "What the agent should know of this call, and what `{{name}}` in its texts stands for. "
        "At most 16 KiB of JSON.",
    )
    webhook_url = _text(
        "webhook_url",
        "Where the events of this call are posted. http or https, reachable from the internet.",
        format="uri",
        maxLength=2048,
    )
    webhook_events = fields.ListOf(
        fields.Choice(*CALL_EVENTS),
        allow_none=True,
        metadata={
            "description": "Which events; all of them if left out. Needs `webhook_url`. "
            "What was not ready in `call.completed` or `call.failed` follows as `call.updated`."
        },
    )
    carrier_id = _text(
        "carrier_id",
        "The carrier to call by, and no other. Without it the caller ID's carrier tries first, "
        "then the account's others in their order, then, for an account that has none, the "
        "installation's own.",
    )
    background_audio = fields.Choice(
        *BACKGROUNDS,
        allow_none=True,
        metadata={"description": "Sound behind the agent's voice, softer while it speaks."},
    )
    background_audio_gain = fields.Choice(
        *BACKGROUND_GAINS,
        allow_none=True,
        metadata={
            "description": "How loud that is. Needs `background_audio`.",
            "default": DEFAULT_BACKGROUND_GAIN,
        },
    )
    knowledge_base_ids = fields.ListOf(
        fields.Text(),
        allow_none=True,
        metadata=_about(
            "knowledge_base_ids",
            "Knowledge bases that the agent may use: POST /v1/knowledge. It looks things up in "
            "them by the built-in tool `search_knowledge`.",
            maxItems=MOST_PER_CALL,
        ),
    )
    knowledge = ma.fields.Nested(KnowledgeUseSchema, allow_none=True)
    tools = fields.ListOf(
        ma.fields.Nested(ToolSchema),
        allow_none=True,
        metadata=_about(
            "tools", "Functions of yours that the agent may call.", maxItems=tool_rules.MAX_TOOLS
        ),
    )
    built_in_tools = fields.ListOf(
        fields.Choice(*BUILT_IN),
        allow_none=True,
        metadata={
            "description": "The built-in tools that the agent may call, and no others. Without "
            "this list it has all that the call holds what is needed for."
        },
    )
    tool_cassette = ma.fields.Nested(
        CassetteSettingsSchema,
        allow_none=True,
        metadata={
            "description": "The tools answer from it and ask nobody, the built-in ones that act "
            "outside of the conversation too: GET /v1/calls/{call_id}/tool_cassette."
        },
    )
    summary = ma.fields.Nested(
        SummarySchema,
        allow_none=True,
        metadata={"description": "The call is summed up when it is over, and its mood judged."},
    )
    analysis_schema = _object(
        "analysis_schema",
        "JSON Schema (draft 2020-12) of an object (`type` of the root is `object`): what to find "
        "in the call when it is over. Each value has its evidence in the transcript; what nobody "
        "spoke of is null. `$ref` leads to parts of the same schema (`#/$defs/...`); `$id`, "
        "`$anchor`, `$dynamicRef` and references to other documents are refused, since nothing is "
        "fetched.",
    )
    outcome_mapping = fields.ListOf(
        fields.ObjectOf(),
        allow_none=True,
        metadata=_about(
            "outcome_mapping",
            "Rules from what was found to a `disposition`; the first that matches wins. Each has "
            "`when` and `outcome`; `when` is `{field, op, value}`, `{all: [...]}` or "
            "`{any: [...]}`. `field` is one of the analysis, or a fact as in `call.answered_by`.",
        ),
    )
    redaction = ma.fields.Nested(
        RedactionSchema,
        allow_none=True,
        metadata={"description": "Takes numbers, addresses and names out of what is kept."},
    )
    voicemail = ma.fields.Nested(
        VoicemailSchema,
        allow_none=True,
        metadata={"description": "What to do when a mailbox answers."},
    )
    ivr = ma.fields.Nested(
        IvrSchema, allow_none=True, metadata={"description": "What to do when a menu answers."}
    )
    screening = ma.fields.Nested(
        ScreeningSchema,
        allow_none=True,
        metadata={"description": "What a call screening assistant is told."},
    )
    answer_webhook_url = _text(
        "answer_webhook_url",
        "A server of yours that is asked what to do, each time it is found out what answered. It "
        "has 2 seconds; without an answer the call does what it says itself.",
        format="uri",
        maxLength=2048,
    )
    wait_for_greeting = fields.Flag(
        allow_none=True,
        metadata=_about("wait_for_greeting", "Let the callee speak first.", default=False),
    )
    transfer = ma.fields.Nested(
        TransferSettingsSchema,
        allow_none=True,
        metadata={"description": "Whom the agent may hand the call over to, by `transfer_call`."},
    )
    appointments = ma.fields.Nested(
        AppointmentSettingsSchema,
        allow_none=True,
        metadata={
            "description": "Where and how the agent books appointments, by `book_appointment`."
        },
    )


class CallCreateSchema(CallConfigurationSchema):
    """One call. It needs a `task` or `instructions`, of its own or by an agent, not both.

    What the call names goes before what its agent holds; `request_data`, `interruption` and
    `recording` are merged name by name. Null counts as not given.
    """

    phone_number = fields.Text(
        required=True,
        metadata={
            "description": "Whom to call, in E.164. The country code must exist and the number "
            "must be possible there.",
            "pattern": E164_PATTERN,
        },
    )
    agent_id = fields.Text(
        allow_none=True,
        metadata={
            "format": "uuid",
            "description": "The agent whose configuration the call gets, as it is now: POST "
            "/v1/agents.",
        },
    )
    agent_version = fields.Whole(
        allow_none=True,
        metadata={
            "minimum": 1,
            "description": "Which version of the agent, a draft or an older one for instance. "
            "Without it the published one.",
        },
    )
    from_number = _text(
        "from_number",
        "Caller ID, in E.164. Without it the installation's own; one of the two must exist.",
        pattern=E164_PATTERN,
    )
    schedule_at = fields.Timestamp(
        allow_none=True,
        metadata={"description": "Call then, not now. In the future, at most 30 days ahead."},
    )
    purpose = _text(
        "purpose",
        "What it is for, as consents, the do-not-call list and the `purposes` of "
        "/v1/account/compliance name it. Without it `unspecified`.",
        pattern=PURPOSE_PATTERN,
    )
    metadata = _object(
        "metadata", "Yours. Comes back with the call and in webhooks. At most 16 KiB of JSON."
    )

    @ma.pre_load
    def _judge(self, body: Mapping[str, Any], **_: Any) -> Mapping[str, Any]:
        installation, account_id = services(), principal().account_id
        body = installation.agents.call_body(account_id, body)
        rules = installation.catalogue.call_rules(account_id)
        faults = call_rules.violations(body, rules, installation.clock.now())
        if faults:
            message = "The body of this request is not right: see 'errors'."
            raise InvalidRequest(message, faults)
        return body

    @ma.post_load
    def _build(self, body: Mapping[str, Any], **_: Any) -> CallRequest:
        return call_rules.complete(body, services().catalogue.defaults)
