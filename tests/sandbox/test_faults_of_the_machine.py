"""The database is locked or gone, a disk is full, the clock is set back, with calls up."""

import sqlite3
import time
from contextlib import closing, contextmanager

import pytest
from fault_scenarios import DONE, MIDDLE, MUTE, SHORT, TALKS
from faulty_product import outcome
from scenarios import words

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(240)]


@pytest.fixture
def up(faulty, place):
    """A call that is up."""
    call_id = place(MIDDLE)
    faulty.wait_until(call_id, lambda call: call["call_status"] == "in-progress")
    return call_id


def let_pass(faulty, seconds):
    until = time.monotonic() + seconds
    faulty.wait_for(lambda: time.monotonic() > until, lambda: "the time does not pass")


@contextmanager
def locked(faulty):
    """Somebody else writes to the database, and takes their time."""
    path = faulty.directory / "var" / "topcalls.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as stranger:
        stranger.execute("begin immediate")
        try:
            yield
        finally:
            stranger.execute("rollback")


@contextmanager
def moved(faulty):
    """The database is somewhere else."""
    folder = faulty.directory / "var"
    away = faulty.directory / "away"
    away.mkdir()
    names = [path.name for path in folder.glob("topcalls.db*")]
    for name in names:
        (folder / name).rename(away / name)
    try:
        yield
    finally:
        for name in names:
            (away / name).rename(folder / name)


def test_a_database_locked_for_two_seconds_is_waited_for(faulty, place, up):
    with locked(faulty):
        let_pass(faulty, 2)
    later = place(SHORT)
    assert outcome(faulty.wait_over(up)) == DONE
    assert outcome(faulty.wait_over(later)) == DONE


def test_a_call_outlives_a_database_that_cannot_be_written_to(faulty, place, up):
    """For longer than a verb waits; the call ends meanwhile, and is written down later."""
    with locked(faulty):
        refused = faulty.request("POST", "/v1/calls", {"phone_number": SHORT, "task": "Say hello."})
        assert refused.status == 503, refused.body
        let_pass(faulty, 1)
        assert faulty.switch_state()["calls"] == []
        assert faulty.details(up)["status"] == "in_progress"
    call = faulty.wait_over(up)
    assert outcome(call) == DONE
    assert 3 <= call["actual_duration_billed"] * 60 <= 6


def test_a_database_file_that_is_moved_away_for_a_while_is_not_replaced(faulty, place, up):
    """Nothing is accepted that could be lost, calls go on and are written down later, and nobody
    begins an empty one."""
    with moved(faulty):
        refused = faulty.request("POST", "/v1/calls", {"phone_number": SHORT, "task": "Say hello."})
        assert refused.status == 503, refused.body
        let_pass(faulty, 2)
        assert list((faulty.directory / "var").glob("topcalls.db*")) == []
    assert outcome(faulty.wait_over(up)) == DONE
    assert outcome(faulty.wait_over(place(SHORT))) == DONE


def test_a_recording_waits_for_room_and_its_call_does_not(faulty, full_disk, place):
    with full_disk("recordings"):
        waits = place(SHORT)
        call = faulty.wait_over(waits)
        assert outcome(call) == DONE
        assert (call["recording_url"], call["recording"]["state"]) == (None, "storing")
        assert "is full" in call["recording"]["problem"]
    faulty.wait_until(waits, lambda call: call["recording_url"])


def test_a_full_disk_on_which_recordings_are_made_costs_what_does_not_fit(
    faulty, full_disk, place, up
):
    with full_disk("spool"):
        unrecorded = place(SHORT)
        assert [outcome(faulty.wait_over(call_id)) for call_id in (up, unrecorded)] == [DONE] * 2
        assert "Calls may not be recorded" in faulty.logs()
    assert faulty.details(unrecorded)["recording_url"] is None
    recorded = place(SHORT)
    assert outcome(faulty.wait_over(recorded)) == DONE
    faulty.wait_until(recorded, lambda call: call["recording_url"])


def test_an_agent_that_nobody_hears_on_a_full_disk_does_not_go_on(faulty, full_disk, place):
    mute = place(TALKS)
    faulty.wait_until(mute, lambda call: call["status"] == "in_progress")
    with full_disk("playback"):
        call = faulty.wait_over(mute)
    assert outcome(call) == MUTE
    assert call["ended_by"] == "gateway"
    assert words(call, "assistant") == ""


def test_a_clock_set_back_an_hour_changes_no_call(faulty, set_clock, place, up):
    set_clock(-3600)
    later = place(SHORT)
    call = faulty.wait_over(up)
    assert outcome(call) == DONE
    assert 3 <= call["actual_duration_billed"] * 60 <= 6
    faulty.wait_webhook(up, "call.completed")
    assert outcome(faulty.wait_over(later)) == DONE
