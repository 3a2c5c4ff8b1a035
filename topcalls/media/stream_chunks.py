"""The strategy for a switch on another host: audio in chunks over mod_audio_stream's WebSocket.

Each chunk goes as a `streamAudio` text message; the module writes it to a temporary file and the
switch announces the file by an event; then the file is played like any other. A first short chunk
is heard soon, later ones are long, because every file costs the switch a millisecond of CPU.

Two playbacks are outstanding where there is enough audio, event-locked, so that chunks join
without a gap. That makes the switch's pause, a toggle of the *current* playback, ambiguous near the
end of a chunk: there it is put off until the next one has started. Should a toggle miss all the
same, or something else break a playback, everything queued is broken off and asked for again.
"""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from topcalls.audio import g711
from topcalls.audio.formats import G711Codec
from topcalls.clock import Clock
from topcalls.ids import new_id
from topcalls.log import get_logger
from topcalls.media.heard import BYTES_PER_MS, FRAME_BYTES, Heard, PlaybackTimer
from topcalls.media.playback import Audible, SwitchPlayer, ignore, tell

_CHUNK = 400 * BYTES_PER_MS
_LONGEST_CHUNK = 1000 * BYTES_PER_MS
_LOW_WATER = 250 * BYTES_PER_MS  # less than this ahead: send what there is
_MAX_CHUNKS = 3  # sent and not heard
_REMEMBERED = 100 * BYTES_PER_MS
_MAX_QUEUED = 2  # of these, playbacks asked for
# Closer to its end a playback is not paused. Less than half of the shortest chunk: where the model
# is hardly faster than speech all are short, and each has to be pausable.
_TOGGLE_MARGIN = 40 * BYTES_PER_MS
_START_SECONDS = 5.0  # longest wait for the switch to announce a file, or to start a playback
_STOP_BYTES = 2000 * BYTES_PER_MS  # longest wait for it to stop one that has come to its end
_MAX_STALLS = 3  # playbacks of a chunk in a row that brought nothing
_MAX_STARTS_MISSED = 2  # how often the switch may not start a chunk, or not announce its file

log = get_logger(__name__)


@dataclass
class _Utterance:
    id: str
    received: int = 0  # bytes appended
    sent: int = 0  # bytes cut into chunks
    heard: int = 0  # bytes heard in playbacks that are over
    pending: bytearray = field(default_factory=bytearray)
    complete: bool = False  # no more audio will come
    announced: bool = False  # `on_started` was called


@dataclass
class _Chunk:
    utterance: _Utterance
    id: str
    audio: bytes
    waits_since: float  # sent, asked for, or first in the queue
    path: str = ""  # the switch's file, once announced
    position: int = 0  # heard before it was broken off
    queued: bool = False  # its playback was asked for
    stalls: int = 0
    starts_missed: int = 0
    timer: PlaybackTimer = field(default_factory=PlaybackTimer)

    @property
    def left(self) -> int:
        return len(self.audio) - self.position


