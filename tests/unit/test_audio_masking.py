"""What is masked cannot be heard, and everything else is as it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.audio.formats import AudioFormat
from topcalls.audio.masking import TONE_HZ, Span, mask
from topcalls.audio.tones import find_tones, sine
from topcalls.audio.wav import WavError, WavReader, WavWriter

pytestmark = pytest.mark.unit
RATE = 8000
LEFT, RIGHT = 440.0, 700.0


@pytest.fixture
def stereo(tmp_path):
    """Five seconds, with a tone of its own on each side."""
    path = tmp_path / "call.wav"
    sides = [np.frombuffer(sine(one, milliseconds=5000), dtype="<i2") for one in (LEFT, RIGHT)]
    with WavWriter(path, AudioFormat("L16", RATE, 2)) as writer:
        writer.write(np.column_stack(sides).tobytes())
    return path


def read(path):
    with WavReader(path) as reader:
        data = b"".join(reader.chunks())
        return np.frombuffer(data, dtype="<i2").reshape(-1, reader.format.channels)


def tones(samples):
    return [round(tone, -1) for tone in find_tones(samples.tobytes())]


def test_silence_on_one_side(stereo):
    before = read(stereo)
    mask(stereo, [Span(1000, 2500, 0)], "silence")
    after = read(stereo)
    assert not after[8000:20000, 0].any()
    assert (after[:, 1] == before[:, 1]).all()
    assert (after[:8000] == before[:8000]).all()
    assert (after[20000:] == before[20000:]).all()
    assert len(after) == len(before)


def test_a_tone_on_one_side_goes_over_the_pieces_in_which_it_is_written(stereo):
    mask(stereo, [Span(500, 3500, 1)], "tone")
    after = read(stereo)
    assert tones(after[5000:27000, 1].copy()) == [TONE_HZ]
    assert tones(after[:, 0].copy()) == [LEFT]
    assert tones(after[29000:, 1].copy()) == [RIGHT]


def test_all_sides(stereo):
    mask(stereo, [Span(0, 10_000)], "silence")
    assert not read(stereo).any()


def test_masking_again_changes_nothing(stereo):
    spans = [Span(100, 900, 0), Span(500, 1700, 1)]
    mask(stereo, spans, "tone")
    once = stereo.read_bytes()
    mask(stereo, spans, "tone")
    assert stereo.read_bytes() == once


def test_what_is_no_recording_stays_as_it_is(tmp_path):
    path = tmp_path / "other"
    path.write_bytes(b"no wav")
    with pytest.raises(WavError):
        mask(path, [Span(0, 1)], "silence")
    with pytest.raises(OSError):
        mask(tmp_path / "missing", [], "silence")
    assert [file.name for file in tmp_path.iterdir()] == ["other"]
    assert path.read_bytes() == b"no wav"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-500, 3000), st.integers(-500, 3000)), max_size=4))
def test_any_spans(tmp_path_factory, spans):
    path = tmp_path_factory.mktemp("mask") / "a.wav"
    with WavWriter(path, AudioFormat("L16", RATE, 1)) as writer:
        writer.write(np.full(2 * RATE, 1000, dtype="<i2").tobytes())
    mask(path, [Span(*span) for span in spans], "silence")
    quiet = np.zeros(2 * RATE, dtype=bool)
    for start, end in spans:
        quiet[max(0, start) * 8 : max(0, end) * 8] = True
    assert ((read(path)[:, 0] == 0) == quiet).all()
