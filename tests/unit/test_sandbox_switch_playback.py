"""What is played to the caller, frame by frame: the measured behaviour of the real switch."""

import struct
import wave

import pytest

from topcalls.sandbox.freeswitch.codec import PCMA, PCMU
from topcalls.sandbox.freeswitch.playback import Execution, Player, open_sound

FRAME = 160


class RecordingSession:
    """Keeps what the player reports."""

    def __init__(self, codec=PCMU):
        self.codec = codec
        self.reports = []
        self.applications = []

    def begin_application(self, execution):
        if execution.application != "playback":
            self.applications.append(execution.application)
            return False
        return True

    def end_application(self, execution, response):
        self.applications.append(response)

    def playback_started(self, path):
        self.reports.append(("start", path))

    def playback_stopped(self, path, status, samples, last_offset):
        self.reports.append((status, path, samples, last_offset))


class Switched:
    """A player with its session, ticked by hand."""

    def __init__(self, codec=PCMU):
        self.session = RecordingSession(codec)
        self.player = Player(self.session)
        self.reports = self.session.reports

    def play(self, path, lock=True):
        self.player.queue(Execution("playback", str(path), lock, "e"))

    def tick(self, count=1):
        return [self.player.tick() for _ in range(count)]

    def drain(self, limit=500):
        """All that is still played."""
        played = []
        for _ in range(limit):
            frame = self.player.tick()
            if frame is None and not self.player.is_playing:
                return b"".join(played)
            played.append(frame or b"")
        raise AssertionError("never ends")


@pytest.fixture
def switched():
    return Switched()


def sound(path, frames, first=1, name="a.PCMU"):
    """A file whose frame n holds 160 bytes of value first + n."""
    file = path / name
    file.write_bytes(b"".join(bytes([first + at]) * FRAME for at in range(frames)))
    return file


def values(frames):
    return [frame[0] if frame else None for frame in frames]


def test_the_first_frame_leaves_one_frame_after_the_start(switched, tmp_path):
    file = sound(tmp_path, 3)
    switched.play(file)
    assert switched.reports == []
    assert switched.tick() == [None]
    assert switched.reports == [("start", str(file))]
    assert values(switched.tick(3)) == [1, 2, 3]
    assert switched.reports[1:] == [("done", str(file), 480, 400)]
    assert switched.tick() == [None]


def test_locked_playbacks_join_without_a_gap_in_order(switched, tmp_path):
    for name, first in (("a", 10), ("b", 20), ("c", 30)):
        switched.play(sound(tmp_path, 2, first, f"{name}.PCMU"))
    assert values(switched.tick(8)) == [None, 10, 11, 20, 21, 30, 31, None]
    assert [kind for kind, *_ in switched.reports] == ["start", "done"] * 3


def test_without_the_lock_the_last_one_plays_first(switched, tmp_path):
    for name, first in (("a", 10), ("b", 20), ("c", 30)):
        switched.play(sound(tmp_path, 2, first, f"{name}.PCMU"), lock=False)
    assert values(switched.tick(8)) == [None, 30, 31, 20, 21, 10, 11, None]


def test_an_unlocked_playback_interrupts_one_that_runs(switched, tmp_path):
    switched.play(sound(tmp_path, 4, 10, "a.PCMU"), lock=False)
    assert values(switched.tick(3)) == [None, 10, 11]
    switched.play(sound(tmp_path, 2, 50, "b.PCMU"), lock=False)
    assert values(switched.tick(6)) == [12, 50, 51, 13, None, None]


def test_a_growing_file_plays_on(switched, tmp_path):
    file = sound(tmp_path, 2)
    switched.play(file)
    assert values(switched.tick()) == [None]
    with file.open("ab") as end:
        end.write(bytes([3]) * FRAME * 2)
    assert values(switched.tick(4)) == [1, 2, 3, 3]
    assert switched.reports[-1] == ("done", str(file), 640, 480)


def test_an_under_run_ends_the_playback_and_what_comes_later_is_never_played(switched, tmp_path):
    """A frame must be in the file 40 ms before it is due: it is read for when one is left."""
    file = sound(tmp_path, 2)
    switched.play(file)
    assert values(switched.tick(2)) == [None, 1]
    with file.open("ab") as end:
        end.write(bytes([3]) * FRAME)
    assert values(switched.tick(3)) == [2, None, None]
    assert switched.reports[-1][:3] == ("done", str(file), 320)


def test_a_playback_resumes_at_a_sample(switched, tmp_path):
    file = sound(tmp_path, 4)
    switched.play(f"{file}@@320")
    assert values(switched.tick(4)) == [None, 3, 4, None]
    assert switched.reports == [("start", str(file)), ("done", str(file), 320, 240)]


def test_a_break_ends_the_file_after_the_frame_that_is_due(switched, tmp_path):
    file = sound(tmp_path, 50)
    switched.play(file)
    switched.tick(26)
    switched.player.stop(flush=True)
    assert values(switched.tick(2)) == [26, None]
    assert switched.reports[-1] == ("break", str(file), 8000, 26 * FRAME - 80)


