"""How calls are shown."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.analysis_report import AnalysisReportSchema
from topcalls.api.schemas.answers import ANSWERED_BY, AnswerSchema
from topcalls.api.schemas.appointments import AppointmentSchema
from topcalls.api.schemas.costs import cost_field
from topcalls.api.schemas.knowledge_use import CitationSchema, LookupSchema
from topcalls.api.schemas.latency import SpreadsSchema, TimingSchema
from topcalls.api.schemas.problems import FaultSchema
from topcalls.api.schemas.supervisions import SupervisionSchema
from topcalls.api.schemas.tools import ToolUseSchema
from topcalls.api.schemas.transfers import TransferSchema
from topcalls.api.schemas.usage import UsageSchema
from topcalls.core.analysis_work import MOODS
from topcalls.core.analysis_work import State as AnalysisState
from topcalls.core.call_state import State
from topcalls.core.call_status import CALL_STATUSES, ENDINGS, STATUSES
from topcalls.core.end_reasons import EndedBy, EndReason
from topcalls.core.opt_out import OPTED_OUT
from topcalls.core.routing import Then
from topcalls.services.call_trail import STAGES
from topcalls.services.call_views import HUNG_UP_BY
from topcalls.services.recordings import RECORDING_STATES


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
        *STATUSES,
        required=True,
        metadata={"description": "`queued`, or `pending` until `schedule_at`."},
    )
    warnings = fields.ListOf(
        ma.fields.Nested(FaultSchema),
        required=True,
        metadata={"description": "What is right today and will not be: a model that ends."},
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

    id = fields.Whole(required=True, metadata={"description": "Orders the turns."})
    user = fields.Choice("assistant", "user", required=True)
    text = fields.Text(
        required=True, metadata={"description": "Of the agent only what was really heard."}
    )
    created_at = _moment("When it began.", nullable=False)
    started_ms = fields.Whole(required=True, metadata={"description": "Since the answer."})
    ended_ms = fields.Whole(required=True, metadata={"description": "Since the answer."})
    interrupted = fields.Flag(
        required=True, metadata={"description": "The caller spoke over it and cut it off."}
    )


class CitedTurnSchema(TurnSchema):
    """What one side said in one go, and what the agent's words rest on."""

    citations = fields.ListOf(
        ma.fields.Nested(CitationSchema),
        required=True,
        metadata={
            "description": "Passages of the call's knowledge bases that the agent had been told "
            "before, and that this turn repeats in its figures or its rarer words."
        },
    )


class HangupSchema(ma.Schema):
    """Why the line of a call ended, in the words of the telephone network."""

    cause = fields.Text(
        required=True,
        metadata={"description": "The switch's hang-up cause.", "example": "USER_BUSY"},
    )
    sip_status = fields.Whole(
        allow_none=True,
        metadata={
            "description": "The last SIP answer: the far end's, or ours to a call in that was "
            "refused; null where there was none."
        },
    )
    q850 = fields.Whole(allow_none=True, metadata={"description": "The cause's number (Q.850)."})
    by = fields.Choice(
        *HUNG_UP_BY.values(),
        allow_none=True,
        metadata={
            "description": "Who ended the line. `gateway`: this software or its switch; `ended_by` "
            "says on whose behalf."
        },
    )


