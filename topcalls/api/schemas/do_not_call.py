"""The do-not-call list: what is sent and how it is shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.lead_jobs import RefusalSchema
from topcalls.core.do_not_call import MAX_REASON, MOST_AT_ONCE, PURPOSE_PATTERN, SOURCES
from topcalls.core.eligibility_facts import Scope
from topcalls.core.phone_numbers import E164_PATTERN

_PURPOSE = "Only calls of this purpose; with neither this nor `campaign_id`, every call."


class ListedNumberCreateSchema(ma.Schema):
    """A number that is not to be called."""

    phone_number = fields.Text(
        required=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    reason = fields.Text(
        allow_none=True,
        metadata={"description": "Why, for people.", "maxLength": MAX_REASON},
    )
    purpose = fields.Text(
        allow_none=True, metadata={"description": _PURPOSE, "pattern": PURPOSE_PATTERN}
    )
    campaign_id = fields.Text(
        allow_none=True, metadata={"description": "Only calls of this campaign.", "format": "uuid"}
    )
    expires_at = fields.Timestamp(
        allow_none=True, metadata={"description": "From when on it holds no more; null: for ever."}
    )


class ListedNumberSchema(ma.Schema):
    """A number that is not called."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    phone_number = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Null where whoever had it was erased; it holds all the same."},
    )
    scope = fields.Choice(
        *Scope, required=True, metadata={"description": "`account`: it holds for every call."}
    )
    purpose = fields.Text(required=True, allow_none=True)
    campaign_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    reason = fields.Text(required=True, allow_none=True)
    source = fields.Choice(
        *SOURCES,
        required=True,
        metadata={
            "description": "`agent`, `key` (the 9), `transcript`: the person said so in the call "
            "`call_id`. `csv`: it came in a file. "
            "`carrier`: the network refused the call as unwanted. `erasure`: they were erased."
        },
    )
    call_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    created_at = fields.Timestamp(required=True)
    expires_at = fields.Timestamp(required=True, allow_none=True)


class ListedPageSchema(ma.Schema):
    """Numbers, the newest entries first."""

    data = fields.ListOf(ma.fields.Nested(ListedNumberSchema), required=True)
    next_cursor = fields.Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class ListedScopeSchema(ma.Schema):
    """Which entry of a number: by default the one that holds for every call."""

    purpose = fields.Text(metadata={"description": "The one for this purpose."})
    campaign_id = fields.Text(
        validate=ma.validate.Regexp(fields.LOWER_UUID, error="Must be a UUID in lower case."),
        metadata={"description": "The one for this campaign.", "format": "uuid"},
    )


class ListedQuerySchema(ListedScopeSchema):
    """Which entries to list."""

    phone_number = fields.Text(metadata={"description": "Entries of this number, in E.164."})
    limit = fields.QueryWhole(
        load_default=50,
        validate=ma.validate.Range(1, 200, error="Must be from 1 to 200."),
    )
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})


class ListedBulkSchema(ma.Schema):
    """Numbers that are not to be called."""

    numbers = fields.ListOf(
        ma.fields.Nested(ListedNumberCreateSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": MOST_AT_ONCE},
    )


class ListedImportSchema(ma.Schema):
    """How many numbers were put on the list."""

    inserted = fields.Whole(required=True)
    existed = fields.Whole(
        required=True, metadata={"description": "Were on it, or came before in what was sent."}
    )


class ListedFileSchema(ListedImportSchema):
    """What became of the rows of a file."""

    rows = fields.Whole(required=True)
    refused = fields.Whole(required=True)
    refusals = fields.ListOf(
        ma.fields.Nested(RefusalSchema),
        required=True,
        metadata={"description": "The first 1,000 rows that were refused."},
    )


class ListedFileQuerySchema(ma.Schema):
    """How to read a file."""

    region = fields.Text(
        metadata={"description": "The country (`US`) of numbers without a country code."}
    )
