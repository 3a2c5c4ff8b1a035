"""What we send to FreeSWITCH about softphones, beside `esl/commands.py`: rung, and put on calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from topcalls.errors import InvalidRequest
from topcalls.esl import commands, quoting

MIXES = ("0", "1", "2", "3")
MEDIA_TIMEOUT_MS = 60_000
"""A softphone that sends no audio for so long is hung up: one that vanished sends no BYE."""


@dataclass(frozen=True, slots=True)
class Ring:
    """A softphone to ring; see `ring_softphone` and `Dial`. `username` is its user's."""

    channel_uuid: str
    username: str
    caller_id_number: str
    ring_timeout_seconds: int
    max_duration_seconds: int
    variables: Mapping[str, str] = field(default_factory=dict)


def ring_softphone(ring: Ring) -> str:
    """Ring a user of the directory wherever it is registered, and park the channel on answer."""
    limit = quoting.seconds("max_duration_seconds", ring.max_duration_seconds)
    caller = quoting.sip_user("caller_id_number", ring.caller_id_number)
    ringing = quoting.seconds("ring_timeout_seconds", ring.ring_timeout_seconds)
    variables = {
        "ignore_early_media": "true",
        "originate_timeout": str(ringing),
        "origination_caller_id_number": caller,
        "origination_caller_id_name": caller,
        "absolute_codec_string": ",".join(commands.CODECS),
        "hold_music": commands.HOLD_MUSIC,
        "media_timeout": str(MEDIA_TIMEOUT_MS),
        "execute_on_answer": f"sched_hangup +{limit} allotted_timeout",
        **ring.variables,
    }
    endpoint = user_endpoint(ring.username)
    return commands.originate_to(endpoint, variables, channel_uuid=ring.channel_uuid)


def user_endpoint(username: str) -> str:
    """Wherever a user of the directory is registered."""
    return f"user/{quoting.token('username', username)}"


def eavesdrop(uuid: str, mix: str) -> str:
    """Who hears whoever runs `eavesdrop` on this channel: `0` nobody, `1` the spied channel's peer,
    `2` the spied channel, `3` both."""
    if mix not in MIXES:
        raise InvalidRequest("This value cannot go into a command.", field="mix")
    channel = quoting.uuid("uuid", uuid)
    return f"sendevent GENERAL\nunique-id: {channel}\neavesdrop-command: {mix}"
