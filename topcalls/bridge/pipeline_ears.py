"""The ears of the chain: caller audio to turns and words, by the first recogniser that works.

When one fails, or hears nothing where there is clearly speech, the next takes over and is given
what the caller was just saying, so that no word is lost; the turn keeps its item. A turn in which
nothing more is heard is ended here, so that no noise can hold the floor.

Ears of our own, where there are any, tell of speech sooner than a recogniser does: a turn begins
with them. They end it too while the recogniser has no word of it yet, and what it understands of
it later is *owed* to that turn; one that has words is ended by the recogniser, who understands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import gevent

from topcalls.audio import g711
from topcalls.audio.levels import EnergyVad
from topcalls.bridge.codec import codec_of
from topcalls.call_trace import passed_on
from topcalls.core.token_usage import TokenUsage
from topcalls.errors import ProviderError
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.providers import stages
from topcalls.providers.base import (
    BYTES_PER_MS,
    CallerTextDelta,
    CallerTranscript,
    CallerTranscriptFailed,
    ProviderEvent,
    SpeechStarted,
    SpeechStopped,
)
from topcalls.providers.stages import (
    HearingConfig,
    HearingEvent,
    HearingFailed,
    HearingSession,
    Recognizer,
    Stage,
    of_stage,
)

PREROLL_MS = 600  # kept of what was before a turn, for the next recogniser
LONGEST_KEPT_MS = 15_000
QUIET_MS = 2_500  # a turn is over when neither sound nor news of it came for so long
DEAF_MS = 4_000  # speech that a recogniser does not report for so long
TELL_MS = 5_000  # of sound between two accounts of what the recogniser was sent
OWED_MS = 2_500  # from the end of speech until its words would be here
LONGEST_WORD_MS = 2_000  # a gap between two words is looked for no longer
_SPEECH_DBFS = -35.0
_SOUND_HANGOVER_MS = 100  # silence that ends a sound

log = get_logger(__name__)


class Ears:
    """`emit` passes events on; `heard(text)` gets each turn's words, `likely(text)` those of one
    that is probably over and `resumed()` that it is not; `lost(error)`: no recogniser is left;
    `replaced`: one has taken over; `spent(name, usage)`: one was sent so much sound.
    """

    def __init__(
        self,
        recognizers: Sequence[Recognizer],
        config: HearingConfig,
        emit: Callable[[ProviderEvent], None],
        heard: Callable[[str, str], None],
        likely: Callable[[str], None],
        resumed: Callable[[], None],
        lost: Callable[[ProviderError], None],
        replaced: Callable[[str], None],
        spent: Callable[[str, TokenUsage], None] = lambda *_: None,
    ) -> None:
        self._left = list(recognizers)
        self._config = config
        self._emit = emit
        self._heard = heard
        self._likely = likely
        self._resumed = resumed
        self._lost = lost
        self._replaced = replaced
        self._spent = spent
        self._untold = 0  # bytes sent to the present recogniser of which nobody was told
        self._session: HearingSession | None = None
        self._attempt = 0
        self._opener: gevent.Greenlet | None = None
        self._closed = False
        self._position = 0  # bytes of caller audio so far
        self._origin_ms = 0  # where the present session's audio begins in it
        self._kept = bytearray()
        self._item_id = ""  # of the turn under way
        self._owed_id = ""  # of a turn that our own ears ended, and whose words are to come
        self._owed_ms = 0  # when that was
        self._began_ms = 0
        self._words_told = 0
        self._partial = ""
        self._passed_words = 0  # of the recogniser's turn, which turns of ours have had already
        self._split_by_ms: int | None = None  # the turn is to be split at a gap, till there
        self._news_ms = 0  # when the recogniser last said something
        self._sound_ms = 0  # when there last was sound
        self._vad = EnergyVad(threshold_dbfs=_SPEECH_DBFS, hangover_ms=_SOUND_HANGOVER_MS)
        self._unheard_ms: int | None = None  # where speech began of which there is no news
        self._codec = codec_of(config.audio_format)
        self._handlers: dict[type, Callable[[Any], None]] = {
            stages.TurnBegan: self._on_began,
            stages.Partial: self._on_partial,
            stages.TurnLikelyOver: lambda event: self._likely(self._fresh(event.text)),
            stages.TurnResumed: lambda _: self._resumed(),
            stages.TurnEnded: self._on_ended,
            HearingFailed: lambda event: self._failed(event.error),
        }

    def open(self) -> None:
        """Open the first recogniser that can be; raises the last one's `ProviderError`."""
        self._session = self._open_next()

    def append_audio(self, audio: bytes) -> None:
        """Caller audio."""
        self._position += len(audio)
        self._kept += audio
        del self._kept[: -self._keep_ms * BYTES_PER_MS]
        if self._session is not None:
            self._send(self._session, audio)
        self._watch(audio)

    @property
    def words_to_come(self) -> bool:
        """A turn is over, or about to be, and its words are not here, or not known to be none."""
        return bool(self._owed_id) or self._split_by_ms is not None

    def speech_began(self, at_ms: int) -> None:
        """Our own ears hear the caller, since that place in the audio."""
        if not self._item_id:
            self._begin(at_ms)

    def speech_ended(self, at_ms: int) -> None:
        """Our own ears heard the last sound at that place."""
        if self._item_id and not self._words_told:
            self._settle_debt("")
            self._owed_id, self._item_id = self._item_id, ""
            self._split_by_ms = None
            self._owed_ms = self._now_ms
            self._emit(SpeechStopped(at_ms, self._owed_id))

    def split_turn(self) -> None:
        """The turn under way ends at the next gap between two words; the rest is another one."""
        if self._item_id and self._split_by_ms is None:
            self._split_by_ms = self._now_ms + LONGEST_WORD_MS

    def close(self) -> None:
        """The call is over."""
        self._closed = True
        self._attempt += 1
        if self._opener is not None:
            self._opener.kill(block=False)
        if self._session is not None:
            self._tell()
            self._session.close()
            self._session = None

    @property
    def _now_ms(self) -> int:
        return self._position // BYTES_PER_MS

    @property
    def _keep_ms(self) -> int:
        began_ms = self._began_ms if self._item_id else self._unheard_ms
        since_ms = 0 if began_ms is None else self._now_ms - began_ms
        return min(since_ms + PREROLL_MS, LONGEST_KEPT_MS)

    # --- recognisers

    def _send(self, session: HearingSession, audio: bytes) -> None:
        session.append_audio(audio)
        self._untold += len(audio)
        if self._untold >= TELL_MS * BYTES_PER_MS:
            self._tell()

    def _tell(self) -> None:
        """How much the present recogniser was sent."""
        sent_ms, self._untold = self._untold // BYTES_PER_MS, self._untold % BYTES_PER_MS
        if sent_ms:
            self._spent(self._left[0].name, TokenUsage(heard_ms=sent_ms))

    def _open_next(self) -> HearingSession:
        while True:
            self._attempt += 1
            try:
                return self._left[0].open(self._config, partial(self._on_event, self._attempt))
            except ProviderError as error:
                log.warning("Recogniser cannot be opened", recognizer=self._left[0].name)
                self._left.pop(0)
                if not self._left:
                    raise of_stage(error, Stage.RECOGNIZER) from None
                self._replaced("recognizer")
                log.debug("Next recogniser", reason=error.code)

    def _failed(self, error: ProviderError) -> None:
        """The present recogniser is of no use any more."""
        if self._session is None:
            return
        log.warning("Recogniser failed", recognizer=self._left[0].name)
        self._tell()
        self._attempt += 1
        self._session.close()
        self._session = None
        self._passed_words = 0
        self._left.pop(0)
        if not self._left:
            self._lost(of_stage(error, Stage.RECOGNIZER))
            return
        self._replaced("recognizer")
        self._opener = gevent.spawn(passed_on(self._replace))

    def _replace(self) -> None:
        try:
            session = self._open_next()
        except ProviderError as error:
            self._lost(error)
            return
        if self._closed:
            session.close()
            return
        self._opener = None
        self._unheard_ms = None
        self._news_ms = self._now_ms
        self._origin_ms = self._now_ms - len(self._kept) // BYTES_PER_MS
        self._session = session
        self._send(session, bytes(self._kept))

    def _on_event(self, attempt: int, event: HearingEvent) -> None:
        if attempt == self._attempt and not self._closed:
            self._news_ms = self._now_ms
            self._handlers[type(event)](event)

    # --- turns

    def _on_began(self, event: stages.TurnBegan) -> None:
        self._passed_words = 0
        if self._item_id or self._owed_id:
            return  # of the recogniser before, or heard sooner by ears of our own
        self._begin(min(self._origin_ms + event.audio_ms, self._now_ms))

    def _begin(self, at_ms: int) -> None:
        self._item_id = f"caller_{new_id()}"
        self._began_ms = at_ms
        self._words_told = 0
        self._partial = ""
        self._emit(SpeechStarted(at_ms, self._item_id))

    def _on_partial(self, event: stages.Partial) -> None:
        """Words once told are not taken back before the turn is over; their number is right."""
        text = self._fresh(event.text)
        words = text.split()
        if not self._item_id and not self._owed_id:
            if self._passed_words and not words:
                return
            self._begin(self._now_ms)
        self._partial = text
        if len(words) > self._words_told:
            fresh = " ".join(words[self._words_told :])
            delta = f" {fresh}" if self._words_told else fresh
            self._words_told = len(words)
            self._emit(CallerTextDelta(self._item_id or self._owed_id, delta))

    def _on_ended(self, event: stages.TurnEnded) -> None:
        text = self._fresh(event.text)
        self._passed_words = 0
        if not self._item_id and self._owed_id:
            self._settle_debt(text)
            return
        if not self._item_id:
            if not text:
                return
            self._begin(min(self._origin_ms + event.audio_ms, self._now_ms))
        self._settle_debt("")
        ended_ms = self._origin_ms + event.audio_ms
        if self._sound_ms > self._began_ms:  # some count the silence that proved the end
            ended_ms = min(ended_ms, self._sound_ms)
        self._end(ended_ms, text)

    def _settle_debt(self, text: str) -> None:
        """These are the words of the turn that waits for its words; "": it has none."""
        item_id, self._owed_id = self._owed_id, ""
        if text:
            self._heard(item_id, text)
        if item_id:
            self._tell_words(item_id, text)

    def _fresh(self, text: str) -> str:
        """Of a recogniser's turn what no turn of ours has had yet."""
        return " ".join(text.split()[self._passed_words :])

    def _end(self, at_ms: int, text: str) -> None:
        item_id, self._item_id = self._item_id, ""
        self._split_by_ms = None
        if text:
            self._heard(item_id, text)
        self._emit(SpeechStopped(max(self._began_ms, min(at_ms, self._now_ms)), item_id))
        self._tell_words(item_id, text)

    def _tell_words(self, item_id: str, text: str) -> None:
        """Without a word in the end, those told before are all there will be; else it was noise."""
        lost = self._words_told and not text
        self._emit(CallerTranscriptFailed(item_id) if lost else CallerTranscript(item_id, text))

    # --- what only the sound itself tells

    def _watch(self, audio: bytes) -> None:
        speaking = self._vad.feed(g711.decode(audio, self._codec))
        if speaking:
            self._sound_ms = self._now_ms
        if self._owed_id and self._now_ms - self._owed_ms >= OWED_MS:
            self._settle_debt("")
        if self._item_id:
            quiet_ms = self._now_ms - max(self._news_ms, self._sound_ms)
            if quiet_ms >= QUIET_MS and self._session is not None:
                self._end(self._sound_ms, self._partial)
            elif self._split_by_ms is not None:
                self._split(speaking)
        elif self._session is not None:
            self._doubt(speaking)

    def _split(self, speaking: bool) -> None:
        if not speaking or self._now_ms >= (self._split_by_ms or 0):
            self._passed_words += len(self._partial.split())
            self._end(self._now_ms, self._partial)

    def _doubt(self, speaking: bool) -> None:
        """Speech goes on and on, and the recogniser says nothing of it: it is deaf."""
        if not speaking:
            if self._now_ms - self._sound_ms >= QUIET_MS:
                self._unheard_ms = None
        elif self._unheard_ms is None:
            self._unheard_ms = self._now_ms
        elif self._now_ms - max(self._unheard_ms, self._news_ms) >= DEAF_MS and self._left[1:]:
            self._failed(ProviderError("The recogniser hears nothing.", retryable=True))
