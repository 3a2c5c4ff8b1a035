"""Recordings: what is asked for, and links to them."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.services.recording_links import DEFAULT_SECONDS, MOST_SECONDS
from topcalls.services.recordings import KINDS, WAV

LEAST_SECONDS = 60


class KindQuerySchema(ma.Schema):
    """As what to send it."""

    format = fields.Choice(*KINDS, load_default=WAV)


class LinkQuerySchema(KindQuerySchema):
    """What the link is to lead to, and for how long."""

    expires_in = fields.QueryWhole(
        load_default=DEFAULT_SECONDS,
        validate=ma.validate.Range(
            LEAST_SECONDS,
            MOST_SECONDS,
            error=f"Must be from {LEAST_SECONDS} to {MOST_SECONDS}.",
        ),
        metadata={"description": "Seconds; a week at most."},
    )


class LinkSchema(ma.Schema):
    """A link that needs no key."""

    url = fields.Text(required=True)
    expires_at = fields.Timestamp(required=True)


class SignatureQuerySchema(ma.Schema):
    """What makes an address a link that needs no key."""

    expires = fields.Text(metadata={"description": "Until when, in seconds since 1970."})
    signature = fields.Text(metadata={"description": "Made by the API: see the link."})
