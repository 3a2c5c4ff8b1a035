"""Handing a call over: what may be asked, and what became of it."""

from __future__ import annotations

from typing import Any

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import transfer as rules
from topcalls.core import transfer_rules
from topcalls.core.phone_numbers import E164_PATTERN
from topcalls.services.transfers import ANYWHERE

LONGEST_SUMMARY = 1000


def _moment(text: str, *, nullable: bool = True) -> fields.Timestamp:
    return fields.Timestamp(
        required=not nullable, allow_none=nullable, metadata={"description": text}
    )


class DestinationSchema(ma.Schema):
    """Somebody whom the agent may hand the call over to."""

    name = fields.Text(
        required=True,
        metadata={
            "description": "What the agent and you call it; unique in the call.",
            "pattern": transfer_rules.NAME_PATTERN,
        },
    )
    number = fields.Text(
        required=True, metadata={"description": "In E.164.", "pattern": E164_PATTERN}
    )
    kind = fields.Choice(
        *rules.KINDS,
        metadata={
            "default": rules.BLIND,
            "description": "`blind`: connected as soon as it is answered. `warm`: whoever answers "
            "hears the briefing first and presses a key to take the call, which no voicemail does.",
        },
    )
    method = fields.Choice(
        *rules.METHODS,
        metadata={
            "default": rules.BRIDGE,
            "description": "`bridge`: we dial, and stay on the line. `refer`: the carrier is asked "
            "to do it (SIP REFER) and our line ends; few carriers do, and where one refuses, we "
            "dial after all.",
        },
    )
    briefing = fields.Text(
        allow_none=True,
        metadata={
            "description": "Spoken to whoever answers a warm transfer, with what the agent sums "
            "up. `{{name}}` is filled in.",
            "minLength": transfer_rules.BRIEFING_LENGTH[0],
            "maxLength": transfer_rules.BRIEFING_LENGTH[1],
        },
    )
    ring_timeout_seconds = fields.Number(
        metadata={
            "default": rules.DEFAULT_RING_SECONDS,
            "minimum": transfer_rules.TIMES["ring_timeout_seconds"][0],
            "maximum": transfer_rules.TIMES["ring_timeout_seconds"][1],
        }
    )
    accept_key = fields.Text(
        metadata={
            "default": rules.DEFAULT_ACCEPT_KEY,
            "description": "The key that takes a warm transfer.",
            "pattern": transfer_rules.ACCEPT_KEY_PATTERN,
        }
    )
    accept_timeout_seconds = fields.Number(
        metadata={
            "default": rules.DEFAULT_ACCEPT_SECONDS,
            "description": "How long the briefing and the key may take together.",
            "minimum": transfer_rules.TIMES["accept_timeout_seconds"][0],
            "maximum": transfer_rules.TIMES["accept_timeout_seconds"][1],
        }
    )
    detect_voicemail = fields.Flag(
        metadata={
            "default": False,
            "description": "Of a blind transfer by `bridge`: whoever answers is listened to until "
            "they pause, and a voicemail brings the caller back to the agent instead of being "
            "connected. A person waits for about a second more.",
        }
    )


class TransferSettingsSchema(ma.Schema):
    """Whom the agent may hand the call over to."""

    destinations = fields.ListOf(
        ma.fields.Nested(DestinationSchema),
        required=True,
        metadata={"minItems": 1, "maxItems": transfer_rules.MOST_DESTINATIONS},
    )


class TransferWishSchema(ma.Schema):
    """Whom to connect the caller with: a `destination` that the call lists, or a `number`."""

    destination = fields.Text(metadata={"description": "The name of one that the call lists."})
    number = fields.Text(
        metadata={
            "description": f"Any other number, in E.164. The key needs the scope `{ANYWHERE}`.",
            "pattern": E164_PATTERN,
        }
    )
    kind = fields.Choice(
        *rules.KINDS, metadata={"description": "With `number`. `blind` if left out."}
    )

    @ma.validates_schema
    def _one_of_two(self, wanted: dict[str, Any], **_: Any) -> None:
        if ("destination" in wanted) is ("number" in wanted):
            raise ma.ValidationError("Give either this or 'number'.", "destination")
        if "kind" in wanted and "number" not in wanted:
            raise ma.ValidationError("A listed destination has its kind already.", "kind")


class TransferSchema(ma.Schema):
    """A transfer of the call."""

    transfer = fields.Whole(required=True, metadata={"description": "Counts from 1."})
    destination = fields.Text(required=True)
    phone_number = fields.Text(required=True)
    kind = fields.Choice(*rules.KINDS, required=True)
    method = fields.Choice(*rules.METHODS, required=True)
    asked_by = fields.Choice("agent", "api", required=True)
    summary = fields.Text(allow_none=True, metadata={"description": "By the agent."})
    channel_id = fields.Text(
        allow_none=True,
        metadata={"format": "uuid", "description": "The target's channel on the switch."},
    )
    asked_at = _moment("When it began.", nullable=False)
    answered_at = _moment("When somebody, or something, answered.")
    connected_at = _moment("Since when the caller talked to them.")
    ended_at = _moment("When it failed, or the two were no longer connected.")
    outcome = fields.Choice(
        *rules.Outcome,
        allow_none=True,
        metadata={
            "description": "`transferred`: by us, `referred`: by the carrier; null: under "
            "way, or interrupted by a fault."
        },
    )
    failure = fields.Choice(
        *rules.Failure, allow_none=True, metadata={"description": "Why it failed."}
    )
    cause = fields.Text(allow_none=True, metadata={"description": "The switch's hang-up cause."})
    sip_status = fields.Whole(allow_none=True, metadata={"description": "The carrier's answer."})
