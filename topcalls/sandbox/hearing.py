"""What the scripted model hears: the called person's real words, found again in call audio.

The double of the telephone registers every utterance with its waveform (`Hearing.said`). A model
session finds the utterance again in the audio it was sent, by normalised cross-correlation. So a
transcript is right only if the audio path of the product is right: lost, garbled or misaligned
audio shows as missing or unintelligible words. The match also tells the session which call, and
hence which scenario, it is in.

Sound in here is 16-bit PCM at 8 kHz, mono; utterances are registered as PCMU.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from topcalls.clock import Clock
from topcalls.sandbox.line_noise import PERIOD, has_noise, is_line_of
from topcalls.sandbox.waveforms import (
    ENOUGH,
    MINIMUM_OVERLAP,
    RATE,
    Recording,
    Samples,
    Waveform,
    best_place,
    erase,
    heard_blocks,
    samples_of,
)
from topcalls.sandbox.word_timing import word_spans

UNINTELLIGIBLE = "[unintelligible]"
"""The transcript of speech in which no utterance was recognised."""

_ENOUGH_MORE = 0.3
_WHOLE = 0.92
_QUIET = 200
_TONE_SHARE = 0.8
_PIECES = 12
_NEARLY_AS_GOOD = 0.05
_NEARLY_AS_NEAR = 0.5
_TRIES = 20
_LATEST = 30.0


@dataclass(frozen=True)
class Utterance:
    """Words a called person began to say in a call, at `said_at` (monotonic seconds)."""

    call_id: str
    scenario: str
    text: str
    said_at: float
    waveform: Waveform = field(repr=False, compare=False)


@dataclass(frozen=True)
class Match:
    """An utterance that was heard, wholly or in part.

    `fraction` is the share of its voiced sound that arrived, `text` the words that go with it,
    `confidence` the correlation (0 to 1) where it was found, `starts_at` the sample of the searched
    audio where the utterance begins (negative: before it).
    """

    utterance: Utterance
    text: str
    fraction: float
    confidence: float
    starts_at: int


class Hearing:
    """Everything said lately by called persons, and who listens to whom."""

    def __init__(
        self,
        clock: Clock,
        live_calls: Callable[[], Mapping[str, str]] | None = None,
        *,
        keep_seconds: float = 900.0,
        capacity: int = 5000,
    ) -> None:
        """`live_calls` gives {call id: scenario} of the calls that are up, the latest last.

        Without it, calls in which something was said are taken to be up.
        """
        self._clock = clock
        self._live_calls = live_calls or self._calls_with_words
        self._keep_seconds = keep_seconds
        self._said: deque[Utterance] = deque(maxlen=capacity)
        self._claims: Counter[str] = Counter()
        self._waveforms: dict[bytes, Waveform] = {}

    def said(self, call_id: str, scenario: str, text: str, pcmu: bytes) -> Utterance:
        """A called person begins to say `text`, which sounds like `pcmu`."""
        self._forget()
        now = self._clock.monotonic()
        utterance = Utterance(call_id, scenario, text, now, self._waveform(pcmu))
        self._said.append(utterance)
        return utterance

    def listener(self) -> Listener:
        """An ear for one model session."""
        return Listener(self)

    def transcribe(self, audio: Samples) -> list[Match]:
        """Every utterance in a recording, in order, of whatever call fits best."""
        call_id = self.call_on_line(audio)
        return _find(
            audio,
            [
                item
                for item in self.said_lately(self._keep_seconds)
                if call_id in (None, item.call_id)
            ],
            lambda found: max(found, key=lambda match: match.confidence),
        )

    def scenario_of_words(self, texts: Iterable[str]) -> str | None:
        """The scenario in which most of `texts` were said; the latest where several were."""
        wanted = {_plain(text) for text in texts} - {""}
        scores: dict[str, int] = {}
        for utterance in self._said:
            scores.setdefault(utterance.call_id, 0)
            scores[utterance.call_id] += _plain(utterance.text) in wanted
        best = max(scores.values(), default=0)
        for utterance in reversed(self._said):
            if best and scores[utterance.call_id] == best:
                return utterance.scenario
        return None

    def call_on_line(self, audio: Samples) -> str | None:
        """The call whose line noise is in `audio`; None when there is none, or more than one."""
        if not has_noise(audio):
            return None
        known = {**self._calls_with_words(), **self._live_calls()}
        found = [call_id for call_id in known if is_line_of(call_id, audio)]
        return found[0] if len(found) == 1 else None

    def claim(self, call_id: str) -> None:
        """A session has recognised its call."""
        self._claims[call_id] += 1

    def release(self, call_id: str) -> None:
        """That session is over."""
        self._claims[call_id] -= 1
        self._claims += Counter()

    def is_free(self, call_id: str) -> bool:
        """Whether the call is up and no session has claimed it."""
        return not self._claims[call_id] and call_id in self._live_calls()

    def scenario_of(self, call_id: str) -> str | None:
        """The scenario of a call that is up, or was said something in."""
        live = self._live_calls().get(call_id)
        return live or self._calls_with_words().get(call_id)

    def free_scenario(self) -> str | None:
        """The scenario of the latest call that no session has claimed."""
        free = [name for call_id, name in self._live_calls().items() if not self._claims[call_id]]
        return free[-1] if free else None

    def said_lately(self, within: float) -> list[Utterance]:
        """What was begun to be said in the last `within` seconds, in all calls."""
        since = self._clock.monotonic() - within
        return [item for item in self._said if item.said_at >= since]

    def now(self) -> float:
        """Monotonic seconds."""
        return self._clock.monotonic()

    def _calls_with_words(self) -> Mapping[str, str]:
        return {item.call_id: item.scenario for item in self._said}

    def _forget(self) -> None:
        while self._said and self._said[0].said_at < self._clock.monotonic() - self._keep_seconds:
            self._said.popleft()

    def _waveform(self, pcmu: bytes) -> Waveform:
        key = sha256(pcmu).digest()
        if key not in self._waveforms:
            if len(self._waveforms) >= 500:
                self._waveforms.clear()
            self._waveforms[key] = Waveform(pcmu)
        return self._waveforms[key]


class Listener:
    """The ear of one model session: it stays with the call it recognises.

    The noise of the line tells which one that is. Without it, while several calls are possible
    because the same was said in all of them, it holds on to one and lets go of it only when others
    fit better. Once there is one, it hears nothing else.
    """

    def __init__(self, hearing: Hearing) -> None:
        self._hearing = hearing
        self._possible: frozenset[str] | None = None
        self._early = bytearray()
        self._is_certain = False
        self._tries = 0
        self.call_id: str | None = None

    @property
    def scenario(self) -> str | None:
        """The scenario of this session's call; before it is recognised, the likeliest one."""
        if self.call_id:
            return self._hearing.scenario_of(self.call_id)
        return self._hearing.free_scenario()

    def listen(self, pcm: bytes) -> None:
        """Audio as it comes in: enough, sometimes, to know the line before a word is said."""
        if self._is_certain or self._tries >= _TRIES:
            return
        self._early += pcm
        if len(self._early) >= 2 * PERIOD:
            audio = samples_of(bytes(self._early))
            self._early.clear()
            self._tries += has_noise(audio)
            self._recognise_line(audio)

    def hear(self, audio: Samples) -> list[Match]:
        """What was said in a stretch of audio that has just ended, in order. [] = nobody spoke."""
        if not self._is_certain:
            self._recognise_line(audio)
        seconds = len(audio) / RATE
        candidates = [
            item
            for item in self._hearing.said_lately(seconds + _LATEST)
            if self._possible is None or item.call_id in self._possible
        ]
        choice = _Choice(self, self._hearing, self._hearing.now() - seconds)
        matches = _find(audio, candidates, choice.likeliest)
        if matches:
            self._possible = choice.possible
            self._stay_with(matches[0].utterance.call_id)
        return matches

    def transcript(self, audio: Samples) -> str:
        """The words of `audio`: "" for silence or a tone, `UNINTELLIGIBLE` for unknown sound."""
        matches = self.hear(audio)
        return words_of(matches) if matches else unknown_sound(audio)

    def close(self) -> None:
        """The session is over: its call may be recognised by another."""
        if self.call_id:
            self._hearing.release(self.call_id)
            self.call_id = None

    def _recognise_line(self, audio: Samples) -> None:
        if (call_id := self._hearing.call_on_line(audio)) is not None:
            self._is_certain = True
            self._possible = frozenset({call_id})
            self._stay_with(call_id)

    def _stay_with(self, call_id: str) -> None:
        if call_id != self.call_id:
            self.close()
            self.call_id = call_id
            self._hearing.claim(call_id)


