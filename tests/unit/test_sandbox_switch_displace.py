"""The double's `uuid_displace`, as measured on the real switch."""

import struct

import pytest

from topcalls.sandbox.freeswitch.displacing import Displacing

SILENCE = b"\0" * 320


def sound(directory, name, *values):
    """A file of one frame for each value."""
    path = directory / name
    path.write_bytes(b"".join(struct.pack("<h", value) * 160 for value in values))
    return str(path)


def first(pair):
    return [None if part is None else struct.unpack_from("<h", part)[0] for part in pair]


@pytest.fixture
def displacing():
    return Displacing()


def test_it_is_mixed_under_what_is_written_and_loops_with_a_frame_of_silence(displacing, tmp_path):
    assert displacing.start(sound(tmp_path, "a.r8", 100, 200), "fml")
    heard = [first(displacing.mix(SILENCE))[0] for _ in range(6)]
    assert heard == [100, 200, 0, 100, 200, 0]
    assert first(displacing.mix(struct.pack("<h", 1000) * 160)) == [1100, 1100]


def test_without_f_a_recording_has_it_not(displacing, tmp_path):
    displacing.start(sound(tmp_path, "a.r8", 100), "ml")
    assert first(displacing.mix(SILENCE)) == [100, 0]


def test_nothing_is_heard_where_nothing_is_written(displacing, tmp_path):
    displacing.start(sound(tmp_path, "a.r8", 100), "fml")
    assert displacing.mix(None) == (None, None)


def test_two_files_but_not_the_same_one_twice(displacing, tmp_path):
    one, two = sound(tmp_path, "a.r8", 100), sound(tmp_path, "b.r8", 10)
    assert displacing.start(one, "fml")
    assert not displacing.start(one, "fml")
    assert displacing.start(two, "fml")
    assert first(displacing.mix(SILENCE)) == [110, 110]
    assert displacing.stop(one)
    assert not displacing.stop(one)
    assert list(displacing.paths) == [two]


def test_a_file_without_a_loop_is_heard_once(displacing, tmp_path):
    displacing.start(sound(tmp_path, "a.r8", 100), "fm")
    assert [first(displacing.mix(SILENCE))[0] for _ in range(3)] == [100, 0, 0]
    assert not list(displacing.paths)


def test_without_m_it_stands_in_the_place_of_what_is_written(displacing, tmp_path):
    displacing.start(sound(tmp_path, "a.r8", 100), "")
    written = struct.pack("<h", 1000) * 160
    assert [first(displacing.mix(written)) for _ in range(2)] == [[100, 1000], [1000, 1000]]


def test_what_cannot_be_read_or_is_native_is_refused(displacing, tmp_path):
    native = tmp_path / "a.PCMU"
    native.write_bytes(b"\x80" * 160)
    assert not displacing.start(str(native), "fml")
    assert not displacing.start(str(tmp_path / "none.r8"), "fml")
