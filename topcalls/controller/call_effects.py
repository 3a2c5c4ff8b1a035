"""Carries out the effects of one call: what the state machine asks for becomes commands.

Nothing here decides about states. Every result is posted to the session as an event, by the switch,
the leg or the bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import gevent

from topcalls import metrics
from topcalls.bridge.audio import CallAudio
from topcalls.bridge.parts import BridgeObserver
from topcalls.bridge.session import BridgeSession
from topcalls.clock import Clock
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.call_session import CallSession
from topcalls.controller.cdr_spool import CDRSpool
from topcalls.controller.gateways import GatewayKeeper
from topcalls.controller.journal import Journal
from topcalls.controller.playback_directory import PlaybackDirectory
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.core.call_events import (
    BridgeFailed,
    BridgeFinished,
    BridgeReady,
    CallEvent,
    ChannelLost,
    Hangup,
    HungUp,
    OriginateFailed,
    StreamConnected,
    StreamLost,
)
from topcalls.core.call_state import Effect
from topcalls.core.end_reasons import EndReason
from topcalls.core.token_usage import TokenUsage
from topcalls.core.transcript import Turn
from topcalls.core.turns import TurnTiming
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.client import SwitchClient
from topcalls.esl.errors import CommandNotSent, CommandRefused
from topcalls.log import get_logger
from topcalls.media.background import Background
from topcalls.media.playback import Playback
from topcalls.media.server import MediaServer
from topcalls.services.dispatch import ClaimedCall

SWITCH_UNREACHABLE = "SWITCH_UNREACHABLE"
"""Our own cause, beside FreeSWITCH's: the switch never took the originate."""

DIAL_INTENT_NOT_STORED = "DIAL_INTENT_NOT_STORED"
DIAL_NOT_POSSIBLE = "DIAL_NOT_POSSIBLE"
"""Also ours: the originate cannot be put into a command; the log says why."""

ORIGINATE_REFUSED = "ORIGINATE_REFUSED"
"""Also ours: the switch refused the originate without naming a cause."""

CALLED_OFF = "ORIGINATOR_CANCEL"

INTENT_SECONDS = 10.0
"""How long the dial intent may take to be stored before the dial is given up."""

ORIGINATE_GRACE_SECONDS = 15.0
"""How long after the ring time-out a job result may come."""

HANG_UP_FIRST_SECONDS = 0.3

LOOK_SECONDS = 1.0
SWITCH_AWAY_SECONDS = 30.0
"""How long a lost stream waits for the switch to say whether its channel is there."""

WRITTEN_SECONDS = (0.2, 0.5, 1.0)
"""When to look again for what the switch writes of a channel that ended."""

LAST_WORDS_SECONDS = 5.0
"""How long a conversation that was stopped may take to write down its last words."""

_GOOD_ENDS = frozenset({EndReason.AGENT_ENDED, EndReason.SILENCE})
_BAD_ENDS = frozenset({EndReason.PROVIDER_FAILED, EndReason.PLAYBACK_FAILED})

log = get_logger("controller.effects")


def _no_background(_: ChannelPlayer, __: ClaimedCall) -> None:
    """The default."""


@dataclass(frozen=True)
class Gear:
    """The long-lived things that every call of this controller uses. `spool`: where the switch
    writes down how channels ended; None where it does not."""

    switch: SwitchClient
    media: MediaServer
    make_playback: Callable[[ChannelPlayer], Playback]
    make_bridge: Callable[[ClaimedCall, BridgeObserver], BridgeSession]
    dial: Callable[[ClaimedCall], commands.Dial]
    recordings_dir: Path
    clock: Clock
    playback_directory: PlaybackDirectory | None = None
    spool: CDRSpool | None = None
    make_background: Callable[[ChannelPlayer, ClaimedCall], Background | None] = _no_background
    gateways: GatewayKeeper | None = None


