"""Appointments that agents book: in calendar files, also by two processes, and on a server."""

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import factories
import gevent
import pytest
import waiting
from gevent.event import Event
from icalendar import Calendar

from topcalls.clock import ManualClock
from topcalls.core.appointments import CalendarBook, Contact, Kind, Wish, reference_of
from topcalls.core.slots import Span
from topcalls.core.tools import ToolRecord, ToolRequest, ToolStatus
from topcalls.sandbox.tool_server import ToolServer
from topcalls.services.appointment_books import BookFault, Taken
from topcalls.services.booking import Booking
from topcalls.services.calendar_files import MOST_BYTES, CalendarFile, CalendarFiles
from topcalls.services.customer_tools import http_client
from topcalls.services.webhook_payload import encoded
from topcalls.store import calls

pytestmark = pytest.mark.service

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HALF_HOUR = timedelta(minutes=30)
ALWAYS = dict.fromkeys(range(7), ((0, 1440),))
HOURS = {"tuesday": ["09:00-12:00"], "wednesday": ["09:00-10:00"]}
SALON = {"time_zone": "America/New_York", "calendar": {"name": "salon", "hours": HOURS}}
WEEK = Span(NOW, NOW + timedelta(days=7))
PLAIN = Kind(None, HALF_HOUR)


@pytest.fixture
def clock():
    """Whoever verifies a signature looks at how old it is."""
    return ManualClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def server():
    server = ToolServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def who(services):
    return factories.principal(services)


@pytest.fixture
def directory(tmp_path):
    return tmp_path / "calendars"


@pytest.fixture
def call(services, who):
    call = factories.claimed_call(services, who, phone_number="+12125550123", appointments=SALON)
    factories.Life(services, call).talk(10)
    return call


def booking(services, directory):
    files = CalendarFiles(directory, services.clock)
    return Booking(services.db, services.clock, files, http_client(True))


def use(verb, call, **arguments):
    record = ToolRecord("use-1", "book_appointment", True, json.dumps(arguments), 100)
    result = verb(call, ToolRequest(record, arguments))
    return result, json.loads(result.output)


def next_weekday(services, weekday, hour=9):
    """The next such day in New York that is not today."""
    here = services.clock.now().astimezone(NEW_YORK)
    days = (weekday - here.weekday() - 1) % 7 + 1
    day = here.date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=NEW_YORK)


# --- calendar files


def book_of(directory, name="salon", hours=ALWAYS, buffer=0):
    settings = CalendarBook(name, hours, HALF_HOUR, timedelta(minutes=buffer))
    return CalendarFiles(directory, ManualClock(NOW)).book("account-1", settings, NEW_YORK)


def wish(call_id="call-1", half_hours=48, replaces=None):
    begins = NOW + HALF_HOUR * half_hours
    span = Span(begins, begins + HALF_HOUR)
    reference = reference_of(call_id, span, PLAIN, replaces)
    return Wish(call_id, reference, span, PLAIN, Contact("Zoë"), NEW_YORK, replaces)


def events(directory, name="salon"):
    calendar = Calendar.from_ical((directory / "account-1" / f"{name}.ics").read_text())
    return [event for event in calendar.walk("VEVENT") if event.get("STATUS") != "CANCELLED"]


def test_a_time_is_booked_once_and_the_same_wish_is_the_same_booking(directory):
    book = book_of(directory)
    assert len(book.free(WEEK, PLAIN)) == 336
    assert book.book(wish(), WEEK) == wish().reference
    assert book.book(wish(), WEEK) == wish().reference
    with pytest.raises(Taken):
        book.book(wish("call-2"), WEEK)
    assert wish().span not in book.free(WEEK, PLAIN)
    assert len(events(directory)) == 1


def test_what_is_outside_of_the_hours_or_too_soon_is_not_free(directory):
    book = book_of(directory, hours={1: ((540, 720),)})
    with pytest.raises(Taken):
        book.book(wish(half_hours=0), WEEK)
    inside = wish(half_hours=52)  # Tuesday, 09:00 in New York
    with pytest.raises(Taken):
        book.book(inside, Span(NOW + timedelta(days=2), WEEK.ends))
    assert book.book(inside, WEEK)


def test_a_buffer_keeps_its_distance(directory):
    book = book_of(directory, buffer=10)
    book.book(wish(), WEEK)
    for neighbour in (47, 49):
        with pytest.raises(Taken):
            book.book(wish("call-2", neighbour), WEEK)
    assert book.book(wish("call-2", 50), WEEK)


