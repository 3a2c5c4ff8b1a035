"""Webhook subscriptions, receivers, deliveries: what is sent and how it is shown."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core.webhook_filters import EVENT_PATTERN
from topcalls.core.webhook_retry import DeliveryState
from topcalls.services.accounts import MOST_OVERLAP_HOURS
from topcalls.services.webhook_listeners import MOST_WAIT

ANY = "any"
_FILTERS = (
    "Top-level fields of the payload and what they must be: equal, one of a list, or text with `%` "
    "as SQL's LIKE has it. `is_conversion` (true, false): the disposition is one of the campaign's "
    "`conversion_outcomes`."
)


def _text(about: str, *, null: bool = False, kind: str | None = None) -> fields.Text:
    metadata = {"description": about} | ({"format": kind} if kind else {})
    return fields.Text(required=True, allow_none=null, metadata=metadata)


def _moment(about: str, *, null: bool = True) -> fields.Timestamp:
    return fields.Timestamp(required=True, allow_none=null, metadata={"description": about})


def _whole(about: str, *, null: bool = False) -> fields.Whole:
    return fields.Whole(required=True, allow_none=null, metadata={"description": about})


def _event(*, required: bool) -> fields.Text:
    about = (
        "`call.completed`, with a disposition behind another dot if only calls of that one count; "
        "where something was missing in it, `call.updated` follows with the whole of it. "
        "`lead.status_changed`; `campaign.activated` when one is started or resumed, "
        "`campaign.paused` when one is paused, by whomever; `do_not_call.added` when a call put a "
        "number on the do-not-call list. Filters do not apply to these. "
        "`webhook.disabled`: another receiver of the account was disabled."
    )
    return fields.Text(required=required, metadata={"description": about, "pattern": EVENT_PATTERN})


def _url(*, required: bool) -> fields.Text:
    return fields.Text(
        required=required, metadata={"description": "Where to post.", "format": "uri"}
    )


class WebhookCreateSchema(ma.Schema):
    """What to be told, and where."""

    event = _event(required=True)
    url = _url(required=True)
    filters = fields.ObjectOf(allow_none=True, metadata={"description": _FILTERS})


class WebhookChangeSchema(ma.Schema):
    """What to change of a subscription."""

    event = _event(required=False)
    url = _url(required=False)
    filters = fields.ObjectOf(allow_none=True, metadata={"description": _FILTERS})
    enabled = fields.Flag(
        metadata={"description": "`true` also sends to a disabled receiver again."}
    )


class ReceiverSchema(ma.Schema):
    """How it stands with a URL."""

    id = _text("Of the receiver; null while it never failed.", null=True, kind="uuid")
    url = _text("Where to.")
    status = fields.Choice(
        "ok",
        "failing",
        "disabled",
        required=True,
        metadata={"description": "`disabled`: it accepted nothing for days; nothing is sent."},
    )
    failing_since = _moment("Its first failure since it last accepted something.")
    given_up = _whole("Deliveries given up since then.")
    last_error = _text("What went wrong last, in words.", null=True)
    disabled_at = _moment("Since when nothing is sent.")
    remedy = _text("What to do about it.", null=True)


class ReceiversSchema(ma.Schema):
    """Receivers that fail or are disabled, the longest failing first."""

    data = fields.ListOf(ma.fields.Nested(ReceiverSchema), required=True)


class WebhookSchema(ma.Schema):
    """A subscription."""

    id = _text("Of the subscription.", kind="uuid")
    account_id = _text("Whose it is.", kind="uuid")
    event = _text("What is told.")
    url = _text("Where to.")
    filters = fields.ObjectOf(
        required=True, allow_none=True, metadata={"description": "Which calls count."}
    )
    enabled = fields.Flag(required=True)
    receiver = ma.fields.Nested(ReceiverSchema, required=True)
    created_by_api_key_id = _text("The key it was made with.", kind="uuid")
    created_at = _moment("When it was made.", null=False)
    deleted_at = _moment("Null while it lives.")


class WebhooksSchema(ma.Schema):
    """Subscriptions, newest first."""

    data = fields.ListOf(ma.fields.Nested(WebhookSchema), required=True)


class TestedSchema(ma.Schema):
    """A test is on its way; the deliveries tell how it went."""

    message_id = _text("The `webhook-id` header of the test.", kind="uuid")


class RotateSchema(ma.Schema):
    """How to change to a new secret."""

    overlap_hours = fields.Whole(
        load_default=24,
        validate=ma.validate.Range(
            0, MOST_OVERLAP_HOURS, error=f"Must be from 0 to {MOST_OVERLAP_HOURS}."
        ),
        metadata={"description": "For so long the one before signs as well."},
    )


class RotatedSchema(ma.Schema):
    """A new secret, which is shown this once."""

    secret = _text("Verifies every message from now on.")
    previous_valid_until = _moment("Until when the one before verifies them too.")


class AttemptSchema(ma.Schema):
    """One try to deliver."""

    number = fields.Whole(required=True)
    at = _moment("When it was made.", null=False)
    status = _whole("HTTP status; null without an answer.", null=True)
    error = _text("What went wrong, and what to do about it.", null=True)
    duration_ms = _whole("From name resolution to the end of the answer.", null=True)
    response = _text("The beginning of the answer's body.", null=True)


class DeliverySchema(ma.Schema):
    """One webhook, and how its delivery goes."""

    id = _text("Of the delivery.", kind="uuid")
    message_id = _text(
        "The `webhook-id` header; the same for every try, and for a replay.", kind="uuid"
    )
    event = _text("As the receiver asked for it.")
    call_id = _text("The call it tells of.", null=True, kind="uuid")
    webhook_id = _text("The subscription that wanted it.", null=True, kind="uuid")
    sequence = _whole("Its number among the events of the call.", null=True)
    url = fields.Text(required=True)
    status = fields.Choice(*DeliveryState, required=True)
    attempts = _whole("How many were made.")
    last_status = _whole("HTTP status.", null=True)
    last_error = _text("In words.", null=True)
    log = fields.ListOf(ma.fields.Nested(AttemptSchema), required=True)
    created_at = _moment("When the event happened, or was replayed.", null=False)
    next_attempt_at = _moment("When it is tried again.")
    finished_at = _moment("When it was delivered or given up.")


class DeliveriesSchema(ma.Schema):
    """The webhooks of a call, newest first."""

    data = fields.ListOf(ma.fields.Nested(DeliverySchema), required=True)


class DeliveryPageSchema(DeliveriesSchema):
    """Deliveries, newest first."""

    next_cursor = _text("Where the next page begins; null on the last.", null=True)


class SentRequestSchema(ma.Schema):
    """What is posted. Each attempt adds its number, a timestamp and a signature."""

    url = fields.Text(required=True)
    headers = fields.ObjectOf(values=fields.Text(), required=True)
    body = _text("Exactly as it is sent.")


class DeliveryDetailsSchema(DeliverySchema):
    """A delivery with its request."""

    request = ma.fields.Nested(SentRequestSchema, required=True)


class DeliveryQuerySchema(ma.Schema):
    """Which deliveries to list."""

    limit = fields.QueryWhole(
        load_default=50, validate=ma.validate.Range(1, 200, error="Must be from 1 to 200.")
    )
    cursor = fields.Text(metadata={"description": "`next_cursor` of the page before."})
    status = fields.Choice(*DeliveryState)
    event = fields.Text(metadata={"description": "The event's own name, without a disposition."})
    created_from = fields.Timestamp(data_key="from", metadata={"description": "From then on."})
    created_to = fields.Timestamp(data_key="to", metadata={"description": "Until before then."})


class ReplayRangeSchema(ma.Schema):
    """What to send once more."""

    created_from = fields.Timestamp(
        data_key="from", required=True, metadata={"description": "From then on."}
    )
    created_to = fields.Timestamp(
        data_key="to", metadata={"description": "Until before then; without it, all since."}
    )
    status = fields.Choice(
        DeliveryState.DEAD,
        DeliveryState.DELIVERED,
        ANY,
        load_default=DeliveryState.DEAD.value,
        metadata={"description": "`dead`: what was given up."},
    )


class ReplayedSchema(ma.Schema):
    """How much was put on its way."""

    replayed = _whole("Deliveries made anew; what is on its way already is left alone.")
    go_on_from = _moment("There are more: the `from` to go on with.")


class ReplayedOneSchema(ma.Schema):
    """A delivery that carries the event once more."""

    delivery_id = _text("The new delivery, or the one that is still on its way.", kind="uuid")


class EventsQuerySchema(ma.Schema):
    """Which events of a call."""

    after = fields.QueryWhole(
        load_default=0,
        validate=ma.validate.Range(0, 1_000_000, error="Must be from 0 to 1000000."),
        metadata={"description": "The last sequence number you have."},
    )


class EventSchema(ma.Schema):
    """An event of a call."""

    sequence = _whole("Its number, from 1.")
    message_id = _text("The `webhook-id` it is sent under.", kind="uuid")
    event = _text("What happened.")
    created_at = _moment("When.", null=False)
    body = _text("Exactly as it is sent.")


class EventsSchema(ma.Schema):
    """Events of a call in their order, up to 200."""

    data = fields.ListOf(ma.fields.Nested(EventSchema), required=True)


class ListenerSchema(ma.Schema):
    """Somebody listens. Ask for messages at least every two minutes."""

    id = _text("Of the listener.", kind="uuid")
    secret = _text("Signs what this listener gets.")
    cursor = _text("Where to begin.")
    expires_at = _moment("When it ends unless it asks.", null=False)


class MessagesQuerySchema(ma.Schema):
    """What to fetch."""

    cursor = fields.Text(
        required=True, metadata={"description": "Of the listener, or `next_cursor` since."}
    )
    wait = fields.QueryWhole(
        load_default=0,
        validate=ma.validate.Range(0, int(MOST_WAIT), error=f"Must be from 0 to {MOST_WAIT:.0f}."),
        metadata={"description": "Seconds to wait for something where there is nothing."},
    )


class MessageSchema(ma.Schema):
    """A webhook as it would be sent."""

    id = _text("The `webhook-id`.", kind="uuid")
    event = _text("What happened.")
    call_id = _text("The call it tells of.", null=True, kind="uuid")
    headers = fields.ObjectOf(values=fields.Text(), required=True)
    body = _text("Exactly as it would be sent.")


class MessagesSchema(ma.Schema):
    """What came since."""

    data = fields.ListOf(ma.fields.Nested(MessageSchema), required=True)
    next_cursor = _text("Ask again with this.")