class _Choice:
    """Chooses between equally good matches, and remembers which calls they were in."""

    def __init__(self, listener: Listener, hearing: Hearing, began: float) -> None:
        self.possible: frozenset[str] = frozenset()
        self._listener = listener
        self._hearing = hearing
        self._began = began

    def likeliest(self, found: list[Match]) -> Match:
        """Of what is as good as the best, and about as near in time: the session's own call, then
        one that no other session has, then the nearest.
        """
        enough = max(item.confidence for item in found) - _NEARLY_AS_GOOD
        good = [item for item in found if item.confidence >= enough]
        near = min(self._distance(item) for item in good) + _NEARLY_AS_NEAR
        good = [item for item in good if self._distance(item) <= near]
        self.possible = self.possible or frozenset(item.utterance.call_id for item in good)
        return min(good, key=self._rank)

    def _rank(self, item: Match) -> tuple[bool, bool, float]:
        call_id = item.utterance.call_id
        is_other = call_id != self._listener.call_id
        return is_other, is_other and not self._hearing.is_free(call_id), self._distance(item)

    def _distance(self, item: Match) -> float:
        return abs(item.utterance.said_at - self._began - item.starts_at / RATE)


def words_of(matches: Iterable[Match]) -> str:
    """The words of several matches as one text."""
    return " ".join(match.text for match in matches if match.text) or UNINTELLIGIBLE