def test_a_booking_that_is_moved_frees_its_time_also_for_a_time_that_overlaps_it(directory):
    book = book_of(directory)
    book.book(wish(), WEEK)
    moved = replace(
        wish(half_hours=49, replaces=wish().reference),
        kind=Kind(None, HALF_HOUR * 2),
        span=Span(wish().span.begins, wish().span.ends + HALF_HOUR),
    )
    assert book.book(moved, WEEK) == moved.reference
    assert book.book(moved, WEEK) == moved.reference
    assert len(events(directory)) == 1


def test_a_move_to_a_taken_time_leaves_everything_as_it_was(directory):
    book = book_of(directory)
    book.book(wish(), WEEK)
    book.book(wish("call-2", 49), WEEK)
    with pytest.raises(Taken):
        book.book(wish(half_hours=49, replaces=wish().reference), WEEK)
    assert len(events(directory)) == 2
    assert wish().span not in book.free(WEEK, PLAIN)


def test_events_of_others_are_busy_and_stay_as_they_are(directory):
    path = directory / "account-1" / "salon.ics"
    path.parent.mkdir(parents=True)
    path.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:other\r\nBEGIN:VEVENT\r\nUID:lunch\r\n"
        "DTSTAMP:20261101T000000Z\r\nDTSTART;TZID=America/New_York:20261124T120000\r\n"
        "DURATION:PT1H\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Lunch\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    path.chmod(0o664)
    book = book_of(directory)
    assert len(book.free(WEEK, PLAIN)) == 336 - 12
    book.book(wish(half_hours=60), WEEK)
    assert {str(event["SUMMARY"]) for event in events(directory)} == {"Lunch", "Appointment: Zoë"}
    assert path.stat().st_mode & 0o777 == 0o664
    assert [one.name for one in path.parent.iterdir() if one.suffix not in (".ics", ".lock")] == []


@pytest.mark.parametrize("content", [b"no calendar", b"\xff\xfe", b"x" * (MOST_BYTES + 1)])
def test_a_file_that_cannot_be_read_books_nothing_and_is_left_alone(directory, content):
    path = directory / "account-1" / "salon.ics"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    for ask in (
        lambda: book_of(directory).free(WEEK, PLAIN),
        lambda: book_of(directory).book(wish(), WEEK),
    ):
        with pytest.raises(BookFault) as fault:
            ask()
        assert fault.value.result.error == "calendar"
    assert path.read_bytes() == content


def _book_everything(directory, call_id, ready, results):
    """A process of its own: wants every one of 24 times."""
    book = book_of(directory)
    ready.wait(20)
    won = []
    for half_hours in range(24):
        try:
            book.book(wish(call_id, half_hours), WEEK)
            won.append(half_hours)
        except Taken:
            continue
    results.put(won)


def test_two_processes_never_book_the_same_time(directory):
    spawn = multiprocessing.get_context("spawn")
    ready, results = spawn.Barrier(2), spawn.Queue()
    processes = [
        spawn.Process(target=_book_everything, args=(directory, f"call-{n}", ready, results))
        for n in range(2)
    ]
    for process in processes:
        process.start()
    won = [results.get(timeout=40) for _ in processes]
    for process in processes:
        process.join(20)
    assert sorted(won[0] + won[1]) == list(range(24))
    assert len(events(directory)) == 24


# --- the tools


def test_free_times_are_told_and_one_of_them_is_booked_and_kept(services, who, call, directory):
    tools, tuesday = booking(services, directory), next_weekday(services, 1)
    result, told = use(
        tools.find, call, **{"from": f"{tuesday:%Y-%m-%d}", "to": f"{tuesday:%Y-%m-%d}"}
    )
    assert result.status is ToolStatus.SUCCEEDED
    assert told["time_zone"] == "America/New_York"
    assert [one["start"][11:16] for one in told["free"]] == [
        "09:00",
        "09:30",
        "10:00",
        "10:30",
        "11:00",
        "11:30",
    ]
    start = told["free"][2]["start"]
    result, told = use(tools.book, call, start=start, name="Zoë Miller", notes="Short hair.")
    assert result.status is ToolStatus.SUCCEEDED
    assert told["status"] == "booked"
    assert "10:00 (America/New_York)" in told["at"]
    (kept,) = services.calls.appointments.of_call(who.account_id, call.call_id)
    assert (kept.reference, kept.status, kept.book) == (told["reference"], "booked", "salon")
    assert kept.starts_at == tuesday.replace(hour=10)
    assert kept.contact == {
        "name": "Zoë Miller",
        "phone_number": "+12125550123",
        "email": None,
        "notes": "Short hair.",
    }
    other = factories.principal(services, name="Other")
    assert services.calls.appointments.of_call(other.account_id, call.call_id) == []


