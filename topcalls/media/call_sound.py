"""What both sides of a call hear, for whoever listens in.

The caller's side is the audio of the line as it comes, and its frames are the clock. Where the line
brings the agent's side too, that is it; otherwise it is put together from what the switch was given
to play and how far it has come. A listener who is too slow loses the oldest of what waits, and
whatever goes wrong here never reaches the call.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from gevent.event import Event

from topcalls.audio import g711, pcm
from topcalls.audio.formats import AudioFormat, G711Codec
from topcalls.log import get_logger
from topcalls.media.playback import Audible

FORMAT: Final = AudioFormat("L16", 8000, 2)
"""The caller is on the left, the agent on the right."""

BATCH_BYTES: Final = FORMAT.size_of(100)
"""A listener is given so much at a time."""

WAITING_BYTES: Final = FORMAT.size_of(3000)
"""The most that waits for one; older audio is dropped."""

SLACK_BYTES: Final = 60 * 8
"""By so much of G.711 the frames of the line and the playback may run apart before the agent's side
is set right."""

MOST_AT_ONCE: Final = 5

log = get_logger(__name__)


class Played(Protocol):
    """The part of a `Playback` that tells what is heard."""

    codec: G711Codec

    def audible(self) -> Audible | None: ...

    def sound_of(self, utterance_id: str, begin: int, size: int) -> bytes: ...


class Listener:
    """One who listens. `on_end` is called once, whoever ends it."""

    def __init__(self, on_end: Callable[[Listener], None]) -> None:
        self.dropped = 0  # bytes
        self._on_end = on_end
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._news = Event()
        self._ended = False

    def put(self, sound: bytes) -> None:
        """More of it. Never blocks."""
        self._waiting.append(sound)
        self._size += len(sound)
        while self._size > WAITING_BYTES:
            lost = len(self._waiting.popleft())
            self._size -= lost
            self.dropped += lost
        if self._size >= BATCH_BYTES:
            self._news.set()

    def take(self, timeout: float) -> bytes | None:
        """What has come, waited for: b"" after `timeout` seconds without, None at the end."""
        self._news.wait(timeout)
        sound = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        if not self._ended:
            self._news.clear()
        return sound if sound or not self._ended else None

    def end(self) -> None:
        """Nobody listens any more, or there is nothing more to be heard. Twice is no error."""
        if not self._ended:
            self._ended = True
            self._news.set()
            self._on_end(self)


class CallSound:
    """Of one leg. `tap(hear)` has the audio of the line brought here, `tap(None)` no more: a call
    to which nobody listens pays nothing."""

    def __init__(
        self, played: Played, tap: Callable[[Callable[[bytes], None] | None], None]
    ) -> None:
        self.is_stereo = False
        self.is_masked = False  # what is said is for nobody else's ears
        self._played = played
        self._tap = tap
        self._listeners: list[Listener] = []
        self._utterance = ""
        self._at = 0  # bytes of the utterance that were passed on
        self._is_over = False

    def join(self, on_end: Callable[[], None]) -> Listener | None:
        """One more listener, who may leave by `end`; None: there are enough, or it is over."""
        if self._is_over or len(self._listeners) >= MOST_AT_ONCE:
            return None

        def ended(listener: Listener) -> None:
            self._listeners.remove(listener)
            if not self._listeners:
                self._tap(None)
            on_end()

        listener = Listener(ended)
        self._listeners.append(listener)
        if len(self._listeners) == 1:
            self._tap(self.hear)
        return listener

    def end(self) -> None:
        """The line is gone, or not ours any more."""
        self._is_over = True
        for listener in list(self._listeners):
            listener.end()

    def hear(self, l16: bytes) -> None:
        """Audio of the line, in the event loop."""
        try:
            sound = l16 if self.is_stereo else self._both(l16)
            if self.is_masked:
                sound = bytes(len(sound))
            for listener in self._listeners:
                listener.put(sound)
        except Exception as error:  # noqa: BLE001 - better no listener than a broken call
            log.error("Listening broke", error=type(error).__name__)
            self.end()

    def _both(self, caller: bytes) -> bytes:
        size = len(caller) // 2
        agent = self._agent(size)
        silence = g711.SILENCE[self._played.codec] * (size - len(agent))
        return pcm.interleave(caller, g711.decode(agent + silence, self._played.codec))

    def _agent(self, size: int) -> bytes:
        """The next of what the switch plays, at most `size` bytes."""
        audible = self._played.audible()
        if audible is None:
            return b""
        begin = max(0, audible.position - size)
        apart = abs(self._at + size - audible.position)
        if audible.utterance_id != self._utterance or apart > SLACK_BYTES:
            self._utterance, self._at = audible.utterance_id, begin
        sound = self._played.sound_of(audible.utterance_id, self._at, size)
        self._at += len(sound)
        return sound
