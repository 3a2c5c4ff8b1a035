"""When a campaign may call."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core.campaign_schedule import Schedule, Window, is_over, opens_at, schedule_of

pytestmark = pytest.mark.unit
NEW_YORK, CHICAGO, KOLKATA = "America/New_York", "America/Chicago", "Asia/Kolkata"
WEEKDAYS = ["mon", "tue", "wed", "thu", "fri"]
OFFICE = {"windows": [{"days": WEEKDAYS, "start": "09:00", "end": "17:30"}]}


def at(text):
    return datetime.fromisoformat(text)


def opening(section, zones, moment, **more):
    found = opens_at(schedule_of(section), zones, at(moment), **more)
    return found and found.astimezone(UTC).isoformat()


@pytest.mark.parametrize(
    ("zones", "moment", "opens"),
    [
        ([NEW_YORK], "2026-12-01T14:00:00+00:00", "2026-12-01T14:00:00+00:00"),
        ([NEW_YORK], "2026-12-01T13:59:59+00:00", "2026-12-01T14:00:00+00:00"),
        ([NEW_YORK], "2026-12-01T22:29:59+00:00", "2026-12-01T22:29:59+00:00"),
        ([NEW_YORK], "2026-12-01T22:30:00+00:00", "2026-12-02T14:00:00+00:00"),
        ([NEW_YORK], "2026-12-04T22:30:00+00:00", "2026-12-07T14:00:00+00:00"),
        ([NEW_YORK, CHICAGO], "2026-12-01T14:00:00+00:00", "2026-12-01T15:00:00+00:00"),
        ([CHICAGO, NEW_YORK], "2026-12-01T22:45:00+00:00", "2026-12-02T15:00:00+00:00"),
        ([], "2026-12-01T08:00:00+00:00", "2026-12-01T09:00:00+00:00"),
    ],
)
def test_hours_are_local_and_of_every_zone(zones, moment, opens):
    assert opening(OFFICE, zones, moment) == opens


def test_zones_whose_hours_never_meet_are_never_called():
    section = {"windows": [{"start": "09:00", "end": "10:00"}]}
    assert opening(section, [NEW_YORK, KOLKATA], "2026-12-01T00:00:00+00:00") is None


def test_a_zone_of_the_campaign_holds_for_everybody():
    section = {**OFFICE, "time_zone": "Europe/Paris"}
    assert opening(section, [NEW_YORK], "2026-12-01T07:00:00+00:00") == "2026-12-01T08:00:00+00:00"


def test_without_windows_any_hour_is_right_but_no_day_off():
    section = {"blackout_dates": ["2026-12-24", "2026-12-25"], "time_zone": "lead"}
    night = "2026-12-01T03:00:00+00:00"
    assert opening(section, [NEW_YORK], night) == night
    christmas = "2026-12-24T12:00:00+00:00"
    assert opening(section, [NEW_YORK], christmas) == "2026-12-26T05:00:00+00:00"


def test_dates_bound_it():
    section = {
        **OFFICE,
        "start_at": "2026-12-03T15:00:00+00:00",
        "end_at": "2026-12-04T15:00:00+00:00",
    }
    assert opening(section, [NEW_YORK], "2026-12-01T15:00:00+00:00") == "2026-12-03T15:00:00+00:00"
    assert opening(section, [NEW_YORK], "2026-12-03T23:00:00+00:00") == "2026-12-04T14:00:00+00:00"
    assert opening(section, [NEW_YORK], "2026-12-04T15:00:00+00:00") is None
    assert opening(section, [CHICAGO], "2026-12-03T23:30:00+00:00") is None
    assert is_over(schedule_of(section), at("2026-12-04T15:00:00+00:00"))
    assert not is_over(schedule_of(section), at("2026-12-04T14:59:59+00:00"))
    assert not is_over(Schedule(), at("2026-12-04T14:59:59+00:00"))


def test_holidays_are_skipped_where_it_says_so():
    skip, monday = {**OFFICE, "holidays": "skip"}, "2026-12-07T15:00:00+00:00"
    holidays = {date(2026, 12, 7), date(2026, 12, 8)}.__contains__
    assert opening(skip, [NEW_YORK], monday, is_holiday=holidays) == "2026-12-09T14:00:00+00:00"
    assert opening(OFFICE, [NEW_YORK], monday, is_holiday=holidays) == monday
    never = opening(skip, [NEW_YORK], monday, is_holiday=lambda day: True)
    assert never is None


@pytest.mark.parametrize(
    "section",
    [
        {"windows": [{"days": ["mon"], "start": "09:00", "end": "09:00"}]},
        {"windows": [{"days": ["mon"], "start": "09:00", "end": "10:00"}],
         "blackout_dates": ["2026-12-07"], "end_at": "2026-12-12T00:00:00+00:00"},
    ],
)  # fmt: skip
def test_an_impossible_schedule_opens_never(section):
    assert opening(section, [NEW_YORK], "2026-12-01T00:00:00+00:00") is None


def test_several_windows_of_a_day():
    section = {
        "windows": [
            {"days": ["mon"], "start": "17:00", "end": "24:00"},
            {"days": ["mon"], "start": "09:00", "end": "12:00"},
        ]
    }
    assert opening(section, ["UTC"], "2026-12-07T12:00:00+00:00") == "2026-12-07T17:00:00+00:00"
    assert opening(section, ["UTC"], "2026-12-07T23:59:00+00:00") == "2026-12-07T23:59:00+00:00"
    assert opening(section, ["UTC"], "2026-12-08T00:00:00+00:00") == "2026-12-14T09:00:00+00:00"


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.lists(
        st.sampled_from(
            [NEW_YORK, CHICAGO, "America/Phoenix", "America/St_Johns", "Europe/London"]
        ),
        min_size=1,
        max_size=3,
        unique=True,
    ),
    st.integers(0, 20),
    st.integers(1, 12),
    st.frozensets(st.integers(0, 6), min_size=1),
)
def test_whenever_it_opens_every_zone_is_in_its_hours_and_a_second_before_none_was(
    moment, zones, hour, length, days
):
    window = Window(days, hour * 60, min(1440, (hour + length) * 60))
    schedule = Schedule(windows=(window,))
    opened = opens_at(schedule, zones, moment)

    def is_open(instant):
        for zone in zones:
            local = instant.astimezone(ZoneInfo(zone))
            minutes = local.hour * 60 + local.minute
            if local.weekday() not in days or not window.start <= minutes < window.end:
                return False
        return True

    if opened is None:
        assert not is_open(moment)
        return
    assert is_open(opened)
    assert opens_at(schedule, zones, opened) == opened
    if opened > moment:
        assert not is_open(max(moment, opened - timedelta(seconds=1)))
