"""What answered a call, and what a call does about it."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import answer_plan as plan
from topcalls.core.answer_verdict import Answerer

ANSWERED_BY = ("human", "voicemail", "ivr", "unknown")


class VoicemailSchema(ma.Schema):
    """What to do when a mailbox answers."""

    action = fields.Choice(
        *plan.VOICEMAIL_ACTIONS,
        required=True,
        metadata={
            "description": "`leave_message`: `message` is spoken after the beep; should a person "
            "pick up meanwhile, the agent talks to them. `continue`: the agent talks to whatever "
            "answers, as without `voicemail`."
        },
    )
    message = fields.Text(
        allow_none=True,
        metadata={
            "description": "Spoken word for word, `{{name}}` filled in. Needed by "
            "`leave_message`, and only by it.",
            "minLength": 1,
            "maxLength": plan.LONGEST["message"],
        },
    )


class IvrSchema(ma.Schema):
    """What to do when an automatic menu answers."""

    action = fields.Choice(
        *plan.IVR_ACTIONS,
        required=True,
        metadata={"description": "`navigate`: the agent makes its choices to reach the `goal`."},
    )
    goal = fields.Text(
        allow_none=True,
        metadata={
            "description": "What or whom to reach. Needed by `navigate`.",
            "minLength": 1,
            "maxLength": plan.LONGEST["goal"],
        },
    )
    by = fields.Choice(
        *plan.WAYS,
        allow_none=True,
        metadata={
            "description": "How choices are made: `keys`, `speech` for menus that are talked to, "
            "or `both`, as the menu asks.",
            "default": plan.KEYS,
        },
    )
    max_steps = fields.Whole(
        allow_none=True,
        metadata={
            "description": "How many choices may be made, by keys or by voice; one more ends the "
            "call. So does a menu that is heard a fourth time.",
            "default": plan.DEFAULT_STEPS,
            "minimum": plan.STEPS[0],
            "maximum": plan.STEPS[1],
        },
    )


class ScreeningSchema(ma.Schema):
    """What to tell an assistant that asks who is calling and why."""

    name = fields.Text(
        required=True,
        metadata={
            "description": "Who is calling, as a sentence: `This is Bright Smile Dental`.",
            "minLength": 1,
            "maxLength": plan.LONGEST["name"],
        },
    )
    purpose = fields.Text(
        allow_none=True,
        metadata={
            "description": "Why, as a sentence: `I am calling about your appointment`.",
            "minLength": 1,
            "maxLength": plan.LONGEST["purpose"],
        },
    )


class EvidenceSchema(ma.Schema):
    """A reason for the verdict. Never what was said."""

    name = fields.Text(required=True, metadata={"example": "beep"})
    at = fields.Number(required=True, metadata={"description": "Seconds since the line was up."})
    value = fields.Number(allow_none=True, metadata={"description": "Seconds, where it has any."})


class AnswerSchema(ma.Schema):
    """What answered, more finely than `answered_by` tells it."""

    answered_by = fields.Choice(*ANSWERED_BY, required=True)
    detected = fields.Choice(
        *Answerer, required=True, metadata={"description": "The last verdict."}
    )
    detected_first = fields.Choice(
        *Answerer, required=True, metadata={"description": "The verdict that was acted on first."}
    )
    confidence = fields.Number(required=True, metadata={"description": "0 to 1."})
    decided_after_ms = fields.Whole(
        required=True, metadata={"description": "Since the line was up, ringing excepted."}
    )
    evidence = fields.ListOf(ma.fields.Nested(EvidenceSchema), required=True)
    corrected = fields.Choice(
        *Answerer, allow_none=True, metadata={"description": "What somebody says it really was."}
    )
    corrected_at = fields.Timestamp(allow_none=True)


class CorrectionSchema(ma.Schema):
    """What really answered."""

    answered_by = fields.Choice(*Answerer, required=True)
