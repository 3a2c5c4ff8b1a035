"""What a telephone number alone tells of whoever is called: its kind, its country, its zones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType
from phonenumbers.shortnumberinfo import is_emergency_number

from topcalls.core import phone_numbers

VERSION = phonenumbers.__version__
_KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed_line",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "fixed_line_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium_rate",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal_number",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_NANP = 1
_NANP_LENGTH = len("+12125550123")
_AREA_DIGITS = 3
_LINE_DIGITS = 4
_ANY_LINE = "0123"
_MOST_CACHED = 65_536


@dataclass(frozen=True, slots=True, eq=False)
class NumberFacts:
    """`is_number`: it can be read as one. `is_assigned`: its range is in use. `country`: ISO
    3166-1. `area_code`: of the North American plan. `zones`: all those of the numbering plan."""

    is_number: bool
    is_assigned: bool = False
    kind: str = "unknown"
    country: str | None = None
    area_code: str | None = None
    zones: tuple[str, ...] = ()


def number_facts(number: str) -> NumberFacts:
    """What is known of a number in E.164.

    In the North American plan the last four digits tell nothing: an exchange is worked out once.
    """
    if len(number) == _NANP_LENGTH and number.startswith("+1") and number[1:].isdecimal():
        return _number_facts(number[:-_LINE_DIGITS] + _ANY_LINE)
    return _number_facts(number)


@lru_cache(_MOST_CACHED)
def _number_facts(number: str) -> NumberFacts:
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return NumberFacts(False)
    country = phonenumbers.region_code_for_number(parsed)
    if country is None:
        return NumberFacts(True, kind="emergency" if _is_emergency(parsed) else "unknown")
    digits = phonenumbers.national_significant_number(parsed)
    return NumberFacts(
        is_number=True,
        is_assigned=True,
        kind=_KINDS.get(phonenumbers.number_type(parsed), "unknown"),
        country=country if country != "001" else None,
        area_code=digits[:_AREA_DIGITS] if parsed.country_code == _NANP else None,
        zones=phone_numbers.time_zones(number) if parsed.country_code != _NANP else (),
    )


def _is_emergency(parsed: PhoneNumber) -> bool:
    digits = phonenumbers.national_significant_number(parsed)
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return any(is_emergency_number(digits, region) for region in regions)
