"""Sample rates: the tone that went in comes out, and what does not fit stays out."""

from __future__ import annotations

import numpy as np
import pytest

from topcalls.audio.resampler import Resampler

pytestmark = pytest.mark.unit


def tone(rate: int, hertz: float, seconds: float = 0.5) -> bytes:
    wave = 10000 * np.sin(np.arange(int(rate * seconds)) * 2 * np.pi * hertz / rate)
    return wave.astype("<i2").tobytes()


def through(resampler: Resampler, data: bytes, size: int) -> bytes:
    pieces = [resampler.feed(data[at : at + size]) for at in range(0, len(data), size)]
    return b"".join(pieces) + resampler.flush()


def level(data: bytes) -> float:
    middle = np.frombuffer(data, "<i2")[400:-400].astype(float)
    return float(np.sqrt((middle**2).mean()))


@pytest.mark.parametrize("rate", [16000, 22050, 24000])
@pytest.mark.parametrize(("hertz", "loud"), [(300, 7071), (3000, 7071), (5500, 0)])
def test_the_telephones_band_passes_and_nothing_folds(rate: int, hertz: float, loud: int) -> None:
    output = through(Resampler(rate, 8000), tone(rate, hertz), 4801)
    assert level(output) == pytest.approx(loud, abs=100)
    assert len(output) / 2 == pytest.approx(4000, abs=30)


@pytest.mark.parametrize("size", [1, 7, 333, 100_000])
def test_pieces_of_any_size_join_without_a_click(size: int) -> None:
    data = tone(24000, 440, 0.1)
    assert through(Resampler(24000, 8000), data, size) == through(
        Resampler(24000, 8000), data, len(data)
    )


def test_it_is_ready_for_another_stream() -> None:
    resampler = Resampler(22050, 8000)
    first = through(resampler, tone(22050, 440, 0.1), 500)
    assert through(resampler, tone(22050, 440, 0.1), 500) == first


def test_the_same_rate_is_left_alone() -> None:
    resampler = Resampler(8000, 8000)
    assert resampler.feed(b"abc") + resampler.feed(b"d") + resampler.flush() == b"abcd"
