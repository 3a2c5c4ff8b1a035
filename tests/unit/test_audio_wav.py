"""WAV files, also those whose writer died."""

import struct
import wave

import pytest

from topcalls.audio.formats import L16_8K, PCMU_8K, AudioFormat
from topcalls.audio.pcm import interleave, split_stereo
from topcalls.audio.tones import sine, tone_dbfs
from topcalls.audio.wav import WavError, WavReader, WavWriter, complete, with_silence

STEREO = AudioFormat("L16", 8000, 2)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "call.wav"


def read(path, milliseconds=1000.0):
    with WavReader(path) as reader:
        return reader.format, list(reader.chunks(milliseconds))


def header(data_size: int, fmt: bytes | None = None, before: bytes = b"") -> bytes:
    fmt = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16) if fmt is None else fmt
    chunks = b"WAVE" + before + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    return b"RIFF\0\0\0\0" + chunks + b"data" + struct.pack("<I", data_size)


def test_stereo_written_in_pieces_is_read_in_pieces(path):
    left, right = sine(500, milliseconds=1500), sine(900, milliseconds=1500)
    both = interleave(left, right)
    with WavWriter(path, STEREO) as writer:
        for at in range(0, len(both), 1280):
            writer.write(both[at : at + 1280])
    audio_format, chunks = read(path, 400)
    assert audio_format == STEREO
    assert [len(chunk) for chunk in chunks] == [12800, 12800, 12800, 9600]
    assert split_stereo(b"".join(chunks)) == (left, right)
    assert tone_dbfs(split_stereo(chunks[1])[1], 900) == pytest.approx(-12, abs=0.3)


def test_the_standard_library_reads_what_we_write(path):
    with WavWriter(path, L16_8K) as writer:
        writer.write(sine(500, milliseconds=100))
    with wave.open(str(path)) as file:
        assert file.getparams()[:4] == (1, 2, 8000, 800)


def test_a_file_whose_writer_died_is_read_to_its_end(path):
    writer = WavWriter(path, L16_8K)
    for _ in range(10):
        writer.write(b"\x01\x00" * 8000)
    there = path.read_bytes()  # as after a crash: no sizes in the header
    writer.close()
    path.write_bytes(there)
    assert len(there) > 100_000
    assert b"".join(read(path)[1]) == there[44:]


@pytest.mark.parametrize("promised", [0, 100, 0xFFFFFFFF])
def test_a_header_that_promises_too_much_or_nothing(path, promised):
    path.write_bytes(header(promised) + b"\x01\x00" * 20)
    assert read(path)[1] == [b"\x01\x00" * 20]


def test_what_follows_the_samples_is_not_sound(path):
    path.write_bytes(header(4) + b"\x01\x00\x02\x00" + b"LIST\x04\0\0\0abcd")
    assert read(path)[1] == [b"\x01\x00\x02\x00"]


def test_half_a_sample_at_the_end_is_dropped(path):
    path.write_bytes(header(0) + b"\x01\x00\x02")
    assert read(path)[1] == [b"\x01\x00"]


def test_other_chunks_before_the_samples_are_skipped(path):
    odd = b"LIST\x03\0\0\0abc\0"
    path.write_bytes(header(2, before=odd) + b"\x01\x00")
    assert read(path)[1] == [b"\x01\x00"]


def test_the_extensible_header(path):
    fmt = (
        struct.pack("<HHIIHHHHI", 0xFFFE, 2, 8000, 32000, 4, 16, 22, 16, 3)
        + b"\x01\x00"
        + bytes(14)
    )
    path.write_bytes(header(4, fmt) + bytes(4))
    assert read(path) == (STEREO, [bytes(4)])


MULAW = struct.pack("<HHIIHH", 7, 1, 8000, 8000, 1, 8)


