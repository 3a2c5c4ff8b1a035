"""When to speak to what answered."""

from __future__ import annotations

import pytest

from topcalls.core.answer_timing import SpeakingTime

pytestmark = pytest.mark.unit


def after_a_greeting(end: float = 5.0) -> SpeakingTime:
    time = SpeakingTime()
    time.speech_began()
    time.speech_ended(end)
    return time


def test_nothing_comes_before_it_is_waited_for_or_after() -> None:
    time = after_a_greeting()
    time.beep(5.5)
    assert not time.has_come(20.0)
    time.wait(5.2, for_beep=True)
    assert time.has_come(5.6)
    time.stop()
    assert not time.has_come(20.0)


@pytest.mark.parametrize(("beep", "comes"), [(3.6, True), (3.4, False), (6.0, True)])
def test_a_beep_may_be_over_shortly_before_it_is_waited_for(beep: float, comes: bool) -> None:
    time = after_a_greeting()
    time.beep(beep)
    time.wait(5.0, for_beep=True)
    assert (time.by_beep, time.has_come(6.1)) == (comes, comes)


def test_a_beep_is_not_forgotten_however_long_the_agent_must_go_on_speaking() -> None:
    time = after_a_greeting()
    time.wait(5.0, for_beep=True)
    time.beep(5.5)
    time.wait(30.0, for_beep=True)
    assert time.has_come(30.0)


@pytest.mark.parametrize(("for_beep", "seconds"), [(True, 4.0), (False, 0.8)])
def test_silence_is_the_moment_where_there_is_no_beep(for_beep: bool, seconds: float) -> None:
    time = after_a_greeting()
    time.wait(5.0, for_beep=for_beep)
    assert not time.has_come(5.0 + seconds - 0.05)
    assert time.has_come(5.0 + seconds + 0.01)


def test_a_question_is_not_over_while_it_is_asked() -> None:
    time = after_a_greeting()
    time.wait(5.0, for_beep=False)
    time.speech_began()
    assert not time.has_come(9.0)
    time.speech_ended(9.0)
    assert time.has_come(9.85)
