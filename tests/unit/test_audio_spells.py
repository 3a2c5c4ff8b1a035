"""Spells: the same in a recording as in sound while it is played."""

import numpy as np
import pytest

from topcalls.audio.spells import AGENT_GAP_MS, SpellWatch, spells_of

pytestmark = pytest.mark.unit
FRAME = 160  # samples of 20 ms


def sounding(*spans, whole_ms=5000):
    frames = np.zeros(whole_ms // 10, bool)
    for start, end in spans:
        frames[start // 10 : end // 10] = True
    return frames


def test_short_silences_are_bridged():
    frames = sounding((500, 1000), (1600, 2000), (2800, 3000))
    assert spells_of(frames, 700) == [(500, 2000), (2800, 3000)]
    assert spells_of(frames, 300) == [(500, 1000), (1600, 2000), (2800, 3000)]
    assert spells_of(sounding(), 300) == []


def test_edges_are_added_where_there_is_room():
    frames = sounding((50, 1000), (1400, 2000), (4950, 5000))
    assert spells_of(frames, 300, 120) == [(0, 1120), (1280, 2120), (4830, 5000)]


def test_edges_meet_in_the_middle():
    assert spells_of(sounding((500, 1000), (1300, 2000)), 200, 200) == [(300, 1150), (1150, 2200)]


def frame(loud):
    samples = np.tile([8000, -8000], FRAME // 2) if loud else np.zeros(FRAME)
    return samples.astype("<i2").tobytes()


def watched(*spans, until_ms):
    watch = SpellWatch()
    for at in range(0, until_ms, 20):
        watch.feed(frame(any(start <= at < end for start, end in spans)))
    return watch


def test_it_is_noticed_when_somebody_speaks_and_has_stopped():
    watch = watched((1000, 2000), until_ms=1500)
    assert (watch.count, watch.is_speaking, watch.began_ms) == (1, True, 1000)
    watch = watched((1000, 2000), until_ms=2400)
    assert (watch.is_speaking, watch.began_ms is not None) == (False, True)
    assert 2000 <= watch.ended_ms <= 2040
    assert watched((1000, 2000), until_ms=2000 + AGENT_GAP_MS + 100).began_ms is None


def test_what_follows_after_a_short_silence_is_the_same_spell():
    assert watched((1000, 2000), (2500, 3000), until_ms=3100).count == 1
    assert watched((1000, 2000), (2900, 3500), until_ms=3600).count == 2


def test_silence_and_a_click_are_no_spell():
    watch = watched((1000, 1020), until_ms=3000)
    assert (watch.count, watch.silent_ms, watch.is_speaking) == (0, 0, False)
