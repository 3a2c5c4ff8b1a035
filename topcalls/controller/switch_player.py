"""What a playback strategy asks of the switch, as Event Socket commands for one channel."""

from __future__ import annotations

from typing import Final

import gevent

from topcalls.controller.tone_keys import ToneKeys
from topcalls.core.keys import Sounds
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.media.audio_stream import MediaStream

HELD_SECONDS: Final = 0.5
"""The longest wait for a channel that was dialled to be parked."""


class ChannelPlayer:
    """Implements `media.playback.SwitchPlayer` and `media.background.Mixer`. Every method returns
    at once.

    All commands travel on the command connection in the order they are given, so that a playback
    asked for after a break is not swallowed by it. `stream` is set while the media stream is
    connected.
    """

    def __init__(self, switch: SwitchClient, channel_uuid: str) -> None:
        self.stream: MediaStream | None = None
        self.is_ours = True  # another controller may have taken the channel
        self._switch = switch
        self._uuid = channel_uuid
        self._held: list[str] | None = None
        self._is_parked = False
        self._tone_keys = ToneKeys(self._press_tones)

    def await_park(self) -> None:
        """Keep what is to be played until `parked`, unless that was already, or for `HELD_SECONDS`:
        of what reaches a channel between its answer and its being parked, FreeSWITCH 1.10 loses one
        playback in twenty-five."""
        if not self._is_parked and self._held is None:
            self._held = []
            gevent.spawn_later(HELD_SECONDS, self.parked)

    def parked(self) -> None:
        """Applications are executed from now on: ask for what was kept."""
        self._is_parked = True
        held, self._held = self._held, None
        for target in held or ():
            self.play(target)

    def play(self, target: str) -> None:
        if self._held is not None:
            self._held.append(target)
        elif self.is_ours:
            self._switch.execute(self._uuid, "playback", target)

    def break_all(self) -> None:
        if self._held is not None:
            self._held.clear()
        self._post(commands.uuid_break(self._uuid))

    def toggle_pause(self) -> None:
        self._post(commands.uuid_fileman_pause(self._uuid))

    def mix_in(self, path: str) -> None:
        self._post(commands.uuid_displace_start(self._uuid, path))

    def mix_out(self, path: str) -> None:
        self._post(commands.uuid_displace_stop(self._uuid, path))

    def press(self, digits: str, *, as_tones: bool = False) -> None:
        """Send keys: see `uuid_send_dtmf`. `as_tones`: the line tells keys in no other way."""
        if as_tones:
            self._tone_keys.press(digits)
        else:
            self._post(commands.uuid_send_dtmf(self._uuid, digits))

    def _press_tones(self, keys: Sounds) -> None:
        self._post(commands.uuid_press_tones(self._uuid, keys))

    def _post(self, command: str) -> None:
        if self.is_ours:
            self._switch.post(command)

    def send_stream_text(self, text: str) -> None:
        if self.stream is not None:
            self.stream.send_text(text)