def test_a_time_that_was_taken_meanwhile_is_answered_with_the_nearest_ones(
    services, call, directory
):
    tools, at = booking(services, directory), next_weekday(services, 1, 10)
    use(tools.book, replace(call, call_id=call.call_id), start=at.isoformat(), name="Ann")
    result, told = use(tools.book, call, start=at.isoformat(), name="Ann")
    assert told["status"] == "booked"  # their own
    wanted = at.replace(hour=13)
    result, told = use(tools.book, call, start=wanted.isoformat(), name="Zoë")
    assert (result.status, result.error) == (ToolStatus.REFUSED, "taken")
    starts = [one["start"][11:16] for one in told["free"]]
    assert starts == ["09:30", "10:30", "11:00", "11:30"]


def test_an_appointment_is_moved(services, who, call, directory):
    tools, at = booking(services, directory), next_weekday(services, 1, 10)
    _, first = use(tools.book, call, start=at.isoformat(), name="Zoë")
    later = at.replace(hour=11).isoformat()
    _, second = use(tools.book, call, start=later, name="Zoë", replaces=first["reference"])
    kept = services.calls.appointments.of_call(who.account_id, call.call_id)
    assert {one.reference: one.status for one in kept} == {
        first["reference"]: "replaced",
        second["reference"]: "booked",
    }
    _, again = use(tools.book, call, start=later, name="Zoë", replaces=first["reference"])
    assert again == second
    other = at.replace(hour=9).isoformat()
    result, _ = use(tools.book, call, start=other, name="Zoë", replaces=first["reference"])
    assert (result.status, result.error) == (ToolStatus.REFUSED, "arguments")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"start": "noon", "name": "Zoë"}, "Write it as in"),
        ({"start": "9999-12-31T23:59", "name": "Zoë"}, "out of range"),
        ({"start": "2027-03-14T02:30", "name": "Zoë"}, "skipped"),
        ({"start": "2026-11-24T10:00", "name": " "}, "Ask first for: name"),
        ({"start": "2026-11-24T10:00", "name": "Zoë", "replaces": "X"}, "reference"),
    ],
)
def test_what_cannot_be_booked_is_told_in_words(services, call, directory, arguments, words):
    result, told = use(booking(services, directory).book, call, **arguments)
    assert (result.status, result.error) == (ToolStatus.REFUSED, "arguments")
    assert words in told["error"]


def test_what_is_required_is_asked_for(services, call, directory):
    needs = replace(call.request, appointments={**SALON, "required": ["email", "phone_number"]})
    hidden = replace(
        call,
        request=needs,
        facts=replace(call.facts, inbound=True),
        from_number=None,
    )
    at = next_weekday(services, 1, 10).isoformat()
    _, told = use(booking(services, directory).book, hidden, start=at, name="Zoë")
    assert told["error"] == "Ask first for: email, phone_number."


def test_a_booking_is_finished_and_kept_when_the_call_ends_meanwhile(
    services, who, call, directory, monkeypatch
):
    began, go_on = Event(), Event()
    book = CalendarFile.book

    def slowly(self, wish, bookable):
        began.set()
        go_on.wait()
        return book(self, wish, bookable)

    monkeypatch.setattr(CalendarFile, "book", slowly)
    at = next_weekday(services, 1, 10).isoformat()
    asked = gevent.spawn(use, booking(services, directory).book, call, start=at, name="Zoë")
    began.wait(5)
    asked.kill()
    go_on.set()
    kept_of = partial(services.calls.appointments.of_call, who.account_id, call.call_id)
    (kept,) = waiting.until(kept_of, "the booking")
    assert kept.status == "booked"


