"""What webhooks are sent, for the reference: a schema for each kind of event, told apart by
`event`."""

from __future__ import annotations

from typing import Final

import marshmallow as ma

from topcalls.api import fields
from topcalls.api.schemas.call_views import CallDetailsSchema, CallSchema
from topcalls.api.schemas.campaign_statistics import CampaignStatisticsSchema
from topcalls.api.schemas.knowledge_use import CitationSchema
from topcalls.api.schemas.transfers import TransferSchema
from topcalls.core.call_request import CALL_EVENTS
from topcalls.core.campaign_state import WEBHOOKS
from topcalls.core.webhook_filters import DISABLED, UPDATED
from topcalls.services.do_not_call_webhooks import ADDED
from topcalls.services.lead_webhooks import STATUS_CHANGED
from topcalls.services.webhook_subscriptions import TEST_EVENT

_DETAILS = CallDetailsSchema._declared_fields
_TRANSFER = TransferSchema._declared_fields


def _text(about: str = "", *, null: bool = False, kind: str | None = None) -> fields.Text:
    metadata = ({"description": about} if about else {}) | ({"format": kind} if kind else {})
    return fields.Text(required=True, allow_none=null, metadata=metadata)


def _id(about: str = "", *, null: bool = False) -> fields.Text:
    return _text(about, null=null, kind="uuid")


def _moment(*, null: bool = False) -> fields.Timestamp:
    return fields.Timestamp(required=True, allow_none=null)


def _sandbox() -> fields.Flag:
    return fields.Flag(required=True, metadata={"description": "Nobody was really called."})


class ToldTurnSchema(ma.Schema):
    """A turn of the conversation."""

    id = fields.Whole(required=True, metadata={"description": "Orders the turns."})
    user = fields.Choice("assistant", "user", required=True)
    text = _text()
    created_at = _moment()
    citations = fields.ListOf(ma.fields.Nested(CitationSchema), required=True)


class HandedOverSchema(ma.Schema):
    """With whom the caller was connected."""

    destination = _TRANSFER["destination"]
    phone_number = _TRANSFER["phone_number"]
    kind = _TRANSFER["kind"]
    method = _TRANSFER["method"]
    asked_by = _TRANSFER["asked_by"]
    summary = _TRANSFER["summary"]
    connected_at = _moment()


class CallMessageSchema(CallSchema):
    """What happened to a call, and all that is known of it by then."""

    class Meta:
        exclude = ("id", "schedule_at", "actual_duration_billed")

    event = fields.Choice(*CALL_EVENTS, UPDATED, required=True)
    sequence = fields.Whole(
        required=True,
        metadata={"description": "Counts the events of the call, from 1: the higher is newer."},
    )
    call_id = _id("The call.")
    transcript = fields.ListOf(ma.fields.Nested(ToldTurnSchema), required=True)
    completed = _DETAILS["completed"]
    analysis = _DETAILS["analysis"]
    appointments = _DETAILS["appointments"]
    metadata = _DETAILS["metadata"]
    transfer = ma.fields.Nested(
        HandedOverSchema, metadata={"description": "Of `call.transferred` alone."}
    )


class CampaignMessageSchema(ma.Schema):
    """What happened to a campaign. Some events say more: `reason` of one that was paused."""

    class Meta:
        unknown = ma.INCLUDE

    event = fields.Choice(*dict.fromkeys(WEBHOOKS.values()), required=True)
    campaign_id = _id()
    name = _text()
    status = _text()
    at = _moment()
    statistics = ma.fields.Nested(CampaignStatisticsSchema, required=True)
    reason = _DETAILS["error_message"]
    sandbox = _sandbox()


class LeadMessageSchema(ma.Schema):
    """A lead has another status."""

    event = fields.Choice(STATUS_CHANGED, required=True)
    at = _moment()
    lead_id = _id()
    phone_number = _text()
    previous_status = _text()
    status = _text()
    cause = fields.Choice("api", "import", "campaign", "call", required=True)
    campaign_id = _id(null=True)
    call_id = _id(null=True)
    sandbox = _sandbox()


class DoNotCallMessageSchema(ma.Schema):
    """A call put a number on the do-not-call list."""

    event = fields.Choice(ADDED, required=True)
    at = _moment()
    entry_id = _id()
    phone_number = _text(null=True)
    scope = fields.Choice("account", "purpose", "campaign", required=True)
    purpose = _text(null=True)
    campaign_id = _id("Of an entry for one campaign.", null=True)
    reason = _text(null=True)
    source = _text("What said so: `transcript`, `key`, `agent`, `carrier`.")
    expires_at = _moment(null=True)
    call_id = _id(null=True)
    of_campaign_id = _id("The campaign of the call.", null=True)
    lead_id = _id(null=True)
    sandbox = _sandbox()


class ReceiverMessageSchema(ma.Schema):
    """Another receiver of the account was disabled."""

    event = fields.Choice(DISABLED, required=True)
    receiver_id = _id()
    url = _text(kind="uri")
    failing_since = _moment()
    disabled_at = _moment()
    given_up = fields.Whole(
        required=True, metadata={"description": "Deliveries that were tried in vain."}
    )
    unsent = fields.Whole(required=True, metadata={"description": "Deliveries that waited."})
    last_error = _text(null=True)
    enable = _text("POST to this path once the receiver works.")


class TestMessageSchema(ma.Schema):
    """A subscription was tried."""

    event = fields.Choice(TEST_EVENT, required=True)
    webhook_id = _id("The subscription.")
    subscribed_to = _text("Its event.")
    sent_at = _moment()


MESSAGES: Final = {
    "CallMessage": CallMessageSchema,
    "CampaignMessage": CampaignMessageSchema,
    "LeadMessage": LeadMessageSchema,
    "DoNotCallMessage": DoNotCallMessageSchema,
    "ReceiverMessage": ReceiverMessageSchema,
    "TestMessage": TestMessageSchema,
}
"""By the names that the reference gives them."""

BODY: Final = "WebhookMessage"
"""Any of them."""
