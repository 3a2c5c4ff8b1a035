"""The figures of a campaign, and the forecast of its end."""

from datetime import UTC, datetime, timedelta

import pytest

from topcalls.core.campaign_schedule import schedule_of
from topcalls.core.campaign_state import ContactState
from topcalls.core.campaign_statistics import Ended, figures, forecast

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOBODY = dict.fromkeys(map(str, ContactState), 0)
QUARTER = timedelta(minutes=15)
ANY_TIME = schedule_of(None)


def campaign(waiting=0, done=0, ended=(), conversions=(), **others):
    return figures(
        {**NOBODY, "waiting": waiting, "done": done, **others},
        [Ended(*one) for one in ended],
        conversions,
    )


def test_rates_are_of_what_was_dialled():
    found = campaign(
        waiting=50,
        done=40,
        in_flight=5,
        skipped=5,
        removed=7,
        ended=[
            (None, None, 5),
            ("completed", "sold", 10, 1200),
            ("completed", None, 10, 600),
            ("opted_out", None, 2, 20),
            ("voicemail", None, 8, 80),
            ("no_answer", None, 10),
            ("deferred", None, 3),
            ("dispatch_timeout", None, 2),
        ],
        conversions=["sold", "booked"],
    )
    assert (found.total, found.left, found.calls) == (100, 55, 50)
    assert (found.open_calls, found.dialled, found.answered, found.connected) == (5, 40, 30, 22)
    assert (found.conversions, found.opted_out) == (10, 2)
    assert found.answer_rate == 0.75
    assert found.connection_rate == 0.55
    assert found.completion_rate == 0.45
    assert found.conversion_rate == pytest.approx(10 / 22, abs=1e-4)
    assert found.average_seconds == 63.3


def test_without_calls_there_are_no_rates():
    found = campaign()
    rates = (found.answer_rate, found.connection_rate, found.conversion_rate)
    assert rates == (None, None, None)
    assert found.completion_rate is None
    assert found.average_seconds is None


def test_the_pace_of_the_last_minutes_goes_on():
    found = campaign(waiting=80, done=20, ended=[("completed", None, 20), ("busy", None, 20)])
    told = forecast(found, 30, timedelta(hours=1), ANY_TIME, "UTC", NOW)
    assert (told.calls_per_minute, told.expected_calls) == (2.0, 160)
    assert told.ends_at == NOW + timedelta(minutes=80)


def test_what_began_a_minute_ago_has_the_pace_of_that_minute():
    told = forecast(campaign(waiting=100), 10, timedelta(seconds=60), ANY_TIME, "UTC", NOW)
    assert told.calls_per_minute == 10
    assert told.ends_at == NOW + timedelta(minutes=10)


def test_hours_that_are_closed_do_not_count():
    hours = {"windows": [{"start": "09:00", "end": "13:00"}], "time_zone": "UTC"}
    told = forecast(campaign(waiting=300), 15, QUARTER, schedule_of(hours), "UTC", NOW)
    assert told.calls_per_minute == 1  # an hour today, four tomorrow
    assert told.ends_at == datetime(2026, 11, 24, 13, tzinfo=UTC)
    by_leads = {**hours, "time_zone": "lead"}
    there = forecast(campaign(waiting=30), 15, QUARTER, schedule_of(by_leads), "Asia/Tokyo", NOW)
    assert there.ends_at == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)


def test_nobody_can_tell():
    slow = forecast(campaign(waiting=10), 0, QUARTER, ANY_TIME, "UTC", NOW)
    assert (slow.ends_at, slow.reason, slow.expected_calls) == (None, "no_calls_lately", 10)
    ends = {"end_at": "2026-11-23T13:00Z"}
    late = forecast(campaign(waiting=1000), 15, QUARTER, schedule_of(ends), "UTC", NOW)
    assert (late.ends_at, late.reason) == (None, "not_by_its_end")
    far = forecast(campaign(waiting=1_000_000), 15, QUARTER, ANY_TIME, "UTC", NOW)
    assert (far.ends_at, far.reason) == (None, "too_far_ahead")


def test_when_nobody_is_left_it_ends_now():
    assert forecast(campaign(done=5), 0, QUARTER, ANY_TIME, "UTC", NOW).ends_at == NOW
