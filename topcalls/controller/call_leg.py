"""The audio of one call as the bridge sees it: caller's audio in, playback out.

mod_audio_stream never reconnects by itself. When its connection is cut during a call, the leg
starts the stream once more and the bridge notices nothing but a short gap; only if that fails too,
or the stream breaks again at once, is the stream lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import gevent

from topcalls.clock import Clock
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.errors import TopCallsError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.log import get_logger
from topcalls.media.audio_stream import MediaStream
from topcalls.media.playback import Playback
from topcalls.media.server import ExpectedStream, MediaServer

CONNECT_SECONDS = 5.0
"""How long the switch may take to reach us; mod_audio_stream itself gives up after 1 s."""

STEADY_SECONDS = 2.0
"""A stream that breaks within this time of its start is lost for good."""

HANG_UP_GRACE_SECONDS = 1.0
"""A hang-up closes the stream some 20 ms later, and may be reported to us after that: a stream that
ended in good order (1000), or could not be started again, is given this long to be explained."""

NORMAL_CLOSURE = 1000

log = get_logger("controller.leg")


class LegListener(Protocol):
    """Who wants to know about the leg; every method returns at once."""

    def stream_connected(self) -> None: ...

    def stream_lost(self, detail: str) -> None: ...


class CallLeg:
    """Stream and playback of one channel.

    `on_audio` gets L16 little-endian 8 kHz mono as the switch sends it, in the event loop's
    callback: it must not block.
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
        self.on_audio: Callable[[bytes], None] = _ignore
        self.on_closed: Callable[[int, str], None] = _ignore_end
        self.playback = playback
        self._call_id = call_id
        self._uuid = channel_uuid
        self._switch = switch
        self._media = media
        self._player = player
        self._listener = listener
        self._clock = clock
        self._expected: ExpectedStream | None = None
        self._stream: MediaStream | None = None
        self._started_at: float | None = None
        self._ends_unreported = 0
        self._closed = False

    @property
    def stream(self) -> CallLeg:
        """The caller's audio, whichever connection it comes by."""
        return self

    @property
    def codec(self) -> Literal["PCMU", "PCMA"]:
        """What playback files hold: outbound legs are pinned to G.711, and asked for as PCMU."""
        return "PCMU"

    def start(self) -> None:
        """Fork the channel's audio to us; the answer is `stream_connected` or `stream_lost`."""
        self._started_at = self._clock.monotonic()
        self._expected = self._media.expect(self._call_id)
        gevent.spawn(self._connect, self._expected)

    def switch_reported(self, detail: str) -> None:
        """The switch says that a stream could not be set up or has ended.

        It names no stream, and tells what we noticed ourselves a little later: one report for each
        stream that we saw end is no news.
        """
        if self._ends_unreported:
            self._ends_unreported -= 1
        elif self._stream is None:
            self._broken(detail)

    def close(self) -> None:
        """End stream and playback; nothing is reported any more."""
        self._closed = True
        self.on_audio = _ignore
        if self._expected is not None:
            self._expected.cancel()
        if self._stream is not None:
            self._stream.close()
        self.playback.close()

    def _connect(self, expected: ExpectedStream) -> None:
        try:
            command = commands.uuid_audio_stream_start(self._uuid, expected.url)
            self._switch.bgapi(command, timeout=CONNECT_SECONDS).wait()
            stream = expected.wait(CONNECT_SECONDS)
        except TopCallsError as error:
            if expected is self._expected:
                self._broken(str(error))
            return
        if self._closed or expected is not self._expected:
            stream.close()
            return
        self._stream = stream
        self._player.stream = stream
        stream.on_closed = self._stream_closed
        stream.on_audio = self._audio
        self._listener.stream_connected()

    def _audio(self, audio: bytes) -> None:
        self.on_audio(audio)

    def _stream_closed(self, code: int, reason: str) -> None:
        self._stream = None
        self._ends_unreported += 1
        detail = f"WebSocket closed with {code} {reason}".rstrip()
        if code == NORMAL_CLOSURE:
            gevent.spawn_later(HANG_UP_GRACE_SECONDS, self._broken, detail)
        else:
            self._broken(detail)

    def _broken(self, detail: str) -> None:
        if self._closed:
            return
        if self._expected is not None:
            self._expected.cancel()
        now = self._clock.monotonic()
        if self._started_at is None or now - self._started_at < STEADY_SECONDS:
            gevent.spawn_later(HANG_UP_GRACE_SECONDS, self._lost, detail)
            return
        log.warning("Audio stream broke, starting it again", call_id=self._call_id, why=detail)
        self.start()

    def _lost(self, detail: str) -> None:
        if not self._closed:
            self.close()
            self._listener.stream_lost(detail)


def _ignore(_: bytes) -> None:
    """Audio before anybody listens is nobody's."""


def _ignore_end(_: int, __: str) -> None:
    """The leg itself deals with an end."""
