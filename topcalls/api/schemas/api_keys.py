"""API keys and what they did: what is sent and how it is shown."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import id_sent
from topcalls.core.audit import AuditAction
from topcalls.services.keys import SCOPES

_MAX_NAME = 100
_SCOPES = {"description": "What it may do. A key grants only scopes that it has."}
_ENDS = {"description": "When it opens nothing any more; null: never."}


class ApiKeyCreateSchema(ma.Schema):
    """A key to make."""

    name = fields.Text(
        required=True,
        validate=ma.validate.Regexp(
            rf"^(?=.*\S).{{1,{_MAX_NAME}}}\Z", error=f"Must be 1 to {_MAX_NAME} characters."
        ),
        metadata={"description": "What or whom it is for.", "maxLength": _MAX_NAME},
    )
    scopes = fields.ListOf(
        fields.Choice(*SCOPES),
        required=True,
        validate=ma.validate.Length(1, error="Name at least one scope."),
        metadata=_SCOPES,
    )
    expires_at = fields.Timestamp(allow_none=True, load_default=None, metadata=_ENDS)


def _limit(about: str) -> fields.Whole:
    about = f"{about} Null: only what limits the account."
    return fields.Whole(required=True, allow_none=True, metadata={"description": about})


class OwnLimitsSchema(ma.Schema):
    """What limits a key beside its account; `topcalls keys limits` sets it."""

    max_concurrent_calls = _limit("Live calls that it made.")
    max_new_calls_per_minute = _limit("Calls that it makes in a minute.")
    max_requests_per_second = _limit("Requests in a second.")


class ApiKeySchema(ma.Schema):
    """A key."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    name = fields.Text(required=True)
    kind = fields.Choice("live", "test", required=True)
    prefix = fields.Text(
        required=True, metadata={"description": "How it begins, by which it is known again."}
    )
    scopes = fields.ListOf(fields.Choice(*SCOPES), required=True)
    limits = ma.fields.Nested(OwnLimitsSchema, required=True)
    created_at = fields.Timestamp(required=True)
    expires_at = fields.Timestamp(required=True, allow_none=True, metadata=_ENDS)
    revoked_at = fields.Timestamp(required=True, allow_none=True)
    last_used_at = fields.Timestamp(
        required=True, allow_none=True, metadata={"description": "To the hour; null: never."}
    )


class OwnKeySchema(ma.Schema):
    """The key that asks."""

    id = fields.Text(required=True, attribute="key_id", metadata={"format": "uuid"})
    account_id = fields.Text(required=True, metadata={"format": "uuid"})
    account_name = fields.Text(required=True)
    kind = fields.Choice("live", "test", required=True)
    scopes = fields.ListOf(fields.Choice(*SCOPES), required=True)

    @ma.post_dump
    def _sorted(self, told: dict[str, Any], **_: Any) -> dict[str, Any]:
        return told | {"scopes": sorted(told["scopes"])}


class ApiKeysSchema(ma.Schema):
    """The account's keys, oldest first."""

    data = fields.ListOf(ma.fields.Nested(ApiKeySchema), required=True)


class ApiKeyMadeSchema(ApiKeySchema):
    """A key that was made just now."""

    token = fields.Text(
        required=True, metadata={"description": "The key itself, shown this once. Keep it safe."}
    )


class AuditEntrySchema(ma.Schema):
    """What a key did."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    at = fields.Timestamp(required=True)
    api_key_id = fields.Text(
        required=True, attribute="key_id", metadata={"description": "Who did it.", "format": "uuid"}
    )
    api_key_name = fields.Text(required=True, allow_none=True, attribute="key_name")
    action = fields.Choice(
        *AuditAction,
        required=True,
        metadata={
            "description": "`number_shown`, `lead_number_shown`: the telephone numbers of a call, "
            "or that of a lead, were shown. `numbers_exported`: the console put those of calls "
            "into a file. `key_created`, `key_revoked`: by this API."
        },
    )
    subject_id = fields.Text(
        required=True,
        metadata={
            "description": "Of the call, the lead, or the key; of the account, where numbers "
            "were exported.",
            "format": "uuid",
        },
    )


class AuditPageSchema(ma.Schema):
    """What keys did, the newest first."""

    data = fields.ListOf(ma.fields.Nested(AuditEntrySchema), required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last.", "format": "uuid"},
    )


class AuditQuerySchema(ma.Schema):
    """Which page."""

    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = id_sent("`next_cursor` of the page before.", required=False)
