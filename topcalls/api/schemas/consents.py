"""Consents: what is sent and how they are shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import id_sent
from topcalls.core import consents as rules
from topcalls.core.do_not_call import PURPOSE_PATTERN
from topcalls.core.eligibility_facts import ConsentKind
from topcalls.core.phone_numbers import E164_PATTERN

_KIND = (
    "`express`, `express_written`, `express_documented` (with its wording, as the EU asks for): "
    "what they agreed to. `request`: they asked for this very call. `callback`: they named a time. "
    "`ebr_purchase`, `ebr_inquiry`: business done with them, which lifts a national register and "
    "nothing else. `warranty`: you state, of a list or a campaign, that you hold the consent that "
    "the law asks for, and show none."
)


def _purposes(*, required: bool = False) -> fields.ListOf:
    about = "What they agreed to be called for; empty: everything."
    return fields.ListOf(
        fields.Text(metadata={"pattern": PURPOSE_PATTERN}),
        required=required,
        metadata={"maxItems": rules.MOST_PURPOSES, "description": about},
    )


def _sellers(*, required: bool = False) -> fields.ListOf:
    about = "Companies that were named to them; empty: yours."
    return fields.ListOf(
        fields.Text(metadata={"minLength": 1, "maxLength": rules.MAX_NAME}),
        required=required,
        metadata={"maxItems": rules.MOST_PURPOSES, "description": about},
    )


class ConsentCreateSchema(ma.Schema):
    """What somebody agreed to: one of `phone_number`, `list_id` and `campaign_id` says who."""

    phone_number = fields.Text(
        allow_none=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    list_id = fields.Text(
        allow_none=True, metadata={"description": "Everybody on this list.", "format": "uuid"}
    )
    campaign_id = fields.Text(
        allow_none=True, metadata={"description": "Everybody in this campaign.", "format": "uuid"}
    )
    kind = fields.Choice(*ConsentKind, required=True, metadata={"description": _KIND})
    purposes = _purposes()
    sellers = _sellers()
    source = fields.Text(
        required=True,
        metadata={"maxLength": rules.MAX_NAME, "description": "How: `web form`, `by telephone`."},
    )
    captured_at = fields.Timestamp(required=True)
    expires_at = fields.Timestamp(allow_none=True)
    wording = fields.Text(
        allow_none=True,
        metadata={"maxLength": rules.MAX_WORDING, "description": "The words they agreed to."},
    )
    proof = fields.ObjectOf(
        allow_none=True,
        metadata={
            "description": "Whatever proves it, up to 16 KB: address of the page, signature."
        },
    )
    names_ai_voice = fields.Flag(metadata={"description": "The wording names an artificial voice."})
    device_agreement = fields.Flag(
        metadata={
            "description": "They agreed beforehand to calls by an announcing device (California)."
        }
    )
    lifts_hours = fields.Flag(
        metadata={"description": "They agreed to be called outside the lawful hours."}
    )


class ConsentBulkSchema(ma.Schema):
    """Many consents."""

    consents = fields.ListOf(
        ma.fields.Nested(ConsentCreateSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": rules.MOST_AT_ONCE},
    )


class ConsentBulkReportSchema(ma.Schema):
    """How many consents were stored."""

    inserted = fields.Whole(required=True)


class ConsentSchema(ma.Schema):
    """What somebody agreed to."""

    id = fields.Text(required=True, metadata={"format": "uuid"})
    phone_number = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Null where whoever had it was erased."},
    )
    list_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    campaign_id = fields.Text(required=True, allow_none=True, metadata={"format": "uuid"})
    kind = fields.Choice(*ConsentKind, required=True)
    purposes = _purposes(required=True)
    sellers = _sellers(required=True)
    source = fields.Text(required=True)
    captured_at = fields.Timestamp(required=True)
    expires_at = fields.Timestamp(required=True, allow_none=True)
    revoked_at = fields.Timestamp(required=True, allow_none=True)
    revoked_by = fields.Text(required=True, allow_none=True)
    wording = fields.Text(required=True, allow_none=True)
    proof = fields.ObjectOf(required=True, allow_none=True)
    names_ai_voice = fields.Flag(required=True)
    device_agreement = fields.Flag(required=True)
    lifts_hours = fields.Flag(required=True)
    created_by = fields.Text(required=True, metadata={"description": "The key that sent it."})
    created_at = fields.Timestamp(required=True)


class ConsentPageSchema(ma.Schema):
    """Consents, newest first."""

    data = fields.ListOf(ma.fields.Nested(ConsentSchema), required=True)
    next_cursor = fields.Text(
        required=True,
        allow_none=True,
        metadata={"description": "Where the next page begins; null on the last."},
    )


class ConsentQuerySchema(ma.Schema):
    """Which consents to list."""

    phone_number = fields.Text(metadata={"description": "Of this number, in E.164."})
    list_id = id_sent("Of this list.", required=False)
    campaign_id = id_sent("Of this campaign.", required=False)
    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = id_sent("`next_cursor` of the page before.", required=False)


class RevocationSchema(ma.Schema):
    """That a consent was taken back."""

    by = fields.Text(
        required=True,
        validate=ma.validate.Length(1, rules.MAX_NAME, error="Must be up to 200 characters."),
        metadata={"description": "How, in words: `letter`, `said on the telephone`."},
    )
    revoked_at = fields.Timestamp(allow_none=True, metadata={"description": "By default now."})
