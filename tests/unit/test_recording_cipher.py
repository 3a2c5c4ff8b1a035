"""Recordings at rest: read from any place, and by nobody who changed them or lacks the key."""

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topcalls.errors import ConfigError
from topcalls.services.recording_cipher import PIECE, RecordingCipher, encrypted_size

pytestmark = pytest.mark.unit
CIPHER = RecordingCipher("first key")
SIZES = (0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 17)


def kept(data, cipher=CIPHER, piece=50_000):
    chunks = [data[at : at + piece] for at in range(0, len(data), piece)]
    return b"".join(cipher.encrypted(chunks))


@pytest.mark.parametrize("size", SIZES)
def test_what_is_encrypted_comes_back(size):
    data = os.urandom(size)
    file = kept(data)
    assert len(file) == encrypted_size(size)
    assert size < 32 or data not in file
    with CIPHER.opened(io.BytesIO(file)) as opened:
        assert opened.read() == data
        assert opened.seek(0, os.SEEK_END) == size


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3 * PIECE), st.integers(0, 2 * PIECE))
def test_any_part_can_be_read(start, length):
    data = bytes(range(256)) * (3 * PIECE // 256) + b"end"
    opened = CIPHER.opened(io.BytesIO(kept(data)))
    opened.seek(start)
    assert opened.read(length) == data[start : start + length]


def test_no_two_files_are_alike():
    assert kept(b"the same") != kept(b"the same")


def test_what_was_kept_in_clear_is_read_as_it_is():
    assert CIPHER.opened(io.BytesIO(b"RIFF and so on")).read() == b"RIFF and so on"
    assert CIPHER.opened(io.BytesIO(b"")).read() == b""


def test_an_older_key_still_reads_and_another_does_not():
    file = kept(b"spoken words")
    both = RecordingCipher("new key, first key")
    assert both.opened(io.BytesIO(file)).read() == b"spoken words"
    assert RecordingCipher("new key").opened(io.BytesIO(kept(b"x", both))).read() == b"x"
    with pytest.raises(ConfigError) as refused:
        RecordingCipher("new key").opened(io.BytesIO(file))
    assert "TOPCALLS_SECRET_KEY" in refused.value.remedy


@pytest.mark.parametrize("size", [10, 2 * PIECE + 5])
def test_whoever_changes_or_cuts_it_is_found_out(size):
    file = bytearray(kept(bytes(size)))
    changed = bytes([*file[:-20], file[-20] ^ 1, *file[-19:]])
    for broken in (changed, bytes(file[:-1]), bytes(file[: 24 + PIECE + 16]), file[:24]):
        if broken == file:
            continue
        with pytest.raises(ConfigError):
            CIPHER.opened(io.BytesIO(bytes(broken))).read()
