"""Further lines of a call: how they are dialled, and how two lines are connected."""

from __future__ import annotations

from collections.abc import Callable

import gevent

from topcalls.controller import dials
from topcalls.controller.call_leg import CallLeg, LegListener
from topcalls.controller.gear import Gear
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.core.call_events import Hangup
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.errors import CommandRefused


def side_leg(call_id: str, gear: Gear, channel_uuid: str, listener: LegListener) -> CallLeg:
    """The audio of a further channel of a call."""
    player = ChannelPlayer(gear.switch, channel_uuid)
    return CallLeg(
        call_id,
        channel_uuid,
        gear.switch,
        gear.media,
        player,
        gear.make_playback(player),
        listener,
        gear.clock,
    )


class SideDial:
    """One dial of a further line. `usable` is called when the line may be used: it was answered,
    and the switch's thread that dialled it has let go of it. What the switch is told before, that
    thread undoes: it parks the channel, or finds it gone (measured on FreeSWITCH 1.10.12).

    Success shows by the channel's own events; its hang-up knows more than a refusal, which comes
    to `refused` a little later.
    """

    def __init__(self, usable: Callable[[], None], refused: Callable[[Hangup], None]) -> None:
        self._usable = usable
        self._refused = refused
        self._is_answered = False
        self._is_done = False

    def answered(self) -> None:
        """The channel's event."""
        self._is_answered = True
        self._look()

    def ended(self, result: str | SwitchError) -> None:
        """The result of the job."""
        if isinstance(result, CommandRefused):
            hangup = Hangup(result.cause or dials.ORIGINATE_REFUSED)
            gevent.spawn_later(dials.HANG_UP_FIRST_SECONDS, self._refused, hangup)
            return
        self._is_done = True
        self._look()

    def _look(self) -> None:
        if self._is_answered and self._is_done:
            self._usable()


def connect(switch: SwitchClient, caller: str, other: str) -> None:
    """Connect two channels: what was played to them ends, and either one's hang-up ends the other
    from then on, whether we live or not. Raises `SwitchError`."""
    for channel in (caller, other):
        switch.api(commands.uuid_setvar(channel, "hangup_after_bridge", "true"))
        switch.api(commands.uuid_break(channel))
    switch.api(commands.uuid_bridge(caller, other))
