"""The caller's side: speech the model's ears report, and its words, which come later or never."""

from __future__ import annotations

from collections.abc import Callable

from topcalls.bridge.end_of_turn import EndOfTurn
from topcalls.bridge.parts import Parts
from topcalls.bridge.uplink import Uplink
from topcalls.core.endpointing import LONGEST_PAUSE_MS, Heard, Patience
from topcalls.core.listening_words import ListeningWords
from topcalls.core.turn_rules import CreateResponse, Decision, Floor, Withdraw
from topcalls.providers.base import (
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    SpeechStarted,
    SpeechStopped,
)


class Caller:
    """`decide` carries out what the turn-taking makes of each fact. `in_menu`: the caller is an
    automatic menu."""

    def __init__(
        self,
        parts: Parts,
        uplink: Uplink,
        decide: Callable[[list[Decision]], None],
        in_menu: Callable[[], bool],
    ) -> None:
        self._parts = parts
        self._uplink = uplink
        self._decide = decide
        self._speech_from_ms = 0
        self._turn_from_ms = 0
        self._speech_to_ms = 0
        self._paused_ms = 0  # the longest pause in this turn
        self._stopped_at = 0.0  # the last speech, monotonic
        self._in_menu = in_menu
        self.grows: Callable[[str], None] = lambda _: None  # hears words that may still change
        language = parts.config.session.language
        self._words = ListeningWords(language, parts.config.acknowledgements)
        self._patience = Patience(parts.config.endpointing, language)
        model = parts.config.hearing.turn_model
        self._sound = EndOfTurn(parts, uplink, model, self._more_is_known)

    def speech_started(self, event: SpeechStarted) -> None:
        parts = self._parts
        self._sound.speech_started()
        self._speech_from_ms = event.audio_ms
        pause_ms = event.audio_ms - self._speech_to_ms
        goes_on = parts.turns.turn_is_open or parts.turns.floor is Floor.PENDING
        if goes_on and pause_ms <= LONGEST_PAUSE_MS:
            self._paused_ms = max(self._paused_ms, pause_ms)
        else:
            self._paused_ms = 0
            self._turn_from_ms = event.audio_ms
        parts.transcript.caller_started(event.item_id, self._at_ms(event.audio_ms))
        self._decide(parts.turns.caller_started(parts.now, event.item_id))

    def speech_stopped(self, event: SpeechStopped) -> None:
        parts = self._parts
        ended_ms = self._at_ms(event.audio_ms)
        parts.tell(parts.transcript.caller_stopped(event.item_id, ended_ms))
        speech_ms = event.audio_ms - self._speech_from_ms
        self._speech_to_ms = event.audio_ms
        quiet_ms = max(0, self._uplink.sent_ms - event.audio_ms)
        if self._is_a_turn:
            self._sound.paused(self._turn_from_ms, quiet_ms)
        decisions = parts.turns.caller_stopped(
            parts.now,
            event.item_id,
            speech_ms,
            quiet_ms=quiet_ms,
            patience_ms=self._patience_ms,
        )
        if parts.answered_at is not None:
            self._stopped_at = parts.answered_at + ended_ms / 1000
            answered = CreateResponse() in decisions
            parts.stopwatch.caller_stopped(self._stopped_at, is_answered=answered)
        self._decide(decisions)

    def text_delta(self, event: CallerTextDelta) -> None:
        parts = self._parts
        so_far = parts.transcript.caller_delta(event.item_id, event.text, parts.call_ms())
        parts.tell_growing(parts.transcript.caller_growing(event.item_id))
        self.grows(so_far)
        self._said(event.item_id, so_far, final=False)

    def text(self, event: CallerTranscript) -> None:
        parts = self._parts
        parts.tell(parts.transcript.caller_text(event.item_id, event.text, parts.call_ms()))
        self._said(event.item_id, event.text, final=True)

    def _said(self, item_id: str, text: str, *, final: bool) -> None:
        turns, words = self._parts.turns, self._words.count(text)
        patience_ms = 0 if turns.caller_speaking else self._patience_ms
        self._carry_out(
            turns.caller_words(
                self._parts.now, item_id, words, final=final, patience_ms=patience_ms
            )
        )

    def _more_is_known(self) -> None:
        """Of how the caller sounded, or that it will not be known in time."""
        turns = self._parts.turns
        if not turns.caller_speaking:
            self._carry_out(turns.patience_known(self._parts.now, self._patience_ms))

    def _carry_out(self, decisions: list[Decision]) -> None:
        self._decide(decisions)
        if Withdraw() in decisions:
            self._parts.stopwatch.caller_stopped(self._stopped_at)  # it is still to be answered
            self._parts.stopwatch.judged(self._sound.finished)

    @property
    def _is_a_turn(self) -> bool:
        """Whether what was said is to be answered, whatever it was."""
        by_model, turns = self._patience.plan.by_model, self._parts.turns
        return not by_model and not self._in_menu() and turns.floor is not Floor.AUDIBLE

    def text_failed(self, event: CallerTranscriptFailed) -> None:
        parts = self._parts
        parts.tell(parts.transcript.caller_failed(event.item_id))
        self._decide(parts.turns.words_lost(parts.now, event.item_id))

    @property
    def _patience_ms(self) -> int:
        """How long the caller may be quiet, after what was said so far."""
        agent, caller, complete = self._parts.transcript.open_turn()
        listens = self._words.count(caller).acknowledges
        in_menu, finished = self._in_menu(), self._sound.finished
        heard = Heard(agent, caller, complete, listens, in_menu, self._paused_ms, finished)
        return max(self._patience.milliseconds(heard), self._sound.held_ms)

    def words_to_come(self) -> bool:
        """The caller speaks, or has said something that is not written down yet."""
        return self._parts.turns.caller_speaking or self._parts.transcript.caller_pending()

    def hear_out(self) -> None:
        """The line is gone: let the ears hear the silence that ends the speech under way."""
        if self._parts.turns.caller_speaking:
            self._uplink.add_silence(self._parts.config.session.ears.silence_ms + 200)

    def _at_ms(self, audio_ms: int) -> int:
        """A position in the session's audio as time of the call."""
        now_ms = self._parts.call_ms()
        return min(now_ms, max(0, now_ms - (self._uplink.sent_ms - audio_ms)))
