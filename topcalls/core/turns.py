"""Turn-taking: who may speak, decided from timed facts.

The agent has the *floor* from the moment a response is asked for until the last of it was heard.
A caller who speaks while the agent is audible is first only *doubted*: playback pauses. Speech
that says enough words, or lasts and is no mere "mm-hm", *commits*: the agent is cut off and the
caller's turn is answered. Anything less resumes the agent. Such a short utterance is an answer
after all when the agent finishes within a second of it ("yes", at the end of a question); otherwise
it was a backchannel and leaves the conversation.

Words may come late, or never. Speech of which none is known keeps the agent paused for a moment
after its end, so that a late "okay" or a cough cuts nobody off; and when a noise that lasted has
cut the agent off all the same, the agent *reclaims* the floor.

Facts go in as method calls with the time they happened (monotonic seconds), decisions come out as
values. Nothing here knows how they are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.core.cut_off import CutOff
from topcalls.core.listening_words import NO_WORDS, Words
from topcalls.core.turn_rules import (
    Commit,
    CreateResponse,
    Decision,
    DeleteBackchannel,
    Floor,
    Pause,
    Protection,
    Reclaim,
    Resume,
    TurnRules,
)


@dataclass
class _Speech:
    """What the caller is saying now. `greets`: it began before the opening was audible."""

    started_at: float
    item_id: str
    committed: bool = False
    greets: bool = False
    words: Words = NO_WORDS


@dataclass
class _Doubt:
    """An utterance over the agent's voice whose meaning is still open.

    `lasted`: it is a turn unless its words say otherwise. `final`: no more words will come.
    """

    stopped_at: float
    lasted: bool = False
    final: bool = False
    wordless: bool = True


@dataclass
class _Agent:
    floor: Floor = Floor.FREE
    protection: Protection = Protection.NONE
    opening: bool = False  # the call's first utterance, until it was heard
    reclaims: bool = False  # what is pending was cut off before

    @property
    def interruptible(self) -> bool:
        return self.floor is not Floor.FREE and self.protection is Protection.NONE


@dataclass
class TurnTaking:
    """The turn-taking of one call. Every fact returns the decisions it leads to, in order."""

    rules: TurnRules = field(default_factory=TurnRules)
    _agent: _Agent = field(default_factory=_Agent)
    _speech: _Speech | None = None
    _paused: bool = False  # the agent, by us
    _doubts: dict[str, _Doubt] = field(default_factory=dict)
    _answer_due: bool = False  # a turn of the caller that must wait until the agent has finished
    _response_waits: bool = False  # a response that must wait until the caller has finished
    _cut_off: CutOff = field(default_factory=CutOff)

    # --- the agent

    def agent_pending(
        self, *, opening: bool = False, protection: Protection = Protection.NONE
    ) -> list[Decision]:
        """A response was asked for that no decision of ours led to.

        The `opening` answers whatever the caller says before it is audible.
        """
        if self._agent.floor is Floor.FREE:
            self._agent = _Agent(Floor.PENDING, protection)
        self._cut_off.talk_goes_on()
        self._agent.opening = self._agent.opening or opening
        return []

    def agent_audible(self, now: float, protection: Protection = Protection.NONE) -> list[Decision]:
        """The first sound of an utterance is on the wire."""
        speech = self._speech
        opening = self._agent.opening and self._agent.floor is not Floor.AUDIBLE
        self._agent = _Agent(Floor.AUDIBLE, protection)
        self._cut_off.talk_goes_on()
        if speech is not None and speech.committed:
            return []
        if speech is not None:
            speech.greets = speech.greets or opening
        if protection is not Protection.NONE:
            return self._resumed()
        if speech is None or self._paused:
            return []
        return [*self._pause(), *self._judge(now)]

    def agent_silent(self, now: float) -> list[Decision]:
        """Nothing of the agent is audible, queued or expected any more."""
        self._agent = _Agent()
        if any(self._may_answer(doubt, now) for doubt in self._doubts.values()):
            self._doubts.clear()
            self._answer_due = True
        decisions = self._unpause()
        if self._answer_due and self._speech is None:
            decisions += self._respond()
        return decisions

    # --- the caller

    def caller_started(self, now: float, item_id: str) -> list[Decision]:
        """The ears hear speech, which will become the item of that id."""
        if self._speech is not None:
            return []
        agent = self._agent
        speech = self._speech = _Speech(now, item_id)
        if agent.floor is Floor.PENDING and agent.opening:
            speech.greets = True
        elif agent.floor is Floor.PENDING and agent.interruptible:
            return self._commit()  # nothing was heard yet: the caller simply goes on talking
        elif agent.interruptible:
            return self._pause()
        return []

    def caller_stopped(
        self, now: float, item_id: str, speech_ms: float | None = None
    ) -> list[Decision]:
        """The ears say the speech is over; `speech_ms` is how long it was, where they know."""
        speech, self._speech = self._speech, None
        if speech is None:
            speech = _Speech(now, item_id)
        if speech_ms is None:
            speech_ms = (now - speech.started_at) * 1000 - self.rules.hangover_ms
        words = speech.words
        if speech.committed or self._agent.floor is Floor.FREE:
            self._cut_off.utterance_ended(now, item_id, words)
            return self._respond()
        if speech.greets:
            return self._resumed()
        lasted = speech_ms >= self.rules.commit_after_ms
        if (lasted and words.meaningful) or (
            not words.total and speech_ms >= max(self.rules.wordless_ms, self.rules.commit_after_ms)
        ):
            return self._take_turn(now, item_id, words)
        self._doubts[item_id] = _Doubt(now, lasted, wordless=not words.total)
        if lasted and not words.total and self._paused:
            return []  # until there are words, or have been none for long enough
        return self._resumed()

    def caller_words(
        self, now: float, item_id: str, words: Words, *, final: bool = True
    ) -> list[Decision]:
        """The words of an utterance as far as they are known; `final`: no more will come."""
        speech = self._speech
        if speech is not None and speech.item_id == item_id:
            return self._words_so_far(now, speech, words, final)
        if self._cut_off.is_open(item_id):
            return self._words_of_the_cut(item_id, words, final)
        doubt = self._doubts.get(item_id)
        if doubt is None:
            return []
        if self._enough(words, final) or (doubt.lasted and words.meaningful):
            del self._doubts[item_id]
            return self._take_turn(now, item_id, words)
        doubt.wordless, doubt.final = not words.total, final
        if not final:
            return []
        decisions: list[Decision] = []
        if self._paused and self._speech is None:
            doubt.stopped_at = now  # the agent goes on only now, and may soon have finished
            decisions = self._resumed()
        return decisions + self._settle(now)

    def keys_pressed(self) -> list[Decision]:
        """The caller entered something on the keypad: like a turn, but never in doubt."""
        if self._speech is not None:
            return self.response_wanted()
        decisions: list[Decision] = []
        if self._agent.interruptible:
            decisions = self._commit()
        elif self._agent.floor is not Floor.FREE:
            self._answer_due = True
            return []
        self._cut_off.talk_goes_on()
        return decisions + self._respond()

    # --- others

    def response_wanted(self) -> list[Decision]:
        """Something new is in the conversation (a tool's result) that the agent should use."""
        self._cut_off.talk_goes_on()
        if self._speech is not None and self._agent.protection is Protection.NONE:
            self._response_waits = True
            return []
        return self._respond()

    def ears_lost(self) -> list[Decision]:
        """The provider is gone and with it what it heard: forget the speech under way."""
        self._speech = None
        self._doubts.clear()
        self._cut_off.talk_goes_on()
        self._response_waits = False
        if self._agent.floor is Floor.PENDING:
            self._agent.floor = Floor.FREE
        return self._unpause()

    def tick(self, now: float) -> list[Decision]:
        """Time has passed; call at `deadline`, or whenever convenient."""
        return self._judge(now) + self._settle(now) + self._reclaim(now)

    @property
    def deadline(self) -> float | None:
        """When `tick` will next decide something; None: not before another fact."""
        times = [self._settles_at(doubt) for doubt in self._doubts.values()]
        times += [at for at in (self._commits_at(), self._reclaims_at()) if at is not None]
        return min(times, default=None)

    @property
    def caller_speaking(self) -> bool:
        return self._speech is not None

    @property
    def floor(self) -> Floor:
        return self._agent.floor

    # --- speech over the agent

    def _words_so_far(
        self, now: float, speech: _Speech, words: Words, final: bool
    ) -> list[Decision]:
        speech.words = words
        if words.total:
            self._cut_off.talk_goes_on()
        if speech.committed or speech.greets or not self._paused:
            return []
        return self._commit() if self._enough(words, final) else self._judge(now)

    def _enough(self, words: Words, final: bool) -> bool:
        """Whether words interrupt, however short they were. "No" may become "no problem"."""
        return words.meaningful >= self.rules.min_words or (words.stops and final)

    def _commits_at(self) -> float | None:
        speech = self._speech
        if speech is None or speech.committed or speech.greets:
            return None
        agent = self._agent
        if self._paused:
            after = self.rules.commit_after_ms
            if not speech.words.total:
                after = max(after, self.rules.wordless_ms)
        elif agent.floor is Floor.AUDIBLE and agent.protection is Protection.YIELDS_LATE:
            after = self.rules.protected_yields_after_ms
        else:
            return None
        if speech.words.acknowledges:
            after = max(after, self.rules.acknowledging_ms)
        return speech.started_at + (after + self.rules.hangover_ms) / 1000

    def _judge(self, now: float) -> list[Decision]:
        commit_at = self._commits_at()
        return self._commit() if commit_at is not None and now >= commit_at else []

    def _may_answer(self, doubt: _Doubt, now: float) -> bool:
        """Whether a short utterance answers what the agent has just finished saying."""
        noise = doubt.final and doubt.wordless
        return not noise and now - doubt.stopped_at <= self.rules.answer_overlap_ms / 1000

    def _settles_at(self, doubt: _Doubt) -> float:
        wait = self.rules.answer_overlap_ms
        if not doubt.final:
            late = doubt.lasted and doubt.wordless
            wait = max(wait, self.rules.verdict_wait_ms if late else self.rules.words_wait_ms)
        return doubt.stopped_at + wait / 1000

    def _settle(self, now: float) -> list[Decision]:
        decisions: list[Decision] = []
        due = [item for item, doubt in self._doubts.items() if now >= self._settles_at(doubt)]
        for item_id in due:
            doubt = self._doubts.pop(item_id, None)
            if doubt is None:  # a turn was taken meanwhile
                continue
            if doubt.lasted and doubt.wordless and not doubt.final:
                decisions += self._take_turn(now, item_id, NO_WORDS)
            else:
                decisions.append(DeleteBackchannel(item_id))
        return decisions

    def _take_turn(self, now: float, item_id: str, words: Words) -> list[Decision]:
        """A whole turn of the caller's is over: answer it, now or when the agent may be cut."""
        decisions: list[Decision] = []
        if self._agent.interruptible:
            decisions = self._commit()
        elif self._agent.floor is not Floor.FREE:
            self._answer_due = True
            return []
        self._cut_off.utterance_ended(now, item_id, words)
        return decisions if self._speech is not None else decisions + self._respond()

    def _commit(self) -> list[Decision]:
        if self._agent.floor is Floor.AUDIBLE or self._agent.reclaims:
            self._cut_off.agent_was_cut()
        self._agent = _Agent()
        self._doubts.clear()
        self._answer_due = False
        self._paused = False
        if self._speech is not None:
            self._speech.committed = True
        return [Commit()]

    # --- noise that has cut the agent off

    def _words_of_the_cut(self, item_id: str, words: Words, final: bool) -> list[Decision]:
        if words.total:
            self._cut_off.talk_goes_on()
        elif final:
            all_noise = self._cut_off.was_noise(item_id)
            reclaims = all_noise and self._speech is None
            return [DeleteBackchannel(item_id), *(self._take_back() if reclaims else ())]
        return []

    def _reclaims_at(self) -> float | None:
        quiet_since = self._cut_off.quiet_since
        if quiet_since is None or self._speech or self._agent.floor is not Floor.FREE:
            return None
        return quiet_since + self.rules.reclaim_after_ms / 1000

    def _reclaim(self, now: float) -> list[Decision]:
        reclaim_at = self._reclaims_at()
        return self._take_back() if reclaim_at is not None and now >= reclaim_at else []

    def _take_back(self) -> list[Decision]:
        self._cut_off.talk_goes_on()
        self._agent = _Agent(Floor.PENDING, reclaims=True)
        return [Reclaim()]

    # --- carrying on

    def _pause(self) -> list[Decision]:
        if self._paused:
            return []
        self._paused = True
        return [Pause()]

    def _unpause(self) -> list[Decision]:
        was, self._paused = self._paused, False
        return [Resume()] if was else []

    def _resumed(self) -> list[Decision]:
        decisions = self._unpause()
        if self._response_waits and self._speech is None:
            decisions += self._respond()
        return decisions

    def _respond(self) -> list[Decision]:
        self._answer_due = False
        self._response_waits = False
        if self._agent.floor is Floor.FREE:
            self._agent = _Agent(Floor.PENDING)
        return [CreateResponse()]
