"""Where silence goes into the recording of a call that was on hold."""

from itertools import product

import pytest

from topcalls.core.holds import NEGLIGIBLE_MS, HoldTold, Silence, silences


def held(*moments):
    """On hold and off again at these moments, in turns."""
    return [HoldTold(number % 2 == 0, at) for number, at in enumerate(moments)]


def test_a_call_that_was_never_on_hold_gets_none():
    assert silences([], 60_000, 40_000) == ()


def test_one_hold():
    assert silences(held(10_000, 25_000), 60_000, 45_000) == (Silence(10_000, 15_000),)


def test_each_hold_has_its_place_in_what_was_recorded():
    told = held(10_000, 15_000, 30_000, 33_000)
    assert silences(told, 60_000, 52_000) == (Silence(10_000, 5_000), Silence(25_000, 3_000))


def test_a_hold_that_lasts_to_the_end():
    assert silences(held(40_000), 60_000, 40_000) == (Silence(40_000, 20_000),)


def test_what_is_missing_otherwise_is_not_made_up_for():
    assert silences(held(10_000, 15_000), 60_000, 30_000) == (Silence(10_000, 5_000),)


def test_a_switch_that_recorded_the_hold_gets_none():
    assert silences(held(10_000, 15_000), 60_000, 60_000 - NEGLIGIBLE_MS) == ()


def test_never_more_than_is_missing():
    told = held(10_000, 20_000, 30_000, 40_000)
    found = silences(told, 60_000, 45_000)
    assert found == (Silence(10_000, 7_500), Silence(22_500, 7_500))


def test_a_file_that_was_cut_off_before_the_hold_gets_it_at_its_end():
    assert silences(held(40_000, 50_000), 60_000, 20_000) == (Silence(20_000, 10_000),)


@pytest.mark.parametrize(
    "told",
    [
        [HoldTold(False, 5_000), *held(10_000, 15_000)],
        [HoldTold(True, 10_000), HoldTold(True, 12_000), HoldTold(False, 15_000)],
        [*held(10_000, 15_000), HoldTold(False, 20_000)],
    ],
)
def test_what_is_told_twice_or_out_of_turn(told):
    assert silences(told, 60_000, 55_000) == (Silence(10_000, 5_000),)


def test_clocks_that_disagree_make_no_hold_outside_the_call():
    told = [HoldTold(True, -50), HoldTold(False, 5_000), *held(59_000, 61_000)]
    assert silences(told, 60_000, 54_000) == (Silence(0, 5_000), Silence(54_000, 1_000))
    assert silences([HoldTold(True, 9_000), HoldTold(False, 8_000)], 60_000, 50_000) == ()


def test_whatever_was_told_the_recording_is_never_longer_than_its_call():
    moments = (0, 400, 7_000, 20_000)
    for kinds in product([True, False], repeat=4):
        told = [HoldTold(kind, at) for kind, at in zip(kinds, moments, strict=True)]
        for recorded in range(0, 20_001, 1_000):
            found = silences(told, 20_000, recorded)
            assert recorded + sum(item.lasts_ms for item in found) <= 20_000 + len(found)
            assert all(0 <= item.at_ms <= recorded for item in found)
            assert [item.at_ms for item in found] == sorted(item.at_ms for item in found)


def test_once_put_in_none_is_missing():
    told = held(10_000, 25_000)
    added = sum(item.lasts_ms for item in silences(told, 60_000, 44_950))
    assert silences(told, 60_000, 44_950 + added) == ()