@pytest.mark.parametrize(
    "content",
    [b"", b"RIFF", b"RIFF\0\0\0\0AVI ", header(0)[:36], header(4, MULAW) + bytes(4),
     header(0, b"short"), b"RIFF\0\0\0\0WAVEdata\0\0\0\0"],
)  # fmt: skip
def test_what_is_not_a_wav_of_samples_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(WavError):
        WavReader(path)


def test_only_samples_are_written(path):
    with pytest.raises(WavError):
        WavWriter(path, PCMU_8K)
    assert not path.exists()


# --- files whose writer died are completed


def test_a_file_that_was_never_completed_is(path):
    sound = interleave(sine(500, milliseconds=700), sine(900, milliseconds=700))
    stereo = struct.pack("<HHIIHH", 1, 2, 8000, 32000, 4, 16)
    path.write_bytes(header(0, stereo) + sound + b"\1\2\3")
    facts = complete(path)
    assert (facts.format, facts.milliseconds, facts.repaired) == (STEREO, 700, True)
    with wave.open(str(path)) as file:
        assert file.readframes(file.getnframes()) == sound
    assert int.from_bytes(path.read_bytes()[4:8], "little") == path.stat().st_size - 8


def test_a_file_that_is_cut_off_promises_what_is_there(path):
    path.write_bytes(header(16000) + b"\1\0" * 400)
    assert (complete(path).milliseconds, complete(path).repaired) == (50, False)
    with wave.open(str(path)) as file:
        assert file.getnframes() == 400


def test_a_complete_file_is_left_as_it_is(path):
    with WavWriter(path, L16_8K) as writer:
        writer.write(sine(500, milliseconds=100))
    before = path.read_bytes()
    assert complete(path).repaired is False
    assert path.read_bytes() == before


def test_chunks_behind_the_samples_stay(path):
    sound = b"\1\0" * 400
    whole = header(800) + sound + b"LIST" + struct.pack("<I", 4) + b"abcd"
    path.write_bytes(whole[:4] + struct.pack("<I", len(whole) - 8) + whole[8:])
    assert complete(path).repaired is False
    assert path.read_bytes().endswith(b"abcd")


def test_what_is_no_recording_is_not_completed(path):
    path.write_bytes(b"something else entirely, and long enough to be read")
    with pytest.raises(WavError):
        complete(path)


# --- silence put in


def numbered(path, milliseconds, form=STEREO):
    """Samples that tell where they were."""
    count = form.size_of(milliseconds) // 2
    with WavWriter(path, form) as writer:
        writer.write(struct.pack(f"<{count}h", *(number % 30_000 + 1 for number in range(count))))
    return path.read_bytes()[44:]


def longer(path, *places):
    target = path.with_suffix(".longer")
    with_silence(path, target, places)
    with wave.open(str(target)) as file:  # its header is right too
        return file.readframes(file.getnframes())


@pytest.mark.parametrize("form", [STEREO, L16_8K])
def test_silence_is_put_where_it_is_wanted(path, form):
    sound = numbered(path, 3_000, form)
    first, second = form.size_of(1_000), form.size_of(2_500)
    assert longer(path, (1_000, 2_000), (2_500, 500)) == (
        sound[:first] + bytes(form.size_of(2_000)) + sound[first:second]
        + bytes(form.size_of(500)) + sound[second:]
    )  # fmt: skip


def test_silence_at_the_begin_the_end_and_behind_it(path):
    sound = numbered(path, 300)
    piece = bytes(STEREO.size_of(100))
    assert longer(path, (0, 100), (300, 100), (900, 100)) == piece + sound + piece + piece


def test_nothing_put_in_is_a_copy(path):
    sound = numbered(path, 300)
    assert longer(path) == longer(path, (100, 0)) == sound


def test_silence_for_a_file_whose_writer_died(path):
    path.write_bytes(header(0) + b"\x01\x00" * 800)
    assert longer(path, (50, 50)) == b"\x01\x00" * 400 + bytes(800) + b"\x01\x00" * 400