class CallSchema(ma.Schema):
    """A call in a list."""

    id = _uuid("The `call_id`.")
    created_at = _moment("When it was asked for.", nullable=False)
    phone_number = fields.Text(allow_none=True)
    direction = fields.Choice("outbound", "inbound", required=True)
    from_phone_number = fields.Text(
        allow_none=True,
        metadata={"description": "Caller ID shown; of a call in, who called, if known."},
    )
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
    ended_by = fields.Choice(
        *EndedBy,
        allow_none=True,
        metadata={"description": "Who ended it, or whose fault it was that it ended."},
    )
    hangup = ma.fields.Nested(
        HangupSchema,
        required=True,
        allow_none=True,
        metadata={"description": "How the line ended; null before, and where nothing told."},
    )
    schedule_at = _moment("When it is to be made, if not at once.")
    agent_id = _uuid("The agent it was made by.", nullable=True)
    agent_version = fields.Whole(
        allow_none=True,
        metadata={"description": "The version of the agent that it was made by and keeps."},
    )
    campaign_id = _uuid("The campaign it belongs to.", nullable=True)
    lead_id = _uuid("The lead that was called.", nullable=True)
    opted_out = fields.Choice(
        *OPTED_OUT,
        allow_none=True,
        metadata={
            "description": "In this call somebody said, or pressed 9 to say, that they want no "
            "calls: of the `account`, or for its `purpose`. They are on the do-not-call list."
        },
    )
    answered_by = fields.Choice(
        *ANSWERED_BY,
        allow_none=True,
        metadata={"description": "What took the call; null until that is known."},
    )
    error_message = fields.Text(allow_none=True)
    recording_url = fields.Text(
        allow_none=True,
        metadata={
            "format": "uri",
            "description": "Needs the same key; some seconds after the end.",
        },
    )
    transcript = fields.ListOf(ma.fields.Nested(TurnSchema), required=True)
    call_summary = fields.Text(
        allow_none=True, metadata={"description": "Where the call asked for a `summary`."}
    )
    disposition = fields.Text(
        allow_none=True,
        metadata={"description": "By the call's `outcome_mapping`; null: no rule matched."},
    )
    sentiment = fields.Choice(
        *MOODS,
        allow_none=True,
        metadata={"description": "The mood of the call, where it asked for a `summary`."},
    )
    success = fields.Flag(
        allow_none=True,
        metadata={"description": "It reached what it was for; null: not judged, or untold."},
    )
    analysis_status = fields.Choice(
        *AnalysisState,
        allow_none=True,
        metadata={"description": "null: nothing was asked for, or the call is not over."},
    )
    actual_duration_billed = fields.Number(
        allow_none=True, metadata={"description": "Minutes billed."}
    )
    cost = cost_field()
    sandbox = fields.Flag(required=True, metadata={"description": "Nobody was really called."})


class RecordingViewSchema(ma.Schema):
    """How it stands with the recording."""

    state = fields.Choice(
        *RECORDING_STATES,
        required=True,
        metadata={
            "description": "`none`: not asked for. `storing`: complete, and on its way to where "
            "`recording_url` serves it. `lost`: there is none, see `problem`."
        },
    )
    channels = fields.Whole(allow_none=True, metadata={"description": "2: stereo."})
    seconds = fields.Number(allow_none=True)
    size = fields.Whole(allow_none=True, metadata={"description": "Bytes of the file."})
    sha256 = fields.Text(allow_none=True, metadata={"description": "Of the file, hexadecimal."})
    paused_at = _moment("Since when nothing is recorded.")
    expires_at = _moment("When it is deleted; null: never.")
    deleted_at = _moment("When it was deleted.")
    problem = fields.Text(
        allow_none=True, metadata={"description": "What is wrong with it, in words."}
    )


class DialSchema(ma.Schema):
    """A dial of the call by one carrier."""

    attempt = fields.Whole(required=True, metadata={"description": "Counts from 1."})
    carrier_id = _uuid("The carrier; null: the installation's own trunk.", nullable=True)
    carrier_name = fields.Text(required=True)
    channel_id = _uuid("The channel of this dial on the switch.")
    dialled_at = _moment("When it was dialled.", nullable=False)
    ended_at = _moment("When it ended unanswered.")
    rang_seconds = fields.Number(
        allow_none=True, metadata={"description": "How long the phone rang."}
    )
    sip_status = fields.Whole(allow_none=True, metadata={"description": "The carrier's answer."})
    sip_phrase = fields.Text(
        allow_none=True, metadata={"description": "Its words.", "example": "Network Blocked"}
    )
    sip_reason = fields.Text(
        allow_none=True,
        metadata={
            "description": "Its Reason header: where a network blocked the call, who decided and "
            "how to object. Told by FreeSWITCH 1.11.1 and later."
        },
    )
    retry_at = _moment("Until when it asked to be left alone.")
    cause = fields.Text(allow_none=True, metadata={"description": "The switch's hang-up cause."})
    then = fields.Choice(
        *Then,
        allow_none=True,
        metadata={"description": "`try_next`: the next carrier dialled; `stop`: none did."},
    )
    why = fields.Text(allow_none=True, metadata={"description": "Why so."})


