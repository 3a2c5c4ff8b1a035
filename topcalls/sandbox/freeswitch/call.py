"""One call through the double: its channel, the person, and the audio between them.

A call is moved by three parties: the switch (`dial`, `answer`, `hang_up`, commands), the person
(`press`, `put_down`) and the media clock (`tick`).
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import gevent

from topcalls.sandbox.freeswitch.applications import run_application
from topcalls.sandbox.freeswitch.audio_stream import AudioStream
from topcalls.sandbox.freeswitch.callee import Callee, ringback
from topcalls.sandbox.freeswitch.causes import SipRefusal
from topcalls.sandbox.freeswitch.channel import Channel
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS, Codec, comfort_noise, level
from topcalls.sandbox.freeswitch.playback import Execution, Player
from topcalls.sandbox.freeswitch.recording import Recordings
from topcalls.sandbox.freeswitch.ringing import ring
from topcalls.sandbox.freeswitch.sip import answer_variables, hangup_variables, negotiated_codec
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import OnTheLine

HEARD_SECONDS_KEPT = 120
_DTMF_DURATION = "2000"


class Host(Protocol):
    """What a call needs of the switch it is on."""

    def fire(
        self, name: str, channel: Channel, more: dict[str, str] | None = None, body: str = ""
    ) -> None:
        """Raise an event with the channel's headers and `more`."""
        ...

    def microseconds(self) -> int:
        """Now, since the epoch."""
        ...

    def begin_media(self, call: Call) -> None:
        """The media clock ticks the call from now on."""
        ...

    def call_answered(self, call: Call) -> None:
        """The call was answered."""
        ...

    def call_over(self, call: Call) -> None:
        """The call's last event is out."""
        ...

    def rendered(self, text: str) -> bytes | None:
        """PCMU of a sentence of the person, None while it is being made."""
        ...

    def utterance(self, call: Call, text: str, audio: bytes) -> None:
        """The person begins to say `text`."""
        ...


