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

A caller who does not let the agent speak at all is spoken over after a minute (`floor_limit.py`).

A turn of the caller's is over when they have been quiet for as long as they are given at that point
(`core/endpointing.py`): words that come meanwhile may change that, and more speech begins it anew.
Words that come when the answer was asked for, and show that the caller will go on, withdraw it.

Facts go in as method calls with the time they happened (monotonic seconds), decisions come out as
values. Nothing here knows how they are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from topcalls.core.cut_off import CutOff
from topcalls.core.doubts import Doubts
from topcalls.core.floor_limit import FloorLimit
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
    Withdraw,
)
from topcalls.core.turn_state import Agent, Doubt, Speech, Turn


@dataclass
class TurnTaking:
    """The turn-taking of one call. Every fact returns the decisions it leads to, in order."""

    rules: TurnRules = field(default_factory=TurnRules)
    _agent: Agent = field(default_factory=Agent)
    _speech: Speech | None = None
    _turn: Turn | None = None  # of the caller, who is quiet and may go on
    _paused: bool = False  # the agent, by us
    _doubts: Doubts = field(init=False)
    _answer_due: bool = False  # a turn of the caller that must wait until the agent has finished
    _response_waits: bool = False  # a response that must wait until the caller has finished
    _cut_off: CutOff = field(default_factory=CutOff)
    _limit: FloorLimit = field(init=False)

    def __post_init__(self) -> None:
        self._doubts = Doubts(self.rules)
        self._limit = FloorLimit(self.rules.longest_turn_ms)

    # --- the agent

    def agent_pending(
        self, *, opening: bool = False, protection: Protection = Protection.NONE
    ) -> list[Decision]:
        """A response was asked for that no decision of ours led to.

        The `opening` answers whatever the caller says before it is audible.
        """
        if self._agent.floor is Floor.FREE:
            self._agent = Agent(Floor.PENDING, protection)
        self._cut_off.talk_goes_on()
        self._agent.answers = None  # there is more to it now
        self._agent.opening = self._agent.opening or opening
        return []

    def agent_audible(self, now: float, protection: Protection = Protection.NONE) -> list[Decision]:
        """The first sound of an utterance is on the wire."""
        if not self.rules.interruptible:
            protection = Protection.ABSOLUTE
        speech = self._speech
        opening = self._agent.opening and self._agent.floor is not Floor.AUDIBLE
        self._agent = Agent(Floor.AUDIBLE, protection)
        self._limit.agent_was_heard()
        self._cut_off.talk_goes_on()
        if speech is not None:
            if speech.committed:
                return []
            speech.greets = speech.greets or opening
        if protection is not Protection.NONE:
            return self._resumed()
        if speech is None or self._paused:
            return []
        return [*self._pause(), *self._judge(now)]

    def agent_silent(self, now: float) -> list[Decision]:
        """Nothing of the agent is audible, queued or expected any more."""
        self._agent = Agent()
        if self._speech is not None:
            self._limit.caller_speaks_on(now)
        if self._doubts.may_answer(now):
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
        agent, goes_on = self._agent, self._turn is not None
        self._turn = None
        speech = self._speech = Speech(now, item_id)
        self._limit.caller_started(now, goes_on=goes_on or agent.floor is Floor.PENDING)
        if agent.floor is not Floor.FREE and self._limit.is_same_speech(now):
            speech.overrule()
        elif agent.floor is Floor.PENDING and agent.opening:
            speech.greets = True
        elif agent.floor is Floor.PENDING and agent.interruptible:
            return self._commit()  # nothing was heard yet: the caller simply goes on talking
        elif agent.interruptible:
            return self._pause()
        return []

    def caller_stopped(
        self,
        now: float,
        item_id: str,
        speech_ms: float | None = None,
        *,
        quiet_ms: float = 0,
        patience_ms: int = 0,
    ) -> list[Decision]:
        """The ears say the speech is over; `speech_ms` is how long it was, where they know, and
        `quiet_ms` how long it has been over. A turn is over after `patience_ms` of quiet."""
        speech, self._speech = self._speech or Speech(now, item_id), None
        if speech_ms is None:
            speech_ms = (now - speech.started_at) * 1000 - self.rules.hangover_ms
        words, turn = speech.words, Turn(now - quiet_ms / 1000, patience_ms)
        if speech.overruled and self._agent.floor is not Floor.FREE:
            self._limit.overruled_stopped(now)
            return self._resumed()  # the agent has asked something since
        if speech.committed or self._agent.floor is Floor.FREE:
            self._cut_off.utterance_ended(now, item_id, words)
            return self._turn_ends(now, turn)
        if speech.greets:
            return self._resumed()
        lasted = speech_ms >= self.rules.commit_after_ms
        if (lasted and words.meaningful) or (
            not words.total and speech_ms >= max(self.rules.wordless_ms, self.rules.commit_after_ms)
        ):
            return self._take_turn(now, item_id, words, turn)
        doubt = Doubt(now, turn.quiet_since, lasted, wordless=not words.total)
        self._doubts.add(item_id, doubt)
        if lasted and not words.total and self._paused:
            return []  # until there are words, or have been none for long enough
        return self._resumed()

    def caller_words(
        self, now: float, item_id: str, words: Words, *, final: bool = True, patience_ms: int = 0
    ) -> list[Decision]:
        """The words of an utterance as far as they are known; `final`: no more will come. With them
        a turn is over after `patience_ms` of quiet."""
        if words.total:
            self._limit.words_known()
        if self._turn is not None:
            self._turn.patience_ms = patience_ms
        decisions = self._withdraw(now, patience_ms) if final else []
        decisions += self._words_mean(now, item_id, words, final, patience_ms)
        return decisions + self._finish_turn(now)

    def patience_known(self, now: float, patience_ms: int) -> list[Decision]:
        """More is known of how long the caller may be quiet in the turn that has just ended."""
        if self._turn is not None:
            self._turn.patience_ms = patience_ms
        return self._withdraw(now, patience_ms) + self._finish_turn(now)

    def _words_mean(
        self, now: float, item_id: str, words: Words, final: bool, patience_ms: int
    ) -> list[Decision]:
        speech = self._speech
        if speech is not None and speech.item_id == item_id:
            return self._words_so_far(now, speech, words, final)
        if self._cut_off.is_open(item_id):
            return self._words_of_the_cut(item_id, words, final)
        doubt = self._doubts.get(item_id)
        if doubt is None:
            return []
        if self._enough(words, final) or (doubt.lasted and words.meaningful):
            self._doubts.drop(item_id)
            return self._take_turn(now, item_id, words, Turn(doubt.quiet_since, patience_ms))
        doubt.wordless, doubt.final = not words.total, final
        if not final:
            return []
        decisions: list[Decision] = []
        if self._paused and self._speech is None:
            doubt.stopped_at = now  # the agent goes on only now, and may soon have finished
            decisions = self._resumed()
        return decisions + self._settle(now)

    def words_lost(self, now: float, item_id: str) -> list[Decision]:
        """What was said in an utterance will never be known. The model may have understood it."""
        self._limit.words_known()
        if self._cut_off.is_open(item_id):
            self._cut_off.talk_goes_on()
        doubt = self._doubts.get(item_id)
        if doubt is None:
            return []
        if doubt.lasted and doubt.wordless:
            self._doubts.drop(item_id)
            return self._take_turn(now, item_id, NO_WORDS, Turn(doubt.quiet_since, 0))
        doubt.wordless, doubt.final = False, True
        return self._settle(now)

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
        decisions = self._unpause()
        if self._turn is not None:
            decisions += self._respond()
        if self._agent.floor is Floor.PENDING:
            self._agent.floor = Floor.FREE
        return decisions

    def tick(self, now: float) -> list[Decision]:
        """Time has passed; call at `deadline`, or whenever convenient."""
        decisions = self._judge(now) + self._settle(now)
        reclaims_at = self._reclaims_at
        if reclaims_at is not None and now >= reclaims_at:
            decisions += self._take_back()
        decisions += self._finish_turn(now)
        return decisions + self._limit.decide(now, self._speech, self._agent)

    @property
    def deadline(self) -> float | None:
        """When `tick` will next decide something; None: not before another fact."""
        turn_over_at = self._turn.over_at if self._turn is not None else None
        of_speech = (self._commits_at(), self._limit.due_at(self._speech, self._agent))
        times = (*of_speech, self._doubts.next_at, self._reclaims_at, turn_over_at)
        return min((at for at in times if at is not None), default=None)

    @property
    def caller_speaking(self) -> bool:
        return self._speech is not None

    @property
    def may_take_back_floor(self) -> bool:
        """The agent was cut off by what may turn out to be a noise."""
        return self._cut_off.is_undecided

    @property
    def turn_is_open(self) -> bool:
        """The caller speaks, or has only just stopped."""
        return self._speech is not None or self._turn is not None

    @property
    def floor(self) -> Floor:
        return self._agent.floor

    # --- speech over the agent

    def _words_so_far(
        self, now: float, speech: Speech, words: Words, final: bool
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
        if self._speech is None:
            return None
        return self._speech.commits_at(self._agent, self._paused, self.rules)

    def _judge(self, now: float) -> list[Decision]:
        commit_at = self._commits_at()
        return self._commit() if commit_at is not None and now >= commit_at else []

    def _settle(self, now: float) -> list[Decision]:
        decisions: list[Decision] = []
        for item_id, doubt in self._doubts.due(now):
            if self._doubts.get(item_id) is None:  # a turn was taken meanwhile
                continue
            self._doubts.drop(item_id)
            if doubt.lasted and doubt.wordless and not doubt.final:
                decisions += self._take_turn(now, item_id, NO_WORDS, Turn(now, 0))
            else:
                decisions.append(DeleteBackchannel(item_id))
        return decisions

    def _take_turn(self, now: float, item_id: str, words: Words, turn: Turn) -> list[Decision]:
        """Speech over the agent was a turn: answer it, now or when the agent may be cut."""
        decisions: list[Decision] = []
        if self._agent.interruptible:
            decisions = self._commit()
        elif self._agent.floor is not Floor.FREE:
            self._answer_due = True
            return []
        self._cut_off.utterance_ended(now, item_id, words)
        return decisions if self._speech is not None else decisions + self._turn_ends(now, turn)

    def _commit(self) -> list[Decision]:
        if self._agent.floor is Floor.AUDIBLE or self._agent.reclaims:
            self._cut_off.agent_was_cut()
        self._agent = Agent()
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

    @property
    def _reclaims_at(self) -> float | None:
        return self._cut_off.reclaims_at(self._speech, self._agent, self.rules)

    def _take_back(self) -> list[Decision]:
        self._cut_off.talk_goes_on()
        self._turn = None
        self._agent = Agent(Floor.PENDING, reclaims=True)
        return [Reclaim()]

    # --- the end of a turn

    def _turn_ends(self, now: float, turn: Turn) -> list[Decision]:
        self._turn = turn
        return self._finish_turn(now)

    def _finish_turn(self, now: float) -> list[Decision]:
        """Answer the caller who has been quiet for long enough."""
        return self._respond() if self._turn is not None and self._turn.is_over(now) else []

    def _withdraw(self, now: float, patience_ms: int) -> list[Decision]:
        """Words came after the answer was asked for, and show that the caller will go on."""
        turn = self._agent.goes_on(now, patience_ms, self.rules)
        if turn is None or self._speech is not None:
            return []
        self._agent, self._turn = Agent(), turn
        return [Withdraw()]

    # --- carrying on

    def _pause(self) -> list[Decision]:
        was, self._paused = self._paused, True
        return [] if was else [Pause()]

    def _unpause(self) -> list[Decision]:
        was, self._paused = self._paused, False
        return [Resume()] if was else []

    def _resumed(self) -> list[Decision]:
        decisions = self._unpause()
        if self._response_waits and self._speech is None:
            decisions += self._respond()
        return decisions

    def _respond(self) -> list[Decision]:
        turn, self._turn = self._turn, None
        self._answer_due = self._response_waits = False
        if self._agent.floor is Floor.FREE:
            self._agent = Agent(Floor.PENDING, answers=turn)
        return [CreateResponse()]