def test_a_break_without_all_plays_the_next(switched, tmp_path):
    switched.play(sound(tmp_path, 9, 10, "a.PCMU"))
    switched.play(sound(tmp_path, 2, 50, "b.PCMU"))
    switched.tick(3)
    switched.player.stop(flush=False)
    assert values(switched.tick(5)) == [12, None, 50, 51, None]


def test_a_break_of_all_empties_the_queue_and_swallows_nothing_that_follows(switched, tmp_path):
    switched.play(sound(tmp_path, 9, 10, "a.PCMU"))
    switched.play(sound(tmp_path, 9, 50, "b.PCMU"))
    switched.tick(3)
    switched.player.stop(flush=True)
    switched.play(sound(tmp_path, 2, 90, "c.PCMU"))
    assert values(switched.tick(5)) == [12, None, 90, 91, None]
    assert [report[0] for report in switched.reports] == ["start", "break", "start", "done"]


def test_a_break_of_silence_does_nothing(switched, tmp_path):
    switched.player.stop(flush=True)
    switched.play(sound(tmp_path, 2))
    assert values(switched.tick(3)) == [None, 1, 2]


def test_pause_is_a_toggle_and_loses_nothing(switched, tmp_path):
    assert not switched.player.toggle_pause()
    switched.play(sound(tmp_path, 4))
    switched.tick(2)
    assert switched.player.toggle_pause()
    assert values(switched.tick(3)) == [2, 0xFF, 0xFF]
    switched.player.toggle_pause()
    assert values(switched.tick(3)) == [0xFF, 3, 4]


def test_read_ahead_is_32_kilobytes(switched, tmp_path):
    file = tmp_path / "long.PCMU"
    file.write_bytes(b"\1" * 40_000)
    switched.play(file)
    switched.tick(10)
    file.write_bytes(b"")
    assert len(switched.drain()) == 32_768 - 9 * FRAME + (-32_768 % FRAME)


def test_unlinking_does_not_stop_the_voice(switched, tmp_path):
    file = sound(tmp_path, 5)
    switched.play(file)
    switched.tick()
    file.unlink()
    assert values(switched.tick(5)) == [1, 2, 3, 4, 5]


def test_odd_ends_are_padded(switched, tmp_path):
    file = tmp_path / "odd.PCMU"
    file.write_bytes(b"\1" * 200)
    switched.play(file)
    assert switched.tick(3)[1:] == [b"\1" * FRAME, b"\1" * 40 + b"\xff" * 120]


@pytest.mark.parametrize("name", ["a.pcmu", "a.mp3", "a", "missing/a.PCMU"])
def test_what_cannot_be_opened_raises_no_playback_event(switched, tmp_path, name):
    if "/" not in name:
        sound(tmp_path, 2, name=name)
    switched.play(tmp_path / name)
    assert switched.tick(3) == [None] * 3
    assert switched.reports == []
    assert switched.session.applications == ["FILE NOT FOUND"]


def test_native_bytes_are_not_converted(tmp_path):
    switched = Switched(PCMA)
    switched.play(sound(tmp_path, 1))
    assert switched.tick(2)[1] == b"\1" * FRAME


def test_r8_is_as_long_as_it_was_when_opened(switched, tmp_path):
    file = tmp_path / "a.r8"
    samples = struct.pack("<320h", *([1000] * 320))
    file.write_bytes(samples)
    switched.play(file)
    switched.tick()
    with file.open("ab") as end:
        end.write(samples)
    assert switched.drain() == PCMU.from_linear(samples)
    assert switched.reports[-1][:3] == ("done", str(file), 320)


@pytest.mark.parametrize(("channels", "rate"), [(1, 8000), (2, 8000), (1, 16000)])
def test_wav_is_brought_to_8_khz_mono(tmp_path, channels, rate):
    file = tmp_path / "a.wav"
    with wave.open(str(file), "wb") as audio:
        audio.setnchannels(channels)
        audio.setsampwidth(2)
        audio.setframerate(rate)
        audio.writeframes(struct.pack("<h", 500) * channels * rate)
    source, native = open_sound(str(file))
    data = source.read()
    assert not native
    assert len(data) == pytest.approx(16_000, abs=4)
    assert struct.unpack_from("<h", data, 8000)[0] == pytest.approx(500, abs=1)


def test_other_applications_run_in_turn(switched, tmp_path):
    switched.play(sound(tmp_path, 1))
    switched.player.queue(Execution("set", "a=1", True, "e"))
    switched.tick(1)
    assert switched.session.applications == []
    switched.tick(1)
    assert switched.session.applications == ["FILE PLAYED", "set", "_none_"]


def test_a_hang_up_ends_everything(switched, tmp_path):
    switched.play(sound(tmp_path, 5, name="a.PCMU"))
    switched.play(sound(tmp_path, 5, name="b.PCMU"))
    switched.tick(2)
    switched.player.hang_up()
    assert [report[0] for report in switched.reports] == ["start", "done"]
    assert switched.tick(2) != [None, None]
    assert not switched.player.is_playing
