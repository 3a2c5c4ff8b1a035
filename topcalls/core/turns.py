"""Turn-taking: who may speak, decided from timed facts.

The agent has the *floor* from the moment a response is asked for until the last of it was heard.
A caller who speaks while the agent is audible is first only *doubted*: playback pauses. Speech
that lasts, or says enough words, *commits*: the agent is cut off and the caller's turn is
answered. Anything less resumes the agent. Such a short utterance is an answer after all when the
agent finishes within a second of it ("yes", at the end of a question); otherwise it was a
backchannel ("mm-hm") and leaves the conversation.

Facts go in as method calls with the time they happened (monotonic seconds), decisions come out as
values. Nothing here knows how they are carried out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True)
class Pause:
    """Stop the agent's sound for now; nothing is dropped."""


@dataclass(frozen=True)
class Resume:
    """The doubt was unfounded: go on where the agent was paused."""


@dataclass(frozen=True)
class Commit:
    """The caller has the floor: clear playback, cut what was half heard, cancel the response."""


@dataclass(frozen=True)
class CreateResponse:
    """The agent has something to answer."""


@dataclass(frozen=True)
class DeleteBackchannel:
    """The caller's utterance meant only "I am listening": take it out of the conversation."""

    item_id: str


# What people say to show that they listen; such words never take the floor by themselves.
_LISTENING_SOUNDS = ("uh", "huh", "um", "mm", "mmm", "mhm", "hm", "hmm", "ah", "oh")
_LISTENING_WORDS = ("ok", "okay", "yeah", "yep", "yes", "right", "sure", "ja", "genau", "oui", "sí")
_ACKNOWLEDGEMENTS = frozenset(_LISTENING_SOUNDS + _LISTENING_WORDS)


def count_words(text: str) -> int:
    """How many words of `text` mean more than "I am listening"."""
    words = (word.strip(".,!?;:…-–\"'").lower() for word in text.replace("-", " ").split())
    return sum(1 for word in words if word and word not in _ACKNOWLEDGEMENTS)


Decision = Pause | Resume | Commit | CreateResponse | DeleteBackchannel


class Protection(Enum):
    """How firmly an utterance of the agent holds the floor."""

    NONE = "none"
    YIELDS_LATE = "yields_late"  # only to a caller who speaks on and on
    ABSOLUTE = "absolute"  # to nobody: a legal notice


class Floor(Enum):
    """What the agent is doing with the floor."""

    FREE = "free"
    PENDING = "pending"  # asked for a response; nothing is audible yet
    AUDIBLE = "audible"


@dataclass(frozen=True)
class TurnRules:
    """Time limits in milliseconds.

    `hangover_ms` is how long after the caller's last sound the ears say that the speech ended:
    only after that long can speech be told from a noise that is already over.
    """

    commit_after_ms: int = 500
    min_words: int = 2
    hangover_ms: int = 500
    protected_yields_after_ms: int = 3000
    answer_overlap_ms: int = 1000
    words_wait_ms: int = 2000


_COMMIT_AFTER_MS = {"low": 900, "medium": 500, "high": 300}
_MIN_WORDS = {"low": 3, "medium": 2, "high": 1}


def rules_for(sensitivity: str, hangover_ms: int) -> TurnRules:
    """The rules behind `interruption.sensitivity`: low, medium or high."""
    return TurnRules(
        commit_after_ms=_COMMIT_AFTER_MS[sensitivity],
        min_words=_MIN_WORDS[sensitivity],
        hangover_ms=hangover_ms,
    )


@dataclass
class _Speech:
    """What the caller is saying now. `greets`: it began before the opening was audible."""

    started_at: float
    item_id: str
    paused: bool = False
    committed: bool = False
    greets: bool = False


@dataclass
class _Doubt:
    """A short utterance over the agent's voice whose meaning is still open."""

    stopped_at: float
    words_known: bool = False


@dataclass
class _Agent:
    floor: Floor = Floor.FREE
    protection: Protection = Protection.NONE
    opening: bool = False  # the call's first utterance, until it was heard

    @property
    def interruptible(self) -> bool:
        return self.floor is not Floor.FREE and self.protection is Protection.NONE


