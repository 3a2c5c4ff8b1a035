"""Which number is meant by what a carrier writes: `+12025550123`, `12025550123`, `0044 …`, national
digits, a SIP or tel URI, with or without parameters.

What certainly is E.164 is told apart from what only a carrier's country can explain.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

import phonenumbers

_ANONYMOUS = frozenset(
    {"", "anonymous", "restricted", "unavailable", "private", "unknown", "withheld", "blocked"}
)
_LEAST_NATIONAL = 6
_MOST = 20
_INTERNATIONAL_PREFIXES = ("00", "011")
_SEPARATORS = re.compile(r"[\s().\-/]")


class Dialled(NamedTuple):
    """What a text may stand for: numbers in E.164, the likeliest first, and its bare digits where
    they may be a national number."""

    numbers: tuple[str, ...]
    national: str | None


def dialled(text: str) -> Dialled:
    """The numbers that `text` may mean; nothing for what is no number."""
    user, parameters = _parts(text)
    context = parameters.get("phone-context", "")
    if context.startswith("+") and not user.startswith("+"):
        user = context + user.removeprefix("0")
    digits = user.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and 2 <= len(digits) <= _MOST):
        return Dialled((), None)
    if user.startswith("+"):
        return Dialled((user,), None)
    for prefix in _INTERNATIONAL_PREFIXES:
        if digits.startswith(prefix) and _exists(f"+{digits.removeprefix(prefix)}"):
            return Dialled((f"+{digits.removeprefix(prefix)}",), digits)
    national = digits if len(digits) >= _LEAST_NATIONAL else None
    return Dialled((f"+{digits}",) if _exists(f"+{digits}") else (), national)


def is_national_form(digits: str, number: str) -> bool:
    """Whether `digits` are how the E.164 `number` is dialled within its country."""
    try:
        parsed = phonenumbers.parse(number)
        region = phonenumbers.region_code_for_number(parsed)
        return bool(phonenumbers.parse(digits, region) == parsed)
    except phonenumbers.NumberParseException:
        return False


def caller_number(text: str, called: str) -> str | None:
    """Who calls, in E.164 where that is certain; a national number is taken as one of the country
    of the `called` number. Anything else that is made of digits stays as it was; None: unknown."""
    user, _ = _parts(text)
    if user.lower() in _ANONYMOUS or not user.strip("0+"):
        return None
    sure = dialled(text)
    if sure.numbers and _exists(sure.numbers[0]):
        return sure.numbers[0]
    digits = user.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST):
        return None
    return _within_country_of(called, digits) or user


def _within_country_of(called: str, digits: str) -> str | None:
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(called))
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed):
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def _parts(text: str) -> tuple[str, dict[str, str]]:
    """The user part of a number or URI, without separators, and its parameters."""
    inner = text.strip().rpartition("<")[2].partition(">")[0].strip()
    scheme, colon, rest = inner.partition(":")
    if colon and scheme.lower() in ("sip", "sips", "tel"):
        inner = rest
    user, *pairs = inner.partition("@")[0].split(";")
    parameters = (pair.partition("=") for pair in pairs)
    return (
        _SEPARATORS.sub("", unquote(user)),
        {name.strip().lower(): value.strip() for name, _, value in parameters},
    )


def _exists(number: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(number)))
    except phonenumbers.NumberParseException:
        return False
