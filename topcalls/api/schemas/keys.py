"""Keys to press in a call."""

from __future__ import annotations

import marshmallow as ma

from topcalls.api import fields
from topcalls.core import keys


class KeysSchema(ma.Schema):
    """What to press."""

    digits = fields.Text(
        required=True,
        metadata={
            "description": "The keys in order: 0-9, *, #, A-D. `w` waits half a second, `W` one.",
            "pattern": keys.PATTERN,
        },
    )
    pause_ms = fields.Whole(
        load_default=0,
        metadata={
            "description": "Pause between two keys, in milliseconds; rounded up to half seconds.",
            "minimum": 0,
            "maximum": keys.LONGEST_PAUSE_MS,
        },
    )


class CommandSchema(ma.Schema):
    """What was asked is on its way to the call."""

    ok = fields.Flag(required=True)
    command_id = ma.fields.UUID(required=True)
