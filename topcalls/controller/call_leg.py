"""The audio of one call as the bridge sees it: caller's audio in, playback out.

mod_audio_stream never reconnects by itself. When its connection is cut during a call, the leg
starts the stream once more and the bridge notices nothing but a short gap; only if that fails too,
or the stream breaks again at once, is the stream lost.

Every attempt has an address of its own, an `ExpectedStream`, which is its identity here: what is
told of an attempt that is over, however late, is no news.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

import gevent

from topcalls.audio.formats import G711Codec
from topcalls.clock import Clock
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.errors import SwitchError, TopCallsError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.errors import CommandRefused
from topcalls.log import get_logger
from topcalls.media.audio_stream import MediaStream
from topcalls.media.call_sound import CallSound
from topcalls.media.playback import Playback
from topcalls.media.server import ExpectedStream, MediaServer

CONNECT_SECONDS = 5.0
"""How long the switch may take to reach us; mod_audio_stream itself gives up after 1 s."""

STEADY_SECONDS = 2.0
"""A stream that breaks within this time of its connection is lost for good."""

HANG_UP_GRACE_SECONDS = 1.0
"""A hang-up closes the stream some 20 ms later, and may be reported to us after that: a stream that
ended in good order (1000), or could not be started again, is given this long to be explained."""

NORMAL_CLOSURE, NO_CLOSE_FRAME = 1000, 1006

log = get_logger("controller.leg")


class LegListener(Protocol):
    """Who wants to know about the leg; every method returns at once."""

    def stream_connected(self) -> None: ...

    def stream_lost(self, detail: str) -> None: ...


class CallLeg:
    """Stream and playback of one channel.

    `on_audio` gets L16 little-endian 8 kHz as the switch sends it, mono or stereo (the caller left,
    what is played right), in the event loop's callback: it must not block. What arrives before it
    is set is kept, see `MediaStream`.
    """

    def __init__(
        self,
        call_id: str,
        channel_uuid: str,
        switch: SwitchClient,
        media: MediaServer,
        player: ChannelPlayer,
        playback: Playback,
        listener: LegListener,
        clock: Clock,
    ) -> None:
        self.on_closed: Callable[[int, str], None] = _ignore_end
        self.playback = playback
        self.sound = CallSound(playback, self._listened_to)
        self._tap: Callable[[bytes], None] | None = None
        self._on_audio: Callable[[bytes], None] | None = None
        self._call_id = call_id
        self._uuid = channel_uuid
        self._switch = switch
        self._media = media
        self._player = player
        self._listener = listener
        self._clock = clock
        self.keys_in_band = False
        self.is_stereo = False
        self._expected: ExpectedStream | None = None  # the present attempt; None between two
        self._stream: MediaStream | None = None
        self._connected_at: float | None = None
        self._ended_at: float | None = None  # when the last stream that broke did so
        self._unreported = 0  # ends that we saw and the switch did not report; < 0: it was first
        self._closed = False
        self._is_ending = False

    @property
    def stream(self) -> CallLeg:
        """The caller's audio, whichever connection it comes by."""
        return self

    @property
    def codec(self) -> G711Codec:
        """What is on the wire, and therefore in playback files: the switch plays their bytes as
        they are. We offer both kinds of G.711, and the far end chooses when it answers."""
        return self.playback.codec

    @property
    def can_play(self) -> bool:
        """The switch takes commands."""
        return self._switch.is_up

    @property
    def last_heard(self) -> float | None:
        """The last sign of the channel, in monotonic seconds: its audio, or the end of its stream,
        which comes with the hang-up; None if there was none."""
        return self._stream.last_audio_at if self._stream is not None else self._ended_at

    def answered(
        self, codec: G711Codec, *, keys_in_band: bool = False, will_park: bool = False
    ) -> None:
        """The far end has chosen a codec, and how it tells of keys. `will_park`: the switch parks
        the channel now, and can play nothing before `parked`."""
        self.playback.codec = codec
        self.keys_in_band = keys_in_band
        if will_park:
            self._player.await_park()

    def parked(self) -> None:
        """The switch can play."""
        self._player.parked()

    @property
    def on_audio(self) -> Callable[[bytes], None] | None:
        return self._on_audio

    @on_audio.setter
    def on_audio(self, callback: Callable[[bytes], None]) -> None:
        self._on_audio = callback
        self._connect_ears()

    def _listened_to(self, hear: Callable[[bytes], None] | None) -> None:
        """Somebody listens in, or nobody any more."""
        self._tap = hear
        self._connect_ears()

    def _connect_ears(self) -> None:
        if self._stream is not None and self._on_audio is not None:
            self._stream.on_audio = self._on_audio if self._tap is None else self._hear

    def _hear(self, l16: bytes) -> None:
        if self._on_audio is not None:
            self._on_audio(l16)
        if self._tap is not None:
            self._tap(l16)

    def start(self, *, detach: bool = False, stereo: bool = False) -> None:
        """Fork the channel's audio to us; the answer is `stream_connected` or `stream_lost`.
        `detach`: away from whoever had it. `stereo`: with what is played to the caller."""
        self.is_stereo = self.sound.is_stereo = stereo
        self._begin(detach=detach)

    def held(self, is_held: bool) -> None:
        """The far end has put the channel on hold, or is back. The switch streams nothing then,
        but keeps what it plays, and would send that afterwards: too late, and twice as fast."""
        if self.is_stereo and not is_held:
            self._switch.post(commands.uuid_audio_stream_resume(self._uuid))

    def switch_reported(self, detail: str) -> None:
        """The switch says that a stream could not be set up or has ended.

        It names no stream, and tells what we notice ourselves a little earlier or later: one report
        for each stream that we see end is no news.
        """
        if self._unreported > 0:
            self._unreported -= 1
        elif self._expected is not None and self._stream is None:
            self._broken(self._expected, detail)
        elif self._expected is not None:
            self._unreported -= 1
            gevent.spawn_later(HANG_UP_GRACE_SECONDS, self._end_unseen, self._expected, detail)

    @property
    def channel_uuid(self) -> str:
        """The channel it is a leg of."""
        return self._uuid

    def leave(self, *, streams: bool = True) -> None:
        """The same as `close`, on a channel that goes on without us. `streams`: it was started."""
        self.close()
        if streams:
            with suppress(SwitchError):
                command = commands.uuid_audio_stream_stop(self._uuid)
                self._switch.bgapi(command, timeout=CONNECT_SECONDS)

    def ends(self) -> None:
        """The channel is about to be hung up: no stream is begun on it any more, which a switch may
        not survive."""
        self._is_ending = True

    def close(self) -> None:
        """End stream and playback; nothing is reported any more."""
        self._closed = True
        self.sound.end()
        self.on_audio = _ignore
        if self._expected is not None:
            self._expected.cancel()
        if self._stream is not None:
            self._stream.close()
        self.playback.close()

    def _begin(self, *, detach: bool) -> None:
        self._expected = self._media.expect(self._call_id)
        gevent.spawn(self._connect, self._expected, detach)

    def _connect(self, expected: ExpectedStream, detach: bool) -> None:
        """One attempt. A channel that still holds a stream (`detach`) would refuse another."""
        try:
            if detach:
                self._detach()
            if self._closed or self._is_ending:
                return
            mix: commands.Mix = "stereo" if self.is_stereo else "mono"
            command = commands.uuid_audio_stream_start(self._uuid, expected.url, mix=mix)
            job = self._switch.bgapi(command, timeout=CONNECT_SECONDS)
            job.on_done(partial(self._start_answered, expected))
            stream = expected.wait(CONNECT_SECONDS)
        except TopCallsError as error:
            self._broken(expected, str(error))
            return
        if self._closed or expected is not self._expected:
            stream.close()
            return
        self._stream = self._player.stream = stream
        self._connected_at = self._clock.monotonic()
        stream.on_closed = partial(self._stream_closed, expected)
        self._connect_ears()
        self._listener.stream_connected()

    def _start_answered(self, expected: ExpectedStream, result: str | SwitchError) -> None:
        """A refusal ends the attempt at once. Whatever else the switch says, or fails to say, the
        stream itself tells whether there is one."""
        if isinstance(result, CommandRefused):
            self._broken(expected, str(result))

    def _detach(self) -> None:
        command = commands.uuid_audio_stream_stop(self._uuid)
        with suppress(CommandRefused):
            self._switch.bgapi(command, timeout=CONNECT_SECONDS).wait()

    def _stream_closed(self, expected: ExpectedStream, code: int, reason: str) -> None:
        if expected is not self._expected:
            return
        self._stream = self._player.stream = None
        self._ended_at = self._clock.monotonic()
        self._unreported += 1
        detail = f"WebSocket closed with {code} {reason}".rstrip()
        if code == NORMAL_CLOSURE:
            gevent.spawn_later(HANG_UP_GRACE_SECONDS, self._broken, expected, detail)
        else:
            self._broken(expected, detail, detach=code != NO_CLOSE_FRAME)

    def _end_unseen(self, expected: ExpectedStream, detail: str) -> None:
        """The switch reported an end, and the connection still looks alive: it is dead."""
        if expected is self._expected and self._stream is not None:
            self._unreported += 1
            stream, self._stream = self._stream, None
            self._player.stream = None
            self._ended_at = stream.last_audio_at
            self._broken(expected, detail)
            stream.close()

    def _broken(self, expected: ExpectedStream, detail: str, *, detach: bool = False) -> None:
        """An attempt failed, or its stream is over. `detach`: the channel still has the stream."""
        if self._closed or expected is not self._expected:
            return
        self._expected = None
        expected.cancel()
        began, self._connected_at = self._connected_at, None
        if began is None or self._clock.monotonic() - began < STEADY_SECONDS:
            gevent.spawn_later(HANG_UP_GRACE_SECONDS, self._lost, detail)
            return
        log.warning("Audio stream broke, starting it again", call_id=self._call_id, why=detail)
        self._begin(detach=detach)

    def _lost(self, detail: str) -> None:
        if not self._closed:
            self.close()
            self._listener.stream_lost(detail)


def _ignore(_: bytes) -> None:
    """Audio after the end is nobody's."""


def _ignore_end(_: int, __: str) -> None:
    """The leg itself deals with an end."""
