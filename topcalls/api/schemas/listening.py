"""Where a live call is heard."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields


class InvitationSchema(ma.Schema):
    """An address that sounds."""

    url = fields.Text(
        required=True,
        metadata={
            "format": "uri",
            "description": "A WAV of 16 bits at 8 kHz that lasts as long as the call, the other "
            "person on the left, the agent on the right. Any player takes it.",
        },
    )
    expires_at = fields.Timestamp(
        required=True, metadata={"description": "Until when one may begin to listen."}
    )
