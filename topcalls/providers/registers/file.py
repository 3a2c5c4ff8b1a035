"""A register in files on this machine: a national list that was downloaded, or one of your own.

The files are read from their beginning to their end for each batch, a megabyte at a time, so that a
list of any length takes no memory. Every line must be one of the format: a file that is another
one, or broke off in the middle of a line, would otherwise say of everybody that they are not on it.
"""

from __future__ import annotations

import csv
import hashlib
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final

from topcalls.core.number_checks import SCRUB, register_fault
from topcalls.core.phone_numbers import is_region, national_number, region
from topcalls.errors import ConfigError
from topcalls.providers.registers.base import Answer, Question, RegisterFault, Terms

BATCH: Final = 10_000
TIMEOUT_SECONDS: Final = 600.0
_BLOCK: Final = 1 << 20
_ROWS: Final = 10_000
_LONGEST_LINE: Final = 4_096
_MOST_FILES: Final = 10_000


@dataclass(frozen=True)
class _Format:
    """How a file writes a number: `write` gives all the ways of writing one; `line` is what a line
    must be."""

    line: re.Pattern[bytes]
    write: Callable[[str], tuple[bytes, ...]]


def _written(number: str) -> tuple[str, ...]:
    """All ways of writing a number. That one of them is another country's number at most keeps
    somebody from being called."""
    digits = national_number(number)
    return number, number[1:], digits, f"0{digits}"


def _plain(number: str) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in _written(number))


def _ftc(number: str) -> tuple[bytes, ...]:
    digits = national_number(number)
    return (f"{digits[:3]},{digits[3:]}".encode(),)


def _sha256(number: str) -> tuple[bytes, ...]:
    found = [hashlib.sha256(text.encode()).hexdigest() for text in _written(number)]
    return tuple(text.encode() for one in found for text in (one, one.upper()))


_FORMATS: Final[Mapping[str, _Format]] = {
    "numbers": _Format(re.compile(rb"\+?[0-9]{5,15}"), _plain),
    "ftc": _Format(re.compile(rb"[2-9][0-9]{2},[0-9]{7}"), _ftc),
    "sha256": _Format(re.compile(rb"[0-9a-f]{64}|[0-9A-F]{64}"), _sha256),
}
"""`numbers`: digits, with or without the country code and what stands before it. `ftc`: as the
national registry of the USA is downloaded, area code, comma, seven digits."""

_OPTIONS: Final = frozenset(
    {"register", "path", "format", "column", "prefixes", "version", "provider", "regions"}
)


