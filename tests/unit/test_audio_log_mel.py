"""The features are those of the reference implementation.

The figures were computed by transformers 5.24 (`audio_utils.spectrogram` and `mel_filter_bank` as
`WhisperFeatureExtractor` calls them, `do_normalize=True`) for `sound()`; all 64,000 of them agreed
within 2e-7.
"""

import numpy as np
import pytest

from topcalls.audio.log_mel import RATE, log_mel


def sound():
    """Eight seconds: silence, noise, a tone that rises, a high one besides."""
    time = np.arange(8 * RATE) / RATE
    noise = np.random.default_rng(7).standard_normal(time.size)
    rising = 0.3 * np.sin(2 * np.pi * (200 + 60 * time) * time) * (time > 2)
    high = 0.05 * np.sin(2 * np.pi * 3100 * time) * (time > 5)
    return (rising + high + 0.01 * noise * (time > 1)).astype(np.float32)


def test_the_features_are_those_of_the_reference():
    found = log_mel(sound())
    assert found.shape == (80, 800)
    assert found.dtype == np.float32
    wanted = {
        (0, 0): -0.2914,
        (3, 250): 0.5297,
        (10, 400): 0.5923,
        (25, 555): 0.9074,
        (40, 700): 0.5642,
        (60, 123): 0.5681,
        (79, 799): 0.5180,
        (57, 600): 0.5289,
    }
    for place, value in wanted.items():
        assert found[place] == pytest.approx(value, abs=1e-4)
    assert found.mean() == pytest.approx(0.444065, abs=1e-5)


def test_silence_has_features_too():
    found = log_mel(np.zeros(8 * RATE, np.float32))
    assert np.isfinite(found).all()
