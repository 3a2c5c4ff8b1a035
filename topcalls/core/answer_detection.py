"""What answered the call: pure rules over what was heard, in seconds since the line was up.

Fast to slow: tones, then the rhythm of a greeting (a person says a word or two and waits), then
words, then what a model makes of the rest. A verdict may be revised by better evidence;
`AnswerDetector.first` keeps the one that came first. When to speak is another question, which
`core/answer_timing.py` answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from topcalls.core import answer_phrases as phrases
from topcalls.core.answer_verdict import (
    CERTAIN,
    MACHINES,
    Answerer,
    Evidence,
    Verdict,
    classify,
)


@dataclass(frozen=True)
class AnswerRules:
    """Seconds. `pauses`: after so much speech at most, so much silence means a person waits;
    `noisy_pauses` where noise may have hidden the edges of what was said."""

    pauses: tuple[tuple[float, float], ...] = ((0.95, 0.5), (2.0, 1.0), (3.0, 1.7))
    noisy_pauses: tuple[tuple[float, float], ...] = ((0.85, 0.55), (2.0, 1.3), (3.0, 1.9))
    clear: float = 4.0  # of speech whose edges are heard
    long_greeting: float = 4.2
    waiting_person: float = 2.0  # silence after a long greeting without a beep
    longest_person: float = 4.2
    words_wait: float = 3.5  # longer than a long greeting
    words_after: float = 2.0  # in noise: a pause before which words were written down
    words_late: float = 2.4  # in noise: by then, the words before a pause are written down
    unclear: float = 0.6  # of speech; below this, pieces of it are missing
    unclear_pause: float = 0.4
    silence: float = 8.0


@dataclass
class _Speech:
    """What was spoken so far."""

    spans: list[tuple[float, float]] = field(default_factory=list)
    since: float | None = None  # speech that goes on
    text: list[str] = field(default_factory=list)
    clearest: float = 0.0  # of the spans
    _all: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, start: float, end: float, clarity: float) -> None:
        """A span whose `clarity` is far below another's is no speech but noise that swells."""
        self.clearest = max(self.clearest, clarity)
        self._all.append((start, end, clarity))
        least = _LEAST_OF_CLEAREST * self.clearest
        self.spans = [(begun, over) for begun, over, clear in self._all if clear >= least]

    @property
    def clarity(self) -> float:
        """Mean over the spans."""
        weights = [(end - start, clarity) for start, end, clarity in self._all]
        return sum(w * c for w, c in weights) / max(0.01, sum(w for w, _ in weights))

    def start(self) -> float | None:
        return self.spans[0][0] if self.spans else self.since

    def end(self) -> float:
        return self.spans[-1][1] if self.spans else 0.0

    def talk(self, at: float) -> float:
        """From the first sound to the last one."""
        first = self.start()
        if first is None:
            return 0.0
        return (at if self.since is not None else self.end()) - first

    def voiced(self, at: float) -> float:
        going_on = at - self.since if self.since is not None else 0.0
        return going_on + sum(end - start for start, end in self.spans)


_SURE_TONES = {
    "sit": (Answerer.INTERCEPT, 0.98),
    "fax": (Answerer.FAX, 0.97),
    "modem": (Answerer.FAX, 0.95),
    "busy": (Answerer.INTERCEPT, 0.85),
    "congestion": (Answerer.INTERCEPT, 0.85),
    "dial_tone": (Answerer.INTERCEPT, 0.8),
}
_LEAST_SPAN = 0.16  # shorter sounds are clicks
_LEAST_CLARITY = 0.24  # less is noise that swells, and so is
_LEAST_OF_CLEAREST = 0.1  # less than so much of the clearest speech
_LEAST_WAIT = 0.5
_FEW_WORDS = 4
_SECONDS_FOR_ANY, _SECONDS_PER_WORD = 0.9, 0.5  # more speech has words that were not understood
_LEAST_SECONDS_PER_WORD = 0.25
_SURE = 0.9
_SHORT_BEFORE_BEEP = 0.8  # a vowel may have been taken for that beep


