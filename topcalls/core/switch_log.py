"""The lines of FreeSWITCH's log that are about one call.

With `uuid` set (`mod_logfile`, `logfile.conf.xml`) each line begins with the channel's uuid; others
name it in their text. A line of its own carries the time of the switch's own clock, in whatever
zone; what follows it without a time belongs to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

MOST_LINES: Final = 500
MOST_CHARACTERS: Final = 2000
"""Of a line."""

_STAMP: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)\.(?P<part>\d{1,6}) (?:\d+\.\d+% )?"
)
_LEVEL: Final = re.compile(r"\[(?P<level>[A-Z]+)\]")
_UUID: Final = re.compile(r"^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12} ")
_QUARTER: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line. `at`: by the switch's clock, as if that were UTC; None where it has no time."""

    at: datetime | None
    level: str
    text: str


def lines_about(uuids: Collection[str], lines: Iterable[str]) -> list[LogLine]:
    """The lines that name one of these channels, and what belongs to them; the last `MOST_LINES`
    at most."""
    wanted = [one.lower() for one in uuids if one]
    found = list(_found(wanted, lines)) if wanted else []
    return found[-MOST_LINES:]


def _found(wanted: Collection[str], lines: Iterable[str]) -> Iterator[LogLine]:
    belongs = False
    for raw in lines:
        line = raw.rstrip("\r\n")[:MOST_CHARACTERS]
        stamp = _STAMP.search(line[:80])
        names_it = any(one in line for one in wanted)
        belongs = names_it or (belongs and stamp is None and not _UUID.match(line))
        if belongs and line.strip():
            yield _line(line, stamp)


def _line(line: str, stamp: re.Match[str] | None) -> LogLine:
    level = _LEVEL.search(line)
    name = level["level"] if level else ""
    if stamp is None:
        return LogLine(None, name, _UUID.sub("", line))
    text = line[stamp.end() :]
    try:
        at = datetime.fromisoformat(f"{stamp['day']}T{stamp['time']}.{stamp['part']:0<6}")
    except ValueError:
        return LogLine(None, name, text)
    return LogLine(at.replace(tzinfo=UTC), name, text)


def in_our_time(lines: Iterable[LogLine], began: datetime) -> list[tuple[datetime, LogLine]]:
    """Lines with their moments in UTC. The switch's zone is the whole quarter of an hour that lies
    nearest between its first line about the call and when the call `began`."""
    listed = list(lines)
    first = next((line.at for line in listed if line.at is not None), None)
    shift = timedelta() if first is None else round((first - began) / _QUARTER) * _QUARTER
    placed, last = [], began
    for line in listed:
        last = last if line.at is None else line.at - shift
        placed.append((last, line))
    return placed
