"""A controller dials only on a switch that is there, ready, and has room; what it tells of it."""

from datetime import UTC, datetime

import pytest

from topcalls.clock import ManualClock
from topcalls.controller.playback_directory import PlaybackDirectory
from topcalls.controller.switch_health import SwitchHealth
from topcalls.errors import SwitchError
from topcalls.esl import switch_status

pytestmark = pytest.mark.unit
STATUS = """UP 0 years, 0 days, 1 hour, 2 minutes, 3 seconds, 4 milliseconds, 5 microseconds
FreeSWITCH (Version 1.10.12 -release 64bit) is ready
7 session(s) since startup
{sessions} session(s) - peak 3, last 5min 2
0 session(s) per Sec out of max 30, peak 1, last 5min 1
1000 session(s) max
min idle cpu 0.00/{idle}
Current Stack Size/Max 240K/8192K
"""


class Switch:
    """Stands in for the client: up, and with this status."""

    def __init__(self):
        self.is_up = True
        self.last_error = ""
        self.status = STATUS.format(sessions=2, idle="98.33")

    def api(self, command, timeout):
        assert command == "status"
        if isinstance(self.status, Exception):
            raise self.status
        return self.status


@pytest.fixture
def switch():
    return Switch()


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 11, 23, 12, tzinfo=UTC))


@pytest.fixture
def problems():
    """What is wrong with the media, if anything."""
    return [""]


@pytest.fixture
def health(switch, clock, problems):
    made = SwitchHealth(switch, clock, min_idle_percent=5, media_problem=lambda: problems[0])
    made.came_up()
    return made


def test_a_switch_that_was_never_reached_gets_no_calls(switch, clock):
    switch.is_up = False
    health = SwitchHealth(switch, clock)
    assert not health.may_dial
    assert not health.report.is_up
    assert "not reached" in health.report.obstacle


def test_a_healthy_switch_gets_calls_and_is_told_of(health, clock):
    assert health.may_dial
    vitals = health.report.vitals
    assert (health.report.is_up, health.report.since) == (True, clock.now())
    assert (vitals.version, vitals.sessions, vitals.max_sessions) == ("1.10.12", 2, 1000)
    assert vitals.idle_percent == 98.33


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (STATUS.format(sessions=1000, idle="98.33"), "1000 sessions"),
        (STATUS.format(sessions=1, idle="4.99"), "idle"),
        (STATUS.replace("is ready", "is not ready").format(sessions=1, idle="98.33"), "paused"),
        (SwitchError("No answer in time."), "No answer in time"),
    ],
)
def test_what_the_switch_says_keeps_calls_away_until_it_is_better(health, switch, status, words):
    well, switch.status = switch.status, status
    health.look()
    assert not health.may_dial
    assert words in health.report.obstacle
    assert health.report.is_up
    switch.status = well
    health.look()
    assert health.may_dial


def test_an_answer_in_other_words_keeps_nothing_away(health, switch):
    switch.status = "UP and well"
    health.look()
    assert health.may_dial
    assert switch_status.parse("").version == ""


def test_media_that_do_not_work_keep_calls_away(health, problems):
    problems[0] = "The playback directory is gone."
    health.look()
    assert not health.may_dial
    assert health.report.obstacle == problems[0]


def test_going_down_is_told_with_its_time_and_reason(health, switch, clock):
    clock.advance(60)
    switch.is_up, switch.last_error = False, ""
    health.went_down("connection reset")
    went = clock.now()
    clock.advance(60)
    health.look()
    assert (health.report.is_up, health.report.since) == (False, went)
    assert "connection reset" in health.report.obstacle
    switch.last_error = "refused"
    health.look()
    assert "refused" in health.report.obstacle
    switch.is_up = True
    clock.advance(60)
    health.came_up()
    assert (health.report.is_up, health.report.since) == (True, clock.now())
    assert health.may_dial


def test_a_playback_directory_is_looked_at(tmp_path, clock, monkeypatch):
    directory = PlaybackDirectory(tmp_path / "playback", "node-1.1.0badcafe", clock)
    assert "gone" in directory.problem()
    directory.open()
    assert directory.problem() == ""
    monkeypatch.setattr("topcalls.controller.playback_directory.LEAST_BYTES", 1 << 70)
    assert "full" in directory.problem()
    monkeypatch.setattr("os.access", lambda path, mode: False)
    assert "written" in directory.problem()
    directory.close()
    assert "gone" in directory.problem()
