"""Virtual time: it passes when everybody is done, and says so where somebody never is."""

import factories
import pytest

from topcalls.bridge.replay.loudspeaker import STEP
from topcalls.bridge.replay.pace import VirtualPace
from topcalls.errors import TopCallsError


def test_a_step_is_20_ms_however_little_time_it_takes():
    pace, happened = VirtualPace(factories.START), []
    pace.later(3 * STEP, lambda: happened.append(pace.now))
    for _ in range(3):
        assert not happened
        pace.step()
    assert happened == [pytest.approx(3 * STEP)]
    assert (pace.clock.now() - factories.START).total_seconds() == pytest.approx(3 * STEP, abs=1e-4)


def test_somebody_who_never_comes_to_an_end_is_an_error_and_no_wait_for_ever():
    pace = VirtualPace(factories.START)
    pace.stuck_seconds = 0.05
    pace.later(0, lambda: again(pace))
    with pytest.raises(TopCallsError, match="stands still"):
        pace.step()


def test_somebody_who_is_busy_for_ever_is_one_too():
    pace = VirtualPace(factories.START, is_busy=lambda: True)
    pace.stuck_seconds = 0.05
    with pytest.raises(TopCallsError, match="stands still"):
        pace.step()


def again(pace):
    pace.later(0, lambda: again(pace))