@dataclass
class TurnTaking:
    """The turn-taking of one call. Every fact returns the decisions it leads to, in order."""

    rules: TurnRules = field(default_factory=TurnRules)
    _agent: _Agent = field(default_factory=_Agent)
    _speech: _Speech | None = None
    _doubts: dict[str, _Doubt] = field(default_factory=dict)
    _answer_due: bool = False  # a turn of the caller that must wait until the agent has finished
    _response_waits: bool = False  # a response that must wait until the caller has finished

    # --- the agent

    def agent_pending(
        self, *, opening: bool = False, protection: Protection = Protection.NONE
    ) -> list[Decision]:
        """A response was asked for that no decision of ours led to.

        The `opening` answers whatever the caller says before it is audible.
        """
        if self._agent.floor is Floor.FREE:
            self._agent = _Agent(Floor.PENDING, protection)
        self._agent.opening = self._agent.opening or opening
        return []

    def agent_audible(self, now: float, protection: Protection = Protection.NONE) -> list[Decision]:
        """The first sound of an utterance is on the wire."""
        speech = self._speech
        opening = self._agent.opening and self._agent.floor is not Floor.AUDIBLE
        self._agent = _Agent(Floor.AUDIBLE, protection)
        if speech is None or speech.committed:
            return []
        speech.greets = speech.greets or opening
        if protection is not Protection.NONE:
            return self._resumed(speech)
        if speech.paused:
            return []
        speech.paused = True
        return [Pause(), *self._judge(now)]

    def agent_silent(self, now: float) -> list[Decision]:
        """Nothing of the agent is audible, queued or expected any more."""
        self._agent = _Agent()
        overlap = self.rules.answer_overlap_ms / 1000
        if any(now - doubt.stopped_at <= overlap for doubt in self._doubts.values()):
            self._doubts.clear()
            self._answer_due = True
        if self._speech is not None:
            return self._resumed(self._speech)
        return self._respond() if self._answer_due else []

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
            speech.paused = True
            return [Pause()]
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
        if speech.committed or self._agent.floor is Floor.FREE:
            return self._respond()
        if speech.greets:
            return self._resumed(speech)
        if speech_ms >= self.rules.commit_after_ms:
            return self._take_turn()
        self._doubts[item_id] = _Doubt(now)
        return self._resumed(speech)

    def caller_words(self, now: float, item_id: str, words: int) -> list[Decision]:
        """So many words of an utterance are known (0: it was not understood)."""
        enough = words >= self.rules.min_words
        speech = self._speech
        if speech is not None and speech.item_id == item_id:
            return self._commit() if enough and speech.paused and not speech.greets else []
        doubt = self._doubts.get(item_id)
        if doubt is None:
            return []
        if enough:
            del self._doubts[item_id]
            return self._take_turn()
        doubt.words_known = True
        return self._settle(now)

    def keys_pressed(self) -> list[Decision]:
        """The caller entered something on the keypad: like a turn, but never in doubt."""
        if self._speech is not None:
            return self.response_wanted()
        return self._take_turn() if self._agent.floor is not Floor.FREE else self._respond()

    # --- others

    def response_wanted(self) -> list[Decision]:
        """Something new is in the conversation (a tool's result) that the agent should use."""
        if self._speech is not None and self._agent.protection is Protection.NONE:
            self._response_waits = True
            return []
        return self._respond()

    def ears_lost(self) -> list[Decision]:
        """The provider is gone and with it what it heard: forget the speech under way."""
        speech, self._speech = self._speech, None
        self._doubts.clear()
        self._response_waits = False
        if self._agent.floor is Floor.PENDING:
            self._agent.floor = Floor.FREE
        return [Resume()] if speech is not None and speech.paused else []

    def tick(self, now: float) -> list[Decision]:
        """Time has passed; call at `deadline`, or whenever convenient."""
        return self._judge(now) + self._settle(now)

    @property
    def deadline(self) -> float | None:
        """When `tick` will next decide something; None: not before another fact."""
        times = [self._settles_at(doubt) for doubt in self._doubts.values()]
        commit_at = self._commits_at()
        if commit_at is not None:
            times.append(commit_at)
        return min(times, default=None)

    @property
    def caller_speaking(self) -> bool:
        return self._speech is not None

    @property
    def floor(self) -> Floor:
        return self._agent.floor

    # --- rules

    def _commits_at(self) -> float | None:
        speech = self._speech
        if speech is None or speech.committed or speech.greets:
            return None
        if speech.paused:
            after = self.rules.commit_after_ms
        elif (
            self._agent.floor is Floor.AUDIBLE and self._agent.protection is Protection.YIELDS_LATE
        ):
            after = self.rules.protected_yields_after_ms
        else:
            return None
        return speech.started_at + (after + self.rules.hangover_ms) / 1000

    def _judge(self, now: float) -> list[Decision]:
        commit_at = self._commits_at()
        return self._commit() if commit_at is not None and now >= commit_at else []

    def _settles_at(self, doubt: _Doubt) -> float:
        wait = self.rules.answer_overlap_ms
        if not doubt.words_known:
            wait = max(wait, self.rules.words_wait_ms)
        return doubt.stopped_at + wait / 1000

    def _settle(self, now: float) -> list[Decision]:
        due = [item for item, doubt in self._doubts.items() if now >= self._settles_at(doubt)]
        for item_id in due:
            del self._doubts[item_id]
        return [DeleteBackchannel(item_id) for item_id in due]

    def _take_turn(self) -> list[Decision]:
        """A whole turn of the caller's is over: answer it, now or when the agent may be cut."""
        if self._agent.interruptible:
            return [*self._commit(), *self._respond()]
        if self._agent.floor is Floor.FREE:
            return self._respond()
        self._answer_due = True
        return []

    def _commit(self) -> list[Decision]:
        self._agent = _Agent()
        self._doubts.clear()
        self._answer_due = False
        if self._speech is not None:
            self._speech.paused = False
            self._speech.committed = True
        return [Commit()]

    def _resumed(self, speech: _Speech) -> list[Decision]:
        decisions: list[Decision] = [Resume()] if speech.paused else []
        speech.paused = False
        if self._response_waits and self._speech is None:
            decisions += self._respond()
        return decisions

    def _respond(self) -> list[Decision]:
        self._answer_due = False
        self._response_waits = False
        if self._agent.floor is Floor.FREE:
            self._agent = _Agent(Floor.PENDING)
        return [CreateResponse()]
