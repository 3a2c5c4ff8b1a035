"""What is said while the recording is paused is not written down."""

from datetime import timedelta

import pytest

from topcalls.core import recording_retry
from topcalls.core.redaction import MARGIN_MS, MASKED, Redaction
from topcalls.core.transcript import Turn

pytestmark = pytest.mark.unit


def turn(began, ended, text="four one one one", masked=""):
    return Turn(1, "user", text, began, ended, masked=masked)


@pytest.fixture
def paused_from_5_to_9():
    made = Redaction()
    made.begin(5000)
    made.begin(6000)
    made.end(9000)
    made.end(20000)
    return made


@pytest.mark.parametrize(
    ("began", "ended", "hidden"),
    [
        (6000, 8000, True),
        (1000, 5100, True),
        (8900, 12000, True),
        (1000, 12000, True),
        (1000, 5000 - MARGIN_MS - 1, False),
        (9000 + MARGIN_MS + 1, 12000, False),
        (1000, 5000 - MARGIN_MS, True),
    ],
)
def test_a_turn_is_left_out_where_any_part_of_it_lies_in_a_pause(
    paused_from_5_to_9, began, ended, hidden
):
    written = paused_from_5_to_9.applied(turn(began, ended))
    assert (written.text == MASKED) is hidden
    assert (written.started_ms, written.ended_ms) == (began, ended)


def test_a_pause_that_lasts_hides_everything_after_it():
    redaction = Redaction()
    assert not redaction.is_on
    redaction.begin(5000)
    assert redaction.is_on
    assert redaction.applied(turn(90_000, 95_000)).text == MASKED
    assert redaction.applied(turn(0, 2000)).text != MASKED


def test_pressed_keys_are_hidden_too(paused_from_5_to_9):
    keys = turn(7000, 7000, "[pressed 4111]", masked="[pressed ****]")
    written = paused_from_5_to_9.applied(keys)
    assert (written.text, written.masked) == (MASKED, "")


def test_a_turn_without_words_stays_without(paused_from_5_to_9):
    assert paused_from_5_to_9.applied(turn(7000, 7000, "")).text == ""


def test_tries_become_rarer_and_never_end():
    pauses = [recording_retry.pause_after(failures) for failures in (1, 2, 3, 8, 1000)]
    assert pauses == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 600, 600)]
