"""A customer's booking server: knows what is free, and books each time once.

It is open from nine to five on weekdays, on the hour. A time that is booked is answered 409 to
anybody else; the booking that made it gets its first answer again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

FREE = "appointment.availability"
BOOK = "appointment.book"
_OPEN_HOURS = range(9, 17)
_MOST = 100


class BookingDesk:
    """`booked` has the requests that were granted, by their idempotency keys."""

    def __init__(self) -> None:
        self.booked: dict[str, dict[str, Any]] = {}

    def answer(self, key: str, content: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of the answer to a request with this idempotency key."""
        if content.get("event") == FREE:
            slots = [slot.isoformat(timespec="minutes") for slot in self._free(content)]
            return 200, {"slots": slots[:_MOST]}
        if content.get("event") != BOOK:
            return 400, {"error": f"The event is neither {FREE} nor {BOOK}."}
        if key not in self.booked:
            if self._is_taken(content, but=content.get("replaces")):
                return 409, {"error": "This time is taken."}
            self._give_up(content.get("replaces"))
            self.booked[key] = content
        return 200, {"reference": self.booked[key]["reference"]}

    def _free(self, content: dict[str, Any]) -> Iterator[datetime]:
        zone = ZoneInfo(content["time_zone"])
        begins, ends = (datetime.fromisoformat(content[name]) for name in ("from", "to"))
        length = timedelta(minutes=content["duration_minutes"])
        day = begins.astimezone(zone).date()
        while day <= ends.astimezone(zone).date():
            for hour in _OPEN_HOURS if day.weekday() < 5 else ():
                start = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
                asked = {"start": start.isoformat(), "end": (start + length).isoformat()}
                if begins <= start and start + length <= ends and not self._is_taken(asked):
                    yield start
            day += timedelta(days=1)

    def _is_taken(self, asked: dict[str, Any], but: str | None = None) -> bool:
        begins, ends = _edges(asked)
        others = (one for one in self.booked.values() if one["reference"] != but)
        return any(begins < _edges(one)[1] and _edges(one)[0] < ends for one in others)

    def _give_up(self, reference: str | None) -> None:
        for key, one in list(self.booked.items()):
            if one["reference"] == reference:
                del self.booked[key]


def _edges(content: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(content["start"]), datetime.fromisoformat(content["end"])