def unknown_sound(audio: Samples) -> str:
    """How sound without known words is written down: silence and tones as nothing."""
    if len(audio) == 0 or float(np.abs(audio).max()) < _QUIET:
        return ""
    power = np.abs(np.fft.rfft(audio * np.hanning(len(audio)))) ** 2
    peak = int(power.argmax())
    reach = max(2, len(audio) * 20 // RATE)
    tone = power[max(0, peak - reach) : peak + reach + 1].sum()
    return "" if tone > _TONE_SHARE * power.sum() else UNINTELLIGIBLE


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _find(
    audio: Samples, candidates: list[Utterance], choose: Callable[[list[Match]], Match]
) -> list[Match]:
    """Peel utterances off `audio`, best first; return them in the order they were said."""
    rest = np.array(audio, np.float32)
    heard: dict[Utterance, np.ndarray] = {}
    places: dict[Utterance, tuple[float, int]] = {}
    for _ in range(_PIECES):
        found = _matches(rest, candidates, heard)
        if not found:
            break
        best = choose(found)
        blocks = heard_blocks(rest, best.utterance.waveform, best.starts_at)
        if not blocks.any():
            break
        erase(rest, blocks, best.starts_at)
        heard[best.utterance] = blocks | heard.get(best.utterance, False)
        places.setdefault(best.utterance, (best.confidence, best.starts_at))
        candidates = [
            item
            for item in candidates
            if item.call_id == best.utterance.call_id
            and (item not in heard or _fraction(item, heard[item]) < _WHOLE)
        ]
    matches = [_match(item, heard[item], *places[item]) for item in heard]
    return sorted(matches, key=lambda match: match.starts_at)


def _matches(
    audio: Samples, candidates: list[Utterance], heard: Container[Utterance]
) -> list[Match]:
    """The place and likeness of every candidate that is in `audio`; equal sounds searched once.

    Of an utterance that was `heard` in part already, a smaller piece will do.
    """
    if len(audio) < MINIMUM_OVERLAP or float(np.abs(audio).max()) < _QUIET:
        return []
    recording = Recording(audio)
    places: dict[int, tuple[float, int]] = {}
    found = []
    for item in candidates:
        key = id(item.waveform)
        if key not in places:
            places[key] = best_place(recording, item.waveform)
        confidence, starts_at = places[key]
        if confidence >= (_ENOUGH_MORE if item in heard else ENOUGH):
            found.append(Match(item, "", 0.0, confidence, starts_at))
    return found


def _match(item: Utterance, blocks: np.ndarray, confidence: float, starts_at: int) -> Match:
    return Match(item, _words_heard(item, blocks), _fraction(item, blocks), confidence, starts_at)


def _fraction(item: Utterance, blocks: np.ndarray) -> float:
    voiced = item.waveform.voiced
    return float(blocks[voiced].sum() / max(1, voiced.sum()))


def _words_heard(item: Utterance, blocks: np.ndarray) -> str:
    """The words of which more than half was heard."""
    if _fraction(item, blocks) >= _WHOLE:
        return " ".join(item.text.split())
    voiced = item.waveform.voiced
    kept = []
    for word, begin, end in word_spans(item.text, voiced):
        sound = voiced[begin:end]
        if (blocks[begin:end] & sound).sum() > sound.sum() / 2:
            kept.append(word)
    return " ".join(kept)
