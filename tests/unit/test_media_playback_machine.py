"""Both strategies under arbitrary use, with arbitrary delays to and from the switch.

Every frame says whose it is and which, so what the caller heard can be checked to the frame:
each utterance from its beginning, nothing left out, nothing twice, in order.
"""

import tempfile
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from media_switch import FRAME_MS, Switch

from topcalls.media.growing_file import GrowingFilePlayback
from topcalls.media.stream_chunks import StreamPlayback

pytestmark = pytest.mark.unit

FRAME_BYTES = 160


def frames(utterance: int, first: int, count: int) -> bytes:
    return b"".join(
        bytes((1 + utterance % 120, 1 + n // 120, 1 + n % 120)) + bytes(FRAME_BYTES - 3)
        for n in range(first, first + count)
    )


def identify(frame: bytes) -> tuple[int, int]:
    return frame[0] - 1, (frame[1] - 1) * 120 + frame[2] - 1


class PlaybackMachine(RuleBasedStateMachine):
    """One call. `make_playback` is the strategy."""

    def make_playback(self, switch: Switch):
        raise NotImplementedError

    @initialize(command_ms=st.sampled_from([0, 5, 15]), event_ms=st.sampled_from([0, 5, 30]))
    def connect(self, command_ms, event_ms):
        self.switch = Switch(command_ms=command_ms, event_ms=event_ms)
        self.playback = self.switch.playback = self.make_playback(self.switch)
        self.slack_ms = 40 + command_ms + event_ms
        self.appended: list[int] = []  # frames per utterance
        self.open: list[int] = []
        self.started: list[str] = []
        self.finished: dict[str, object] = {}
        self.cleared: dict[str, object] = {}
        self.paused = False
        self.playback.on_started = lambda utterance_id, at: self.started.append(utterance_id)
        self.playback.on_finished = self._on_finished

    def _on_finished(self, heard) -> None:
        assert heard.utterance_id not in self.finished
        assert heard.utterance_id not in self.cleared
        self.finished[heard.utterance_id] = heard

    @rule(count=st.integers(0, 40))
    def begin(self, count):
        number = len(self.appended)
        self.appended.append(0)
        self.open.append(number)
        self.playback.begin(str(number))
        self._append(number, count)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), count=st.integers(1, 60))
    def append(self, data, count):
        self._append(data.draw(st.sampled_from(self.open)), count)

    def _append(self, number, count):
        self.playback.append(str(number), frames(number, self.appended[number], count))
        self.appended[number] += count

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def finish(self, data):
        number = data.draw(st.sampled_from(self.open))
        self.open.remove(number)
        self.playback.finish(str(number))

    @rule()
    def pause(self):
        self.playback.pause()
        self.paused = True

    @rule()
    def resume(self):
        self.playback.resume()
        self.paused = False

    @rule(milliseconds=st.integers(1, 80).map(lambda n: n * 5))
    def time_passes(self, milliseconds):
        self.switch.run(milliseconds)

    @rule()
    def check(self):
        self.playback.check()

    @rule()
    def stays_silent_while_paused(self):
        if self.paused:
            self.switch.run(self.time_to_fall_silent_ms)
            before = len(self.switch.voice)
            self.switch.run(400)
            assert len(self.switch.voice) == before

    @rule(go_on_at_once=st.booleans())
    def clear(self, go_on_at_once):
        before = self._heard_frames()
        heard = self.playback.clear()
        live = [str(n) for n in range(len(self.appended)) if not self._over(str(n))]
        assert [part.utterance_id for part in heard] == live
        for part in heard:
            number = int(part.utterance_id)
            assert part.received_ms == self.appended[number] * FRAME_MS
            assert abs(part.played_ms - before.get(number, 0) * FRAME_MS) <= self.slack_ms
            self.cleared[part.utterance_id] = part
        self.open.clear()
        self.paused = False
        if go_on_at_once:
            return
        self.switch.run(40 + self.slack_ms)
        silent = len(self.switch.voice)
        self.switch.run(200)
        assert len(self.switch.voice) == silent

    def _over(self, utterance_id) -> bool:
        return utterance_id in self.finished or utterance_id in self.cleared

    def _heard_frames(self) -> dict[int, int]:
        heard = [identify(frame) for frame in self.switch.heard if frame is not None]
        by_utterance = [
            (number, [n for _, n in group]) for number, group in groupby(heard, lambda f: f[0])
        ]
        numbers = [number for number, _ in by_utterance]
        assert numbers == sorted(set(numbers)), "utterances are mixed up"
        for number, indexes in by_utterance:
            assert indexes == list(range(len(indexes))), f"utterance {number} has holes"
        return {number: len(indexes) for number, indexes in by_utterance}

    @invariant()
    def what_is_heard_is_in_order_and_whole(self):
        if hasattr(self, "switch"):
            heard = self._heard_frames()
            for utterance_id in self.finished:
                number = int(utterance_id)
                assert heard.get(number, 0) == self.appended[number]
            for number, count in heard.items():
                assert count <= self.appended[number]

    @invariant()
    def played_ms_is_true(self):
        if hasattr(self, "switch"):
            heard = self._heard_frames()
            for number, count in heard.items():
                if not self._over(str(number)):
                    played = self.playback.played_ms(str(number))
                    assert abs(played - count * FRAME_MS) <= self.slack_ms

    def teardown(self):
        if not hasattr(self, "switch"):
            return
        self.playback.resume()
        for number in self.open:
            self.playback.finish(str(number))
        self.switch.run_until_idle()
        spoken = [n for n in range(len(self.appended)) if str(n) not in self.cleared]
        assert sorted(map(int, self.finished)) == spoken
        for number in spoken:
            heard = self.finished[str(number)]
            assert heard.played_ms == heard.received_ms == self.appended[number] * FRAME_MS
        self.what_is_heard_is_in_order_and_whole()
        assert len(self.started) == len(set(self.started))
        assert not self.playback.is_speaking
        self.playback.close()
        self.nothing_is_left()

    def nothing_is_left(self):
        pass


class GrowingFileMachine(PlaybackMachine):
    time_to_fall_silent_ms = 120

    def make_playback(self, switch):
        self.directory = tempfile.TemporaryDirectory()
        return GrowingFilePlayback(switch, Path(self.directory.name), "PCMU", switch.clock)

    def nothing_is_left(self):
        assert list(Path(self.directory.name).iterdir()) == []
        self.directory.cleanup()


class StreamMachine(PlaybackMachine):
    # Near the end of a chunk a pause waits for the next one, and not for one that is too short.
    time_to_fall_silent_ms = 320

    def make_playback(self, switch):
        return StreamPlayback(switch, switch.clock)


_settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
TestGrowingFile = GrowingFileMachine.TestCase
TestGrowingFile.settings = _settings
TestStream = StreamMachine.TestCase
TestStream.settings = _settings
