"""Appointments in iCalendar files: one file per account and name, in a directory of their own.

What is busy is read from the file as it is at that moment, whoever wrote it. A booking is written
under a lock, which every process that books there takes: the file is read again, the time looked
at, and the new file put in the place of the old one. Readers see the one or the other.

Files are read and written on threads: they may be large, or on another machine.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from gevent.threadpool import ThreadPool

from topcalls.clock import Clock
from topcalls.core import calendars, slots
from topcalls.core.appointments import CalendarBook, Kind, Wish
from topcalls.core.calendars import CalendarFault
from topcalls.core.slots import Span
from topcalls.core.tools import failed
from topcalls.log import get_logger
from topcalls.services.appointment_books import BookFault, Taken

MOST_BYTES = 4_000_000
"""Of a file. Larger ones are refused: to read this much takes about a second."""

_UNUSABLE = "The calendar cannot be used at the moment."
T = TypeVar("T")

log = get_logger("calendars")


class CalendarFiles:
    """The calendars below `directory`, which is made when the first one is written."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._threads = ThreadPool(2)

    def book(self, account_id: str, settings: CalendarBook, zone: ZoneInfo) -> CalendarFile:
        """The book of an account, of this name."""
        path = self._directory / account_id / f"{settings.name}.ics"
        return CalendarFile(path, settings, zone, self._clock, self._threads)


class CalendarFile:
    """One calendar as an `AppointmentBook`. A file that is not there is an empty calendar."""

    def __init__(
        self, path: Path, settings: CalendarBook, zone: ZoneInfo, clock: Clock, threads: ThreadPool
    ) -> None:
        self._path = path
        self._settings = settings
        self._zone = zone
        self._clock = clock
        self._threads = threads

    def free(self, wanted: Span, kind: Kind) -> list[Span]:
        """See `AppointmentBook`."""
        return self._elsewhere(lambda: self._free(self._read(), wanted, kind))

    def book(self, wish: Wish, bookable: Span) -> str:
        """See `AppointmentBook`."""
        return self._elsewhere(lambda: self._book(wish, bookable, self._clock.now()))

    def _elsewhere(self, work: Callable[[], T]) -> T:
        """On a thread. Exceptions travel as values: the pool would print them."""

        def attempt() -> tuple[T | None, Exception | None]:
            try:
                return work(), None
            except (BookFault, Taken, CalendarFault, OSError) as error:
                return None, error

        found, error = self._threads.spawn(attempt).get()
        if isinstance(error, CalendarFault | OSError):
            log.error("A calendar cannot be used", file=self._path.name, why=str(error))
            raise BookFault(failed("calendar", _UNUSABLE)) from None
        if error is not None:
            raise error
        return cast(T, found)

    def _book(self, wish: Wish, bookable: Span, now: datetime) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            calendar = self._read()
            if calendars.booked(calendar, wish.reference, wish.call_id) is not None:
                return wish.reference
            if not self._is_free(calendar, wish, bookable):
                raise Taken
            _replace(self._path, calendars.add(calendar, wish, now))
        return wish.reference

    def _is_free(self, calendar: Any, wish: Wish, bookable: Span) -> bool:
        """What is replaced may overlap the wish: it is given up."""
        gone = None
        if wish.replaces is not None:
            gone = calendars.booked(calendar, wish.replaces, wish.call_id)
            if gone is not None:
                calendar.subcomponents.remove(gone)
        try:
            fits = wish.span in self._free(calendar, wish.span, wish.kind)
        finally:
            if gone is not None:
                calendar.add_component(gone)
        return fits and wish.span.within(bookable)

    def _free(self, calendar: Any, wanted: Span, kind: Kind) -> list[Span]:
        buffer, zone = self._settings.buffer, self._zone
        near = Span(wanted.begins - buffer, wanted.ends + buffer)
        taken = [
            Span(span.begins - buffer, span.ends + buffer)
            for span in calendars.busy(calendar, near, zone)
        ]
        hours = slots.open_spans(wanted, self._settings.hours, zone)
        return list(slots.free(wanted, kind.length, hours, taken, self._settings.step))

    def _read(self) -> Any:
        try:
            with self._path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return calendars.read(calendars.empty())
        if len(content) > MOST_BYTES:
            raise CalendarFault(f"It is larger than {MOST_BYTES} bytes.")
        try:
            return calendars.read(content.decode("utf-8-sig"))
        except UnicodeDecodeError:
            raise CalendarFault("It is not text in UTF-8.") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The lock is a file of its own, because the calendar's is replaced. It is let go when the
        process ends, however it does."""
        descriptor = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _replace(path: Path, text: str) -> None:
    """Put a text in the place of a file, on the disk before anybody sees it."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        if path.exists():
            os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