class FileRegister:
    """See the module's text. `path`: a file, or a folder of which every file is a part of the list.
    `column` of a CSV file with a heading. `prefixes`: numbers that begin otherwise are not covered;
    none: those of the countries `regions`. `version`: of when the list is; None: of the date of its
    oldest file."""

    kind = SCRUB

    def __init__(
        self,
        *,
        register: str,
        path: Path,
        layout: str,
        regions: frozenset[str],
        prefixes: tuple[str, ...] = (),
        column: str | None = None,
        version: datetime | None = None,
        provider: str = "",
    ) -> None:
        self.register = register
        self.provider = provider or f"file {register}"
        self.terms = Terms(batch=BATCH, timeout_seconds=TIMEOUT_SECONDS)
        self._path = path
        self._format = _FORMATS[layout]
        self._layout = layout
        self._regions = regions
        self._prefixes = prefixes
        self._column = column
        self._version = version

    def covers(self, number: str) -> bool:
        """By how it begins, or by its country."""
        if self._prefixes:
            return number.startswith(self._prefixes)
        return region(number) in self._regions

    def ask(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Every number is answered: it is in the files, or not.

        Raises:
            RegisterFault: a file cannot be read, or is no such list.
        """
        numbers = [one.phone_number for one in questions]
        wanted = {text: number for number in numbers for text in self._format.write(number)}
        listed: set[str] = set()
        versions = []
        for path in self._files():
            versions.append(self._read(path, wanted, listed))
        version = self._version or min(versions)
        return [
            Answer(number, "listed" if number in listed else "clear", version) for number in numbers
        ]

    def _files(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        found = sorted(one for one in self._path.iterdir() if not one.name.startswith("."))
        if not found or len(found) > _MOST_FILES or not all(one.is_file() for one in found):
            raise RegisterFault(f"{self._path} must be a folder of 1 to {_MOST_FILES} files.")
        return found

    def _read(self, path: Path, wanted: Mapping[bytes, str], listed: set[str]) -> datetime:
        """Note who of those wanted is in a file; of when it is."""
        try:
            with path.open("rb") as file:
                made_at = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
                lines = 0
                for block, first in self._blocks(file, path):
                    lines += len(block)
                    self._ensure_right(block, first, path)
                    listed.update(wanted[text] for text in wanted.keys() & set(block))
        except OSError as error:
            raise RegisterFault(f"{path} cannot be read: {error.strerror}.") from error
        if not lines:
            raise RegisterFault(f"{path} is empty.")
        return made_at

    def _blocks(self, file: Any, path: Path) -> Iterator[tuple[list[bytes], int]]:
        """Lines, some at once, and the number of the first of them."""
        if self._column is not None:
            yield from self._rows(path)
            return
        rest, number = b"", 1
        while data := file.read(_BLOCK):
            *whole, rest = (rest + data).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise RegisterFault(f"{path}, line {number + len(whole)}: the line is too long.")
            if whole:
                yield [line.rstrip(b"\r") for line in whole], number
                number += len(whole)
        if rest:
            yield [rest.rstrip(b"\r")], number

    def _rows(self, path: Path) -> Iterator[tuple[list[bytes], int]]:
        """The values of the column of a CSV file."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                if self._column not in (reader.fieldnames or ()):
                    raise RegisterFault(f"{path} has no column {self._column!r} in its heading.")
                while some := list(islice(reader, _ROWS)):
                    values = [(row[self._column] or "").strip().encode() for row in some]
                    yield values, reader.line_num - len(some) + 1
        except (UnicodeDecodeError, csv.Error) as error:
            raise RegisterFault(f"{path} is no CSV file: {type(error).__name__}.") from error

    def _ensure_right(self, block: list[bytes], first: int, path: Path) -> None:
        match = self._format.line.fullmatch
        for place, line in enumerate(block):
            if not match(line):
                raise RegisterFault(
                    f"{path}, line {first + place}: no number in the format {self._layout!r}."
                )


def open_register(options: Mapping[str, Any]) -> FileRegister:
    """The plug-in `file`. `options`: a section of the file of registers.

    Raises:
        ConfigError: names the option at fault.
    """
    for name in options.keys() - _OPTIONS:
        raise _wrong(name, f"is no option of it. There are: {', '.join(sorted(_OPTIONS))}.")
    texts = {
        name: _text(options, name) for name in ("register", "path", "format", "column", "provider")
    }
    register, path, layout = texts["register"], texts["path"], texts["format"]
    if register is None or path is None:
        raise _wrong("register" if register is None else "path", "is required.")
    wrong = register_fault(SCRUB, register)
    if wrong is not None:
        raise _wrong("register", wrong)
    if layout is None or layout not in _FORMATS:
        raise _wrong("format", f"must be one of {', '.join(_FORMATS)}.")
    regions = _texts(options, "regions") or (register.partition("-")[0],)
    if not all(map(is_region, regions)):
        raise _wrong("regions", "must be a list of countries, as 'US' and 'PR'.")
    prefixes = _texts(options, "prefixes")
    if not all(re.fullmatch(r"\+[1-9][0-9]{0,14}", one) for one in prefixes):
        raise _wrong("prefixes", "must be a list of beginnings of numbers, as '+1212'.")
    return FileRegister(
        register=register,
        path=Path(path),
        layout=layout,
        regions=frozenset(regions),
        prefixes=prefixes,
        column=texts["column"],
        version=_day(options.get("version")),
        provider=texts["provider"] or "",
    )


def _text(options: Mapping[str, Any], name: str) -> str | None:
    value = options.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _wrong(name, "must be a text.")
    return value


def _texts(options: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = options.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(name, "must be a list of texts.")
    return tuple(value)


def _day(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong("version", "must be a date, without quotes: 2026-11-15.")
    return datetime.combine(value, time(), UTC)


def _wrong(name: str, words: str) -> ConfigError:
    return ConfigError(f"'{name}' {words}", field=name)
