"""What does the switch really have? Asked after every (re)connect and every few seconds.

Events are hints, the switch's channels are the truth. A call whose channel is gone gets the event
that was lost, through its own session: nobody writes a state from here.
"""

from __future__ import annotations

import orjson

from topcalls.clock import Clock
from topcalls.controller.sessions import LiveCall, Sessions
from topcalls.core.call_events import Answered, ChannelLost
from topcalls.core.call_state import State
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.translate import codec_named
from topcalls.log import get_logger

GRACE_SECONDS = 5.0
"""How long a channel must be missing before its call counts as lost: the hang-up event that
explains it may be on its way, and a dial takes a moment to become a channel."""

_BEFORE_THE_ANSWER = (State.DISPATCHING, State.RINGING)

log = get_logger("controller.reconciler")


class Reconciler:
    """Compares this controller's calls with the switch's channels."""

    def __init__(self, switch: SwitchClient, sessions: Sessions, clock: Clock) -> None:
        self._switch = switch
        self._sessions = sessions
        self._clock = clock
        self._missing_since: dict[str, float] = {}

    def compare(self) -> int:
        """One comparison; returns how many calls were found lost."""
        try:
            channels = self._channels()
        except SwitchError as error:
            log.warning("Channels could not be compared", why=str(error))
            return 0
        now, lost = self._clock.monotonic(), 0
        missing = {}
        for live in self._sessions.all():
            channel, facts = live.effects.channel_uuid, live.session.facts
            if channel in channels:
                _catch_up(live, channels[channel])
                continue
            if not facts.dialled or facts.state.is_final:
                continue
            missing[channel] = self._missing_since.get(channel, now)
            if now - missing[channel] >= GRACE_SECONDS:
                log.warning("Channel is gone", call_id=live.session.call_id)
                live.session.post(ChannelLost())
                lost += 1
        self._missing_since = missing
        return lost

    def _channels(self) -> dict[str, dict[str, str]]:
        answer = orjson.loads(self._switch.api(commands.show_channels()))
        return {row["uuid"]: row for row in answer.get("rows", [])}


def _catch_up(live: LiveCall, channel: dict[str, str]) -> None:
    """A call that was answered while its events could not reach us."""
    if channel.get("callstate") == "ACTIVE" and live.session.facts.state in _BEFORE_THE_ANSWER:
        log.warning("Call was answered unheard", call_id=live.session.call_id)
        live.effects.leg.answered(codec_named(channel.get("write_codec", "")))
        live.session.post(Answered())
