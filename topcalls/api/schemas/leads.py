"""Leads and lists: what is sent and how it is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import leads as rules
from topcalls.services import lead_lists

_METADATA = "Whatever belongs to the lead: at most 16 KB."
_TIME_ZONE = "Where the lead lives, by its IANA name; null: the number tells."
_REGION = (
    "Whose law holds for calls to the lead: ISO 3166, as in `DE` or `US-CA`; null: the number "
    "tells."
)


def uuid(about: str, *, required: bool = True, null: bool = False) -> fields.Text:
    """The id of something."""
    metadata = {"format": "uuid", "description": about}
    return fields.Text(required=required, allow_none=null, metadata=metadata)


def moment(about: str, *, null: bool = False) -> fields.Timestamp:
    """When something was or will be."""
    return fields.Timestamp(required=True, allow_none=null, metadata={"description": about})


def id_sent(about: str, *, required: bool = True) -> fields.Text:
    """The id of something, in a body or a query."""
    return fields.Text(
        required=required,
        validate=ma.validate.Regexp(fields.LOWER_UUID, error="Must be a UUID in lower case."),
        metadata={"description": about, "format": "uuid"},
    )


def status_sent(**options: Any) -> fields.Choice:
    """How far a lead has come, in a body or a query."""
    return fields.Choice(*rules.LeadStatus, **options)


def _text(most: int, about: str = "", *, null: bool = True, least: int = 0) -> fields.Text:
    metadata: dict[str, Any] = {"maxLength": most} | ({"minLength": least} if least else {})
    return fields.Text(
        allow_none=null, metadata=metadata | ({"description": about} if about else {})
    )


def number_sent(*, required: bool = False) -> fields.Text:
    """The number of a lead, in a body."""
    about = "In E.164. One of no country, or of a length that no number has, is refused."
    return fields.Text(
        required=required, metadata={"description": about, "pattern": rules.PHONE_PATTERN}
    )


def page_limit() -> fields.QueryWhole:
    """How many of a list to show at once."""
    within = ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    return fields.QueryWhole(load_default=50, validate=within)


class LeadFieldsSchema(ma.Schema):
    """What may be said of a lead wherever one is sent."""

    email = _text(rules.MAX_EMAIL)
    status = status_sent(metadata={"description": "Of a lead that is made: `New` by default."})
    notes = _text(rules.MAX_NOTES)
    tags = fields.ListOf(
        fields.Text(metadata={"maxLength": rules.MAX_TAG, "minLength": 1}),
        metadata={"maxItems": rules.MAX_TAGS},
    )
    metadata = fields.ObjectOf(metadata={"description": _METADATA})
    time_zone = _text(64, _TIME_ZONE)
    region = fields.Text(
        allow_none=True, metadata={"description": _REGION, "pattern": rules.REGION_PATTERN}
    )


class LeadCreateSchema(LeadFieldsSchema):
    """A lead, and the list to put it on."""

    name = fields.Text(required=True, metadata={"minLength": 1, "maxLength": rules.MAX_NAME})
    phone_number = number_sent(required=True)
    list_id = id_sent("The list to put it on.")
    notes_append = _text(rules.MAX_NOTES, "Notes under the time they were made; not with `notes`.")


class LeadChangeSchema(LeadFieldsSchema):
    """What to change of a lead; at least one field."""

    name = fields.Text(metadata={"minLength": 1, "maxLength": rules.MAX_NAME})
    phone_number = number_sent()
    notes_append = fields.Text(
        metadata={
            "maxLength": rules.MAX_NOTES,
            "description": "Put below the notes, under the time it was made; not with `notes`.",
        }
    )


class LeadSchema(ma.Schema):
    """Somebody to be called."""

    id = uuid("The lead.")
    account_id = uuid("Whose it is.")
    name = fields.Text(required=True)
    phone_number = fields.Text(
        required=True, metadata={"description": "Of no other lead of the account."}
    )
    email = fields.Text(required=True, allow_none=True)
    status = fields.Choice(*rules.LeadStatus, required=True)
    notes = fields.Text(required=True, allow_none=True)
    tags = fields.ListOf(fields.Text(), required=True)
    metadata = fields.ObjectOf(required=True)
    time_zone = fields.Text(required=True, allow_none=True, metadata={"description": _TIME_ZONE})
    region = fields.Text(required=True, allow_none=True, metadata={"description": _REGION})
    list_ids = fields.ListOf(
        fields.Text(metadata={"format": "uuid"}),
        required=True,
        metadata={"description": "Every list that it is on."},
    )
    converted_at = fields.Timestamp(
        required=True, allow_none=True, metadata={"description": "When it became `Converted`."}
    )
    created_at = fields.Timestamp(required=True)
    updated_at = fields.Timestamp(required=True)


class LeadSentSchema(LeadSchema):
    """A lead that was put on a list."""

    existed = fields.Flag(
        required=True,
        metadata={"description": "The account had a lead of this number, which stays as it was."},
    )


class LeadPageSchema(ma.Schema):
    """Leads, newest first."""

    items = fields.ListOf(ma.fields.Nested(LeadSchema), required=True)
    has_more = fields.Flag(required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class LeadQuerySchema(ma.Schema):
    """Which leads to list: those that meet everything given."""

    phone_number = fields.Text(
        data_key="phone",
        validate=ma.validate.Regexp(rules.PHONE_PATTERN, error="Must be a number in E.164."),
        metadata={"pattern": rules.PHONE_PATTERN},
    )
    list_id = id_sent("Leads on this list.", required=False)
    status = status_sent()
    tag = fields.Text(validate=ma.validate.Length(1, error="Must not be empty."))
    limit = page_limit()
    cursor = fields.Text(metadata={"description": "`next_cursor` of the page before."})


class LeadDeleteQuerySchema(ma.Schema):
    """From where to take a lead."""

    list_id = id_sent(
        "Take it off this list only; it is deleted if that was its last.", required=False
    )


class ListChangeSchema(ma.Schema):
    """What to change of a list."""

    name = fields.Text(metadata={"minLength": 1, "maxLength": lead_lists.MAX_NAME})
    description = _text(lead_lists.MAX_DESCRIPTION, "For people.")


class ListCreateSchema(ListChangeSchema):
    """A list of leads."""

    name = fields.Text(
        required=True,
        metadata={
            "minLength": 1,
            "maxLength": lead_lists.MAX_NAME,
            "description": "Of no other list of the account.",
        },
    )


class LeadListSchema(ma.Schema):
    """A list of leads."""

    id = uuid("The list.")
    account_id = uuid("Whose it is.")
    name = fields.Text(required=True)
    description = fields.Text(required=True, allow_none=True)
    lead_count = fields.Whole(
        required=True,
        allow_none=True,
        metadata={"description": "How many leads are on it; null where several lists are shown."},
    )
    created_at = fields.Timestamp(required=True)
    updated_at = fields.Timestamp(required=True)


class ListsQuerySchema(ma.Schema):
    """Which lists to show."""

    limit = page_limit()
    cursor = fields.Timestamp(metadata={"description": "`next_cursor` of the page before."})


class ListPageSchema(ma.Schema):
    """Lists, newest first."""

    data = fields.ListOf(ma.fields.Nested(LeadListSchema), required=True)
    next_cursor = fields.Timestamp(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )
