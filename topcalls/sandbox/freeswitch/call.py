"""One call through the double, from the dial to the last event.

It is moved by the switch (`dial`, `answer`, `hang_up`) and by the person's telephone (`press`,
`put_down`); its `audio` is moved by the media clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import gevent

from topcalls.sandbox.freeswitch.applications import run_application
from topcalls.sandbox.freeswitch.call_audio import CallAudio
from topcalls.sandbox.freeswitch.callee import Callee
from topcalls.sandbox.freeswitch.causes import STACK, SipRefusal
from topcalls.sandbox.freeswitch.channel import Channel
from topcalls.sandbox.freeswitch.codec import FRAME_SECONDS
from topcalls.sandbox.freeswitch.ringing import ring
from topcalls.sandbox.freeswitch.sip import answer_variables, hangup_variables, negotiated_codec
from topcalls.sandbox.scenario import Scenario
from topcalls.sandbox.scenario_steps import OnTheLine

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

    def report(self, call: Call) -> None:
        """Its books are closed: write its record."""
        ...

    def call_over(self, call: Call) -> None:
        """The call's last event is out."""
        ...

    def find(self, uuid: str) -> Call | None:
        """Another live call."""
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
        self.scheduled: list[gevent.Greenlet] = []
        self._host = host
        self.on_over: Callable[[], None] = _nothing
        self._ringing: gevent.Greenlet | None = None
        self._park_timeout: gevent.Greenlet | None = None
        self.callee = Callee(
            scenario,
            [step for step in scenario.callee if isinstance(step, OnTheLine)],
            self,
            on_utterance=lambda text, audio: host.utterance(self, text, audio),
            rendered=host.rendered,
        )
        self.audio = CallAudio(channel, self.callee, self._fire, self._run_application)

    @property
    def uuid(self) -> str:
        """The channel's Unique-ID."""
        return self.channel.uuid

    # --- life

    def dial(self, refusal: SipRefusal | None = None) -> None:
        """An outbound leg: CHANNEL_CREATE, then the carrier's `refusal`, or whatever the telephone
        does until the answer."""
        self.channel.codec = negotiated_codec(self.channel.variables)
        self.channel.phase = "dialing"
        self._fire("CHANNEL_CREATE")
        if refusal is not None:
            after = max(FRAME_SECONDS, refusal.after)
            self._ringing = gevent.spawn_later(
                after, self.hang_up, refusal.cause, "recv_refuse", refusal
            )
            return
        self._ringing = gevent.spawn(ring, self, self.scenario.callee)

    def offer(self, patience: float, parked: Mapping[str, str], unclaimed_seconds: float) -> None:
        """An inbound leg: created, and parked by the dialplan with these variables, unanswered; the
        caller gives up after `patience`, the switch when nobody claims it."""
        self.channel.phase = "arrived"
        self._ringing = gevent.spawn_later(patience, self.put_down)
        self._fire("CHANNEL_CREATE")
        self.channel.variables |= parked
        self.schedule_hangup(unclaimed_seconds, "NORMAL_TEMPORARY_FAILURE")
        self.park()

    def park(self) -> None:
        """CHANNEL_PARK."""
        self.channel.parked = True
        self._fire("CHANNEL_PARK")
        seconds, _, cause = self.channel.variables.get("park_timeout", "").partition(":")
        if seconds.isdigit():
            how = cause or "NORMAL_CLEARING"
            self._park_timeout = gevent.spawn_later(int(seconds), self.hang_up, how)

    def cancel_park_timeout(self) -> None:
        """It is parked no more."""
        if self._park_timeout is not None:
            _stop(self._park_timeout)
        self._park_timeout = None

    def answer(self) -> bool:
        """CHANNEL_ANSWER; audio flows in both directions. False where that cannot be: of a caller
        who offers no codec of ours the leg ends (488)."""
        channel = self.channel
        if not channel.is_up or channel.phase == "active":
            return channel.is_up
        if not channel.has_common_codec:
            self.hang_up("INCOMPATIBLE_DESTINATION")
            return False
        channel.phase = "active"
        channel.times.answered = self._host.microseconds()
        channel.variables |= answer_variables(channel, telephone_events=self.callee.tells_keys)
        channel.settled.set()
        self._stop_ringing()
        self._host.begin_media(self)
        self._fire("CHANNEL_ANSWER")
        if on_answer := channel.variables.get("execute_on_answer"):
            application, _, argument = on_answer.partition(" ")
            self._run_application(application, argument)
        self._host.call_answered(self)
        return True

    def hang_up(self, cause: str, disposition: str = "", refusal: SipRefusal | None = None) -> None:
        """CHANNEL_HANGUP now, CHANNEL_HANGUP_COMPLETE with the next frame. Later calls do nothing.

        `disposition`: who ended it, in sip_hangup_disposition's words; by default we did.
        """
        channel = self.channel
        if not channel.is_up:
            return
        answered = channel.times.answered > 0
        unanswered = "send_refuse" if channel.direction == "inbound" else "send_cancel"
        ours = "send_bye" if answered else unanswered
        if refusal is None or refusal.by != STACK:
            channel.variables["sip_hangup_disposition"] = disposition or ours
        channel.variables |= hangup_variables(channel.direction, disposition or ours, refusal)
        channel.phase = "hangup"
        channel.cause = cause
        channel.times.hungup = self._host.microseconds()
        self._stop_timers()
        self._fire("CHANNEL_HANGUP")
        gevent.spawn_later(FRAME_SECONDS if answered else 0, self._finish)

    def vanish(self) -> None:
        """The switch has crashed: everything is gone, and nobody is told."""
        self.channel.phase = "reporting"
        self.channel.settled.set()
        self.channel.over.set()
        self._stop_timers()
        self.audio.vanish()

    def unschedule(self) -> int:
        """`sched_del`: drop every timer; how many there were."""
        timers = [timer for timer in self.scheduled if not timer.dead]
        self.scheduled.clear()
        for timer in timers:
            _stop(timer)
        return len(timers)

    def _stop_timers(self) -> None:
        self.unschedule()
        self.cancel_park_timeout()
        self._stop_ringing()

    def _stop_ringing(self) -> None:
        if self._ringing is not None:
            _stop(self._ringing)
        self._ringing = None

    def _finish(self) -> None:
        if self.channel.over.is_set():  # the switch has crashed meanwhile
            return
        self.on_over()
        self.audio.hang_up()
        self.channel.close_books()
        self.channel.phase = "reporting"
        self._host.report(self)
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
        if not self.channel.is_true("ignore_early_media"):
            self.channel.settled.set()

    # --- the person's telephone

    def press(self, digit: str) -> None:
        """A key of the person: DTMF event; "*" ends a playback, as by default in FreeSWITCH. Who
        eavesdrops commands that by keys, or, where it is told not to, has none heard."""
        spying = self.audio.spying
        if spying is not None:
            if self.channel.variables.get("eavesdrop_enable_dtmf", "true") != "true":
                return
            spying.command(digit)
        more = {"DTMF-Digit": digit, "DTMF-Duration": _DTMF_DURATION, "DTMF-Source": "RTP"}
        self._fire("DTMF", more)
        if digit in self.channel.variables.get("playback_terminators", "*"):
            self.audio.player.stop(flush=False)

    def put_on_hold(self, held: bool) -> None:
        """The person's telephone sends a re-INVITE: nothing of us is heard, or everything again."""
        if self.channel.on_hold is not held and self.channel.is_up:
            self.channel.on_hold = held
            self._fire("CHANNEL_HOLD" if held else "CHANNEL_UNHOLD")

    def put_down(self) -> None:
        """The person hangs up: BYE, or CANCEL of a call we have not answered."""
        if self.channel.times.answered:
            self.hang_up("NORMAL_CLEARING", "recv_bye")
        else:
            self.hang_up("ORIGINATOR_CANCEL", "recv_cancel")

    def schedule_hangup(self, seconds: float, cause: str) -> None:
        """`sched_hangup`: one more, beside those there are."""
        self.scheduled.append(gevent.spawn_later(seconds, self.hang_up, cause))

    def epoch_seconds(self) -> float:
        """Now, since the epoch."""
        return self._host.microseconds() / 1_000_000

    def find(self, uuid: str) -> Call | None:
        """Another live call of the switch."""
        return self._host.find(uuid)

    def _run_application(self, application: str, argument: str) -> bool:
        return run_application(self, application, argument)

    def _fire(self, name: str, more: dict[str, str] | None = None) -> None:
        self._host.fire(name, self.channel, more)


def _nothing() -> None:
    """Nobody is connected with the call."""


def _stop(greenlet: gevent.Greenlet) -> None:
    """Kill a greenlet, unless it is the one that asks."""
    if greenlet is not gevent.getcurrent():
        greenlet.kill(block=False)
