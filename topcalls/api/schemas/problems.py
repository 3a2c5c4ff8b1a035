"""The problem document, for the reference."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.problems import KINDS, TYPE_BASE

_AMOUNT = {"oneOf": [{"type": "number"}, {"type": "string"}], "description": "Money as text."}


class FaultSchema(ma.Schema):
    """One wrong input."""

    path = fields.Text(metadata={"description": "The field, as a dotted path."})
    message = fields.Text(metadata={"description": "What is wrong, and what to write instead."})
    code = fields.Text(metadata={"description": "For programs."})


class ConsumerSchema(ma.Schema):
    """Whose limit it is."""

    type = fields.Text(required=True, metadata={"example": "account"})
    id = fields.Text(required=True)


class ProblemSchema(ma.Schema):
    """RFC 9457. Some problems carry further members, named in their description."""

    class Meta:
        unknown = ma.INCLUDE

    type = fields.Choice(
        *(TYPE_BASE + slug for slug in KINDS),
        required=True,
        metadata={
            "format": "uri",
            "description": "Stable; match on it. Ends in the slug of the problem.",
            "example": "https://api.topcalls.ai/errors/insufficient_quota",
        },
    )
    title = fields.Text(required=True, metadata={"example": "Insufficient Quota"})
    status = fields.Whole(required=True, metadata={"example": 402})
    detail = fields.Text(
        metadata={"description": "What happened here, and what can be done about it."}
    )
    remedy = fields.Text(
        metadata={"description": "What can be done about it by itself; `detail` ends with it."}
    )
    instance = fields.Text(
        allow_none=True,
        metadata={"format": "uuid", "description": "The request's id, also in X-Request-Id."},
    )
    errors = fields.ListOf(ma.fields.Nested(FaultSchema))
    scope = fields.Text(metadata={"description": "The scope that the key lacks (403)."})
    rule = fields.Text(metadata={"description": "The rule that forbids it (422)."})
    until = fields.Timestamp(metadata={"description": "From when on it does not (422)."})
    limit = fields.Text(metadata={"description": "The limit that is reached (402, 429)."})
    consumer = ma.fields.Nested(ConsumerSchema, metadata={"description": "Whose limit it is."})
    unit = fields.Text(metadata={"description": "Of `needed` and `left` (402)."})
    needed = ma.fields.Raw(metadata=_AMOUNT)
    left = ma.fields.Raw(metadata=_AMOUNT)
    exhausted = fields.Flag(
        metadata={"description": "False: open calls hold the rest, and may give it back (402)."}
    )
    frees_at = fields.Timestamp(metadata={"description": "When it is full again by itself (402)."})
    problems = fields.ListOf(
        ma.fields.Nested(FaultSchema),
        metadata={"description": "Why a campaign cannot be started (409)."},
    )
