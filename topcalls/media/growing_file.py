"""The default strategy: one growing file per utterance, played while it is written.

Controller and switch share a tmpfs. One `playback` is outstanding at a time: the next utterance
is sent when the current one has stopped, which costs one gap of 20 to 40 ms between utterances
and keeps the switch's state known. Two facts of the switch shape the rest:

* *Under-run.* When the writer falls behind, the playback ends as `done` and what is appended later
  is never played. So a playback that stopped short of the file is followed by one from that
  position, `file@@samples`.
* *Pause is a toggle*, of the playback that is current, and a new playback starts unpaused. So the
  toggle is sent only between a playback's start and its stop, and `pause` holds back new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from topcalls.audio.formats import G711Codec
from topcalls.clock import Clock
from topcalls.log import get_logger
from topcalls.media.heard import BYTES_PER_MS, Heard, PlaybackTimer
from topcalls.media.playback import Audible, SwitchPlayer, ignore, tell
from topcalls.media.utterance_file import UtteranceFile, prepare

_START_SECONDS = 5.0  # longest wait for the switch to start a playback
_STOP_SECONDS = 2.0  # longest wait for it to stop one that has come to its end
_MAX_STALLS = 3  # playbacks in a row that brought nothing
_MAX_STARTS_MISSED = 2  # playbacks of an utterance that the switch never started

log = get_logger(__name__)


@dataclass
class _Utterance:
    id: str
    file: UtteranceFile
    received: int = 0  # bytes appended
    position: int = 0  # bytes of the file heard in playbacks that are over
    complete: bool = False  # no more audio will come
    announced: bool = False  # `on_started` was called
    stalls: int = 0
    starts_missed: int = 0

    @property
    def unplayed(self) -> int:
        return self.file.size - self.position


@dataclass
class _Playing:
    """The one playback that is outstanding."""

    utterance: _Utterance
    available_from: int  # its first byte in the file
    sent_at: float
    timer: PlaybackTimer = field(default_factory=PlaybackTimer)

    @property
    def available(self) -> int:
        """Bytes in the file for it, so far."""
        return self.utterance.file.size - self.available_from


class GrowingFilePlayback:
    """See `Playback`. `preroll_ms` of audio must be in the file before an unfinished utterance
    is started or resumed: less is sooner heard and sooner under-run."""

    on_started: Callable[[str, float], None]
    on_finished: Callable[[Heard], None]

    def __init__(
        self,
        player: SwitchPlayer,
        directory: Path,
        codec: G711Codec,
        clock: Clock,
        *,
        preroll_ms: int = 100,
    ) -> None:
        prepare(directory)
        self.on_started = ignore
        self.on_finished = ignore
        self._player = player
        self._directory = directory
        self.codec: G711Codec = codec
        self._clock = clock
        self._preroll = preroll_ms * BYTES_PER_MS
        self._utterances: dict[str, _Utterance] = {}  # in playing order
        self._playing: _Playing | None = None
        self._paused = False
        self._cut_off = False  # the last playback ended as if the channel had gone
        self._stopped_us = 0  # the switch's time of the last stop
        self._closed = False

    @property
    def is_speaking(self) -> bool:
        return any(utterance.received for utterance in self._utterances.values())

    def begin(self, utterance_id: str) -> None:
        if not self._closed and utterance_id not in self._utterances:
            file = UtteranceFile(self._directory, self.codec)
            self._utterances[utterance_id] = _Utterance(utterance_id, file)

    def append(self, utterance_id: str, audio: bytes) -> None:
        utterance = self._utterances.get(utterance_id)
        if utterance is None or utterance.complete:
            return
        utterance.file.append(audio)
        utterance.received += len(audio)
        if not utterance.file.writable:
            self.finish(utterance_id)
        self._advance()

    def finish(self, utterance_id: str) -> None:
        utterance = self._utterances.get(utterance_id)
        if utterance is None or utterance.complete:
            return
        utterance.complete = True
        utterance.file.finish()
        self._advance()

    def pause(self) -> None:
        if not self._paused:
            self._paused = True
            self._pause_playing()

    def resume(self) -> None:
        if not self._paused:
            return
        self._paused = False
        playing = self._playing
        if playing is not None and playing.timer.paused:
            playing.timer.resume(self._clock.monotonic())
            self._player.toggle_pause()
        self._advance()

    def clear(self) -> list[Heard]:
        heard = [self._heard(utterance) for utterance in self._utterances.values()]
        if self._playing is not None:
            self._player.break_all()
        self._forget_all()
        return heard

    def played_ms(self, utterance_id: str) -> int:
        utterance = self._utterances.get(utterance_id)
        return self._heard(utterance).played_ms if utterance is not None else 0

    def audible(self) -> Audible | None:
        playing = self._playing
        if playing is None or not playing.timer.started or playing.timer.paused:
            return None
        played = min(playing.timer.elapsed_bytes(self._clock.monotonic()), playing.available)
        return Audible(playing.utterance.id, playing.available_from + played)

    def sound_of(self, utterance_id: str, begin: int, size: int) -> bytes:
        utterance = self._utterances.get(utterance_id)
        return utterance.file.read(begin, size) if utterance is not None else b""

    def playback_started(self, target: str, switch_us: int) -> None:
        playing = self._current(target)
        if playing is None or playing.timer.started or switch_us < self._stopped_us:
            return
        playing.timer.start(self._clock.monotonic(), switch_us)
        if self._paused:
            self._pause_playing()
        self._announce(playing.utterance)

    def playback_stopped(self, target: str, switch_us: int, status: str, samples: int) -> None:
        playing = self._current(target)
        if playing is None or switch_us <= self._stopped_us:
            return
        if status != "done" and not playing.timer.started:
            return  # of an earlier playback of this file
        self._stopped_us = switch_us
        self._playing = None
        heard = playing.timer.heard_at_stop(switch_us, status, samples)
        self._account(playing, min(heard, playing.available))
        self._cut_off = status == "done" and heard < samples
        if heard:
            self._announce(playing.utterance)
        self._advance()

    def stream_file_ready(self, path: str, chunk: str = "") -> None:
        """Not of this strategy."""

    def check(self) -> None:
        self._cut_off = False
        playing, now = self._playing, self._clock.monotonic()
        if playing is None:
            self._advance()
        elif not playing.timer.started:
            if now - playing.sent_at > _START_SECONDS:
                log.warning("Switch did not start a playback")
                self._start_again(playing)
        elif not playing.timer.paused:
            overdue = playing.timer.elapsed_bytes(now) - playing.available
            if overdue > _STOP_SECONDS * 1000 * BYTES_PER_MS:
                log.warning("Switch did not tell the end of a playback")
                self._go_on_behind(playing)

    def close(self) -> None:
        self._closed = True
        self._forget_all()

    def _current(self, target: str) -> _Playing | None:
        """The playback an event is about, None if that is a cleared or a foreign one."""
        path = target.partition("@@")[0]
        playing = self._playing
        return playing if playing is not None and playing.utterance.file.path == path else None

    def _advance(self) -> None:
        """Tell what is over, then start what is due."""
        while self._playing is None and not self._cut_off and self._utterances:
            utterance = next(iter(self._utterances.values()))
            if utterance.complete and not utterance.unplayed:
                self._end(utterance)
            elif self._paused or not self._is_due(utterance):
                return
            else:
                self._play(utterance)

    def _is_due(self, utterance: _Utterance) -> bool:
        return utterance.unplayed >= (1 if utterance.complete else self._preroll)

    def _play(self, utterance: _Utterance) -> None:
        at = utterance.position
        self._playing = _Playing(utterance, at, self._clock.monotonic())
        self._player.play(f"{utterance.file.path}@@{at}" if at else utterance.file.path)

    def _pause_playing(self) -> None:
        playing = self._playing
        if playing is not None and playing.timer.started:
            playing.timer.pause(self._clock.monotonic())
            self._player.toggle_pause()

    def _account(self, playing: _Playing, heard: int) -> None:
        """Move on by what was heard. An utterance that never gets anywhere is given up."""
        utterance = playing.utterance
        utterance.position += heard
        utterance.stalls = 0 if heard else utterance.stalls + 1
        if utterance.stalls >= _MAX_STALLS:
            log.warning("Switch does not play a file")
            self._end(utterance)

    def _start_again(self, playing: _Playing) -> None:
        """The command, or the news of it, was lost: ask once more before the words are given up."""
        self._player.break_all()
        self._playing = None
        playing.utterance.starts_missed += 1
        if playing.utterance.starts_missed >= _MAX_STARTS_MISSED:
            self._end(playing.utterance)
        self._advance()

    def _go_on_behind(self, playing: _Playing) -> None:
        """The end was not told: stop whatever plays and go on with what comes after it."""
        self._player.break_all()
        self._playing = None
        playing.utterance.position = playing.utterance.file.size
        self._advance()

    def _announce(self, utterance: _Utterance) -> None:
        if not utterance.announced:
            utterance.announced = True
            tell(self.on_started, utterance.id, self._clock.monotonic())

    def _end(self, utterance: _Utterance) -> None:
        """It is over, played or not."""
        if self._utterances.pop(utterance.id, None) is not None:
            heard = self._heard(utterance)
            utterance.file.delete()
            tell(self.on_finished, heard)

    def _heard(self, utterance: _Utterance) -> Heard:
        played = utterance.position
        playing = self._playing
        if playing is not None and playing.utterance is utterance:
            now = self._clock.monotonic()
            played += min(playing.timer.elapsed_bytes(now), playing.available)
        played_ms = min(played, utterance.received) // BYTES_PER_MS
        return Heard(utterance.id, played_ms, utterance.received // BYTES_PER_MS)

    def _forget_all(self) -> None:
        for utterance in self._utterances.values():
            utterance.file.delete()
        self._utterances.clear()
        self._playing = None
        self._paused = False
        self._cut_off = False
