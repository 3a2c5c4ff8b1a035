"""Answers of registers: what is sent and how they are shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import id_sent
from topcalls.core.number_checks import (
    ANSWERS,
    MAX_NAME,
    MOST_AT_ONCE,
    REGISTER_PATTERN,
)
from topcalls.core.phone_numbers import E164_PATTERN

_ALL = tuple(dict.fromkeys(word for words in ANSWERS.values() for word in words))


class NumberCheckCreateSchema(ma.Schema):
    """What a register said of a number."""

    phone_number = fields.Text(
        required=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    kind = fields.Choice(
        *ANSWERS,
        required=True,
        metadata={
            "description": "`scrub`: of people who are not to be called. `reassigned`: of numbers "
            "that have another holder since a consent."
        },
    )
    register = fields.Text(
        required=True,
        metadata={
            "description": "As rules name it: `US`, `US-CO`, `GB`; `RND`.",
            "pattern": REGISTER_PATTERN,
        },
    )
    answer = fields.Choice(
        *_ALL,
        required=True,
        metadata={"description": "`listed`, `clear`; of `reassigned`: `yes`, `no`, `no_data`."},
    )
    checked_at = fields.Timestamp(
        required=True, metadata={"description": "When the register was asked."}
    )
    version_at = fields.Timestamp(
        allow_none=True, metadata={"description": "Of when the copy is that was asked."}
    )
    asked_about = fields.Timestamp(
        allow_none=True,
        metadata={"description": "The consent's date; required of `reassigned`."},
    )
    expires_at = fields.Timestamp(
        allow_none=True,
        metadata={"description": "How long its provider lets it count; rules may say less."},
    )
    provider = fields.Text(allow_none=True, metadata={"maxLength": MAX_NAME})
    receipt = fields.Text(
        allow_none=True, metadata={"maxLength": MAX_NAME, "description": "The provider's own."}
    )


class NumberCheckBulkSchema(ma.Schema):
    """Answers of registers."""

    checks = fields.ListOf(
        ma.fields.Nested(NumberCheckCreateSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": MOST_AT_ONCE},
    )


class NumberCheckReportSchema(ma.Schema):
    """How many answers were stored."""

    inserted = fields.Whole(required=True)


class NumberCheckSchema(ma.Schema):
    """An answer of a register, as it is kept."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    phone_number = fields.Text(required=True)
    kind = fields.Choice(*ANSWERS, required=True)
    register = fields.Text(required=True)
    answer = fields.Choice(*_ALL, required=True)
    asked_about = fields.Timestamp(required=True, allow_none=True)
    version_at = fields.Timestamp(required=True, allow_none=True)
    checked_at = fields.Timestamp(required=True)
    expires_at = fields.Timestamp(required=True, allow_none=True)
    provider = fields.Text(required=True)
    receipt = fields.Text(required=True, allow_none=True)


class NumberCheckPageSchema(ma.Schema):
    """Answers, newest first."""

    data = fields.ListOf(ma.fields.Nested(NumberCheckSchema), required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class NumberCheckQuerySchema(ma.Schema):
    """Which answers to list."""

    phone_number = fields.Text(metadata={"description": "Of this number, in E.164."})
    register = fields.Text(metadata={"description": "Of this register."})
    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = id_sent("`next_cursor` of the page before.", required=False)
