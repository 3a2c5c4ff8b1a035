"""The do-not-call list: what is sent and how it is shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.do_not_call import MAX_REASON, SOURCES
from topcalls.core.phone_numbers import E164_PATTERN


class ListedNumberCreateSchema(ma.Schema):
    """A number that is not to be called."""

    phone_number = fields.Text(
        required=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    reason = fields.Text(
        allow_none=True,
        metadata={"description": "Why, for people.", "maxLength": MAX_REASON},
    )


class ListedNumberSchema(ma.Schema):
    """A number that is not called."""

    phone_number = fields.Text(required=True)
    reason = fields.Text(required=True, allow_none=True)
    source = fields.Choice(
        *SOURCES,
        required=True,
        metadata={"description": "`agent`: the person said so in the call `call_id`."},
    )
    call_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    created_at = fields.Timestamp(required=True)


class ListedPageSchema(ma.Schema):
    """Numbers, the newest entries first."""

    data = fields.ListOf(ma.fields.Nested(ListedNumberSchema), required=True)
    next_cursor = fields.Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class ListedQuerySchema(ma.Schema):
    """Which entries to list."""

    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 200, error="Must be from 1 to 200."),
    )
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})
