"""The agent's side: what it is asked to say, what of it becomes audible, and how it is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from topcalls.bridge import codec, prompt
from topcalls.bridge.answer_limit import AnswerLimit
from topcalls.bridge.audio import HeardPart
from topcalls.bridge.parts import Parts
from topcalls.bridge.responses import ANSWER, Ask, Response, Responses
from topcalls.bridge.speaker import Cut, Speaker, Utterance
from topcalls.core.live_words import Outcome
from topcalls.core.turn_rules import Protection
from topcalls.errors import ProviderError
from topcalls.log import get_logger
from topcalls.providers.base import (
    BYTES_PER_MS,
    AgentTextDelta,
    AgentTextDone,
    AudioDelta,
    AudioDone,
    FirstToken,
    ResponseDone,
    ResponseStarted,
)

_ANSWER, _RETRY = "answer", "retry"
MOST_LOST = 2
_UNHEARD_TAIL_MS = 200
"""What the switch's own clock may disagree about; anything above was not heard."""

log = get_logger(__name__)


class Agent:
    """`mute(error)` is called when the session does not answer, or answers with nothing unless it
    `may_say_nothing`; `failed(error)` when the model cannot be made to answer.
    """

    def __init__(
        self,
        parts: Parts,
        mute: Callable[[ProviderError], None],
        failed: Callable[[ProviderError], None],
        may_say_nothing: Callable[[], bool],
    ) -> None:
        self.responses = Responses()
        self.speaker = Speaker()
        self._parts = parts
        self._mute = mute
        self._failed = failed
        self._may_say_nothing = may_say_nothing
        self._over = False  # there is no model to ask any more
        self._held = False  # nothing is asked for now
        self._hushed: Callable[[], None] | None = None  # what follows once it has fallen silent
        self._cut: list[Ask] = []  # what was to be said when the agent was cut off
        self._fates: dict[str, Outcome] = {}  # of what somebody outside wanted said
        self._answer_waits = False
        self.has_to_wait: Callable[[Callable[[], None]], bool] = lambda _: False
        self._lost_in_a_row = 0  # utterances that were given up before half of them was heard

    @property
    def quiet(self) -> bool:
        """Everything was said and heard."""
        return not self.responses.busy and self.speaker.empty and not self._answer_waits

    @property
    def is_retired(self) -> bool:
        """There is no model to ask any more."""
        return self._over

    @property
    def is_protected(self) -> bool:
        """Something is said, or about to be, that must be heard in full."""
        return self.responses.protected or self.speaker.protected

    @property
    def owes_answer(self) -> bool:
        """An answer was asked for, and nothing of it is audible."""
        asked = self._answer_waits or any(ask.text is None for ask in self.responses.asks)
        return asked and not self.speaker.audible

    def is_saying(self, wish: str) -> bool:
        """What was asked for by this name is being said, or about to be."""
        asks = (*self.responses.asks, *self.speaker.asks)
        return any(ask.wish == wish for ask in asks)

    def fate_of(self, wish: str) -> Outcome | None:
        """What became of it; None: nothing of it was heard."""
        return self._fates.get(wish)

    # --- asking

    def say(self, ask: Ask) -> None:
        """Have something said that no decision of the turn-taking led to."""
        self._parts.turns.agent_pending(opening=ask.opening, protection=ask.protection)
        self._ask(ask)

    def answer(self) -> None:
        """Have the model answer the conversation, unless that is about to happen."""
        if self.responses.awaited or self._answer_waits:
            return
        self._answer_waits = self.has_to_wait(self._answer_now)
        if not self._answer_waits:
            self._ask(ANSWER)

    def _answer_now(self) -> None:
        """What the answer has waited for is there, or too late."""
        if self._answer_waits:
            self._answer_waits = False
            if not self.responses.awaited:
                self._ask(ANSWER)

    def hold_back(self) -> None:
        """Say nothing until `speak_again`: what is wanted meanwhile is owed."""
        self._held = True
        self.cut_off()

    def speak_again(self) -> None:
        """Say what is owed."""
        self._held = False
        self.ask_owed()

    def ask_owed(self) -> None:
        """Ask again for everything that could not be asked for."""
        if self._held:
            return
        owed, self.responses.owed = self.responses.owed, []
        for ask in owed:
            self.say(ask)

    def _ask(self, ask: Ask) -> None:
        session = self._parts.link.session
        if session is None or self._held:
            if not self._over:
                self.responses.owed.append(ask)
            return
        tag = self.responses.asked(ask)
        if ask.text is None:
            session.create_response(tag=tag)
        else:
            session.speak(ask.text, exact=ask.exact, tag=tag)
        self._parts.stopwatch.asked(self._parts.now, answers=ask.text is None)
        self._await_more()

    def _await_more(self) -> None:
        """Something of a response has come: until its end, more must come within the limit."""
        self._parts.timers.set(_ANSWER, self._parts.config.limits.answer, self._no_answer)

    def _no_answer(self) -> None:
        self._mute(
            ProviderError("The AI does not answer.", retryable=True, provider_code="no_answer")
        )

    # --- what the model says

    def response_started(self, event: ResponseStarted) -> None:
        if self.responses.started(event.response_id, event.tag):
            self._limit(self.responses.find(event.response_id))
            self._await_more()

    def _limit(self, response: Response | None) -> None:
        """Words of somebody's own are said to their end, however long that is."""
        config = self._parts.config
        if response is not None and (response.ask.text is None or not response.ask.exact):
            codec_ = codec.codec_of(config.session.audio_format)
            response.limit = AnswerLimit(config.longest_answer_ms, codec_)

    def audio(self, event: AudioDelta) -> None:
        response = self.responses.find(event.response_id)
        if response is None or not event.audio:
            return
        if not response.spoke:
            response.spoke = True
            self._parts.stopwatch.first_byte(self._parts.now)
        self._await_more()
        response.sounding.add(event.item_id)
        utterance = Utterance(
            event.item_id, event.response_id, self._parts.link.epoch, response.ask
        )
        kept = response.limit.admit(event.audio) if response.limit is not None else None
        self.speaker.add(utterance, event.audio[:kept])
        if kept is not None:
            self._end_answer(response, event, len(event.audio) - kept)

    def _end_answer(self, response: Response, last: AudioDelta, dropped: int) -> None:
        """It has become too long: what is there is said, and no more of it made."""
        log.warning("Answer ended by its time limit")
        self._parts.timers.cancel(_ANSWER)
        unbegun = self.responses.unbegun
        self.responses.cancel()
        self.speaker.complete_response(last.response_id)
        kept_ms = self.speaker.received_ms(last.item_id)
        received_ms = kept_ms + dropped // BYTES_PER_MS
        self._parts.transcript.agent_limited(last.item_id, kept_ms, received_ms)
        self._foretell()
        session = self._parts.link.session
        if session is not None:
            session.cancel_response()
            session.truncate(last.item_id, kept_ms, received_ms)
            for item_id in sorted(response.items - response.sounding):
                session.delete_item(item_id)
        self.responses.owed = unbegun
        self.ask_owed()

    def audio_done(self, event: AudioDone) -> None:
        self.speaker.complete(event.item_id)
        self._foretell()

    def text_delta(self, event: AgentTextDelta) -> None:
        response = self.responses.find(event.response_id)
        if response is not None:
            self._parts.stopwatch.first_token(self._parts.now)
            response.items.add(event.item_id)
            self._parts.transcript.agent_delta(event.item_id, event.text)

    def first_token(self, event: FirstToken) -> None:
        """The model has begun to write."""
        if self.responses.find(event.response_id) is not None:
            self._parts.stopwatch.first_token(self._parts.now)

    def text_done(self, event: AgentTextDone) -> None:
        self._parts.tell(self._parts.transcript.agent_text(event.item_id, event.text))
        self._foretell()

    def called_tool(self, response_id: str) -> bool:
        """The response calls a tool; False if nobody waits for the response any more."""
        response = self.responses.find(response_id)
        if response is None:
            return False
        response.called_tools = True
        self._await_more()
        return True

    def response_done(self, event: ResponseDone) -> Response | None:
        """A response is over; returns it if it can be built on."""
        self.speaker.complete_response(event.response_id)
        self._foretell()
        response = self.responses.done(event.response_id, event.tag)
        if response is None:
            return None
        self._parts.timers.cancel(_ANSWER)
        if self.responses.waiting:
            self._await_more()
        if response.spoke or response.called_tools or event.status == "cancelled":
            return response
        self._again(response.ask, event.error)
        return None

    def _again(self, ask: Ask, error: ProviderError | None) -> None:
        """Nothing was said: ask once more, then another session, or (`error`) give up."""
        if error is not None and (ask.retried or not error.retryable):
            self._failed(error)
        elif not ask.retried:
            log.warning("Response came to nothing", failed=error is not None)
            self.responses.owed.append(replace(ask, retried=True))
            self._parts.timers.set(_RETRY, self._parts.config.limits.retry, self.ask_owed)
        elif not self.responses.busy and not self._may_say_nothing():
            self.responses.owed.append(replace(ask, retried=False))
            self._mute(
                ProviderError("The AI says nothing.", retryable=True, provider_code="no_words")
            )

    # --- what is heard

    def started(self, utterance_id: str, at: float) -> Utterance | None:
        """An utterance became audible at this monotonic moment."""
        utterance = self.speaker.started(utterance_id, at)
        if utterance is None:
            return None
        self._cut.clear()
        self._tell_fate(utterance, Outcome.INTERRUPTED)  # unless it is heard to its end
        parts = self._parts
        seq = parts.transcript.agent_started(utterance_id, parts.call_ms(at))
        session = parts.link.session
        if session is not None and utterance.epoch not in (0, parts.link.epoch):
            session.add_message("assistant", parts.transcript.agent_said(utterance_id))
        timing = parts.stopwatch.on_the_wire(at, seq, parts.call_ms)
        if timing is not None:
            parts.observer.timing(timing)
        self._foretell()
        return utterance

    def _tell_fate(self, utterance: Utterance, outcome: Outcome) -> None:
        if utterance.ask.wish:
            self._fates[utterance.ask.wish] = outcome

    def _foretell(self) -> None:
        """Have it written down what is being said, before it is over: should this process die, the
        switch plays on what it has."""
        for item in self.speaker.audible:
            received_ms = item.received_ms if item.complete else None
            turn = self._parts.transcript.agent_begun(item.id, received_ms)
            if turn is not None:
                self._parts.observer.turn_begun(self._parts.redaction.applied(turn))

    def finished(self, heard: HeardPart, *, can_play: bool = True) -> None:
        """An utterance is over: heard to its end, or (a full disk, a lost playback) given up."""
        utterance = self.speaker.finished(heard.utterance_id)
        if utterance is None:
            return
        parts, now_ms = self._parts, self._parts.call_ms()
        if can_play:
            self._watch_playback(heard)
        if heard.received_ms - heard.played_ms <= _UNHEARD_TAIL_MS:
            self._tell_fate(utterance, Outcome.HEARD)
            parts.tell(parts.transcript.agent_ended(heard.utterance_id, now_ms))
        else:
            missing_ms = heard.received_ms - heard.played_ms
            log.warning("Speech was not heard in full", missing_ms=missing_ms)
            parts.tell(
                parts.transcript.agent_cut(
                    heard.utterance_id, now_ms, heard.played_ms, heard.received_ms
                )
            )

    def _watch_playback(self, heard: HeardPart) -> None:
        """An agent whose speech does not reach the phone, time after time, does not go on."""
        lost = heard.played_ms * 2 < heard.received_ms
        self._lost_in_a_row = self._lost_in_a_row + 1 if lost else 0
        if self._lost_in_a_row >= MOST_LOST:
            log.error("Speech does not reach the phone", utterances=self._lost_in_a_row)
            self._parts.end("playback_failed", "")

    # --- interruptions

    @property
    def is_falling_silent(self) -> bool:
        """It speaks on only because what it says must be heard in full."""
        return self._hushed is not None

    def hush(self, then: Callable[[], None]) -> None:
        """Stop speaking, a legal notice excepted, which is heard in full; then call `then`."""
        self._hushed = then
        self.settle()

    def settle(self) -> None:
        """Something was heard to its end, or will not be said."""
        if self._hushed is None or self.is_protected:
            return
        then, self._hushed = self._hushed, None
        self.cut_off()
        then()

    def cut_off(self) -> None:
        """Stop speaking, and make the model forget what nobody heard."""
        self._parts.timers.cancel(_ANSWER, _RETRY)
        self._parts.stopwatch.reset()
        self._answer_waits = False
        asks = self.responses.asks
        under_way = self.responses.cancel()
        session = self._parts.link.session
        if session is not None:
            session.cancel_response()
        cuts = self.fall_silent()
        if cuts:
            self._cut = list(dict.fromkeys([*(cut.utterance.ask for cut in cuts), *asks]))
        for cut in cuts:
            item = cut.utterance
            if session is not None and item.epoch == self._parts.link.epoch:
                session.truncate(item.id, cut.played_ms, item.received_ms)
        for response in under_way:
            for item_id in sorted(response.items - response.sounding):
                if session is not None:
                    session.delete_item(item_id)

    def take_back_floor(self, tell: Callable[[str], None] | None) -> None:
        """Nobody interrupted: go on with what was cut off. Exact words are said once more; of
        everything else `tell` lets the model know how it goes on. None: go on with nothing."""
        cut = list(self._cut)
        if self.responses.busy:
            self.cut_off()
        if tell is None:
            return
        for ask in cut:
            if ask.text is not None and ask.exact:
                self.say(replace(ask, opening=False, retried=False))
        if any(ask.text is None or not ask.exact for ask in cut):
            tell(prompt.CONTINUE_AFTER_NOISE)
            self.answer()

    def fall_silent(self) -> list[Cut]:
        """Stop the sound and write down what was heard; returns what was not heard in full."""
        now_ms = self._parts.call_ms()
        transcript = self._parts.transcript
        cuts = self.speaker.cut(self._parts.now)
        for cut in cuts:
            item_id, received_ms = cut.utterance.id, cut.utterance.received_ms
            if cut.fully_heard:
                self._tell_fate(cut.utterance, Outcome.HEARD)
                self._parts.tell(transcript.agent_ended(item_id, now_ms))
            else:
                turn = transcript.agent_cut(item_id, now_ms, cut.played_ms, received_ms)
                self._parts.tell(turn)
        return [cut for cut in cuts if not cut.fully_heard]

    def apologize(self) -> None:
        """There will be no model any more: say the line that needs none, after the present one."""
        config = self._parts.config
        self.retire()
        self.speaker.withdraw_unbegun()
        self.speaker.complete_all()
        self.speaker.release()
        if config.apology:
            apology = Utterance("apology", ask=Ask(protection=Protection.ABSOLUTE))
            self._parts.transcript.agent_text(apology.id, config.apology_text)
            self.speaker.add(apology, config.apology)
            self.speaker.complete(apology.id)

    def retire(self) -> None:
        """There is no model to ask any more."""
        self._over = True
        self._answer_waits = False
        self._parts.timers.cancel(_ANSWER, _RETRY)
        self.responses.cancel()

    def session_lost(self) -> None:
        """The model is gone: what it had not finished is owed to the caller by the next one."""
        self._parts.timers.cancel(_ANSWER, _RETRY)
        self._parts.stopwatch.reset()
        for response_id, response in self.responses.under_way():
            if self.speaker.withdraw(response_id):
                response.spoke = False
        self.speaker.complete_all()
        self.responses.owed = self.responses.lost()