class CallDetailsSchema(CallSchema):
    """A call, whole."""

    account_id = _uuid("Whose it is.")
    external_call_id = _uuid("The channel's id on the switch.", nullable=True)
    completed = fields.Flag(
        required=True, metadata={"description": "The work after the call is done as well."}
    )
    metadata = fields.ObjectOf(required=True, metadata={"description": "Yours."})
    configuration = fields.ObjectOf(
        required=True,
        attribute="request",
        metadata={"description": "How the call was asked for, defaults filled in."},
    )
    analysis = ma.fields.Raw(
        allow_none=True,
        metadata={
            "description": "What was found by the call's `analysis_schema`: an object that fits "
            "it, but that any value nobody spoke of is null."
        },
    )
    analysis_report = ma.fields.Nested(
        AnalysisReportSchema,
        required=True,
        allow_none=True,
        metadata={"description": "How that was come by; null where nothing was to be found out."},
    )
    timings = fields.ListOf(ma.fields.Nested(TimingSchema), required=True)
    latency = ma.fields.Nested(
        SpreadsSchema,
        required=True,
        metadata={"description": "Percentiles of the call's `timings`."},
    )
    usage = fields.ListOf(
        ma.fields.Nested(UsageSchema),
        required=True,
        metadata={"description": "What its models and voices took so far."},
    )
    stages_replaced = fields.ListOf(
        fields.Choice(*STAGES),
        required=True,
        metadata={
            "description": "What failed in the call and was replaced by the next in line, each "
            "time: without, the call would have ended.",
            "example": ["voice"],
        },
    )
    routing = fields.ListOf(
        ma.fields.Nested(DialSchema),
        required=True,
        metadata={"description": "By which carriers it was dialled, and why another one tried."},
    )
    transfers = fields.ListOf(
        ma.fields.Nested(TransferSchema),
        required=True,
        metadata={"description": "To whom it was handed over, or not, and why."},
    )
    appointments = fields.ListOf(
        ma.fields.Nested(AppointmentSchema),
        required=True,
        metadata={"description": "The appointments that the agent booked, in order."},
    )
    transcript = fields.ListOf(ma.fields.Nested(CitedTurnSchema), required=True)
    knowledge_lookups = fields.ListOf(
        ma.fields.Nested(LookupSchema),
        required=True,
        metadata={"description": "What was looked up in the call's knowledge bases, in order."},
    )
    tool_calls = fields.ListOf(
        ma.fields.Nested(ToolUseSchema),
        required=True,
        metadata={"description": "The tools that the agent called, in order."},
    )
    live_code = fields.Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "What a softphone dials while it is live, as in `*30` and the code."
        },
    )
    supervisions = fields.ListOf(
        ma.fields.Nested(SupervisionSchema),
        required=True,
        metadata={"description": "Who of your own people took part, how, from when to when."},
    )
    recording = ma.fields.Nested(RecordingViewSchema, required=True)
    answer = ma.fields.Nested(
        AnswerSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What answered, and why that is thought; of calls we made."},
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
        *ENDINGS, metadata={"description": "Compared with `call_status`, not with `status`."}
    )
    campaign_id = fields.Text(
        validate=fields.IS_UUID,
        metadata={"format": "uuid"},
    )
    search = fields.Text(
        validate=[
            ma.validate.Length(1, 200),
            ma.validate.Regexp(r"\s*\S", error="Must not be all blanks."),
        ],
        metadata={
            "description": "Words, in any case, each of which stands in the transcript or the "
            "summary, as they are shown.",
            "example": "refund monday",
        },
    )


class CallEventSchema(ma.Schema):
    """One step in the life of a call."""

    version = fields.Whole(required=True)
    kind = fields.Text(required=True, metadata={"example": "answered"})
    from_state = fields.Choice(*State, required=True)
    to_state = fields.Choice(*State, required=True)
    detail = fields.ObjectOf(required=True)
    at = _moment("When it happened.", nullable=False)


class CallEventsSchema(ma.Schema):
    """The audit trail of a call, oldest first."""

    data = fields.ListOf(ma.fields.Nested(CallEventSchema), required=True)


def shown(view: Any) -> dict[str, Any]:
    """The attributes of a dataclass, not looking into them."""
    return {field.name: getattr(view, field.name) for field in dataclass_fields(view)}
