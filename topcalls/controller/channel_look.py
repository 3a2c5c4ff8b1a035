"""One channel as the switch has it now, for whoever missed its events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from topcalls.audio.formats import G711Codec
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.parser import ESLEvent
from topcalls.esl.translate import answered_seconds_ago, keys_in_band, line_codec

HELD: Final = "HELD"
"""The state, among those of a call, in which the far end has put it on hold."""


@dataclass(frozen=True, slots=True)
class ChannelLook:
    """`answered_ago`: for how many seconds it has been answered. `is_held`: by the far end."""

    codec: G711Codec
    keys_in_band: bool
    answered_ago: float
    owner: str
    is_held: bool


def look_at(switch: SwitchClient, channel_uuid: str) -> ChannelLook | None:
    """None where there is no such channel, or the switch does not say."""
    try:
        dump = orjson.loads(switch.api(commands.uuid_dump(channel_uuid)))
    except (SwitchError, orjson.JSONDecodeError):
        return None
    event = ESLEvent({name: value for name, value in dump.items() if isinstance(value, str)})
    return ChannelLook(
        line_codec(event),
        keys_in_band(event),
        answered_seconds_ago(event),
        event.variable("tc_owner"),
        event.get("Channel-Call-State") == HELD,
    )
