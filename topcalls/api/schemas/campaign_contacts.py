"""The contacts of campaigns: which are asked for, and how they are shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.leads import moment, page_limit, uuid
from topcalls.core.campaign_outcomes import Outcome
from topcalls.core.campaign_state import ContactState
from topcalls.services.campaign_contacts import MOST_ADDED


class CampaignContactSchema(ma.Schema):
    """A lead of a campaign."""

    lead_id = uuid("The lead.")
    name = fields.Text(required=True)
    phone_number = fields.Text(required=True)
    status = fields.Choice(
        *ContactState,
        required=True,
        metadata={
            "description": "`waiting` for its next call, `held` until what is missing has arrived "
            "(a consent, the answer of a register, a setting), `in_flight`: its call is under way; "
            "`done` reached, `given_up` out of tries, `skipped` by a rule, `removed` by a user or "
            "with its list."
        },
    )
    next_at = moment("Not before then it is called; null where it is not.", null=True)
    attempts = fields.Whole(required=True)
    counted_attempts = fields.Whole(
        required=True, metadata={"description": "Those that count as tries."}
    )
    last_outcome = fields.Choice(*Outcome, required=True, allow_none=True)
    disposition = fields.Text(required=True, allow_none=True)
    converted = fields.Flag(required=True)
    reason = fields.Text(
        required=True,
        allow_none=True,
        metadata={
            "description": "Why it is where it is: the rule, or one word, with what is missing "
            "behind a colon."
        },
    )
    list_id = uuid("The list that it came by; null: by itself.", null=True)
    enrolled_at = moment("When it became a contact.")
    updated_at = moment("When it was last changed.")


class ContactPageSchema(ma.Schema):
    """Contacts in the order in which their leads were made."""

    data = fields.ListOf(ma.fields.Nested(CampaignContactSchema), required=True)
    next_cursor = uuid("Where the next page begins; null on the last.", null=True)


class ContactQuerySchema(ma.Schema):
    """Which contacts to list."""

    limit = page_limit()
    cursor = fields.Text(metadata={"description": "`next_cursor` of the page before."})
    status = fields.Choice(*ContactState)
    outcome = fields.Choice(*Outcome, metadata={"description": "Of the last call."})


class ContactsAddSchema(ma.Schema):
    """Leads to call."""

    lead_ids = fields.ListOf(
        fields.Text(metadata={"format": "uuid"}),
        required=True,
        metadata={"minItems": 1, "maxItems": MOST_ADDED},
    )


class ContactsAddedSchema(ma.Schema):
    """How many are called now that were not, and how many were already."""

    added = fields.Whole(required=True)
    already = fields.Whole(required=True)


class CampaignAttemptSchema(ma.Schema):
    """A call to a contact."""

    number = fields.Whole(required=True)
    call_id = uuid("The call.", null=True)
    decision_id = uuid("Why it might be made.", null=True)
    from_number = fields.Text(required=True, allow_none=True)
    outcome = fields.Choice(
        *Outcome,
        required=True,
        allow_none=True,
        metadata={"description": "Null until it is over and judged."},
    )
    counted = fields.Flag(
        required=True, allow_none=True, metadata={"description": "As one of the tries."}
    )
    disposition = fields.Text(required=True, allow_none=True)
    status = fields.Text(required=True, allow_none=True)
    call_status = fields.Text(required=True, allow_none=True)
    answered_by = fields.Text(required=True, allow_none=True)
    talk_seconds = fields.Whole(required=True, allow_none=True)
    created_at = moment("When it was put into the queue.")
    dialled_at = moment("When it was dialled.", null=True)
    answered_at = moment("When it was answered.", null=True)
    ended_at = moment("When it was over.", null=True)


class TimelineEntrySchema(ma.Schema):
    """Something that happened to a contact, or is to happen."""

    at = moment("When.")
    what = fields.Choice(
        "enrolled",
        "call_created",
        "dialled",
        "answered",
        "call_ended",
        "call",
        "call_again",
        *(state for state in ContactState if state not in ("waiting", "in_flight")),
        required=True,
        metadata={"description": "`call`, `call_again`: not before then it will be called."},
    )
    attempt = fields.Whole(required=True, allow_none=True)
    call_id = uuid("The call.", null=True)
    detail = fields.Text(
        required=True, allow_none=True, metadata={"description": "An outcome or a reason."}
    )


class ContactDetailsSchema(ma.Schema):
    """A contact, its calls, and all that happened in the order of time."""

    contact = ma.fields.Nested(CampaignContactSchema, required=True)
    attempts = fields.ListOf(ma.fields.Nested(CampaignAttemptSchema), required=True)
    timeline = fields.ListOf(ma.fields.Nested(TimelineEntrySchema), required=True)
