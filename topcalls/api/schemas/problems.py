"""The problem document, for the reference."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields


class FaultSchema(ma.Schema):
    """One wrong input."""

    path = fields.Text(metadata={"description": "The field, as a dotted path."})
    message = fields.Text(metadata={"description": "What is wrong, and what to write instead."})
    code = fields.Text(metadata={"description": "For programs."})


class ProblemSchema(ma.Schema):
    """RFC 7807. Some problems carry further members, named in their description."""

    class Meta:
        unknown = ma.INCLUDE

    type = fields.Text(
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
    instance = fields.Text(
        allow_none=True,
        metadata={"format": "uuid", "description": "The request's id, also in X-Request-Id."},
    )
    errors = fields.ListOf(ma.fields.Nested(FaultSchema))