class AnswerDetector:
    """Tell it what is heard, in the order of time; each method returns the new verdict if there is
    one. `words_come`: what is said is written down, so a doubtful greeting waits for its words."""

    def __init__(
        self,
        rules: AnswerRules | None = None,
        *,
        words_come: bool = True,
    ) -> None:
        self.verdict: Verdict | None = None
        self.first: Verdict | None = None
        self.beeps: list[tuple[float, float]] = []
        self._rules = rules or AnswerRules()
        self._words_come = words_come
        self._speech = _Speech()
        self._origin = 0.0  # ringing before this does not count
        self._ringing = False
        self._words_at = 0.0  # the last ones
        self._overruled = False
        self._unread = 0  # stretches of speech whose words have not come

    # --- what is heard

    def speech_started(self, start: float) -> None:
        self._speech.since = start

    def speech_ended(self, end: float, clarity: float = 99.0) -> None:
        """The last sound was at `end`; `clarity` as in `audio.speech_activity.SpeechEnded`."""
        speech = self._speech
        since, speech.since = speech.since, None
        if since is None or end - since < _LEAST_SPAN:
            return
        if clarity >= _LEAST_CLARITY:
            speech.add(since, end, clarity)
            self._unread += 1

    def tone(self, name: str, start: float, end: float | None, at: float) -> Verdict | None:
        """A signal (the values of `audio.call_progress.Signal`); `end` None while it sounds."""
        if name == "ringback":
            self._ring(end)
            return None
        if name in _SURE_TONES:
            answerer, confidence = _SURE_TONES[name]
            return self._decide(answerer, confidence, at, Evidence(name, start))
        if name != "beep" or end is None:
            return None
        self.beeps.append((start, end))
        spoken = self._speech.voiced(at)
        if spoken < 0.8 and not self.verdict:
            return None  # a beep that nothing was said before: a mailbox without words, or a toy
        sure = 0.97 if spoken >= 2.0 else _SHORT_BEFORE_BEEP
        return self._decide(Answerer.VOICEMAIL, sure, at, Evidence("beep", start))

    def words(self, text: str, at: float) -> Verdict | None:
        """Something that was said, in any of the languages of `core/answer_phrases.py`."""
        plain = phrases.plain(text)
        if not plain:
            return None
        if self.verdict is not None and self.verdict.answerer is Answerer.IVR:
            return self._behind_menu(plain, at)
        self._speech.text.append(plain)
        self._unread, self._words_at = 0, at
        found = classify(" ".join(self._speech.text))
        if found is None or found[0] is Answerer.HUMAN:
            last = classify(plain)
            found = last if last and last[0] is not Answerer.HUMAN else found
        if found is None:
            return None
        answerer, confidence = found
        if answerer is Answerer.HUMAN and (self._is_machine_already() or not self._waits(at)):
            return None
        return self._decide(answerer, confidence, at, Evidence(f"{answerer}_words", at))

    def spoken(self, at: float) -> float:
        """Seconds of speech so far."""
        return self._speech.voiced(at)

    @property
    def unsettled(self) -> str:
        """What was said so far, made `plain`, where it does not tell who says it; else ""."""
        settled = self.verdict is not None and self.verdict.confidence >= CERTAIN
        return "" if settled else " ".join(self._speech.text)

    def judged(self, answerer: Answerer, confidence: float, at: float) -> Verdict | None:
        """A model has read `unsettled`."""
        return self._decide(answerer, confidence, at, Evidence("model", at))

    def overruled(self, answerer: Answerer, at: float) -> Verdict:
        """The customer knows better; no evidence of ours changes that."""
        self._overruled = True
        return self._revise(answerer, 1.0, at, Evidence("webhook", at))

    def tick(self, at: float, *, stirs: bool = False) -> Verdict | None:
        """Time has passed; `stirs`: somebody may be about to speak."""
        speech, rules = self._speech, self._rules
        if self._ringing or (self.verdict is not None and not self._broken_silence(self.verdict)):
            return None
        if speech.start() is None:
            if speech.text and at - self._words_at >= rules.pauses[0][1]:
                return self._faint(at)
            if at - self._origin >= rules.silence:
                return self._decide(Answerer.SILENCE, 0.8, at, Evidence("no_speech", at))
            return self._lone_beep(at)
        if speech.since is not None:
            return self._talking(at)
        return None if stirs else self._paused(at)

    def _broken_silence(self, verdict: Verdict) -> bool:
        """Somebody speaks after all: perhaps we spoke first."""
        return verdict.answerer is Answerer.SILENCE and self._speech.start() is not None

    def picked_up(self, at: float) -> Verdict | None:
        """Somebody speaks where a mailbox would listen."""
        return self._decide(Answerer.HUMAN, 0.9, at, Evidence("picked_up", at))

    # --- rhythm

    def _talking(self, at: float) -> Verdict | None:
        talk, rules = self._speech.talk(at), self._rules
        limit = rules.long_greeting + (rules.words_wait if self._words_come else 0.0)
        if talk < limit or self._speech.voiced(at) < 0.7 * limit:
            return None
        return self._decide(
            Answerer.VOICEMAIL, 0.7, at, Evidence("long_greeting", at, round(talk, 2))
        )

    def _paused(self, at: float) -> Verdict | None:
        speech, rules = self._speech, self._rules
        talk, quiet = self._talk(at), at - speech.end()
        unclear = self._is_unclear()
        pauses = rules.pauses if speech.clarity >= rules.clear else rules.noisy_pauses
        for most, pause in pauses:
            if talk <= most:
                if quiet < self._wait(pause, unclear):
                    return None
                confidence = 0.8 if unclear or most != pauses[0][0] else 0.9
                seen = Evidence("short_greeting", at, round(talk, 2))
                return self._decide(
                    Answerer.HUMAN, confidence, at, seen, Evidence("pause", at, round(quiet, 2))
                )
        if quiet < rules.waiting_person:
            return None
        return self._waited(at, talk)

    def _talk(self, at: float) -> float:
        """How long was spoken, by its sound or, where noise hides that, by its words."""
        words = sum(text.count(" ") + 1 for text in self._speech.text)
        return max(self._speech.talk(at), words * _LEAST_SECONDS_PER_WORD)

    def _wait(self, pause: float, unclear: bool) -> float:
        """How long silence must be before it is a person's: words tell more than noise does."""
        rules = self._rules
        if not unclear:
            return pause
        if not self._words_come:
            return pause + rules.unclear_pause
        return rules.words_after if self._heard_out() else rules.words_late

    def _is_unclear(self) -> bool:
        """Noise hides some of what is said."""
        return self._speech.clarity < self._rules.unclear

    def _heard_out(self) -> bool:
        """All that was said is written down, and told nothing."""
        return bool(self._speech.text) and not self._unread

    def _waited(self, at: float, talk: float) -> Verdict | None:
        """A long greeting, then silence, and no words that settle it."""
        seen = Evidence("long_greeting", at, round(talk, 2))
        if talk <= self._rules.longest_person - (1.0 if self._is_unclear() else 0.0):
            return self._decide(Answerer.HUMAN, 0.6, at, seen, Evidence("waits", at))
        return self._decide(Answerer.VOICEMAIL, 0.65, at, seen)

    def _faint(self, at: float) -> Verdict | None:
        """Words from below the noise: few of them are a person's."""
        few = sum(text.count(" ") + 1 for text in self._speech.text) <= _FEW_WORDS
        if not few:
            return None
        return self._decide(Answerer.HUMAN, 0.55, at, Evidence("few_words", at))

    def _lone_beep(self, at: float) -> Verdict | None:
        if not self.beeps or at - self.beeps[-1][1] < 1.5:
            return None
        return self._decide(Answerer.VOICEMAIL, 0.7, at, Evidence("beep", self.beeps[-1][0]))

    # --- deciding

    def _ring(self, end: float | None) -> None:
        """It rings after all: nothing has answered yet, and no time counts until it ends."""
        self._ringing = end is None
        if end is not None:
            self._origin = end
            self._speech = _Speech()

    def _is_machine_already(self) -> bool:
        return self.verdict is not None and self.verdict.answerer in MACHINES

    def _waits(self, at: float) -> bool:
        """Who greeted, in few words, waits for an answer, as people do."""
        speech = self._speech
        if speech.start() is None:
            return True
        if speech.since is not None or at - speech.end() < _LEAST_WAIT:
            return False
        words = sum(text.count(" ") + 1 for text in speech.text)
        return speech.voiced(at) <= _SECONDS_FOR_ANY + words * _SECONDS_PER_WORD

    def _behind_menu(self, plain: str, at: float) -> Verdict | None:
        """Whom a menu leads to is told by their own words."""
        found = classify(plain)
        if found is None or found[0] is Answerer.IVR or self._overruled:
            return None
        answerer, confidence = found
        self._speech.text = [plain]
        return self._revise(answerer, confidence, at, Evidence(f"{answerer}_words", at))

    def _decide(
        self, answerer: Answerer, confidence: float, at: float, *evidence: Evidence
    ) -> Verdict | None:
        """A new verdict, or one that has become `CERTAIN`; None if the present one is as good."""
        present = self.verdict
        if present is None:
            return self._revise(answerer, confidence, at, *evidence)
        if self._overruled:
            return None
        if present.answerer is answerer:
            return self._confirm(present, confidence, *evidence)
        weak = present.confidence < _SURE or present.answerer in _REVISABLE
        if not weak or confidence < present.confidence - 0.1:
            return None
        return self._revise(answerer, confidence, at, *evidence)

    def _confirm(self, present: Verdict, confidence: float, *evidence: Evidence) -> Verdict | None:
        if confidence <= present.confidence:
            return None
        seen = (*present.evidence, *evidence)
        self.verdict = replace(present, confidence=confidence, evidence=seen)
        return self.verdict if present.confidence < CERTAIN <= confidence else None

    def _revise(
        self, answerer: Answerer, confidence: float, at: float, *evidence: Evidence
    ) -> Verdict:
        known = self.verdict.evidence if self.verdict else ()
        at_origin = max(0.0, at - self._origin)
        self.verdict = Verdict(answerer, confidence, at_origin, (*known, *evidence))
        self.first = self.first or self.verdict
        return self.verdict


_REVISABLE = frozenset({Answerer.HUMAN, Answerer.VOICEMAIL, Answerer.SILENCE, Answerer.UNKNOWN})
