"""Softphones: telephones of the account's own people."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.phone_numbers import Judged
from topcalls.core.softphones import EXTENSION_PATTERN, MAX_NAME


class SoftphoneCreateSchema(Judged):
    """A softphone to add."""

    extension = fields.Text(
        required=True,
        metadata={
            "description": "What your account calls it by: two to five digits.",
            "pattern": EXTENSION_PATTERN,
        },
    )
    name = fields.Text(
        allow_none=True, metadata={"description": "Whose it is.", "maxLength": MAX_NAME}
    )
    may_supervise = fields.Flag(
        metadata={
            "default": True,
            "description": "It may listen to the account's calls, whisper, barge in and take over.",
        }
    )


class SoftphoneSchema(ma.Schema):
    """A softphone of the account."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    account_id = fields.Text(required=True, metadata={"format": "uuid"})
    extension = fields.Text(required=True)
    name = fields.Text(allow_none=True)
    username = fields.Text(
        required=True, metadata={"description": "By which it registers at the switch."}
    )
    may_supervise = fields.Flag(required=True)
    registered_at = fields.ListOf(
        fields.Text(),
        required=True,
        metadata={"description": "The nodes at whose switches it is registered now."},
    )
    created_at = fields.Timestamp(required=True)


class SoftphoneCreatedSchema(SoftphoneSchema):
    """A softphone that was just added."""

    password = fields.Text(
        required=True, metadata={"description": "Shown here and never again: keep it."}
    )


class SoftphoneListSchema(ma.Schema):
    """The account's softphones, by their extensions."""

    data = fields.ListOf(ma.fields.Nested(SoftphoneSchema), required=True)
