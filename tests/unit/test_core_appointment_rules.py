"""The `appointments` of a call: every fault with its field, and what a right section means."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from topcalls.core.appointment_rules import appointment_faults
from topcalls.core.appointments import (
    Kind,
    appointments_of,
    book_spec,
    find_spec,
    reference_of,
    window,
)
from topcalls.core.json_schema import Checker, schema_faults
from topcalls.core.slots import Span
from topcalls.core.web_addresses import EVERYWHERE

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOURS = {"monday": ["09:00-12:00", "13:00-17:00"], "friday": ["22:00-24:00"]}
CALENDAR = {"time_zone": "America/New_York", "calendar": {"hours": HOURS}}
WEBHOOK = {"time_zone": "Europe/Berlin", "webhook": {"url": "https://example.com/book"}}


def calendar(**changes):
    return {**CALENDAR, "calendar": {"hours": HOURS, **changes}}


@pytest.mark.parametrize(
    "section",
    [
        CALENDAR,
        WEBHOOK,
        {**CALENDAR, "webhook": None, "kinds": None},
        {**CALENDAR, "kinds": [{"name": "Cut"}, {"name": "Colour", "duration_minutes": 90}]},
        {**WEBHOOK, "required": ["email"], "notice_minutes": 0, "days_ahead": 365},
        calendar(name="salon_2", step_minutes=15, buffer_minutes=10),
        calendar(hours={"sunday": ["00:00-24:00"], "monday": None}),
    ],
)
def test_a_right_section_has_no_faults(section):
    assert list(appointment_faults(section)) == []


@pytest.mark.parametrize(
    ("section", "path", "code"),
    [
        ({**CALENDAR, "colour": 1}, "colour", "unknown"),
        ({"calendar": {"hours": HOURS}}, "time_zone", "required"),
        ({**CALENDAR, "time_zone": "Mars/Olympus"}, "time_zone", "invalid_time_zone"),
        ({**CALENDAR, "time_zone": "../../etc/passwd"}, "time_zone", "invalid_time_zone"),
        ({**CALENDAR, "time_zone": 5}, "time_zone", "invalid_time_zone"),
        ({**CALENDAR, "duration_minutes": 4}, "duration_minutes", "range"),
        ({**CALENDAR, "duration_minutes": "30"}, "duration_minutes", "invalid_type"),
        ({**CALENDAR, "duration_minutes": True}, "duration_minutes", "invalid_type"),
        ({**CALENDAR, "days_ahead": 366}, "days_ahead", "range"),
        ({**CALENDAR, "kinds": {}}, "kinds", "invalid_kinds"),
        ({**CALENDAR, "kinds": ["Cut"]}, "kinds.0", "invalid_type"),
        ({**CALENDAR, "kinds": [{"name": "\n"}]}, "kinds.0.name", "invalid_name"),
        ({**CALENDAR, "kinds": [{"name": "A"}, {"name": "a"}]}, "kinds.1.name", "duplicate"),
        ({**CALENDAR, "kinds": [{"name": "A", "price": 1}]}, "kinds.0.price", "unknown"),
        ({**CALENDAR, "required": ["shoe_size"]}, "required.0", "unknown"),
        ({**CALENDAR, "required": "email"}, "required", "invalid_type"),
        ({**CALENDAR, **WEBHOOK}, "calendar", "one_of_two"),
        ({"time_zone": "UTC"}, "calendar", "one_of_two"),
        ({**CALENDAR, "calendar": "salon"}, "calendar", "invalid_type"),
        (calendar(name="../secret"), "calendar.name", "invalid_name"),
        (calendar(step_minutes=0), "calendar.step_minutes", "range"),
        (calendar(hours=None), "calendar.hours", "required"),
        (calendar(hours={}), "calendar.hours", "invalid_hours"),
        (calendar(hours=["09:00"]), "calendar.hours", "invalid_hours"),
        (calendar(hours={"moday": ["09:00-10:00"]}), "calendar.hours.moday", "unknown"),
        (calendar(hours={"monday": "09:00-10:00"}), "calendar.hours.monday", "invalid_hours"),
        (calendar(hours={"monday": ["9-10"]}), "calendar.hours.monday.0", "invalid_hours"),
        (calendar(hours={"monday": ["10:00-09:00"]}), "calendar.hours.monday.0", "invalid_hours"),
        (
            calendar(hours={"monday": ["09:00-12:00", "11:00-13:00"]}),
            "calendar.hours.monday.1",
            "invalid_hours",
        ),
        ({**WEBHOOK, "webhook": {}}, "webhook.url", "required"),
        ({**WEBHOOK, "webhook": {"url": "http://10.0.0.1/"}}, "webhook.url", "private_address"),
        (
            {**WEBHOOK, "webhook": {"url": "https://example.com", "timeout_seconds": 60}},
            "webhook.timeout_seconds",
            "range",
        ),
    ],
)
def test_every_fault_is_told_with_its_field(section, path, code):
    found = list(appointment_faults(section))
    assert [(fault.path, fault.code) for fault in found] == [(f"appointments.{path}", code)]


def test_private_addresses_are_admitted_where_they_are():
    section = {**WEBHOOK, "webhook": {"url": "http://127.0.0.1:9/"}}
    assert list(appointment_faults(section, reach=EVERYWHERE)) == []


# --- what it means


def test_a_section_has_its_defaults():
    settings = appointments_of(CALENDAR)
    assert settings.kinds == (Kind(None, timedelta(minutes=30)),)
    assert settings.required == ("name",)
    assert settings.bookable(NOW) == Span(NOW + timedelta(hours=1), NOW + timedelta(days=60))
    assert settings.calendar.name == "default"
    assert settings.calendar.step == timedelta(minutes=30)
    assert settings.calendar.hours == {0: ((540, 720), (780, 1020)), 4: ((1320, 1440),)}


def test_the_step_is_the_shortest_kind_unless_it_is_given():
    kinds = [{"name": "Cut", "duration_minutes": 20}, {"name": "Colour", "duration_minutes": 90}]
    assert appointments_of({**CALENDAR, "kinds": kinds}).calendar.step == timedelta(minutes=20)
    settings = appointments_of({**calendar(step_minutes=45), "kinds": kinds})
    assert settings.calendar.step == timedelta(minutes=45)
    assert settings.kind("Colour").length == timedelta(minutes=90)
    with pytest.raises(ValueError, match="Cut, Colour"):
        settings.kind("Perm")


@pytest.mark.parametrize(
    ("given", "begins", "ends"),
    [
        ({}, "11-23 08:00", "11-30 08:00"),
        ({"from": "2026-11-24"}, "11-24 00:00", "12-01 00:00"),
        ({"from": "2026-11-24", "to": "2026-11-24"}, "11-24 00:00", "11-25 00:00"),
        ({"from": "2026-11-24T15:00", "to": "2026-11-24T18:00"}, "11-24 15:00", "11-24 18:00"),
        ({"from": "2026-11-24T15:00+01:00"}, "11-24 09:00", "12-01 09:00"),
        ({"from": "2020-01-01", "to": "2026-11-23"}, "11-23 08:00", "11-24 00:00"),
    ],
)
def test_a_window_is_what_was_asked_for_as_far_as_it_can_be(given, begins, ends):
    settings = appointments_of(CALENDAR)
    found = window(settings, given, NOW)
    zone = ZoneInfo("America/New_York")
    assert [f"{edge.astimezone(zone):%m-%d %H:%M}" for edge in (found.begins, found.ends)] == [
        begins,
        ends,
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"from": "soon"},
        {"from": "2026-11-25", "to": "2026-11-24"},
        {"from": "2020-01-01", "to": "2020-01-02"},
        {"from": "2099-01-01"},
        {"from": "2027-03-14T02:30"},
    ],
)
def test_a_window_that_cannot_be_is_told_in_words(given):
    with pytest.raises(ValueError, match=r"\w"):
        window(appointments_of(CALENDAR), given, NOW)


def test_a_reference_is_of_one_wish():
    span = Span(NOW, NOW + timedelta(minutes=30))
    kind = Kind(None, timedelta(minutes=30))
    one = reference_of("call-1", span, kind, None)
    assert one == reference_of("call-1", span, kind, None)
    others = {
        reference_of("call-2", span, kind, None),
        reference_of("call-1", Span(NOW, NOW + timedelta(minutes=31)), kind, None),
        reference_of("call-1", span, kind, one),
    }
    assert one not in others
    assert len(others) == 3
    assert len(one) == 8
    assert one.isalnum()


@pytest.mark.parametrize("section", [CALENDAR, WEBHOOK])
def test_the_model_is_told_of_tools_that_are_valid_schemas(section):
    settings = appointments_of({**section, "required": ["email"]})
    for spec in (find_spec(settings, NOW), book_spec(settings)):
        assert list(schema_faults(spec.parameters, "parameters")) == []
    booking = Checker(book_spec(settings).parameters)
    assert booking.problems({"start": "2026-11-24T15:30", "name": "Zoë", "email": "z@x"}) == []
    assert booking.problems({"start": "2026-11-24T15:30", "name": "Zoë"})


def test_kinds_have_to_be_said_where_there_is_a_choice():
    kinds = [{"name": "Cut"}, {"name": "Colour"}]
    for spec in (find_spec, lambda settings, _: book_spec(settings)):
        told = spec(appointments_of({**CALENDAR, "kinds": kinds}), NOW)
        assert told.parameters["properties"]["kind"]["enum"] == ["Cut", "Colour"]
        assert "kind" in told.parameters["required"]
        assert "kind" not in spec(appointments_of(CALENDAR), NOW).parameters["properties"]
