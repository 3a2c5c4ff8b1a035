"""Is what was sent as a knowledge base right? Every fault at once, with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from topcalls.core import web_addresses
from topcalls.core.knowledge import MOST_FILE_BYTES, MOST_PASSAGES, MOST_TEXT, SourceKind
from topcalls.core.knowledge_web import MOST_PAGES, MOST_URLS
from topcalls.core.languages import LANGUAGE_PATTERN
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

MOST_FIELDS = 50
RECRAWL_HOURS = (1, 24 * 365)
TEXTS: Final = {"name": (1, 200), "description": (0, 1_000)}
_OF_BASE = ("name", "description", "language")
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    SourceKind.TEXT: ("text",),
    SourceKind.FILE: ("file",),
    SourceKind.DATA: ("rows",),
    SourceKind.WEB: ("urls", "site", "max_pages", "recrawl_hours"),
}
_CONTENT: Final = tuple(name for names in _OF_KIND.values() for name in names)

Faults = Iterator[FieldError]
Reach = web_addresses.Reach
INTERNET = web_addresses.INTERNET


def base_faults(body: Mapping[str, Any], reach: Reach = INTERNET) -> list[FieldError]:
    """What is wrong with a base that is to be made, with its first source."""
    given = {key: value for key, value in body.items() if value is not None}
    return [
        *_unknown(given, (*_OF_BASE, "type", *_CONTENT)),
        *_texts(given, required=("name",)),
        *_language(given),
        *_source(given, reach),
    ]


def source_faults(body: Mapping[str, Any], reach: Reach = INTERNET) -> list[FieldError]:
    """What is wrong with a source that is to be added, or to take another's place."""
    given = {key: value for key, value in body.items() if value is not None}
    known = ("name", "type", *_CONTENT)
    return [*_unknown(given, known), *_texts(given), *_source(given, reach)]


def change_faults(body: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with a change of a base."""
    faults = [*_unknown(body, ("name", "description", "text"))]
    if not body:
        faults.append(FieldError("body", "Say what to change.", "required"))
    if body.get("name", "-") is None:
        faults.append(FieldError("name", "Must not be null.", "null"))
    given = {key: value for key, value in body.items() if value is not None}
    faults += _texts(given)
    if "text" in body:
        faults += _text(given)
    return faults


def _unknown(given: Mapping[str, Any], known: tuple[str, ...]) -> Faults:
    for name in given.keys() - set(known):
        yield FieldError(name, f"Is not known here.{did_you_mean(name, known)}", "unknown")


def _texts(given: Mapping[str, Any], required: tuple[str, ...] = ()) -> Faults:
    for name, (least, most) in TEXTS.items():
        value = given.get(name)
        if value is None:
            if name in required:
                yield FieldError(name, "Is required: what people call it.", "required")
        elif not isinstance(value, str):
            yield FieldError(name, "Must be text.", "invalid_type")
        elif not least <= len(value.strip()) <= len(value) <= most:
            words = f"Must be {least} to {most} characters, not counting space around it."
            yield FieldError(name, words, "length")


def _language(given: Mapping[str, Any]) -> Faults:
    value = given.get("language")
    if value is not None and not (isinstance(value, str) and re.fullmatch(LANGUAGE_PATTERN, value)):
        message = "Must be a BCP 47 language tag, as in 'en' or 'pt-BR'."
        yield FieldError("language", message, "invalid_language")


def _source(given: Mapping[str, Any], reach: Reach) -> Faults:
    kind = given.get("type")
    kinds = [str(member) for member in SourceKind]
    if kind is None:
        yield FieldError("type", f"Is required: one of {', '.join(kinds)}.", "required")
        return
    if kind not in kinds:
        yield FieldError("type", f"Must be one of {', '.join(kinds)}.", "choice")
        return
    for name in sorted(given.keys() & set(_CONTENT) - set(_OF_KIND[kind])):
        yield FieldError(name, f"Is not of a source of type '{kind}'.", "not_of_this_type")
    judge = {"text": _text, "file": _file, "data": _rows}.get(kind)
    yield from judge(given) if judge else _web(given, reach)


def _text(given: Mapping[str, Any]) -> Faults:
    value = given.get("text")
    if value is None:
        yield FieldError("text", "Is required: what the agent shall know.", "required")
    elif not isinstance(value, str):
        yield FieldError("text", "Must be text.", "invalid_type")
    elif not value.strip() or len(value) > MOST_TEXT:
        yield FieldError("text", f"Must be 1 to {MOST_TEXT} characters.", "length")


def _file(given: Mapping[str, Any]) -> Faults:
    files = given.get("file")
    if not isinstance(files, list) or not all(isinstance(item, tuple) for item in files):
        message = "Send the file as a part of a form (multipart/form-data)."
        yield FieldError("file", message, "required")
    elif len(files) != 1:
        yield FieldError("file", "Send one file; add others as further sources.", "too_many")
    elif not files[0][1]:
        yield FieldError("file", "The file is empty.", "empty")
    elif len(files[0][1]) > MOST_FILE_BYTES:
        message = f"Is larger than {MOST_FILE_BYTES // 1_000_000} MB. Divide it."
        yield FieldError("file", message, "too_large")


def _rows(given: Mapping[str, Any]) -> Faults:
    rows = given.get("rows")
    if not isinstance(rows, list) or not rows:
        yield FieldError("rows", "Is required: a list of objects.", "required")
        return
    if len(rows) > MOST_PASSAGES:
        yield FieldError("rows", f"Must be at most {MOST_PASSAGES}.", "too_many")
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping) or not row:
            yield FieldError(f"rows.{index}", "Must be an object with fields.", "invalid_type")
        elif len(row) > MOST_FIELDS:
            message = f"Must have at most {MOST_FIELDS} fields."
            yield FieldError(f"rows.{index}", message, "too_many")
        else:
            continue
        return  # the others are probably alike


def _web(given: Mapping[str, Any], reach: Reach) -> Faults:
    urls = given.get("urls")
    if not isinstance(urls, list) or not urls:
        yield FieldError("urls", "Is required: a list of addresses of pages.", "required")
    elif len(urls) > MOST_URLS:
        yield FieldError("urls", f"Must be at most {MOST_URLS} addresses.", "too_many")
    else:
        for index, url in enumerate(urls):
            wrong = web_addresses.fault(url, f"urls.{index}", reach)
            if wrong:
                yield wrong
    if not isinstance(given.get("site", False), bool):
        yield FieldError("site", "Must be true or false.", "invalid_type")
    yield from _whole(given, "max_pages", 1, MOST_PAGES)
    yield from _whole(given, "recrawl_hours", *RECRAWL_HOURS)


def _whole(given: Mapping[str, Any], name: str, least: int, most: int) -> Faults:
    value = given.get(name, least)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield FieldError(name, f"Must be a whole number from {least} to {most}.", "range")
