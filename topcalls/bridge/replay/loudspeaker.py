"""The agent's voice where there is no telephone: keeps the contract of `media.playback`.

What is appended is played 20 ms at a time, when it is asked for; what was played, paused and cut
is told as a switch tells it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.clock import Clock
from topcalls.media.heard import Heard

STEP = 0.02
STEP_BYTES = 160
"""20 ms of G.711."""


@dataclass
class Utterance:
    """One piece of speech, and how many bytes of it were played."""

    id: str
    audio: bytearray = field(default_factory=bytearray)
    complete: bool = False
    played: int = 0

    @property
    def heard(self) -> Heard:
        return Heard(self.id, self.played // 8, len(self.audio) // 8)


@dataclass(frozen=True)
class Cut:
    """The agent was silenced for good in the middle of an utterance, having been silent since
    `silent_from`."""

    at: float
    utterance_id: str
    silent_from: float


class Loudspeaker:
    """Plays what it is given and tells what it played."""

    def __init__(self, clock: Clock, codec: G711Codec) -> None:
        self.on_started: Callable[[str, float], None] = lambda *_: None
        self.on_finished: Callable[[Heard], None] = lambda *_: None
        self.paused = False
        self.cuts: list[Cut] = []
        self.pauses: list[tuple[float, float]] = []  # when, until when
        self.began: list[tuple[float, str]] = []
        self.ended: dict[str, float] = {}  # utterances heard to their end, and when that was
        self.silent_since = 0.0
        self._queue: deque[Utterance] = deque()
        self._clock = clock
        self._silence = g711.silence(codec, 20)

    @property
    def present(self) -> Utterance | None:
        """What is being heard, or paused."""
        return self._queue[0] if self._queue and self._queue[0].played else None

    @property
    def is_behind(self) -> bool:
        """There is sound that was not heard yet."""
        return any(one.played < len(one.audio) for one in self._queue)

    def begin(self, utterance_id: str) -> None:
        self._queue.append(Utterance(utterance_id))

    def append(self, utterance_id: str, audio: bytes) -> None:
        for utterance in self._queue:
            if utterance.id == utterance_id:
                utterance.audio += audio

    def finish(self, utterance_id: str) -> None:
        for utterance in self._queue:
            if utterance.id == utterance_id:
                utterance.complete = True

    def pause(self) -> None:
        if not self.paused:
            self.paused = True
            self.pauses.append((self._now, self._now))

    def resume(self) -> None:
        if self.paused:
            self.paused = False
            self.pauses[-1] = (self.pauses[-1][0], self._now)

    def clear(self) -> list[Heard]:
        present = self.present
        if present is not None:
            silent_from = self.pauses.pop()[0] if self.paused else self._now
            self.cuts.append(Cut(self._now, present.id, silent_from))
            self.silent_since = self._now
        self.paused = False
        heard = [utterance.heard for utterance in self._queue]
        self._queue.clear()
        return heard

    def play(self) -> bytes:
        """The next 20 ms on the wire."""
        played = b""
        while self._queue and not self.paused and len(played) < STEP_BYTES:
            utterance = self._queue[0]
            part = bytes(utterance.audio[utterance.played :][: STEP_BYTES - len(played)])
            if part and not utterance.played:
                self.began.append((self._now, utterance.id))
                self.on_started(utterance.id, self._now)
            utterance.played += len(part)
            played += part
            if not utterance.complete or utterance.played < len(utterance.audio):
                break
            self._queue.popleft()
            self.ended[utterance.id] = self._now
            self.on_finished(utterance.heard)
        if played:
            self.silent_since = self._now + STEP
        return played + self._silence[len(played) :]

    @property
    def _now(self) -> float:
        return self._clock.monotonic()