class StreamPlayback:
    """See `Playback`. `first_chunk_ms` of audio make the first chunk of an utterance."""

    on_started: Callable[[str, float], None]
    on_finished: Callable[[Heard], None]

    def __init__(
        self,
        player: SwitchPlayer,
        clock: Clock,
        codec: G711Codec = "PCMU",
        *,
        first_chunk_ms: int = 100,
    ) -> None:
        self.on_started = ignore
        self.on_finished = ignore
        self._player = player
        self._clock = clock
        self.codec: G711Codec = codec
        self._first_chunk = first_chunk_ms * BYTES_PER_MS
        self._utterances: dict[str, _Utterance] = {}  # in playing order
        self._chunks: deque[_Chunk] = deque()  # in playing order, not heard yet
        self._cleared: set[str] = set()  # files asked to be played and then cleared
        self._orphans = 0  # cleared chunks whose files were not announced yet
        self._paused = False
        self._cut_off = False  # the last playback ended as if the channel had gone
        self._last_heard = ("", b"")  # the end of a chunk, for `sound_of`, and its utterance
        self._stopped_us = 0  # the switch's time of the last stop
        self._closed = False

    @property
    def is_speaking(self) -> bool:
        return any(utterance.received for utterance in self._utterances.values())

    def begin(self, utterance_id: str) -> None:
        if not self._closed and utterance_id not in self._utterances:
            self._utterances[utterance_id] = _Utterance(utterance_id)

    def append(self, utterance_id: str, audio: bytes) -> None:
        utterance = self._utterances.get(utterance_id)
        if utterance is not None and not utterance.complete:
            utterance.received += len(audio)
            utterance.pending += audio
            self._advance()

    def finish(self, utterance_id: str) -> None:
        utterance = self._utterances.get(utterance_id)
        if utterance is not None and not utterance.complete:
            utterance.complete = True
            self._advance()

    def pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._pause_head()

    def resume(self) -> None:
        if not self._paused:
            return
        self._paused = False
        if self._chunks and self._chunks[0].timer.paused:
            self._chunks[0].timer.resume(self._clock.monotonic())
            self._player.toggle_pause()
        self._advance()

    def clear(self) -> list[Heard]:
        heard = [self._heard(utterance) for utterance in self._utterances.values()]
        if any(chunk.queued for chunk in self._chunks):
            self._player.break_all()
        self._cleared = {c.path for c in self._chunks if c.queued and not c.timer.started}
        self._orphans += sum(not chunk.path for chunk in self._chunks)
        self._forget_all()
        return heard

    def played_ms(self, utterance_id: str) -> int:
        utterance = self._utterances.get(utterance_id)
        return self._heard(utterance).played_ms if utterance is not None else 0

    def audible(self) -> Audible | None:
        head = self._chunks[0] if self._chunks else None
        if head is None or not head.timer.started or head.timer.paused:
            return None
        played = min(head.left, head.timer.elapsed_bytes(self._clock.monotonic()))
        return Audible(head.utterance.id, head.utterance.heard + played)

    def sound_of(self, utterance_id: str, begin: int, size: int) -> bytes:
        chunks = [chunk for chunk in self._chunks if chunk.utterance.id == utterance_id]
        if not chunks:
            return b""
        last, before = self._last_heard
        before = before if last == utterance_id else b""
        at = begin - (chunks[0].utterance.heard - chunks[0].position - len(before))
        forgotten = g711.SILENCE[self.codec] * min(size, max(0, -at))
        there = before + b"".join(chunk.audio for chunk in chunks)
        return forgotten + there[max(0, at) : max(0, at + size)]

    def stream_file_ready(self, path: str, chunk: str = "") -> None:
        """`chunk` tells which chunk the file is; without it files are taken in order."""
        if not path:
            return
        if chunk:
            found = next((c for c in self._chunks if c.id == chunk and not c.path), None)
        elif self._orphans:
            self._orphans -= 1
            return
        else:
            found = next((c for c in self._chunks if not c.path), None)
        if found is not None:
            found.path = path
            at = self._chunks.index(found)  # chunks before it without a file were lost
            self._chunks = deque(c for n, c in enumerate(self._chunks) if c.path or n > at)
            self._advance()

    def playback_started(self, target: str, switch_us: int) -> None:
        path = target.partition("@@")[0]
        chunk = next((c for c in self._chunks if c.queued and c.path == path), None)
        if chunk is None:
            self._started_after_all(path)
        elif not chunk.timer.started and switch_us >= self._stopped_us:
            while self._chunks[0] is not chunk:  # the end of these was not told
                self._account(self._chunks[0], self._chunks[0].left)
            chunk.timer.start(self._clock.monotonic(), switch_us)
            if self._paused:
                self._pause_head()
            self._announce(chunk.utterance)

    def playback_stopped(self, target: str, switch_us: int, status: str, samples: int) -> None:
        chunk = self._chunks[0] if self._chunks else None
        if chunk is None or not chunk.queued or chunk.path != target.partition("@@")[0]:
            return
        if switch_us <= self._stopped_us or not (chunk.timer.started or status == "done"):
            return
        self._stopped_us = switch_us
        toggle_missed = chunk.timer.paused  # what is paused does not stop
        heard = chunk.timer.heard_at_stop(switch_us, status, chunk.left)
        self._account(chunk, heard)
        self._cut_off = status == "done" and chunk.left > 0
        if toggle_missed or chunk.left:
            self._ask_again(break_off=not self._cut_off)
        if heard:
            self._announce(chunk.utterance)
        self._advance()

    def check(self) -> None:
        self._cut_off = False
        if self._chunks:
            self._check_head(self._chunks[0], self._clock.monotonic())
        self._advance()

    def close(self) -> None:
        self._closed = True
        self._forget_all()

    # From utterances to chunks to playbacks

    def _advance(self) -> None:
        """Send the chunks that are due, ask for the playbacks that are due, tell what is over."""
        for utterance in self._utterances.values():
            while len(self._chunks) < _MAX_CHUNKS and (size := self._due(utterance)):
                self._send(utterance, size)
            if utterance.pending or not utterance.complete:
                break
        if not self._paused and not self._cut_off:
            self._ask()
        self._tell_finished()

    def _due(self, utterance: _Utterance) -> int:
        """Bytes to send as the next chunk of it now."""
        there = len(utterance.pending)
        size = min(there, _LONGEST_CHUNK)
        if utterance.complete:
            return size
        short = not utterance.sent or self._ahead() < _LOW_WATER
        enough = self._first_chunk if short else _CHUNK
        return size - size % FRAME_BYTES if there >= enough else 0

    def _ahead(self) -> int:
        """Bytes on their way to the caller."""
        there = sum(chunk.left for chunk in self._chunks)
        if self._chunks:
            head = self._chunks[0]
            there -= min(head.left, head.timer.elapsed_bytes(self._clock.monotonic()))
        return there

    def _send(self, utterance: _Utterance, size: int) -> None:
        audio = bytes(utterance.pending[:size])
        del utterance.pending[:size]
        utterance.sent += size
        chunk = _Chunk(utterance, new_id(), audio, self._clock.monotonic())
        self._chunks.append(chunk)
        self._transmit(chunk)

    def _transmit(self, chunk: _Chunk) -> None:
        data = base64.b64encode(g711.decode(chunk.audio, self.codec)).decode()
        self._player.send_stream_text(
            '{"type":"streamAudio","data":{"audioDataType":"raw","sampleRate":8000,'
            f'"chunk":"{chunk.id}","audioData":"{data}"}}}}'
        )

    def _ask(self) -> None:
        for chunk in list(self._chunks)[:_MAX_QUEUED]:
            if not chunk.path:
                return
            if not chunk.queued:
                chunk.queued = True
                chunk.waits_since = self._clock.monotonic()
                at = chunk.position
                self._player.play(f"{chunk.path}@@{at}" if at else chunk.path)

    def _ask_again(self, *, break_off: bool) -> None:
        """Take back every playback asked for; `_ask` will ask for them afresh."""
        if break_off and any(chunk.queued for chunk in self._chunks):
            self._player.break_all()
        for chunk in self._chunks:
            chunk.queued = False
            chunk.timer = PlaybackTimer()

    def _pause_head(self) -> None:
        """Pause what is audible, unless it is about to end: then what follows will be."""
        if not self._chunks:
            return
        head, now = self._chunks[0], self._clock.monotonic()
        left = head.left - head.timer.elapsed_bytes(now)
        if head.timer.started and not head.timer.paused and left > _TOGGLE_MARGIN:
            head.timer.pause(now)
            self._player.toggle_pause()

    # What the switch told, or failed to tell

    def _account(self, chunk: _Chunk, heard: int) -> None:
        """Move on by what was heard. A chunk that never gets anywhere is given up."""
        chunk.position += heard
        chunk.utterance.heard += heard
        chunk.stalls = 0 if heard else chunk.stalls + 1
        if not chunk.left:
            self._last_heard = chunk.utterance.id, chunk.audio[-_REMEMBERED:]
            self._pop()
        elif chunk.stalls >= _MAX_STALLS:
            log.warning("Switch does not play a file")
            self._pop()

    def _pop(self) -> None:
        """Take the head off; the next one's time to start runs from now."""
        self._chunks.popleft()
        if self._chunks:
            self._chunks[0].waits_since = self._clock.monotonic()

    def _started_after_all(self, path: str) -> None:
        """A playback began although it was cleared: the break slipped in just before it."""
        if path in self._cleared:
            self._cleared.discard(path)
            if not any(chunk.queued for chunk in self._chunks):
                self._player.break_all()

    def _check_head(self, head: _Chunk, now: float) -> None:
        if head.timer.started:
            overdue = head.timer.elapsed_bytes(now) - head.left
            if not head.timer.paused and overdue > _STOP_BYTES:
                log.warning("Switch did not tell the end of a playback")
                self._account(head, head.left)
                if self._chunks and self._chunks[0].queued and overdue >= self._chunks[0].left:
                    self._account(self._chunks[0], self._chunks[0].left)  # it followed at once
                self._ask_again(break_off=True)
        elif (head.queued or not head.path) and now - head.waits_since > _START_SECONDS:
            log.warning("Switch did not start a playback")
            self._ask_again(break_off=True)
            self._start_again(head, now)

    def _start_again(self, head: _Chunk, now: float) -> None:
        """A command, a file or the news of it was lost: try once more before it is given up."""
        head.starts_missed += 1
        if head.starts_missed >= _MAX_STARTS_MISSED:
            self._orphans += not head.path
            self._pop()
            return
        head.waits_since = now
        for chunk in self._chunks:
            if not chunk.path:
                chunk.waits_since = now
                self._transmit(chunk)

    # What is told

    def _announce(self, utterance: _Utterance) -> None:
        if not utterance.announced:
            utterance.announced = True
            tell(self.on_started, utterance.id, self._clock.monotonic())

    def _tell_finished(self) -> None:
        while self._utterances:
            first = next(iter(self._utterances.values()))
            if not first.complete or first.pending:
                return
            if any(chunk.utterance is first for chunk in self._chunks):
                return
            del self._utterances[first.id]
            tell(self.on_finished, self._heard(first))

    def _heard(self, utterance: _Utterance) -> Heard:
        played = utterance.heard
        head = self._chunks[0] if self._chunks else None
        if head is not None and head.utterance is utterance:
            played += min(head.left, head.timer.elapsed_bytes(self._clock.monotonic()))
        played_ms = min(played, utterance.received) // BYTES_PER_MS
        return Heard(utterance.id, played_ms, utterance.received // BYTES_PER_MS)

    def _forget_all(self) -> None:
        self._utterances.clear()
        self._chunks.clear()
        self._paused = False
        self._cut_off = False
