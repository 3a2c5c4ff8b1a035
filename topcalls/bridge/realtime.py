"""A conversation with a speech-to-speech model: what each fact means, and what follows from it.

All methods run in the call's one greenlet and none of them blocks. The rules of turn-taking are
`core/turns.py`; here its decisions are carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from topcalls.bridge import codec, prompt
from topcalls.bridge.agent import Agent
from topcalls.bridge.answering import Answering
from topcalls.bridge.audio import CallAudio, HeardPart
from topcalls.bridge.caller import Caller
from topcalls.bridge.decisions import Decisions
from topcalls.bridge.dictation import Dictation
from topcalls.bridge.end_of_turn import LISTENED_TO_MS
from topcalls.bridge.farewell import Farewell
from topcalls.bridge.fillers import Fillers
from topcalls.bridge.floor import FloorTaker
from topcalls.bridge.hold import Hold, Reason
from topcalls.bridge.idle import Idle
from topcalls.bridge.keypad import Keypad
from topcalls.bridge.knowledge import Knowledge
from topcalls.bridge.link import closed_error
from topcalls.bridge.local_ears import LocalEars
from topcalls.bridge.masking import Masking
from topcalls.bridge.opening import Opening
from topcalls.bridge.opt_out import OptOuts
from topcalls.bridge.own_voice import OwnVoice
from topcalls.bridge.parts import Parts
from topcalls.bridge.recovery import Recovery
from topcalls.bridge.responses import Ask
from topcalls.bridge.resumption import Past, Resumption
from topcalls.bridge.tone_guard import ToneGuard
from topcalls.bridge.tool_use import ToolUse
from topcalls.bridge.transfer import Transferring
from topcalls.bridge.uplink import Uplink
from topcalls.core.knowledge_use import LookUp
from topcalls.core.tools import ToolRunner
from topcalls.core.transcript import Speaker
from topcalls.core.turn_rules import Decision, Floor
from topcalls.errors import ProviderError
from topcalls.providers import base
from topcalls.providers.base import ProviderEvent


class Conversation:
    """Everything that is said in one call. `audio` arrives when it is answered."""

    def __init__(
        self,
        parts: Parts,
        run_tool: ToolRunner | None,
        past: Past | None = None,
        look_up: LookUp | None = None,
    ) -> None:
        config = parts.config
        self._parts = parts
        self._uplink = Uplink(
            parts.clock,
            config.session.audio_format,
            config.batch_ms,
            self._local_ears(),
            keep_ms=LISTENED_TO_MS if config.hearing.turn_model is not None else 0,
        )
        self._farewell = Farewell(parts.timers, parts.end)
        self._agent = Agent(
            parts, self._session_lost, self._model_failed, lambda: self._answering.in_menu
        )
        self._fillers = Fillers(parts, self._agent)
        self._transfer = Transferring(parts.timers, self._begin_transfer)
        self._recovery = Recovery(parts, self._agent, self._uplink, self._farewell)
        self._masking = Masking(parts, self._recovery.tell)
        self._hold = Hold(
            parts,
            self._agent,
            self._farewell,
            self._transfer,
            self._recovery.tell,
            self._want_response,
        )
        self._opening = Opening(
            config.opening, parts.timers, self._agent.say, self._agent.speaker.release
        )
        self._idle = Idle(config.silence_timeout, parts.timers, self._ask_if_there, self._give_up)
        self._keypad = Keypad(parts.timers, self._keys_entered)
        self._tones = ToneGuard(
            config.in_band_keys,
            parts.clock,
            self._uplink.on_audio,
            partial(parts.mailbox.put, self._key_heard),
        )
        self._tools = ToolUse(
            parts,
            self._agent,
            self._recovery,
            self._farewell,
            self._transfer,
            self._masking,
            self._apply,
            self.press,
            run_tool,
            past.tools if past is not None else (),
        )
        self._recovery.memory = self._memory
        self._answering = Answering(
            parts, self._agent, self._farewell, self._recovery.tell, self._want_response
        )
        self._answering.next_ear = self._tones.hear
        self._own_voice = OwnVoice(config.hearing.echo, self._answering.hear)
        self._opt_outs = OptOuts(
            parts,
            self._agent,
            self._farewell,
            self._transfer,
            self._hold,
            self._answering,
            self._recovery.tell,
            self._want_response,
        )
        self._decisions = Decisions(
            parts,
            self._agent,
            self._recovery,
            self._farewell,
            self._transfer,
            self._tools,
            self._answering,
            FloorTaker(
                parts,
                self._agent,
                self._uplink,
                self._opening,
                self._answering,
                self._hold,
                self._give_up,
            ),
            self._opt_outs,
        )
        self.dictation = Dictation(
            parts,
            self._agent,
            self._farewell,
            self._recovery.tell,
            self._apply,
            self._may_dictate,
            past.notes if past is not None else (),
        )
        self._caller = Caller(parts, self._uplink, self._apply, lambda: self._answering.in_menu)
        self._caller.grows = self._opt_outs.growing
        self._knowledge = Knowledge(
            parts, look_up, self._recovery.tell, lambda: bool(self._caller.words_to_come())
        )
        self._agent.has_to_wait = self._knowledge.wait
        self._resumption = Resumption(past, parts, self._agent.say, self._nothing_happens)
        self._audio: CallAudio | None = None
        self._stopping: str | None = None
        self._events = self._event_table()

    def _local_ears(self) -> LocalEars | None:
        plan, turns = self._parts.config.hearing.ears, self._parts.turns
        if plan is None:
            return None
        codec_ = codec.codec_of(self._parts.config.session.audio_format)
        return LocalEars(plan, codec_, lambda: turns.floor is Floor.AUDIBLE)

    def _event_table(self) -> dict[type, Callable[[Any], None]]:
        parts = self._parts
        return {
            base.SpeechStarted: self._on_speech_started,
            base.SpeechStopped: self._on_speech_stopped,
            base.CallerTextDelta: self._caller.text_delta,
            base.CallerTranscript: self._on_caller_text,
            base.CallerTranscriptFailed: self._on_no_caller_text,
            base.ResponseStarted: self._agent.response_started,
            base.AudioDelta: self._on_audio,
            base.AudioDone: self._agent.audio_done,
            base.FirstToken: self._agent.first_token,
            base.AgentTextDelta: self._agent.text_delta,
            base.AgentTextDone: self._agent.text_done,
            base.ToolCall: self._tools.called,
            base.ResponseDone: self._on_response_done,
            base.Rendered: self._fillers.rendered,
            base.Spent: self._on_spent,
            base.StageReplaced: lambda event: parts.observer.stage_replaced(event.stage),
            base.ProviderFailed: self._on_provider_failed,
            base.ProviderClosed: self._on_provider_closed,
        }

    @property
    def is_quiet(self) -> bool:
        """Nobody speaks, and nobody is about to."""
        turns = self._parts.turns
        waits = self._agent.quiet and not self._tools.busy and not self._farewell.closing
        waits = waits and not self.dictation.is_busy
        return waits and not turns.turn_is_open and not self._parts.transcript.caller_pending()

    # --- the call

    @property
    def has_words(self) -> bool:
        """Audio of the agent is here."""
        return not self._agent.speaker.empty

    def begin(self) -> None:
        """Open the session; the call may still be ringing."""
        self._parts.link.serve(self)
        if self._resumption.is_resumed:
            self._resumption.begin()
            self._recovery.expect()
        if self._resumption.is_resumed or self._resumption.has_begun:
            self._answering.forget()
        if self._resumption.has_begun:
            self._opening.was_said()
        self._knowledge.begin()
        self._parts.link.open()

    def attach(self, audio: CallAudio) -> None:
        """The call is answered; or its audio was torn, and here it is again."""
        if self._stopping is not None:
            return
        parts = self._parts
        self._audio = audio
        parts.timers.cancel("media")
        post = parts.mailbox.put
        audio.playback.on_started = partial(post, self._on_started)
        audio.playback.on_finished = partial(post, self._on_finished)
        audio.stream.on_closed = lambda code, reason: post(self._on_media_closed)
        self._tones.line_is(keys_in_band=audio.keys_in_band)
        self._own_voice.line_is(stereo=audio.is_stereo)
        audio.stream.on_audio = self._own_voice.hear
        if parts.answered_at is not None:
            return
        parts.answered_at = self._resumption.answered_at
        parts.stopwatch.call_answered(parts.now)
        self._uplink.start()
        self._fill_silence()
        table = codec.transcoder(parts.config.session.audio_format, audio.codec)
        self._agent.speaker.attach(audio.playback, table)
        self._opening.answered()
        self._resumption.attached()

    def stop(self, reason: str) -> None:
        """The call is over. The caller's last words may still be on their way to paper."""
        if self._stopping is not None:
            return
        self._stopping = reason
        self._agent.cut_off()
        self._tools.stop()
        self._knowledge.stop()
        self._opt_outs.stop()
        self._answering.stop()
        self.dictation.close()
        self._release_audio()
        self._parts.timers.clear()
        self._caller.hear_out()
        self._parts.timers.set("linger", self._parts.config.limits.linger, self._stopped)

    def close(self) -> None:
        """Let go of everything; the transcript is final."""
        self._tools.stop()
        self._knowledge.stop()
        self._answering.stop()
        self._parts.link.close()
        self._agent.fall_silent()
        self.dictation.close()
        self._release_audio()
        for turn in self._parts.transcript.close(self._parts.call_ms()):
            self._parts.tell(turn)

    def settle(self) -> None:
        """After every fact: what the new state of things leads to."""
        parts = self._parts
        if self._stopping is not None:
            if parts.link.session is None or not self._caller.words_to_come():
                self._stopped()
            return
        self._agent.settle()
        if self._agent.quiet and parts.turns.floor is not Floor.FREE:
            self._apply(parts.turns.agent_silent(parts.now))
        self._opt_outs.settle()
        self.dictation.settle()
        self._farewell.watch(self._agent.speaker.unheard_ms)
        self._when_quiet()
        parts.timers.set_at("turns", parts.turns.deadline, self._tick)
        self._idle.watch(self._nothing_happens())
        self._fillers.watch(self._caller_waits())

    def _when_quiet(self) -> None:
        if not self._agent.quiet:
            return
        ends = self._farewell.closing and not self._tools.busy
        if ends and not self._answering.awaits_words:
            self._farewell.heard()
        if self._transfer.busy and not self._tools.busy and not self._farewell.closing:
            self._transfer.begin()
        link = self._parts.link
        if link.spare_is_ready and link.session and not self._parts.turns.turn_is_open:
            self._recovery.take_over()

    def _nothing_happens(self) -> bool:
        return (
            self._parts.answered_at is not None
            and self._agent.quiet
            and not self._parts.turns.turn_is_open
            and not self._tools.busy
            and not self._farewell.closing
            and not self._answering.holds
            and not self._opt_outs.holds
            and not self._transfer.busy
            and not self._hold.holds
            and self._parts.link.session is not None
        )

    def _may_dictate(self) -> bool:
        return (
            self._parts.answered_at is not None
            and self._parts.link.session is not None
            and not self._hold.holds
            and not self._answering.holds
            and not self._transfer.under_way
        )

    def _caller_waits(self) -> bool:
        """An answer is being made, or a tool is at work, and nobody speaks."""
        return (
            (self._agent.responses.waiting or self._tools.busy)
            and self._agent.speaker.empty
            and not self._parts.turns.turn_is_open
            and not self._farewell.closing
            and not self._answering.holds
            and not self._answering.in_menu
            and not self._transfer.busy
            and not self._hold.holds
        )

    def _stopped(self) -> None:
        self._parts.end(self._stopping or "stopped", "")

    def _release_audio(self) -> None:
        if self._audio is not None:
            self._audio.stream.on_audio = self._audio.stream.on_closed = _ignore
            self._audio.playback.on_started = self._audio.playback.on_finished = _ignore
            self._audio = None

    def _on_media_closed(self) -> None:
        if self._stopping is None:
            lost = partial(self._parts.end, "media_lost", "")
            self._parts.timers.set("media", self._parts.config.limits.media, lost)

    def _fill_silence(self) -> None:
        self._uplink.fill()
        self._parts.timers.follow("uplink", self._uplink.look_at, self._fill_silence)

    # --- the session

    def link_ready(self) -> None:
        self._recovery.ready(self._opening)

    def link_failed(self, error: ProviderError) -> None:
        self._recovery.open_failed(error)

    def provider_event(self, event: ProviderEvent) -> None:
        handler = self._events.get(type(event))
        if handler is not None:
            handler(event)

    def _on_provider_failed(self, event: base.ProviderFailed) -> None:
        self._session_lost(event.error)

    def _on_provider_closed(self, event: base.ProviderClosed) -> None:
        self._session_lost(closed_error(event))

    def _session_lost(self, error: ProviderError) -> None:
        if self._stopping is not None:
            self._stopped()
            return
        self._apply(self._parts.turns.ears_lost())
        self._fillers.session_lost()
        self._opening.caller_spoke()
        self._recovery.lost(error)

    def _model_failed(self, error: ProviderError) -> None:
        if self._stopping is None:
            self._recovery.give_up(error)

    # --- the caller

    def _on_speech_started(self, event: base.SpeechStarted) -> None:
        self._idle.caller_is_there()
        self._fillers.caller_spoke()
        self._resumption.caller_is_there()
        self._opening.caller_speaking()
        self._answering.speech_started(event.item_id)
        self._opt_outs.speech_started(event.item_id)
        self._caller.speech_started(event)

    def _on_speech_stopped(self, event: base.SpeechStopped) -> None:
        self._caller.speech_stopped(event)
        self._opening.caller_spoke()

    def _on_caller_text(self, event: base.CallerTranscript) -> None:
        self._caller.text(event)
        self._answering.words(event.item_id, event.text)
        self._opt_outs.heard(event.item_id, event.text)
        self._knowledge.heard(event.text)

    def _on_no_caller_text(self, event: base.CallerTranscriptFailed) -> None:
        self._caller.text_failed(event)
        self._knowledge.go_on()

    def _memory(self) -> list[str]:
        """What a session has to know that was not there before."""
        return [*self._knowledge.memory(), *self._tools.memory(), *self.dictation.memory()]

    def _want_response(self) -> None:
        self._apply(self._parts.turns.response_wanted())

    def dtmf(self, digit: str) -> None:
        """The caller pressed a key."""
        if self._tones.is_news(digit):
            self._key_heard(digit)

    def _key_heard(self, digit: str) -> None:
        self._parts.observer.key_heard(digit)
        self._idle.caller_is_there()
        self._resumption.caller_is_there()
        self._keypad.press(digit)

    def _keys_entered(self, digits: str) -> None:
        if self._opt_outs.keys(digits):
            self._note_keys("user", digits)
            return
        self._note_keys("user", digits, prompt.keys_message(digits))
        self._apply(self._parts.turns.keys_pressed())

    def press(self, dial_string: str) -> None:
        """Press keys on our side; the model knows that it does."""
        self._answering.pressed()
        self._note_keys("assistant", dial_string)
        self._send_keys(dial_string)

    def press_for_user(self, dial_string: str) -> None:
        """The same, asked for by somebody else."""
        if self._parts.answered_at is not None and self._stopping is None:
            self._note_keys("assistant", dial_string, prompt.keys_sent_message(dial_string))
            self._send_keys(dial_string)

    def _send_keys(self, dial_string: str) -> None:
        self._tones.pressing(dial_string)
        self._parts.observer.send_keys(dial_string)

    def _note_keys(self, speaker: Speaker, digits: str, message: str = "") -> None:
        """A session that is not there yet will read it in the transcript."""
        parts = self._parts
        parts.tell(parts.transcript.keys(speaker, digits, parts.call_ms()))
        if message and parts.link.session is not None:
            self._recovery.tell(message)

    # --- transfers

    def transfer(self, destination: str) -> None:
        """Somebody else wants the caller connected with this destination, now."""
        if self._parts.answered_at is None or self._stopping is not None:
            return
        tell = partial(self._not_transferred, destination)
        if self._transfer.ask(destination, "", tell):
            self._agent.cut_off()
            self._transfer.begin()

    def not_transferred(self, reason: str) -> None:
        """The caller is back."""
        if self._stopping is None:
            self._transfer.failed(reason)

    def _begin_transfer(self, destination: str, summary: str) -> None:
        self._agent.cut_off()
        self._parts.observer.transfer(destination, summary)

    def _not_transferred(self, destination: str, _: str, reason: str) -> None:
        self._recovery.tell(prompt.not_transferred_message(destination, reason))
        self._want_response()

    def hold(self, reason: Reason) -> None:
        """Listen only."""
        if self._parts.answered_at is not None and self._stopping is None:
            self._hold.begin(reason)

    def resume(self, reason: Reason) -> None:
        """Speak again, unless there is another reason not to."""
        if self._stopping is None:
            self._hold.end(reason)

    def recording_masked(self, paused: bool, done: bool) -> None:
        """The recording is paused, or goes on."""
        self._masking.became(paused, done)

    # --- others who have a say

    def tool_result(self, use_id: str, name: str, output: str) -> None:
        """The result of a tool that was to come later."""
        if self._stopping is None:
            self._tools.result_came(use_id, name, output)

    def _ask_if_there(self) -> None:
        self._agent.say(Ask(prompt.STILL_THERE, exact=False))

    def _give_up(self) -> None:
        self._farewell.begin("silence")
        self._agent.say(Ask(prompt.SILENT_GOODBYE, exact=False))

    def _on_audio(self, event: base.AudioDelta) -> None:
        if self._agent.responses.find(event.response_id) is not None:
            self._fillers.answer_comes()
            self._agent.audio(event)

    def _on_response_done(self, event: base.ResponseDone) -> None:
        model = event.model or self._parts.config.session.model
        self._parts.observer.usage(model, event.usage)
        response = self._agent.response_done(event)
        if response is not None and event.status == "completed":
            self._recovery.answered()
        self._tools.response_done(event, response)

    def _on_spent(self, event: base.Spent) -> None:
        model = event.model or self._parts.config.session.model
        self._parts.observer.usage(model, event.usage)

    # --- decisions

    def _apply(self, decisions: list[Decision]) -> None:
        if self._stopping is None:
            self._decisions.carry_out(decisions)

    def _tick(self) -> None:
        self._apply(self._parts.turns.tick(self._parts.now))

    # --- what is heard

    def _on_started(self, utterance_id: str, at: float) -> None:
        utterance = self._agent.started(utterance_id, at)
        if utterance is not None:
            self._answering.spoke()
            self._opt_outs.audible(utterance.ask)
            self._fillers.agent_spoke()
            self._apply(self._parts.turns.agent_audible(self._parts.now, utterance.protection))

    def _on_finished(self, heard: HeardPart) -> None:
        can_play = self._audio is not None and self._audio.can_play
        self._agent.finished(heard, can_play=can_play)


def _ignore(*_: Any) -> None:
    """What a call that is over does with late news of its audio."""
