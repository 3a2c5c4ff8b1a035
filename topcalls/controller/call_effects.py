"""Carries out the effects of one call: what the state machine asks for becomes commands.

Nothing here decides about states. Every result is posted to the session as an event, by the switch,
the leg or the bridge.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import cast

import gevent

from topcalls import metrics
from topcalls.bridge.audio import CallAudio
from topcalls.bridge.session import BridgeSession
from topcalls.controller import dials
from topcalls.controller.call_leg import CallLeg
from topcalls.controller.call_recording import CallRecording
from topcalls.controller.call_session import CallSession
from topcalls.controller.channel_look import look_at
from topcalls.controller.gear import Gear
from topcalls.controller.journal import Journal
from topcalls.controller.line_hold import LineHold
from topcalls.controller.listeners import CallListeners
from topcalls.controller.live_words import WordsDesk
from topcalls.controller.partial_words import PartialWordsWriter
from topcalls.controller.pick_up import PickUp, hang_up_cause
from topcalls.controller.supervisors import Supervisors
from topcalls.controller.switch_player import ChannelPlayer
from topcalls.controller.transfers import Transfers
from topcalls.core.answer_verdict import Verdict
from topcalls.core.call_events import (
    BridgeFailed,
    BridgeFinished,
    BridgeReady,
    CallEvent,
    ChannelLost,
    GivenBack,
    Hangup,
    HungUp,
    HungUpBy,
    OriginateFailed,
    StreamConnected,
    StreamLost,
)
from topcalls.core.call_state import Effect
from topcalls.core.end_reasons import EndReason
from topcalls.core.knowledge_citations import Lookup
from topcalls.core.latency import TurnTiming
from topcalls.core.live_words import Outcome as WordsOutcome
from topcalls.core.opt_out import OptOut
from topcalls.core.routing import Route
from topcalls.core.token_usage import TokenUsage
from topcalls.core.tools import ToolRecord
from topcalls.core.transcript import Turn
from topcalls.errors import SwitchError
from topcalls.esl import commands
from topcalls.esl.errors import CommandNotSent, CommandRefused
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.services.carried import Used
from topcalls.services.dispatch import ClaimedCall
from topcalls.services.judgements import Judgement, NotAllowed

LOOK_SECONDS = 1.0
SWITCH_AWAY_SECONDS = 30.0
"""How long a lost stream waits for the switch to say whether its channel is there."""

WRITTEN_SECONDS = (0.2, 0.5, 1.0)
"""When to look again for what the switch writes of a channel that ended."""

FREE_SECONDS = 2.0

LAST_WORDS_SECONDS = 5.0
"""How long a conversation that was stopped may take to write down its last words."""

_GOOD_ENDS = frozenset({EndReason.AGENT_ENDED, EndReason.SILENCE})
_BAD_ENDS = frozenset({EndReason.PROVIDER_FAILED, EndReason.PLAYBACK_FAILED})

log = get_logger("controller.effects")


class CallEffects:
    """The hands of one call's session, and the ears of its leg and bridge."""

    _session: CallSession

    def __init__(self, call: ClaimedCall, gear: Gear, journal: Journal) -> None:
        self.dials = dials.Dials(
            call.call_id,
            call.channel_uuid,
            gear.routes(call),
            journal,
            taken_over=call.facts.dialled,
            politeness_seconds=gear.politeness_seconds,
        )
        self.bridge: BridgeSession | None = None
        self._call = call
        self._gear = gear
        self._journal = journal
        self._provider_ready = False
        self._attached = False
        self._intending = False  # a dial is under way, and nothing of it was sent
        self._dialling = False  # it was sent, and what became of it is not known
        self._unwanted = False  # no channel shall be left
        self.is_left = False  # it is to go on in another controller
        self._used: dict[str, Used] = {}
        self._stages_replaced = call.carried.stages_replaced
        self._has_spoken = call.facts.answered
        self._with_agent = True  # and not handed over
        self.transfers = Transfers(call, gear, journal, self)
        self.supervisors = Supervisors(call, gear, journal, self)
        self.words = WordsDesk(journal, self)
        self.partial_words = PartialWordsWriter(journal, gear.clock)
        self.listeners = CallListeners(lambda: self.leg, journal, gear.clock)
        self.recording = CallRecording(
            call, lambda: self.channel_uuid, gear, journal, self._recording_masked
        )
        self.hold = LineHold(self, self._post)
        self._fit_out()
        self._carriers = {
            Effect.ORIGINATE: self._originate,
            Effect.ANSWER: self._answer,
            Effect.OPEN_BRIDGE: self._open_bridge,
            Effect.START_RECORDING: self.recording.start,
            Effect.START_STREAM: self._start_stream,
            Effect.RESUME_STREAM: self._resume_stream,
            Effect.CLOSE_BRIDGE: self._close_bridge,
            Effect.HANG_UP: self._hang_up,
            Effect.CLOSE_SESSION: self._close_session,
        }

    def bind(self, session: CallSession, moved: Callable[[str, str], None]) -> None:
        """Where events go; before anything is carried out. `moved(old, new)`: the call goes on
        under another channel."""
        self._session = session
        self._moved = moved

    @property
    def channel_uuid(self) -> str:
        """The present channel."""
        return self.dials.channel_uuid

    def _fit_out(self) -> None:
        """What belongs to one channel."""
        call, gear = self._call, self._gear
        player = self._player = ChannelPlayer(gear.switch, self.channel_uuid)
        self.background = gear.make_background(player, call)
        self.leg = CallLeg(
            call.call_id,
            self.channel_uuid,
            gear.switch,
            gear.media,
            player,
            gear.make_playback(player),
            self,
            gear.clock,
        )

    def carry_out(self, effect: Effect) -> None:
        """Do what the state machine asked for; returns at once."""
        self._carriers[effect]()

    # --- effects

    def _originate(self) -> None:
        """The first dial, or the next carrier's."""
        self._intending = True
        if not self.dials.is_first:
            self._change_channel()
        gevent.spawn(self._dial)

    def _change_channel(self) -> None:
        """The channel before is gone, and nothing was heard on it: all of it is made anew."""
        old, self._dialling = self.channel_uuid, False
        self._drop_channel()
        if self._gear.spool is not None:
            gevent.spawn(self._gear.spool.forget, old)
        self.dials.channel_uuid = new_id()
        self._moved(old, self.channel_uuid)
        self._fit_out()

    def _dial(self) -> None:
        """Commit the intent, then dial. Without a stored intent there is no dial."""
        attempt = self.dials.attempt
        if attempt is None:
            self._not_dialled(dials.NO_CARRIER)
            return
        channel = self.channel_uuid
        try:
            dial = self._gear.dial(self._call, attempt.route, channel)
            command = commands.originate(dial)
        except Exception as error:  # noqa: BLE001 - without an answer the call would hang
            log.error("Call cannot be dialled", call_id=self._call.call_id, why=str(error))
            self._not_dialled(dials.DIAL_NOT_POSSIBLE)
            return
        try:
            is_stored = self._journal.intend_dial(channel, dials.INTENT_SECONDS, attempt)
        except NotAllowed as refused:
            self._forbidden(refused.judged)
            return
        if not is_stored:
            self._not_noted()
            return
        self._session.mark_dialled()
        if self._unwanted:
            self._not_dialled(dials.CALLED_OFF)
            return
        try:
            limit = dial.ring_timeout_seconds + dials.ORIGINATE_GRACE_SECONDS
            job = self._gear.switch.bgapi(command, timeout=limit)
        except CommandNotSent as error:
            log.warning("Originate was not sent", call_id=self._call.call_id, why=str(error))
            self._not_dialled(dials.SWITCH_UNREACHABLE)
            return
        self._intending, self._dialling = False, True
        job.on_done(partial(self._dialled, channel))

    def _not_noted(self) -> None:
        """The store was away, or too busy: the call waits for its turn anew, if it may."""
        if self._session.awaits_dial and self._call.tries_left > 0:
            self._intending = False
            self._post(GivenBack(), self.channel_uuid)
        else:
            self._not_dialled(dials.DIAL_INTENT_NOT_STORED)

    def _not_dialled(self, why: str) -> None:
        self._intending = False
        self._post(OriginateFailed(Hangup(why, by=HungUpBy.US)), self.channel_uuid)

    def _forbidden(self, judged: Judgement) -> None:
        """A rule forbids the dial since the call was claimed."""
        self._intending = False
        self._post(judged.forbidden, self.channel_uuid)

    def _dialled(self, channel: str, result: str | SwitchError) -> None:
        """The job's answer. Success shows by the channel's own events; an unknown outcome is
        settled by the reconciler, because the phone may be ringing. A refusal is also told by the
        channel's hang-up, which knows more (the SIP status): that goes first."""
        if channel != self.channel_uuid:
            return
        self._dialling = False
        if isinstance(result, CommandRefused):
            failed = OriginateFailed(Hangup(result.cause or dials.ORIGINATE_REFUSED))
            gevent.spawn_later(dials.HANG_UP_FIRST_SECONDS, self._post, failed, channel)
        elif self._unwanted:
            gevent.spawn(self._kill)

    def _answer(self) -> None:
        pick_up = PickUp(self._call, self._gear, self._can_speak, self.channel_gone)
        pick_up.start(lambda: not self._unwanted)

    def _can_speak(self) -> bool:
        return self.bridge is not None and self.bridge.has_words

    def _open_bridge(self) -> None:
        if self.bridge is None:
            self.bridge = self._gear.make_bridge(self._call, self)
            self.bridge.start()

    def key_pressed(self, digit: str) -> None:
        """The far end pressed a key."""
        if self.bridge is not None:
            self.bridge.dtmf(digit)

    def held(self, is_held: bool, call_ms: int) -> None:
        """The far end put the call on hold, or is back, so long after the answer."""
        self.hold.told(is_held, call_ms)

    def recording_stopped(self, path: str) -> None:
        """The switch has completed a recording of this channel."""
        self.recording.stopped(path)

    def _recording_masked(self, paused: bool, done: bool) -> None:
        self.leg.sound.is_masked = self.recording.paused
        if self.bridge is not None:
            self.bridge.recording_masked(paused, done)

    @property
    def _needs_stereo(self) -> bool:
        return self.bridge is not None and self.bridge.needs_stereo

    def _start_stream(self) -> None:
        self.leg.start(stereo=self._needs_stereo)
        if self.background is not None and not self.background.needs_stream:
            self.background.start()

    def _resume_stream(self) -> None:
        gevent.spawn(self._take_up)

    def _take_up(self) -> None:
        """The channel goes on from where another controller left it: what that one had it play
        ends here, as the conversation believes, and its audio comes to us. Supervisors, and the
        target of a transfer that was under way, are let go of: nobody hears of them any more."""
        self._player.break_all()
        self._journal.abandoned_legs(
            lambda channel: self._gear.switch.post(commands.uuid_kill(channel))
        )
        look = look_at(self._gear.switch, self.channel_uuid)
        if look is not None:
            self.leg.answered(look.codec, keys_in_band=look.keys_in_band)
            if look.is_held:
                self.held(True, round(look.answered_ago * 1000))
        self.leg.start(detach=True, stereo=self._needs_stereo)
        if self.background is not None and not self.background.needs_stream:
            self.background.start()

    def _close_bridge(self) -> None:
        if self.bridge is not None:
            self.bridge.stop("call is over")

    def _hang_up(self) -> None:
        """A dial that is under way may have no channel yet: it is called off before it is sent,
        or hung up once more when it is known what became of it."""
        self._unwanted = True
        self.leg.ends()
        self.transfers.close()
        self.supervisors.close()
        if not self._intending:
            gevent.spawn(self._kill)

    def _kill(self) -> None:
        cause = hang_up_cause(self._session.facts)
        try:
            self._gear.switch.api(commands.uuid_kill(self.channel_uuid, cause))
        except CommandRefused as error:
            if "No such channel" in error.reply and not self._dialling:
                self.channel_gone()
        except SwitchError as error:
            log.warning("Hang-up was not confirmed", call_id=self._call.call_id, why=str(error))

    def _close_session(self) -> None:
        self._unwanted = True
        self.recording.close()
        if self._player.is_ours:
            self.transfers.close()
            self.supervisors.close()
        if not self.is_left:  # `free_channel` follows
            self._drop_channel()

    def _drop_channel(self) -> None:
        self.leg.close()
        if self.background is not None:
            self.background.close()

    def leave_to_heir(self) -> None:
        """The call is to go on in another controller; told before the session is abandoned."""
        self.is_left = True

    def lose(self) -> None:
        """Another controller has the channel: nothing more is done to it."""
        self._player.is_ours = False

    def free_channel(self) -> None:
        """Let go of the channel, once the conversation is over: what we had started on it must not
        be in an heir's way."""
        if self._attached:
            with suppress(SwitchError):
                command = commands.uuid_audio_stream_stop(self.channel_uuid)
                self._gear.switch.bgapi(command, timeout=FREE_SECONDS)
        self._drop_channel()

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
        if there and self._is_taken():
            log.warning("Channel has another owner, letting go", call_id=self._call.call_id)
            self.lose()
            self._session.abandon()
        elif there:  # or the switch did not say
            self._post(self._written() or StreamLost(detail))
        else:
            self._tell_end()

    def _is_taken(self) -> bool:
        """Another controller, which believed us dead, has taken the channel."""
        look = look_at(self._gear.switch, self.channel_uuid)
        return look is not None and look.owner not in ("", self._gear.owner)

    # --- the end of the channel

    def channel_gone(self) -> None:
        """The switch has no such channel any more: find out how it ended, and tell; returns at
        once."""
        gevent.spawn(self._tell_end)

    def _tell_end(self) -> None:
        """By the switch's record; without one it lasted until it was last heard of."""
        channel = self.channel_uuid
        written = self._written()
        for pause in WRITTEN_SECONDS if self._gear.spool is not None else ():
            if written is not None:
                break
            gevent.sleep(pause)
            written = self._written()
        self._post(written or ChannelLost(self._last_heard_at()), channel)

    def _written(self) -> HungUp | None:
        spool = self._gear.spool
        return spool.ended(self.channel_uuid) if spool is not None else None

    def _last_heard_at(self) -> datetime | None:
        """The last sign of the channel: its audio here, or what a controller that died noted."""
        heard = self.leg.last_heard
        if not self._with_agent:
            return None  # its audio is not ours any more: until now
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
        if turn.speaker == "user":
            self.partial_words.settled()

    def turn_begun(self, turn: Turn) -> None:
        """Written at once: should we die, another controller knows what was being said."""
        self.turn(turn)

    def turn_growing(self, turn: Turn) -> None:
        self.partial_words.said(turn)

    def usage(self, model: str, usage: TokenUsage) -> None:
        """What a model took, if anything; kept as a sum by model, which may be written twice."""
        if usage == TokenUsage():
            return
        used = self._used.get(model) or self._call.carried.used.get(model, Used())
        is_response = not (usage.heard_ms or usage.is_waste)
        used = Used(used.usage + usage, used.responses + int(is_response))
        self._used[model] = used
        self._journal.usage(model, used.usage, used.responses)

    def stage_replaced(self, stage: str) -> None:
        """Kept with those of before, in order."""
        self._stages_replaced += (stage,)
        self._journal.stages_replaced(self._stages_replaced)

    def timing(self, timing: TurnTiming) -> None:
        self._journal.timing(timing)
        if not self._has_spoken and timing.moments.first_packet is not None:
            self._has_spoken = True
            metrics.first_word.observe(timing.moments.first_packet / 1000)
        metrics.turn_gateway.observe(timing.gateway_ms / 1000)
        metrics.turn_provider.observe(timing.provider_ms / 1000)
        metrics.turn_endpointing.observe(timing.endpointing_ms / 1000)

    def mask_recording(self, paused: bool) -> None:
        """The agent wants nothing recorded, or everything again."""
        (self.recording.pause if paused else self.recording.resume)("agent")

    def answered_by(self, verdict: Verdict) -> None:
        self._journal.answered_by(verdict)
        metrics.answers.labels(verdict.answerer.value).inc()

    def send_keys(self, digits: str) -> None:
        """The agent, or a user, presses keys."""
        self._player.press(digits, as_tones=self.leg.keys_in_band)

    def key_heard(self, digit: str) -> None:
        """The conversation deals with it."""

    def looked_up(self, lookup: Lookup) -> None:
        self._journal.looked_up(lookup)

    def tool(self, record: ToolRecord) -> None:
        self._journal.tool(record)

    def said(self, wish: str, outcome: WordsOutcome) -> None:
        self.words.said(wish, outcome)

    def opted_out(self, heard: OptOut) -> None:
        """The other person does not want to be called: kept at once."""
        self._journal.opted_out(heard)

    def transfer(self, destination: str, summary: str) -> None:
        """The agent, or a user, wants the caller connected with somebody."""
        self.transfers.begin(destination, summary)

    # --- what a transfer needs

    def route(self) -> Route | None:
        """By which carrier we dialled ourselves; None where somebody else did."""
        attempt = self.dials.attempt
        return attempt.route if attempt and self._call.routes else None

    def tell(self, event: CallEvent) -> None:
        self._post(event)

    @property
    def is_with_agent(self) -> bool:
        """And not handed over."""
        return self._with_agent

    def leave_agent(self) -> None:
        self._with_agent = False
        self.supervisors.person_joined()
        self.leg.leave()
        if self.background is not None:
            self.background.close()

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

    def _post(self, event: CallEvent, channel: str = "") -> None:
        self._session.post(event, channel)
