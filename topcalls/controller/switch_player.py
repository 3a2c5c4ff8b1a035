"""What a playback strategy asks of the switch, as Event Socket commands for one channel."""

from __future__ import annotations

from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.media.audio_stream import MediaStream


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

    def play(self, target: str) -> None:
        if self.is_ours:
            self._switch.execute(self._uuid, "playback", target)

    def break_all(self) -> None:
        self._post(commands.uuid_break(self._uuid))

    def toggle_pause(self) -> None:
        self._post(commands.uuid_fileman_pause(self._uuid))

    def mix_in(self, path: str) -> None:
        self._post(commands.uuid_displace_start(self._uuid, path))

    def mix_out(self, path: str) -> None:
        self._post(commands.uuid_displace_stop(self._uuid, path))

    def press(self, digits: str) -> None:
        """Send keys: see `uuid_send_dtmf`."""
        self._post(commands.uuid_send_dtmf(self._uuid, digits))

    def _post(self, command: str) -> None:
        if self.is_ours:
            self._switch.post(command)

    def send_stream_text(self, text: str) -> None:
        if self.stream is not None:
            self.stream.send_text(text)
