"""Checks of single values, and of objects put together from them.

A check takes a value and the path that it stands at, and tells what is wrong with it. Null counts
as not given: who asks decides what that means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError

Faults = Iterator[FieldError]
Check = Callable[[object, str], Faults]


def section(
    value: object, path: str, checks: Mapping[str, Check], needed: Collection[str] = ()
) -> Faults:
    """Everything wrong with an object of these fields, of which some are needed."""
    if not isinstance(value, Mapping):
        yield FieldError(path, "Must be an object.", "invalid_type")
        return
    dot = f"{path}." if path else ""
    for name, given in value.items():
        if name not in checks:
            hint = did_you_mean(str(name), checks)
            yield FieldError(f"{dot}{name}", f"Is not known here.{hint}", "unknown")
        elif given is not None:
            yield from checks[name](given, f"{dot}{name}")
    for name in needed:
        if value.get(name) is None:
            yield FieldError(f"{dot}{name}", "Is required.", "required")


def objects(checks: Mapping[str, Check], needed: Collection[str] = (), most: int = 100) -> Check:
    """A list of objects."""

    def check(value: object, path: str) -> Faults:
        if not isinstance(value, list | tuple):
            yield FieldError(path, "Must be a list.", "invalid_type")
        elif len(value) > most:
            yield FieldError(path, f"Must be at most {most}.", "length")
        else:
            for index, item in enumerate(value):
                yield from section(item, f"{path}.{index}", checks, needed)

    return check


def texts(each: Check, most: int, least: int = 0) -> Check:
    """A list of different texts, each of which is right."""

    def check(value: object, path: str) -> Faults:
        if not isinstance(value, list | tuple):
            yield FieldError(path, "Must be a list.", "invalid_type")
            return
        if not least <= len(value) <= most:
            yield FieldError(path, f"Must be {least} to {most}.", "length")
        seen: set[object] = set()
        for index, item in enumerate(value):
            here = f"{path}.{index}"
            if not isinstance(item, str):
                yield FieldError(here, "Must be text.", "invalid_type")
            elif item in seen:
                yield FieldError(here, "Stands in the list before. Leave it out.", "duplicate")
            else:
                yield from each(item, here)
            seen.add(item if isinstance(item, str) else id(item))

    return check


def text(least: int, most: int) -> Check:
    """Text of so many characters."""

    def check(value: object, path: str) -> Faults:
        if not isinstance(value, str):
            yield FieldError(path, "Must be text.", "invalid_type")
        elif not least <= len(value.strip()) <= len(value) <= most:
            message = f"Must be {least} to {most} characters, not counting space around it."
            yield FieldError(path, message, "length")

    return check


def matching(pattern: str, words: str) -> Check:
    """Text of a form; `words` say which."""
    compiled = re.compile(pattern)

    def check(value: object, path: str) -> Faults:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            yield FieldError(path, words, "format")

    return check


def choice(*values: str) -> Check:
    """One of these texts."""

    def check(value: object, path: str) -> Faults:
        if value not in values:
            hint = did_you_mean(value, values) if isinstance(value, str) else ""
            yield FieldError(path, f"Must be one of {', '.join(values)}.{hint}", "choice")

    return check


def flag(value: object, path: str) -> Faults:
    """True or false."""
    if not isinstance(value, bool):
        yield FieldError(path, "Must be true or false.", "invalid_type")


def whole(least: int, most: int) -> Check:
    """A whole number."""
    return _number(least, most, (int,), "whole number")


def number(least: float, most: float) -> Check:
    """A number."""
    return _number(least, most, (int, float), "number")


def moment(value: object, path: str) -> Faults:
    """A time with its offset from UTC."""
    if moment_of(value) is None:
        message = "Must be a time with its offset from UTC, as in 2030-01-31T09:30:00Z."
        yield FieldError(path, message, "invalid_time")


def moment_of(value: object) -> datetime | None:
    """The time that a value stands for, if it is one with an offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    try:
        value.timestamp()
    except (OverflowError, ValueError):
        return None
    return value


def day(value: object, path: str) -> Faults:
    """A calendar day."""
    try:
        is_day = isinstance(value, str) and bool(date.fromisoformat(value)) and len(value) == 10
    except ValueError:
        is_day = False
    if not is_day:
        yield FieldError(path, "Must be a day, as in 2026-12-24.", "invalid_date")


def _number(least: float, most: float, kinds: tuple[type, ...], kind: str) -> Check:
    def check(value: object, path: str) -> Faults:
        if isinstance(value, bool) or not isinstance(value, kinds):
            yield FieldError(path, f"Must be a {kind}.", "invalid_type")
        elif not math.isfinite(value) or not least <= value <= most:  # type: ignore[operator, arg-type]
            yield FieldError(path, f"Must be from {least} to {most}.", "range")

    return check


def any_value(value: Any, path: str) -> Faults:
    """Judged elsewhere."""
    return iter(())
