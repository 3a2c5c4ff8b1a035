"""Telephone numbers: E.164 in, E.164 out, and what a number alone tells us.

A number is accepted when it has the form of the public contract (`+`, then 2 to 15 digits) and
libphonenumber knows its country code, its length and its range. Numbers travel as plain text;
there is no number object outside this module.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumber, ValidationResult
from phonenumbers.timezone import time_zones_for_number

from topcalls.errors import FieldError, InvalidRequest

E164_PATTERN = r"^\+[1-9]\d{1,14}$"
_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_UNKNOWN_ZONE = "Etc/Unknown"
_EXAMPLE = "Write it in E.164: '+', the country code, then the number, as in +12025550123."
_LENGTH_FAULTS = {
    ValidationResult.TOO_SHORT: "is too short",
    ValidationResult.TOO_LONG: "is too long",
    ValidationResult.INVALID_LENGTH: "has a length no number has",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "lacks its area code, which is needed",
}


def fault(number: object, path: str) -> FieldError | None:
    """What is wrong with `number`, or None. Never repeats the number: it is personal data."""
    if not isinstance(number, str):
        return FieldError(path, f"Must be text. {_EXAMPLE}", "not_e164")
    if not _E164.fullmatch(number):
        return FieldError(path, f"Is not an E.164 number. {_EXAMPLE}", "not_e164")
    try:
        return _range_fault(phonenumbers.parse(number), path)
    except phonenumbers.NumberParseException as error:
        return _parse_fault(error, path)


def check(number: object, path: str = "phone_number") -> str:
    """`number` itself when it can be dialled.

    Raises:
        InvalidRequest: names `path` and says what to write instead.
    """
    wrong = fault(number, path)
    if wrong is not None:
        raise InvalidRequest("The telephone number is not valid.", [wrong])
    assert isinstance(number, str)
    return number


def normal(text: str, region: str | None = None) -> str | None:
    """The E.164 form of a number as people write it; None if it is none. `region`: the country
    ("US") that numbers without a country code are of."""
    try:
        parsed = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension or not phonenumbers.is_valid_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def is_region(code: str) -> bool:
    """Whether telephone numbers of a country with this ISO 3166-1 code ("US") are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def region(number: str) -> str | None:
    """ISO 3166-1 alpha-2 code of the country ("US"), or None (satellite, toll-free +800...)."""
    parsed = _parse(number)
    code = phonenumbers.region_code_for_number(parsed) if parsed else None
    return code if code and code != "001" else None


def national_number(number: str) -> str:
    """The digits after the country code; all of them where it is not known."""
    parsed = _parse(number)
    if parsed is None:
        return number.removeprefix("+")
    return phonenumbers.national_significant_number(parsed)


def time_zones(number: str) -> tuple[str, ...]:
    """Every IANA zone the number's holder may live in; empty when the number does not tell."""
    parsed = _parse(number)
    zones = time_zones_for_number(parsed) if parsed else ()
    return tuple(sorted(zone for zone in zones if zone != _UNKNOWN_ZONE))


def mask(number: str) -> str:
    """The number with all but its last two digits hidden, for logs and messages."""
    return "*" * max(len(number) - 2, 0) + number[-2:] if len(number) > 4 else "*" * len(number)


def _parse(number: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


def _parse_fault(error: phonenumbers.NumberParseException, path: str) -> FieldError:
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        message = f"No country has the code this number starts with. {_EXAMPLE}"
        return FieldError(path, message, "unknown_country_code")
    return FieldError(path, f"The number is too short. {_EXAMPLE}", "impossible_number")


def _range_fault(parsed: PhoneNumber, path: str) -> FieldError | None:
    if phonenumbers.is_valid_number(parsed):
        return None
    fault = _LENGTH_FAULTS.get(phonenumbers.is_possible_number_with_reason(parsed))
    message = f"The number {fault or 'is in no assigned range'} for +{parsed.country_code}."
    return FieldError(path, f"{message} Check its digits.", "impossible_number")
