"""The audio of one call: what the person says and hears, what is played, streamed and recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import gevent

from topcalls.sandbox.freeswitch.audio_stream import AudioStream
from topcalls.sandbox.freeswitch.callee import Callee, ringback
from topcalls.sandbox.freeswitch.channel import Channel
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS, PCMU, Codec, comfort_noise, level
from topcalls.sandbox.freeswitch.displacing import Displacing
from topcalls.sandbox.freeswitch.eavesdropping import Spy
from topcalls.sandbox.freeswitch.playback import Execution, Player
from topcalls.sandbox.freeswitch.recording import Recordings
from topcalls.sandbox.line_noise import LineNoise

HEARD_SECONDS_KEPT = 60
MOST_FRAMES_WAITING = 4

Fire = Callable[..., None]


class CallAudio:
    """Moved by the media clock, one frame at a time.

    `heard` is what was played to the person, the last minute of it, in the call's codec.
    """

    def __init__(
        self, channel: Channel, callee: Callee, fire: Fire, run: Callable[[str, str], bool]
    ) -> None:
        """`fire(name, headers)` raises an event, `run(application, argument)` carries one out; True
        if it lasts until `player.application_over`."""
        self.player = Player(PlaybackSession(channel, fire, run))
        self.stream: AudioStream | None = None
        self.recordings = Recordings(channel.variables, fire)
        self.heard: deque[bytes] = deque(maxlen=round(HEARD_SECONDS_KEPT / FRAME_SECONDS))
        self.displacing = Displacing()
        self.spying: Spy | None = None  # who listens here to another call
        self.spies: list[Spy] = []  # who listen to this one
        self._peer: CallAudio | None = None
        self._from_peer: deque[bytes | None] = deque(maxlen=MOST_FRAMES_WAITING)
        self._channel = channel
        self._callee = callee
        self._run = run
        self._frames_missing = 0
        self._ringback = ringback()
        self._line = LineNoise(channel.uuid)

    def tick(self, at: float) -> None:
        """20 ms: the person speaks, the switch plays, stream, recordings and person hear it."""
        channel = self._channel
        if not channel.has_media:
            return
        active = channel.phase == "active"
        if active and not self._callee.sends_packets:
            self._miss_packet()
        said = self._line.under(self._callee.speak_frame()) if active else self._early_audio()
        voice, said = said, self._with_spies(said)
        played = self._played(said)
        samples = channel.codec.to_linear(played) if played else self._comfort_noise()
        for spy in self.spies:
            spy.overhears(PCMU.to_linear(voice) if voice else None, samples)
        for spy in self.spies:
            samples, played = spy.into_heard(samples), None
        heard, recorded = self.displacing.mix(samples)
        if not channel.on_hold and (self.stream is not None or self.recordings.active):
            self._fork(said, recorded)
        elif channel.on_hold and self.stream is not None:
            self.stream.frame_on_hold(recorded)
        if active and heard is not None:
            self._callee.hear_tones(heard)
        if active and channel.on_hold:
            self._callee.hear(0, at)
        elif active:
            plain = heard is samples and played is not None
            mixed = played if plain or not heard else channel.codec.from_linear(heard)
            self.heard.append(mixed or channel.codec.silence)
            # a person tells a voice from what sounds behind it
            self._callee.hear(level(samples) if samples else 0, at)

    def connect(self, peer: CallAudio) -> None:
        """From now on the two persons hear each other."""
        self._peer = peer
        self._from_peer.clear()

    def disconnect(self) -> None:
        """They hear nothing more of each other."""
        self._peer = None

    def is_connected_with(self, peer: CallAudio) -> bool:
        """Whether it is that one whom the person hears."""
        return self._peer is peer

    def listen_to(self, call: CallAudio, mix: str, ended: Callable[[], None]) -> None:
        """`eavesdrop`: hear that call until `ended`."""

        def over() -> None:
            self.spying = None
            ended()

        self.spying = Spy(call.spies, mix, over)

    def _with_spies(self, said: bytes | None) -> bytes | None:
        """What the person says, as others get it."""
        samples = PCMU.to_linear(said) if said and self.spies else None
        for spy in self.spies:
            samples = spy.into_said(samples)
        return PCMU.from_linear(samples) if samples else said

    def _played(self, said: bytes | None) -> bytes | None:
        """What the switch has for the person: another person, another call, or a file."""
        if self._peer is not None:
            return self._from_other(said)
        if self.spying is None:
            return self.player.tick()
        self.spying.says(PCMU.to_linear(said) if said else None)
        heard = self.spying.hears()
        return self._channel.codec.from_linear(heard) if heard else None

    def _from_other(self, said: bytes | None) -> bytes | None:
        """Give the other person what ours says, and take what theirs said."""
        assert self._peer is not None
        self._peer._from_peer.append(said)
        heard = self._from_peer.popleft() if self._from_peer else None
        return self._channel.codec.from_pcmu(heard) if heard else None

    def hang_up(self) -> None:
        """PLAYBACK_STOP, RECORD_STOP of what is going on; the stream is closed."""
        self.leave()
        for spy in tuple(self.spies):
            spy.end()
        self.displacing.close()
        self.recordings.stop_all()
        if self.stream is not None:
            gevent.spawn(self.stream.stop)
            self.stream = None

    def leave(self) -> None:
        """Whatever the channel does ends: it is gone, or is connected with another."""
        if self.spying is not None:
            self.spying.end()
        self.player.hang_up()

    def vanish(self) -> None:
        """The switch has crashed."""
        self.player.close()
        self.displacing.close()
        self.recordings.abandon()
        if self.stream is not None:
            self.stream.abort()

    def _fork(self, said: bytes | None, played: bytes | None) -> None:
        channel = self._channel
        samples = channel.codec.to_linear(channel.codec.from_pcmu(said)) if said else None
        ignored = channel.phase == "early" and channel.is_true("ignore_early_media")
        if self.stream is not None and not ignored:
            self.stream.frame(samples, played)
        self.recordings.write(samples, played)

    def _early_audio(self) -> bytes | None:
        return next(self._ringback) if self._channel.direction == "outbound" else None

    def _miss_packet(self) -> None:
        """20 ms without one: after `media_timeout` milliseconds of them the leg ends."""
        self._frames_missing += 1
        limit = self._channel.variables.get("media_timeout", "")
        if limit.isdigit() and self._frames_missing >= int(limit) // 20:
            gevent.spawn(self._run, "hangup", "MEDIA_TIMEOUT")

    def _comfort_noise(self) -> bytes | None:
        """What a parked channel sends by itself: nothing, unless it was told to."""
        idle = self._channel.variables.get("send_silence_when_idle", "0")
        if not self._channel.parked or idle == "0":
            return None
        return comfort_noise(self._channel.codec).frame()


class PlaybackSession:
    """Raises the events of a channel's playbacks; see `playback.Session`."""

    def __init__(self, channel: Channel, fire: Fire, run: Callable[[str, str], bool]) -> None:
        self._channel = channel
        self._fire = fire
        self._run = run

    @property
    def codec(self) -> Codec:
        """The channel's codec."""
        return self._channel.codec

    def begin_application(self, execution: Execution) -> bool:
        """CHANNEL_EXECUTE; most of what is not `playback` is done at once."""
        self._channel.application = execution.application
        self._channel.application_data = execution.argument
        self._fire("CHANNEL_EXECUTE", _application_headers(execution))
        if execution.application == "playback":
            return True
        return self._run(execution.application, execution.argument)

    def end_application(self, execution: Execution, response: str) -> None:
        """CHANNEL_EXECUTE_COMPLETE."""
        self._channel.variables["current_application_response"] = response
        headers = _application_headers(execution) | {"Application-Response": response}
        self._fire("CHANNEL_EXECUTE_COMPLETE", headers)
        self._channel.application, self._channel.application_data = "park", ""

    def playback_started(self, path: str) -> None:
        """PLAYBACK_START: the playback variables still belong to the previous file."""
        self._fire("PLAYBACK_START", {"Playback-File-Path": path})

    def playback_stopped(self, path: str, status: str, samples: int, last_offset: int) -> None:
        """PLAYBACK_STOP."""
        self._channel.variables |= {
            "playback_last_offset_pos": str(last_offset),
            "playback_seconds": str(samples // 8000),
            "playback_ms": str(samples // 8),
            "playback_samples": str(samples),
        }
        self._fire("PLAYBACK_STOP", {"Playback-File-Path": path, "Playback-Status": status})


def _application_headers(execution: Execution) -> dict[str, str]:
    return {
        "Application": execution.application,
        "Application-Data": execution.argument,
        "Application-UUID": execution.event_uuid,
    }