class CallEffects:
    """The hands of one call's session, and the ears of its leg and bridge."""

    _session: CallSession

    def __init__(self, call: ClaimedCall, gear: Gear, journal: Journal) -> None:
        self.channel_uuid = call.channel_uuid
        self.bridge: BridgeSession | None = None
        self._call = call
        self._gear = gear
        self._journal = journal
        self._provider_ready = False
        self._attached = False
        self._intending = False  # a dial is under way, and nothing of it was sent
        self._dialling = False  # it was sent, and what became of it is not known
        self._unwanted = False  # no channel shall be left
        self._used = TokenUsage()
        self._responses = 0
        player = self._player = ChannelPlayer(gear.switch, call.channel_uuid)
        self.background = gear.make_background(player, call)
        self.leg = CallLeg(
            call.call_id,
            call.channel_uuid,
            gear.switch,
            gear.media,
            player,
            gear.make_playback(player),
            self,
            gear.clock,
        )
        self._carriers = {
            Effect.ORIGINATE: self._originate,
            Effect.ANSWER: self._answer,
            Effect.OPEN_BRIDGE: self._open_bridge,
            Effect.START_RECORDING: self._start_recording,
            Effect.START_STREAM: self._start_stream,
            Effect.CLOSE_BRIDGE: self._close_bridge,
            Effect.HANG_UP: self._hang_up,
            Effect.CLOSE_SESSION: self._close_session,
        }

    def bind(self, session: CallSession) -> None:
        """Where events go; before anything is carried out."""
        self._session = session

    def carry_out(self, effect: Effect) -> None:
        """Do what the state machine asked for; returns at once."""
        self._carriers[effect]()

    # --- effects

    def _originate(self) -> None:
        self._intending = True
        gevent.spawn(self._dial)

    def _dial(self) -> None:
        """Commit the intent, then dial. Without a stored intent there is no dial."""
        try:
            dial = self._gear.dial(self._call)
            command = commands.originate(dial)
        except Exception as error:  # noqa: BLE001 - without an answer the call would hang
            log.error("Call cannot be dialled", call_id=self._call.call_id, why=str(error))
            self._not_dialled(DIAL_NOT_POSSIBLE)
            return
        if not self._journal.intend_dial(self.channel_uuid, INTENT_SECONDS):
            self._not_dialled(DIAL_INTENT_NOT_STORED)
            return
        self._session.mark_dialled()
        if self._unwanted:
            self._not_dialled(CALLED_OFF)
            return
        try:
            limit = dial.ring_timeout_seconds + ORIGINATE_GRACE_SECONDS
            job = self._gear.switch.bgapi(command, timeout=limit)
        except CommandNotSent as error:
            log.warning("Originate was not sent", call_id=self._call.call_id, why=str(error))
            self._not_dialled(SWITCH_UNREACHABLE)
            return
        self._intending, self._dialling = False, True
        job.on_done(self._dialled)

    def _not_dialled(self, why: str) -> None:
        self._intending = False
        self._post(OriginateFailed(Hangup(why)))

    def _dialled(self, result: str | SwitchError) -> None:
        """The job's answer. Success shows by the channel's own events; an unknown outcome is
        settled by the reconciler, because the phone may be ringing. A refusal is also told by the
        channel's hang-up, which knows more (the SIP status): that goes first."""
        self._dialling = False
        if isinstance(result, CommandRefused):
            failed = OriginateFailed(Hangup(result.cause or ORIGINATE_REFUSED))
            gevent.spawn_later(HANG_UP_FIRST_SECONDS, self._post, failed)
        elif self._unwanted:
            gevent.spawn(self._kill)

    def _answer(self) -> None:
        self._gear.switch.post(commands.uuid_answer(self.channel_uuid))

    def _open_bridge(self) -> None:
        if self.bridge is None:
            self.bridge = self._gear.make_bridge(self._call, self)
            self.bridge.start()

    def _start_recording(self) -> None:
        if not self._call.request.recording.enabled:
            return
        gevent.spawn(self._record)

    def _record(self) -> None:
        """A recording that cannot begin is noted, so that nobody waits for it after the call."""
        path = self._recording_path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._gear.switch.api(commands.uuid_record_start(self.channel_uuid, str(path)))
        except (OSError, CommandRefused) as error:
            log.error("Recording was refused", call_id=self._call.call_id, why=str(error))
            self._journal.recording("refused")
        except SwitchError as error:
            log.warning("Recording may not run", call_id=self._call.call_id, why=str(error))

    @property
    def _recording_path(self) -> Path:
        return self._gear.recordings_dir / self._call.recording_name

    def recording_stopped(self, path: str) -> None:
        """The switch has completed a recording of this channel."""
        if path == str(self._recording_path):
            self._journal.recording("written")

    def _start_stream(self) -> None:
        self.leg.start()
        if self.background is not None and not self.background.needs_stream:
            self.background.start()

    def _close_bridge(self) -> None:
        if self.bridge is not None:
            self.bridge.stop("call is over")

    def _hang_up(self) -> None:
        """A dial that is under way may have no channel yet: it is called off before it is sent,
        or hung up once more when it is known what became of it."""
        self._unwanted = True
        if not self._intending:
            gevent.spawn(self._kill)

    def _kill(self) -> None:
        try:
            self._gear.switch.api(commands.uuid_kill(self.channel_uuid, "NORMAL_CLEARING"))
        except CommandRefused as error:
            if "No such channel" in error.reply and not self._dialling:
                self.channel_gone()
        except SwitchError as error:
            log.warning("Hang-up was not confirmed", call_id=self._call.call_id, why=str(error))

    def _close_session(self) -> None:
        self._unwanted = True
        self.leg.close()
        if self.background is not None:
            self.background.close()

    def wait_for_last_words(self) -> None:
        """Wait until the conversation, which was stopped, has told all of its turns."""
        if self.bridge is not None and not self.bridge.join(LAST_WORDS_SECONDS):
            log.error("Conversation did not end", call_id=self._call.call_id)

    def settled(self) -> None:
        """All there is to know of the call is stored: the switch's record has served."""
        if self._gear.spool is not None:
            self._gear.spool.forget(self.channel_uuid)

    # --- what the leg reports

    def stream_connected(self) -> None:
        """The caller's audio flows: the bridge may speak."""
        if self.background is not None and self.background.needs_stream:
            self.background.start()
        if self._attached:
            return
        self._attached = True
        self._post(StreamConnected())
        if self.bridge is not None:
            # A Playback is a Loudspeaker whose callbacks are told a little more.
            self.bridge.attach(cast(CallAudio, self.leg))
        self._report_ready()

    def stream_lost(self, detail: str) -> None:
        gevent.spawn(self._explain_lost_stream, detail)

    def _explain_lost_stream(self, detail: str) -> None:
        """A stream ends with its channel too, and the hang-up may never have been told to us. While
        the switch is away only its records can tell, and nothing could be done about the channel.
        """
        there = True
        deadline = self._gear.clock.monotonic() + SWITCH_AWAY_SECONDS
        while not self._gear.switch.wait_up(LOOK_SECONDS):
            if written := self._written():
                self._post(written)
                return
            if self._gear.clock.monotonic() > deadline:
                break
        with suppress(SwitchError):
            there = self._gear.switch.api(commands.uuid_exists(self.channel_uuid)) != "false"
        if there:  # or the switch did not say
            self._post(self._written() or StreamLost(detail))
        else:
            self._tell_end()

    # --- the end of the channel

    def channel_gone(self) -> None:
        """The switch has no such channel any more: find out how it ended, and tell; returns at
        once."""
        gevent.spawn(self._tell_end)

    def _tell_end(self) -> None:
        """By the switch's record; without one it lasted until it was last heard of."""
        written = self._written()
        for pause in WRITTEN_SECONDS if self._gear.spool is not None else ():
            if written is not None:
                break
            gevent.sleep(pause)
            written = self._written()
        self._post(written or ChannelLost(self._last_heard_at()))

    def _written(self) -> HungUp | None:
        spool = self._gear.spool
        return spool.ended(self.channel_uuid) if spool is not None else None

    def _last_heard_at(self) -> datetime | None:
        """The last sign of the channel: its audio here, or what a controller that died noted."""
        heard = self.leg.last_heard
        if heard is None:
            return self._call.owner_heard_at
        clock = self._gear.clock
        return clock.now() - timedelta(seconds=max(0.0, clock.monotonic() - heard))

    # --- what the bridge reports

    def ready(self) -> None:
        """The AI session is open and configured."""
        self._provider_ready = True
        self._report_ready()

    def turn(self, turn: Turn) -> None:
        self._journal.turn(turn)

    def usage(self, model: str, usage: TokenUsage) -> None:
        """What a response took, if anything; kept as a sum, which may be written twice."""
        if usage == TokenUsage():
            return
        self._used += usage
        self._responses += 1
        self._journal.usage(model, self._used, self._responses)

    def timing(self, timing: TurnTiming) -> None:
        self._journal.timing(timing)
        metrics.turn_gateway.observe(timing.gateway_ms / 1000)
        metrics.turn_provider.observe(timing.provider_ms / 1000)
        metrics.turn_ear.observe(timing.ear_ms / 1000)

    def send_keys(self, digits: str) -> None:
        """The agent, or a user, presses keys."""
        self._player.press(digits)

    def finished(self, reason: str, detail: str = "") -> None:
        """The conversation is over. When we stopped it ourselves the state says so already, and the
        event is ignored."""
        if reason in _GOOD_ENDS:
            self._post(BridgeFinished(reason, detail))
        elif reason == "media_lost":
            self._post(StreamLost(detail))
        else:
            kind = reason if reason in _BAD_ENDS else EndReason.INTERNAL_ERROR.value
            self._post(
                BridgeFailed(detail if kind == reason else f"{reason} {detail}".rstrip(), kind)
            )

    def _report_ready(self) -> None:
        if self._provider_ready and self._attached:
            self._post(BridgeReady())

    def _post(self, event: CallEvent) -> None:
        self._session.post(event)