def test_the_webhook_tells_what_was_booked(services, who, call, directory):
    at = next_weekday(services, 1, 10)
    use(booking(services, directory).book, call, start=at.isoformat(), name="Zoë")

    def payload():
        row = calls.get(call.call_id)
        view = services.calls.get(who.account_id, row.id)
        return encoded(row, "call.completed", view, sequence=1)

    (told,) = json.loads(services.db.read(payload))["appointments"]
    assert told["contact"]["name"] == "Zoë"
    assert told["starts_at"] == f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


# --- a server


@pytest.fixture
def asked(services, who, server):
    """A call whose appointments are on the server."""
    section = {"time_zone": "America/New_York", "webhook": {"url": server.url + "appointments"}}
    server.expect_secret(services.accounts.webhook_secret(who.account_id))
    return factories.claimed_call(services, who, appointments=section)


def at_the_server(services, call, server, path, **webhook):
    section = {
        "time_zone": "America/New_York",
        "webhook": {"url": server.url + path, **webhook},
    }
    return replace(call, request=replace(call.request, appointments=section))


def test_a_server_tells_what_is_free_and_books(services, who, asked, server, directory):
    tools = booking(services, directory)
    _, told = use(tools.find, asked)
    assert len(told["free"]) == 12
    assert "note" in told
    start = told["free"][0]["start"]
    result, told = use(tools.book, asked, start=start, name="Zoë", email="zoe@example.com")
    assert told["status"] == "booked"
    called = server.calls[-1]
    assert called.is_verified
    assert called.headers["topcalls-event"] == "appointment.book"
    assert called.headers["idempotency-key"] == f"{asked.call_id}.{told['reference']}"
    content = called.json()
    assert content["start"] == start
    assert content["contact"]["email"] == "zoe@example.com"
    assert content["call"]["call_id"] == asked.call_id
    (kept,) = services.calls.appointments.of_call(who.account_id, asked.call_id)
    assert kept.book == "webhook"


def test_the_same_booking_has_the_same_key_and_another_call_finds_the_time_taken(
    services, who, asked, server, directory
):
    tools = booking(services, directory)
    start = use(tools.find, asked)[1]["free"][0]["start"]
    first = use(tools.book, asked, start=start, name="Zoë")[1]
    again = use(tools.book, asked, start=start, name="Zoë")[1]
    assert again["reference"] == first["reference"]
    assert len(server.bookings.booked) == 1
    other = factories.claimed_call(services, who, appointments=asked.request.appointments)
    result, told = use(tools.book, other, start=start, name="Ann")
    assert (result.status, result.error) == (ToolStatus.REFUSED, "taken")
    assert start not in [one["start"] for one in told["free"]]
    assert len(told["free"]) == 4


def test_an_appointment_on_a_server_is_moved(services, asked, server, directory):
    tools = booking(services, directory)
    free = use(tools.find, asked)[1]["free"]
    first = use(tools.book, asked, start=free[0]["start"], name="Zoë")[1]
    use(tools.book, asked, start=free[1]["start"], name="Zoë", replaces=first["reference"])
    (only,) = server.bookings.booked.values()
    assert only["replaces"] == first["reference"]
    assert use(tools.find, asked)[1]["free"][0]["start"] == free[0]["start"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("text", "answer"),
        ("html", "content_type"),
        ("huge", "too_large"),
        ("broken", "not_json"),
        ("redirect", "redirect"),
        ("drop", "connection_lost"),
        ("500", "http_status"),
        ("", "answer"),
    ],
)
def test_a_server_that_answers_nonsense_is_told_of_and_nothing_is_kept(
    services, who, asked, server, directory, path, error
):
    call = at_the_server(services, asked, server, path)
    result, _ = use(booking(services, directory).find, call)
    assert (result.status, result.error) == (ToolStatus.FAILED, error)
    assert services.calls.appointments.of_call(who.account_id, call.call_id) == []


def test_where_nobody_knows_whether_it_is_booked_the_model_is_told_so(
    services, asked, server, directory
):
    call = at_the_server(services, asked, server, "drop")
    at = next_weekday(services, 1, 10).isoformat()
    result, told = use(booking(services, directory).book, call, start=at, name="Zoë")
    assert result.status is ToolStatus.FAILED
    assert "not known" in told["error"]


def test_private_addresses_are_not_asked(services, asked, directory):
    files = CalendarFiles(directory, services.clock)
    tools = Booking(services.db, services.clock, files, http_client(False))
    result, _ = use(tools.find, asked)
    assert (result.status, result.error) == (ToolStatus.FAILED, "forbidden_address")
