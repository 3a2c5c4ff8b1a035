"""Calendars as text: what is busy in them, and bookings that are written."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topcalls.core import calendars
from topcalls.core.appointments import Contact, Kind, Wish
from topcalls.core.calendars import CalendarFault
from topcalls.core.slots import Span

pytestmark = pytest.mark.unit

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AUTUMN = Span(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def text(*events):
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{body}END:VCALENDAR\n"


def busy(*events, wanted=AUTUMN, zone=NEW_YORK):
    return sorted(calendars.busy(calendars.read(text(*events)), wanted, zone))


def local(span):
    return f"{span.begins.astimezone(NEW_YORK):%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("event", "begins", "minutes"),
    [
        ("DTSTART:20261124T150000Z\nDTEND:20261124T153000Z", "11-24 10:00", 30),
        ("DTSTART;TZID=America/New_York:20261124T100000\nDURATION:PT1H", "11-24 10:00", 60),
        ("DTSTART;TZID=Europe/Berlin:20261124T100000\nDURATION:PT1H", "11-24 04:00", 60),
        ("DTSTART:20261124T100000\nDURATION:PT1H", "11-24 10:00", 60),
        ("DTSTART;VALUE=DATE:20261124", "11-24 00:00", 1440),
        ("DTSTART;VALUE=DATE:20261101\nDTEND;VALUE=DATE:20261102", "11-01 00:00", 1500),
        (
            "DTSTART;TZID=America/New_York:20261101T003000\n"
            "DTEND;TZID=America/New_York:20261101T023000",
            "11-01 00:30",
            180,
        ),
    ],
)
def test_an_event_is_busy_for_as_long_as_it_is(event, begins, minutes):
    (span,) = busy(event)
    assert local(span) == begins
    assert span.ends - span.begins == timedelta(minutes=minutes)


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "status:cancelled"])
def test_what_takes_no_time_is_not_busy(line):
    assert busy(f"DTSTART:20261124T150000Z\nDURATION:PT1H\n{line}") == []


def test_events_elsewhere_in_time_are_left_out():
    assert busy("DTSTART:20260124T150000Z\nDURATION:PT1H") == []


WEEKLY = "UID:w\nDTSTART;TZID=America/New_York:20261019T090000\nDURATION:PT1H\n"


def test_what_repeats_keeps_its_wall_time_over_the_change_of_clocks():
    spans = busy(f"{WEEKLY}RRULE:FREQ=WEEKLY;COUNT=4")
    assert [local(span) for span in spans] == [
        "10-19 09:00",
        "10-26 09:00",
        "11-02 09:00",
        "11-09 09:00",
    ]
    assert spans[1].begins.hour == 13
    assert spans[2].begins.hour == 14


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("20261109T140000Z", "11-09 09:00"),
        ("20261109T135959Z", "11-02 09:00"),
        ("20261109T090000", "11-09 09:00"),
        ("20261109", "11-09 09:00"),
    ],
)
def test_the_end_of_a_rule_counts_in_its_zone(until, last):
    assert local(busy(f"{WEEKLY}RRULE:FREQ=WEEKLY;UNTIL={until}")[-1]) == last


def test_dates_are_taken_out_put_in_and_moved():
    series = (
        f"{WEEKLY}RRULE:FREQ=WEEKLY;COUNT=4\n"
        "EXDATE;TZID=America/New_York:20261026T090000\n"
        "RDATE;TZID=America/New_York:20261028T160000"
    )
    moved = (
        "UID:w\nRECURRENCE-ID;TZID=America/New_York:20261102T090000\n"
        "DTSTART;TZID=America/New_York:20261103T110000\nDURATION:PT15M"
    )
    gone = (
        "UID:w\nRECURRENCE-ID;TZID=America/New_York:20261109T090000\n"
        "DTSTART;TZID=America/New_York:20261109T090000\nDURATION:PT1H\nSTATUS:CANCELLED"
    )
    found = [local(span) for span in busy(series, moved, gone)]
    assert found == ["10-19 09:00", "10-28 16:00", "11-03 11:00"]


def test_whole_days_repeat():
    spans = busy("DTSTART;VALUE=DATE:20261031\nRRULE:FREQ=DAILY;UNTIL=20261102")
    assert [local(span) for span in spans] == ["10-31 00:00", "11-01 00:00", "11-02 00:00"]
    assert [(span.ends - span.begins).total_seconds() / 3600 for span in spans] == [24, 25, 24]


def test_an_event_without_end_repeats_until_the_end_of_what_is_asked():
    spans = busy("DTSTART:20100101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
    assert len(spans) == 92


@pytest.mark.parametrize(
    "event",
    [
        "UID:x\nDTSTART:20261124T150000Z\nRRULE:FREQ=MINUTELY",
        "UID:x\nDTSTART:18000101T150000Z\nRRULE:FREQ=DAILY",
        "UID:x\nDTSTART:20261124T150000Z\nRRULE:FREQ=DAILY;BYDAY=XX",
        "UID:x\nDTSTART:2026",
        "UID:x\nSUMMARY:No time",
        "UID:x\nnonsense\nDTSTART:20261124T150000Z",
    ],
)
def test_an_event_that_cannot_be_understood_is_named_and_nothing_is_guessed(event):
    with pytest.raises(CalendarFault, match="event x|no iCalendar"):
        busy(event)


@pytest.mark.parametrize("wrong", ["", "hello", "BEGIN:VEVENT\nEND:VEVENT\n", "BEGIN:VCALENDAR\n"])
def test_what_is_no_calendar_is_refused(wrong):
    with pytest.raises(CalendarFault):
        calendars.read(wrong)


@given(
    st.dates(date(2026, 9, 1), date(2027, 5, 1)),
    st.integers(0, 23),
    st.integers(1, 9),
    st.sampled_from(["UTC", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin"]),
)
def test_daily_events_are_at_the_same_wall_time_wherever_they_are(day, hour, days, name):
    zone = ZoneInfo(name)
    event = (
        f"DTSTART;TZID={name}:{day:%Y%m%d}T{hour:02}0000\nDURATION:PT30M\n"
        f"RRULE:FREQ=DAILY;COUNT={days}"
    )
    whole = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
    spans = busy(event, wanted=whole, zone=NEW_YORK)
    walls = [day + timedelta(days=number) for number in range(days)]
    expected = [
        datetime(one.year, one.month, one.day, hour, tzinfo=zone).astimezone(UTC) for one in walls
    ]
    assert [span.begins for span in spans] == sorted(expected)


# --- bookings


def wish(reference="ABCD2345", hour=15, call_id="call-1", replaces=None, **contact):
    begins = datetime(2026, 11, 24, hour, tzinfo=UTC)
    contact = Contact(**{"name": "Zoë Miller", "phone_number": "+12125550123", **contact})
    span = Span(begins, begins + timedelta(minutes=30))
    return Wish(
        call_id, reference, span, Kind(None, timedelta(minutes=30)), contact, NEW_YORK, replaces
    )


def add(calendar_text, made):
    return calendars.add(calendars.read(calendar_text), made, NOW)


def spans_of(calendar_text):
    return sorted(calendars.busy(calendars.read(calendar_text), AUTUMN, NEW_YORK))


def test_a_booking_is_busy_and_found_again():
    made = add(calendars.empty(), wish(email="zoe@example.com", notes="Window seat."))
    assert spans_of(made) == [wish().span]
    found = calendars.booked(calendars.read(made), "ABCD2345", "call-1")
    assert found["SUMMARY"] == "Appointment: Zoë Miller"
    assert found["DESCRIPTION"].splitlines() == [
        "Name: Zoë Miller",
        "Telephone: +12125550123",
        "E-mail: zoe@example.com",
        "Notes: Window seat.",
        "Reference: ABCD2345",
    ]
    assert calendars.booked(calendars.read(made), "ABCD2345", "call-2") is None


def test_what_was_in_the_calendar_stays():
    own = f"{WEEKLY}RRULE:FREQ=WEEKLY;COUNT=4\nSUMMARY:Staff meeting\nX-OWN;A=b:kept"
    made = add(text(own), wish())
    assert "X-OWN;A=b:kept" in made
    assert len(spans_of(made)) == 5


def test_a_calendar_with_lines_that_would_be_lost_is_not_written():
    broken = text("UID:x\nDTSTART:20260124T150000Z\nTRANSP:TRANSPARENT\nRRULE:FREQ=NEVER")
    assert spans_of(broken) == []
    with pytest.raises(CalendarFault, match="RRULE"):
        add(broken, wish())


def test_one_that_is_replaced_is_cancelled_and_frees_its_time():
    made = add(calendars.empty(), wish())
    moved = add(made, wish("WXYZ2345", hour=16, replaces="ABCD2345"))
    assert spans_of(moved) == [wish(hour=16).span]
    assert "STATUS:CANCELLED" in moved
    foreign = add(made, wish("WXYZ2345", hour=16, call_id="call-2", replaces="ABCD2345"))
    assert len(spans_of(foreign)) == 2


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_a_person_says_stays_in_its_event(name, notes):
    made = add(calendars.empty(), wish(name=name, notes=notes))
    calendar = calendars.read(made)
    assert len(calendar.walk("VEVENT")) == 1
    assert spans_of(made) == [wish().span]
    found = calendars.booked(calendar, "ABCD2345", "call-1")
    assert set(found) == set(
        calendars.booked(calendars.read(add(calendars.empty(), wish())), "ABCD2345", "call-1")
    )
