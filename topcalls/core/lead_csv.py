"""Files of leads: CSV read as it arrives, its header understood, and each row judged.

What is wrong with the file itself ends the reading and is told with its line. What is wrong with a
row refuses that row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from topcalls.core import leads, phone_numbers
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError, InvalidRequest

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 100_000_000
MAX_LINE: Final = 65_536
"""Characters, of a line and of a row that goes over several."""

MAX_COLUMNS: Final = 100
_COLUMNS: Final = (
    "phone_number",
    "name",
    "email",
    "status",
    "notes",
    "tags",
    "time_zone",
    "region",
)
_ALIASES: Final[Mapping[str, str]] = {
    "phone": "phone_number",
    "telephone": "phone_number",
    "mobile": "phone_number",
    "e_mail": "email",
    "timezone": "time_zone",
    "tag": "tags",
}
_DELIMITERS: Final = ",;\t"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_FORMULA = re.compile(r"=|@[A-Za-z.]+\(|[+-]\s*[A-Za-z(][^ ]*[(!|]")
_SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_ERROR_CELL = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NUM!|NULL!)")
_FOREIGN: Final[Mapping[bytes, str]] = {
    b"PK\x03\x04": "This is a workbook, not CSV.",
    b"\xd0\xcf\x11\xe0": "This is a workbook, not CSV.",
    b"\xff\xfe": "The file is UTF-16.",
    b"\xfe\xff": "The file is UTF-16.",
}
_METADATA: Final = "metadata."
_QUOTE: Final = "Is a quote not closed, or is this no CSV?"
_SAVE: Final = "Save it as 'CSV UTF-8 (comma delimited)'."


class Row(NamedTuple):
    """A row, and the line of the file that it begins on."""

    line: int
    cells: Sequence[str]


class Judged(NamedTuple):
    """A row as the body of a lead, or what is wrong with it."""

    line: int
    body: Mapping[str, Any]
    errors: Sequence[FieldError] = ()


def rows(pieces: Iterable[bytes]) -> Iterator[Row]:
    """The rows of a file, its header first, as its pieces arrive. Blank lines are left out.

    Raises:
        InvalidRequest: at the first thing that makes the file none.
    """
    lines = _lines(pieces)
    first = next(lines, "")
    if not first.strip():
        _refuse(1, "The file is empty, or its first line is. Begin with the names of columns.")
    reader = csv.reader(_again(first, lines), delimiter=_delimiter(first), strict=True)
    line, count = 1, -1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            message = f"Is no CSV: {error}. Is a quote not closed, or not doubled inside a cell?"
            _refuse(line, message, "malformed")
        if sum(map(len, cells)) > MAX_LINE:
            _refuse(line, f"A row is longer than {MAX_LINE} characters. {_QUOTE}", "too_long")
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ROWS:
                message = f"The file has more than {MAX_ROWS} leads. Send it in parts."
                _refuse(line, message, "too_many_rows")
            yield Row(line, cells)
        line = reader.line_num + 1


def columns_of(header: Row) -> tuple[str, ...]:
    """What each column is: a field of a lead, or `metadata.` and the name of a variable.

    Raises:
        InvalidRequest: with everything that is wrong with the header.
    """
    names = [_column(cell) for cell in header.cells]
    wrong = list(_header_faults(header.cells, names))
    if wrong:
        raise InvalidRequest("The header of the file is not right: see 'errors'.", wrong)
    return tuple(names)


def judged(row: Row, columns: Sequence[str], region: str | None) -> Judged:
    """A row as the body of a lead. `region` is the country of numbers without a country code."""
    if len(row.cells) != len(columns):
        message = (
            f"Has {len(row.cells)} cells, the header {len(columns)}. "
            "Put cells with separators in them into quotes."
        )
        return Judged(row.line, {}, [FieldError("row", message, "cells")])
    body: dict[str, Any] = {}
    metadata: dict[str, str] = {}
    wrong = []
    for column, cell in zip(columns, row.cells, strict=True):
        text = cell.strip()
        fault = _cell_fault(text) if text else None
        if fault is not None:
            wrong.append(FieldError(column, *fault))
        elif text and column.startswith(_METADATA):
            metadata[column.removeprefix(_METADATA)] = text
        elif text:
            body[column] = text
    if metadata:
        body["metadata"] = metadata
    if "tags" in body:
        body["tags"] = [tag.strip() for tag in re.split(r"[;|,]", body["tags"]) if tag.strip()]
    told = {fault.path for fault in wrong}
    wrong += _number_faults(body, region) if "phone_number" not in told else []
    told |= {fault.path for fault in wrong}
    wrong += [fault for fault in leads.faults(body) if fault.path not in told]
    return Judged(row.line, body, wrong)


def _number_faults(body: dict[str, Any], region: str | None) -> list[FieldError]:
    """Also puts the number into its one form."""
    text = body.get("phone_number")
    if text is None:
        return [FieldError("phone_number", "Is empty.", "required")]
    if _SCIENTIFIC.fullmatch(text):
        message = "A spreadsheet made it a power of ten. Format the column as text before saving."
        return [FieldError("phone_number", message, "spreadsheet_number")]
    international = f"+{text[2:]}" if text.startswith("00") else text
    number = phone_numbers.normal(international, region)
    if number is not None:
        body["phone_number"] = number
        return []
    if not text.startswith(("+", "00")) and region is None:
        message = "Has no country code. Write it as in +12025550123, or send 'region', as in US."
        return [FieldError("phone_number", message, "no_country_code")]
    return [FieldError("phone_number", "Is no telephone number that exists.", "impossible_number")]


def _cell_fault(text: str) -> tuple[str, str] | None:
    if _FORMULA.match(text):
        return "Is a formula. Paste values instead of formulas before saving.", "formula"
    if _ERROR_CELL.fullmatch(text):
        return "Is the error of a formula. Paste values instead of formulas.", "formula"
    return None


def _header_faults(cells: Sequence[str], names: Sequence[str]) -> Iterator[FieldError]:
    if len(cells) > MAX_COLUMNS:
        message = f"Has {len(cells)} columns; at most {MAX_COLUMNS} may be."
        yield FieldError("header", message, "too_many_columns")
        return
    for place, (cell, name) in enumerate(zip(cells, names, strict=True), 1):
        if not cell.strip():
            yield FieldError("header", f"Column {place} has no name.", "no_name")
        elif name in names[: place - 1]:
            message = f"Column {place} is '{cell.strip()[:64]}' again."
            yield FieldError("header", message, "repeated")
        elif not _VARIABLE.fullmatch(name.removeprefix(_METADATA)):
            message = (
                f"Column {place} ('{cell.strip()[:64]}') has no name that can be used: letters, "
                "digits and _, up to 64, no digit first."
            )
            yield FieldError("header", message, "invalid_name")
    if "phone_number" not in names:
        plain = [name.removeprefix(_METADATA) for name in names]
        hint = did_you_mean("phone_number", plain).replace("Did you mean", "Is it")
        message = f"No column is 'phone_number'.{hint} Name it so in the first line."
        yield FieldError("header", message, "no_phone_number")


def _column(cell: str) -> str:
    name = cell.strip()
    folded = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    known = _ALIASES.get(folded, folded)
    if known in _COLUMNS:
        return known
    return _METADATA + (name if _VARIABLE.fullmatch(name) else folded)


def _delimiter(line: str) -> str:
    """The one that makes most columns of the first line; a comma where none does."""
    return max(_DELIMITERS, key=line.count)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The lines of a file, with their ends; a line that is too long is never held as a whole."""
    decode = codecs.getincrementaldecoder("utf-8-sig")("strict").decode
    pending, line, is_first = "", 0, True
    for piece in _and_the_end(pieces):
        if is_first and piece:
            _refuse_foreign(piece)
            is_first = False
        try:
            text = pending + decode(piece, not piece)
        except UnicodeDecodeError as error:
            at = line + 1 + pending.count("\n") + piece[: error.start].count(b"\n")
            _refuse(at, f"Is not UTF-8. {_SAVE}", "encoding")
        if "\0" in text:
            at = line + 1 + text[: text.index("\0")].count("\n")
            _refuse(at, f"Holds a NUL: this is no text. {_SAVE}", "encoding")
        found = _LINE.findall(text)
        # What ends the piece may be half a line, or half an end of line.
        pending = found.pop() if found and piece else ""
        for whole in found:
            line += 1
            _ensure_short(whole, line)
            yield whole
        _ensure_short(pending, line + 1)


def _ensure_short(text: str, line: int) -> None:
    if len(text) > MAX_LINE:
        _refuse(line, f"Is longer than {MAX_LINE} characters. {_QUOTE}", "too_long")


def _refuse_foreign(piece: bytes) -> None:
    for start, what in _FOREIGN.items():
        if piece.startswith(start):
            _refuse(1, f"{what} {_SAVE}", "encoding")


def _and_the_end(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield from (piece for piece in pieces if piece)
    yield b""


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _refuse(line: int, message: str, code: str = "invalid") -> NoReturn:
    raise InvalidRequest(
        "The file cannot be read: see 'errors'.", [FieldError(f"line {line}", message, code)]
    )