class Call:
    """A live call. `over` of its channel is set when the last event is out."""

    def __init__(self, host: Host, channel: Channel, scenario: Scenario) -> None:
        self.channel = channel
        self.scenario = scenario
        self.player = Player(self)
        self.stream: AudioStream | None = None
        self.recordings = Recordings(channel.variables, self._fire)
        self.scheduled: list[gevent.Greenlet] = []
        self.heard: deque[bytes] = deque(maxlen=round(HEARD_SECONDS_KEPT / FRAME_SECONDS))
        self._host = host
        self._ringing: gevent.Greenlet | None = None
        self._ringback = ringback()
        self.callee = Callee(
            scenario,
            [step for step in scenario.callee if isinstance(step, OnTheLine)],
            self,
            on_utterance=lambda text, audio: host.utterance(self, text, audio),
            rendered=host.rendered,
        )

    @property
    def uuid(self) -> str:
        """The channel's Unique-ID."""
        return self.channel.uuid

    @property
    def codec(self) -> Codec:
        """The channel's codec."""
        return self.channel.codec

    # --- life

    def dial(self) -> None:
        """An outbound leg: CHANNEL_CREATE, then whatever the telephone does until the answer."""
        self.channel.codec = negotiated_codec(self.channel.variables)
        self.channel.phase = "dialing"
        self._fire("CHANNEL_CREATE")
        self._ringing = gevent.spawn(ring, self, self.scenario.callee)

    def offer(self, patience: float) -> None:
        """An inbound leg: created and parked, unanswered; the caller gives up after `patience`."""
        self.channel.phase = "ringing"
        self._ringing = gevent.spawn_later(patience, self.put_down)
        self._fire("CHANNEL_CREATE")
        self.park()

    def park(self) -> None:
        """CHANNEL_PARK."""
        self.channel.parked = True
        self._fire("CHANNEL_PARK")

    def answer(self) -> None:
        """CHANNEL_ANSWER; audio flows in both directions."""
        channel = self.channel
        if channel.phase == "active" or not channel.is_up:
            return
        channel.phase = "active"
        channel.times.answered = self._host.microseconds()
        channel.variables |= answer_variables(channel)
        channel.settled.set()
        self._stop_ringing()
        self._host.begin_media(self)
        self._fire("CHANNEL_ANSWER")
        if on_answer := channel.variables.get("execute_on_answer"):
            application, _, argument = on_answer.partition(" ")
            run_application(self, application, argument)
        self._host.call_answered(self)

    def hang_up(self, cause: str, disposition: str = "", refusal: SipRefusal | None = None) -> None:
        """CHANNEL_HANGUP now, CHANNEL_HANGUP_COMPLETE with the next frame. Later calls do nothing.

        `disposition`: who ended it, in sip_hangup_disposition's words; by default we did.
        """
        channel = self.channel
        if not channel.is_up:
            return
        answered = channel.times.answered > 0
        inbound = "send_refuse" if channel.direction == "inbound" else "send_cancel"
        channel.variables["sip_hangup_disposition"] = disposition or (
            "send_bye" if answered else inbound
        )
        channel.variables |= hangup_variables(answered, refusal)
        channel.phase = "hangup"
        channel.cause = cause
        channel.times.hungup = self._host.microseconds()
        for timer in self.scheduled:
            timer.kill(block=False)
        self._stop_ringing()
        self._fire("CHANNEL_HANGUP")
        gevent.spawn_later(FRAME_SECONDS if answered else 0, self._finish)

    def vanish(self) -> None:
        """The switch has crashed: everything is gone, and nobody is told."""
        self.channel.phase = "reporting"
        self.channel.settled.set()
        self.channel.over.set()
        self._stop_ringing()
        for timer in self.scheduled:
            timer.kill(block=False)
        if self.stream is not None:
            self.stream.abort()
        self.recordings.close()

    def _stop_ringing(self) -> None:
        ringing, self._ringing = self._ringing, None
        if ringing is not None and ringing is not gevent.getcurrent():
            ringing.kill(block=False)

    def _finish(self) -> None:
        self.player.hang_up()
        self.recordings.stop_all()
        if self.stream is not None:
            gevent.spawn(self.stream.stop)
            self.stream = None
        self.channel.close_books()
        self.channel.phase = "reporting"
        self._fire("CHANNEL_HANGUP_COMPLETE")
        self._fire("CHANNEL_DESTROY")
        self._host.call_over(self)
        self.channel.settled.set()
        self.channel.over.set()

    def progress(self) -> None:
        """CHANNEL_PROGRESS, once: it rings."""
        if not self.channel.times.progress:
            self.channel.phase = "ringing"
            self.channel.times.progress = self._host.microseconds()
            self._fire("CHANNEL_PROGRESS")

    def early_media(self) -> None:
        """CHANNEL_PROGRESS_MEDIA: a ringback tone is heard."""
        self.channel.phase = "early"
        self.channel.times.progress_media = self._host.microseconds()
        self._host.begin_media(self)
        self._fire("CHANNEL_PROGRESS_MEDIA")
        if not self.ignores_early_media:
            self.channel.settled.set()

    @property
    def _sends_silence(self) -> bool:
        idle = self.channel.variables.get("send_silence_when_idle", "0")
        return self.channel.parked and idle not in ("", "0")

    @property
    def ignores_early_media(self) -> bool:
        return self.channel.variables.get("ignore_early_media", "") in ("true", "yes", "1")

    # --- the person's telephone

    def press(self, digit: str) -> None:
        """A key of the person: DTMF event; "*" ends a playback, as by default in FreeSWITCH."""
        more = {"DTMF-Digit": digit, "DTMF-Duration": _DTMF_DURATION, "DTMF-Source": "RTP"}
        self._fire("DTMF", more)
        if digit in self.channel.variables.get("playback_terminators", "*"):
            self.player.stop(flush=False)

    def put_down(self) -> None:
        """The person hangs up: BYE, or CANCEL of a call we have not answered."""
        if self.channel.times.answered:
            self.hang_up("NORMAL_CLEARING", "recv_bye")
        else:
            self.hang_up("ORIGINATOR_CANCEL", "recv_cancel")

    # --- audio

    def tick(self, at: float) -> None:
        """20 ms: the person speaks, the switch plays, stream, recordings and person hear it."""
        if not self.channel.has_media:
            return
        active = self.channel.phase == "active"
        said = self.callee.speak_frame() if active else next(self._ringback)
        played = self.player.tick()
        played_samples = self.codec.to_linear(played) if played else None
        if played_samples is None and self._sends_silence:
            played_samples = comfort_noise(self.codec).frame()
        if self.stream is not None or self.recordings.active:
            self._fork(said, played_samples)
        if active:
            self.heard.append(played or self.codec.silence)
            self.callee.hear(level(played_samples) if played_samples else 0, at)

    def _fork(self, said: bytes | None, played: bytes | None) -> None:
        samples = self.codec.to_linear(self.codec.from_pcmu(said)) if said else None
        early = self.channel.phase == "early"
        if self.stream is not None and not (early and self.ignores_early_media):
            self.stream.frame(samples, played)
        self.recordings.write(samples, played)

    # --- playback session

    def begin_application(self, execution: Execution) -> bool:
        """See `playback.Session`."""
        self.channel.application = execution.application
        self.channel.application_data = execution.argument
        self._fire("CHANNEL_EXECUTE", _application_headers(execution))
        if execution.application == "playback":
            return True
        run_application(self, execution.application, execution.argument)
        return False

    def end_application(self, execution: Execution, response: str) -> None:
        """See `playback.Session`."""
        self.channel.variables["current_application_response"] = response
        headers = _application_headers(execution) | {"Application-Response": response}
        self._fire("CHANNEL_EXECUTE_COMPLETE", headers)
        self.channel.application, self.channel.application_data = "park", ""

    def playback_started(self, path: str) -> None:
        """See `playback.Session`."""
        self._fire("PLAYBACK_START", {"Playback-File-Path": path})

    def playback_stopped(self, path: str, status: str, samples: int, last_offset: int) -> None:
        """See `playback.Session`."""
        self.channel.variables |= {
            "playback_last_offset_pos": str(last_offset),
            "playback_seconds": str(samples // 8000),
            "playback_ms": str(samples // 8),
            "playback_samples": str(samples),
        }
        self._fire("PLAYBACK_STOP", {"Playback-File-Path": path, "Playback-Status": status})

    def schedule_hangup(self, seconds: float, cause: str) -> None:
        """`sched_hangup`: one more, beside those there are."""
        self.scheduled.append(gevent.spawn_later(seconds, self.hang_up, cause))

    def _fire(self, name: str, more: dict[str, str] | None = None) -> None:
        self._host.fire(name, self.channel, more)


def _application_headers(execution: Execution) -> dict[str, str]:
    return {
        "Application": execution.application,
        "Application-Data": execution.argument,
        "Application-UUID": execution.event_uuid,
    }
