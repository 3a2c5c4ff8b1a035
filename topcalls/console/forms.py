"""Forms whose fields are paths of the body that they make: filled from what the API shows, read
into what it takes, and told its faults field by field.

Forms judge nothing: a number that is none is sent as it was written, for the API to refuse. Only
what cannot be put into a body at all is refused here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from werkzeug.datastructures import MultiDict

from topcalls.console.backend import Refused
from topcalls.core.campaign_schedule import DAYS

REST: Final = "*"
"""The last part of the path of a field that holds, as JSON, what no other field does."""

_WINDOW: Final = "Line {}: write days and hours, as in 'mon-fri 09:00-17:30'."


class Kind(StrEnum):
    """How a value is written in a form."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    LINES = "lines"
    """A list of texts, one on each line."""

    MANY = "many"
    """A list of texts, ticked off."""

    MOMENT = "moment"
    """A time in the zone of the account."""

    WINDOWS = "windows"
    """Hours of some days of the week, on lines like `mon-fri 09:00-17:30`."""

    JSON = "json"


class Field(NamedTuple):
    """A field of a form: where its value is in the body, and how it is written."""

    path: str
    kind: Kind = Kind.TEXT


Values = Mapping[str, str | Sequence[str]]


class Form:
    """What is written in a form, and what is wrong with it."""

    def __init__(self, fields: Sequence[Field], values: Values, zone: str) -> None:
        self._fields = {field.path: field for field in fields}
        self._values = values
        self._zone = zone
        self._faults: dict[str, list[str]] = {}

    @classmethod
    def of(cls, fields: Sequence[Field], body: Mapping[str, Any], zone: str) -> Form:
        """A form that shows a body."""
        form = cls(fields, {}, zone)
        form._values = {field.path: form._written(field, body) for field in fields}
        return form

    @classmethod
    def sent(cls, fields: Sequence[Field], given: MultiDict[str, str], zone: str) -> Form:
        """A form as it came back."""
        values: dict[str, str | list[str]] = {}
        for field in fields:
            if field.kind is Kind.MANY:
                values[field.path] = given.getlist(field.path)
            else:
                values[field.path] = given.get(field.path, "").replace("\r\n", "\n").strip()
        return cls(fields, values, zone)

    # --- read

    def body(self, shown: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The body that it makes: fields that are empty are left out.

        `shown`: the body that the form was filled with. What was not touched stays as it is there.
        What cannot be read is left out and is one of the faults.
        """
        result: dict[str, Any] = {}
        before = {} if shown is None else shown
        for field in sorted(self._fields.values(), key=lambda one: one.path.endswith(REST)):
            if shown is not None and self._is_untouched(field, before):
                value = self._value(field, before)
            else:
                value = self._read(field)
            if value is not None:
                _put(result, field.path, value)
        return result

    def _is_untouched(self, field: Field, before: Mapping[str, Any]) -> bool:
        now, then = self._values[field.path], self._written(field, before)
        if field.kind is Kind.MANY:  # in the order of the page, whatever the body has
            return sorted(now) == sorted(then)
        return now == then

    def _read(self, field: Field) -> Any:
        raw = self._values[field.path]
        if not raw:
            return None
        try:
            value = _READ[field.kind](raw, self._zone)
            if field.path.endswith(REST):
                self._refuse_others(field, value)
        except ValueError as error:
            self._faults.setdefault(field.path, []).append(str(error))
            return None
        return value

    def _refuse_others(self, field: Field, value: object) -> None:
        if not isinstance(value, dict):
            raise ValueError('Write an object, as in {"name": "value"}.')
        for name in self._others(field) & value.keys():
            raise ValueError(f"'{name}' has a field of its own.")

    def _others(self, rest: Field) -> set[str]:
        """Names beside which `rest` holds all others."""
        start = rest.path.removesuffix(REST)
        paths = [path for path in self._fields if path.startswith(start) and path != rest.path]
        return {path.removeprefix(start).partition(".")[0] for path in paths}

    # --- shown

    def value(self, path: str) -> str | Sequence[str]:
        """What is written in a field."""
        return self._values[path]

    def carried(self) -> Iterator[tuple[str, str]]:
        """All of it as names and values, for a page between the form and what it does."""
        for path, value in self._values.items():
            for one in [value] if isinstance(value, str) else value:
                if one:
                    yield path, one

    def _value(self, field: Field, body: Mapping[str, Any]) -> Any:
        if not field.path.endswith(REST):
            return _at(body, field.path)
        held = _at(body, field.path.removesuffix(REST).rstrip("."))
        names = self._others(field)
        return {name: one for name, one in (held or {}).items() if name not in names} or None

    def _written(self, field: Field, body: Mapping[str, Any]) -> str | list[str]:
        value = self._value(field, body)
        if field.kind is Kind.MANY:
            return list(value or ())
        return "" if value is None else _WRITTEN[field.kind](value, self._zone).strip()

    # --- faults

    @property
    def is_wrong(self) -> bool:
        """Whether something in it cannot be read, or was refused."""
        return bool(self._faults)

    def refuse(self, refused: Refused) -> None:
        """Tell what the API says of its fields, each beside the field that it is about."""
        for path, message in refused.faults.items():
            self.tell(path, message)
        if not refused.faults:
            self.tell("", str(refused))

    def tell(self, path: str, message: str) -> None:
        """Tell what is wrong at a path of the body."""
        owner = self._owner(path)
        within = path[len(owner.removesuffix(REST).rstrip(".")) :].strip(".") if owner else path
        words = f"{_place(within)}: {message}" if within else message
        self._faults.setdefault(owner, []).append(words)

    def fault(self, path: str) -> str:
        """What is wrong with a field; empty: nothing."""
        return " ".join(self._faults.get(path, ()))

    @property
    def other_faults(self) -> list[str]:
        """What is wrong with no field of the form."""
        return self._faults.get("", [])

    def _owner(self, path: str) -> str:
        parts = path.split(".")
        for length in range(len(parts), -1, -1):
            start = ".".join(parts[:length])
            if start in self._fields:
                return start
            rest = f"{start}.{REST}" if start else REST
            if path and length < len(parts) and rest in self._fields:
                return rest
        return ""


def _place(path: str) -> str:
    """`0.start` as `line 1, start`."""
    first, _, rest = path.partition(".")
    named = f"line {int(first) + 1}" if first.isdigit() else first
    return f"{named}, {rest}" if rest else named


def _at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for part in path.split(".") if path else ():
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *sections, last = path.split(".")
    for section in sections:
        body = body.setdefault(section, {})
    if last == REST:
        body.update(value)
    else:
        body[last] = value


# --- kinds


def _lines(raw: str, _: str) -> list[str]:
    return [line.strip() for line in raw.splitlines() if line.strip()]


def _number(raw: str, _: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(raw)
        except ValueError:
            continue
    return raw


def _json(raw: str, _: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"Is no JSON: {error}.") from None


def _moment(raw: str, zone: str) -> str:
    try:
        moment = datetime.fromisoformat(raw)
    except ValueError:
        return raw
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment_written(value: str, zone: str) -> str:
    moment = datetime.fromisoformat(value).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _windows(raw: str, _: str) -> list[dict[str, Any]]:
    return [_window(number, line) for number, line in enumerate(_lines(raw, _), start=1)]


def _window(number: int, line: str) -> dict[str, Any]:
    *days, hours = line.lower().replace(",", " ").split()
    start, dash, end = hours.partition("-")
    if not dash or not start[:1].isdigit():
        raise ValueError(_WINDOW.format(number))
    named = [day for word in days for day in _days(word)]
    return {**({"days": named} if named else {}), "start": start, "end": end}


def _days(word: str) -> list[str]:
    first, _, last = word.partition("-")
    if first in DAYS and last in DAYS:
        begin, end = DAYS.index(first), DAYS.index(last)
        return list(DAYS[begin : end + 1]) if begin <= end else [*DAYS[begin:], *DAYS[: end + 1]]
    return [word]


def _windows_written(value: Iterable[Mapping[str, Any]], _: str) -> str:
    return "\n".join(_window_written(window) for window in value)


def _window_written(window: Mapping[str, Any]) -> str:
    days = list(window.get("days") or ())
    whole = days and _days(f"{days[0]}-{days[-1]}") == days and len(days) > 2
    named = f"{days[0]}-{days[-1]}" if whole else " ".join(days)
    return f"{named} {window['start']}-{window['end']}".strip()


def _json_written(value: Any, _: str) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


_READ: Final[Mapping[Kind, Any]] = {
    Kind.TEXT: lambda raw, _: raw,
    Kind.NUMBER: _number,
    Kind.FLAG: lambda raw, _: True,
    Kind.LINES: _lines,
    Kind.MANY: lambda raw, _: list(raw),
    Kind.MOMENT: _moment,
    Kind.WINDOWS: _windows,
    Kind.JSON: _json,
}
_WRITTEN: Final[Mapping[Kind, Any]] = {
    Kind.TEXT: lambda value, _: str(value),
    Kind.NUMBER: lambda value, _: str(value),
    Kind.FLAG: lambda value, _: "yes" if value else "",
    Kind.LINES: lambda value, _: "\n".join(value),
    Kind.MOMENT: _moment_written,
    Kind.WINDOWS: _windows_written,
    Kind.JSON: _json_written,
}
