"""When a line without any audio is given up."""

import pytest

from topcalls.core.dead_line import LONGEST_SECONDS, seconds_without_audio

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("silence_timeout", "seconds"), [(5, 7.5), (10, 15), (30, 35), (54, 59), (56, 60), (600, 60)]
)
def test_after_the_agent_has_asked_and_before_it_gives_up(silence_timeout, seconds):
    assert seconds_without_audio(silence_timeout) == seconds
    gives_up = silence_timeout + min(silence_timeout, 10)
    assert silence_timeout < seconds < gives_up or seconds == LONGEST_SECONDS
