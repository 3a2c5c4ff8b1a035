"""Keys to press: what is allowed, and how they are written down."""

import pytest

from topcalls.core import keys
from topcalls.errors import InvalidRequest
from topcalls.esl.commands import uuid_send_dtmf

CHANNEL = "2f6f9f8a-6a1e-4a8e-8a3a-5a8f2f1c7d42"


@pytest.mark.parametrize(
    ("digits", "pause_ms", "expected"),
    [
        ("12#", 0, "12#"),
        ("1w2W*", 0, "1w2W*"),
        ("123", 500, "1w2w3"),
        ("123", 1, "1w2w3"),
        ("12", 1200, "1Ww2"),
        ("1w2", 1000, "1w2"),
        ("aB", 0, "aB"),
        ("1", 5000, "1"),
    ],
)
def test_what_the_switch_is_given(digits, pause_ms, expected):
    assert keys.dial_string(digits, pause_ms) == expected
    assert uuid_send_dtmf(CHANNEL, keys.dial_string(digits, pause_ms)).endswith(f" {expected}")


@pytest.mark.parametrize(
    ("text", "lead_ms", "heard", "seconds"),
    [
        ("1", 0, (("1", 100),), 0.2),
        ("1w2W#", 0, (("1", 600), ("2", 1100), ("#", 100)), 2.1),
        ("wW5a", 1500, (("5", 100), ("A", 100)), 1.9),
    ],
)
def test_as_sound_each_key_is_followed_by_its_pause(text, lead_ms, heard, seconds):
    made = keys.sounds(text)
    assert (made.lead_ms, made.keys) == (lead_ms, heard)
    assert made.seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("digits", "pause_ms", "field"),
    [
        ("", 0, "digits"),
        ("wW", 0, "digits"),
        ("12 3", 0, "digits"),
        ("1\n2", 0, "digits"),
        ("1@200", 0, "digits"),
        ("1" * 33, 0, "digits"),
        ("E", 0, "digits"),
        (12, 0, "digits"),
        (None, 0, "digits"),
        ("12", -1, "pause_ms"),
        ("12", 5001, "pause_ms"),
        ("12", True, "pause_ms"),
        ("12", "500", "pause_ms"),
        ("1" * 32, 1500, "digits"),
        ("1" + "W" * 21, 0, "digits"),
    ],
)
def test_what_is_refused(digits, pause_ms, field):
    with pytest.raises(InvalidRequest) as refused:
        keys.dial_string(digits, pause_ms)
    assert [fault.path for fault in refused.value.errors] == [field]


def test_in_a_transcript_they_can_be_told_or_only_counted():
    assert keys.written("1w2W#") == "[pressed 12#]"
    assert keys.masked("1w2W#") == "[pressed ***]"
