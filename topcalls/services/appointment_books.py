"""What a book of appointments is asked for, and what it says where it cannot."""

from __future__ import annotations

from typing import Protocol

from topcalls.core.appointments import Kind, Wish
from topcalls.core.slots import Span
from topcalls.core.tools import ToolResult


class Taken(Exception):
    """The time of a wish is not free any more."""


class BookFault(Exception):
    """The book cannot be asked, or does not book: `result` is what the model is told of it."""

    def __init__(self, result: ToolResult) -> None:
        super().__init__(result.output)
        self.result = result


class AppointmentBook(Protocol):
    """Knows what is free, and books. May block its greenlet for as long as that takes."""

    def free(self, wanted: Span, kind: Kind) -> list[Span]:
        """The free times in `wanted`, soonest first. Raises `BookFault`."""
        ...

    def book(self, wish: Wish, bookable: Span) -> str:
        """Book the wish, if its time is free and within `bookable`, and give up what it replaces;
        by which reference it is known. Asked for the same again, it is booked once.

        Raises:
            BookFault: nothing was booked, or nobody knows.
            Taken: the time is not free.
        """
        ...
