"""How what was found out about a call is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.analysis_work import MOODS, State


def _mood(text: str) -> fields.Choice:
    return fields.Choice(*MOODS, required=True, metadata={"description": text})


def _turn_fields() -> dict[str, Any]:
    return {
        "turn": fields.Whole(required=True, metadata={"description": "The `id` of the turn."}),
        "started_ms": fields.Whole(required=True, metadata={"description": "Since the answer."}),
        "ended_ms": fields.Whole(required=True, metadata={"description": "Since the answer."}),
    }


TurningPointSchema = ma.Schema.from_dict(
    {
        **_turn_fields(),
        "why": fields.Text(required=True, metadata={"description": "In a few words."}),
    },
    name="TurningPointSchema",
)


class SentimentSchema(ma.Schema):
    """The mood of a call, and of each side."""

    overall = _mood("Of the whole call; `sentiment` of the call.")
    caller = _mood("Of the other person, whoever called whom.")
    agent = _mood("Of the agent.")
    turning_point = ma.fields.Nested(
        TurningPointSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The turn at which the caller's mood changed, if it did."},
    )


class SuccessSchema(ma.Schema):
    """Whether the call reached what it was for."""

    reached = fields.Flag(
        required=True, allow_none=True, metadata={"description": "null: it cannot be told."}
    )
    reason = fields.Text(required=True)


class AnalysisReportSchema(ma.Schema):
    """How the call came to its `call_summary`, `analysis` and `disposition`."""

    status = fields.Choice(
        *State,
        required=True,
        metadata={"description": "`failed`: a part of it could not be done, see `errors`."},
    )
    errors = ma.fields.Dict(
        keys=ma.fields.String(),
        values=ma.fields.String(),
        required=True,
        metadata={"description": "By part (`summary`, `extraction`, `disposition`), what failed."},
    )
    sentiment = ma.fields.Nested(SentimentSchema, required=True, allow_none=True)
    success = ma.fields.Nested(SuccessSchema, required=True, allow_none=True)
    language = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "BCP 47 tag of the language that was spoken."},
    )
    evidence = fields.ObjectOf(
        required=True,
        allow_none=True,
        metadata={
            "description": "For each value of `analysis` (`address.city` in objects) the turns it "
            "was found in, with `turn`, `started_ms` and `ended_ms`; null where there are none."
        },
    )
    unsupported = fields.ListOf(
        fields.Text(),
        required=True,
        metadata={
            "description": "Values that the model gave and no turn of the call bears out: they "
            "were set to null."
        },
    )
    rule = fields.Whole(
        required=True,
        allow_none=True,
        metadata={"description": "Index of the rule of `outcome_mapping` that matched."},
    )
    model = fields.Text(required=True, allow_none=True)
    run_id = fields.Text(
        required=True,
        allow_none=True,
        metadata={"format": "uuid", "description": "The later run that found this, if one did."},
    )
    finished_at = fields.Timestamp(required=True, allow_none=True)
