"""A transcript as text and as subtitles."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.transcript import Turn
from topcalls.core.transcript_export import SHORTEST_CUE_MS, as_srt, as_text, in_order

pytestmark = pytest.mark.unit
TURNS = [
    Turn(2, "user", "Hello Rachel.", 3299, 4120),
    Turn(1, "assistant", "Hi, this is Rachel from", 119, 2870, interrupted=True),
    Turn(3, "user", "keys 1#", 3_723_004, 3_723_004),
]
TIME = re.compile(r"(\d\d+):(\d\d):(\d\d),(\d{3}) --> (\d\d+):(\d\d):(\d\d),(\d{3})")
turns = st.lists(
    st.builds(
        Turn,
        st.integers(0, 99),
        st.sampled_from(["assistant", "user"]),
        st.text(min_size=1).filter(lambda text: text.strip()),
        st.integers(0, 10**8),
        st.integers(0, 10**8),
        st.booleans(),
    ),
    max_size=8,
)


def test_text_numbers_what_turns_rest_on_and_lists_it_at_the_end():
    sources = {1: ["Shop, Parking", "Prices, page 2"], 3: ["Prices, page 2", "Prices, page 2"]}
    assert as_text(TURNS, sources) == (
        "[00:00.1] Agent: Hi, this is Rachel from [interrupted] [1] [2]\n"
        "[00:03.2] Caller: Hello Rachel.\n"
        "[62:03.0] Caller: keys 1# [2]\n"
        "\n[1] Shop, Parking\n[2] Prices, page 2\n"
    )


def test_text_has_a_line_for_each_turn_in_the_order_they_began():
    assert as_text(TURNS) == (
        "[00:00.1] Agent: Hi, this is Rachel from [interrupted]\n"
        "[00:03.2] Caller: Hello Rachel.\n"
        "[62:03.0] Caller: keys 1#\n"
    )


def test_subtitles_are_numbered_and_stand_long_enough_to_be_read():
    assert as_srt(TURNS) == (
        "1\n00:00:00,119 --> 00:00:02,870\nAgent: Hi, this is Rachel from [interrupted]\n"
        "\n2\n00:00:03,299 --> 00:00:04,120\nCaller: Hello Rachel.\n"
        "\n3\n01:02:03,004 --> 01:02:03,504\nCaller: keys 1#\n"
    )


def test_nothing_said_is_nothing():
    assert as_text([]) == as_srt([]) == ""


@given(turns)
def test_whatever_is_said_cannot_break_a_cue(given_turns):
    cues = [cue for cue in as_srt(given_turns).split("\n\n") if cue]
    assert len(cues) == len(given_turns)
    for number, (cue, turn) in enumerate(zip(cues, in_order(given_turns), strict=True), 1):
        head, times, words = cue.rstrip("\n").split("\n")
        assert head == str(number)
        found = [int(part) for part in TIME.fullmatch(times).groups()]
        begin, end = (
            ((hours * 60 + minutes) * 60 + seconds) * 1000 + rest
            for hours, minutes, seconds, rest in (found[:4], found[4:])
        )
        assert begin == turn.started_ms
        assert end == max(turn.ended_ms, begin + SHORTEST_CUE_MS)
        assert words.startswith(("Agent: ", "Caller: "))
