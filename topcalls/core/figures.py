"""Figures in a text, and the words that are said for them: numbers, money, dates, times of day,
percentages, telephone numbers. How a language says them is in `core/spoken_languages.py`.

What merely looks like a figure is left alone: versions, house numbers with letters, ratios,
addresses of the web.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from topcalls.core.spoken_languages import CODES, SIGNS, Language, speech_of

LONGEST_CARDINAL = 6  # digits in a row; more are a reference, and are read one by one
_PIVOT = 70  # of years with two digits
_BARRIER = r"(?<![\w.,:/@#$€£¥-])"
_NO_WORD = r"(?![\w@])"
_TOP_LEVEL = "com|net|org|io|ai|eu|de|fr|es|it|nl|pt|uk|ch|at"
_LEFT_ALONE = re.compile(
    rf"\S+@\S+|https?://\S+|www\.\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:{_TOP_LEVEL})\b(?:/\S*)?"
)
_PHONE = re.compile(rf"{_BARRIER}[+(]?\d(?:[\s().\u00a0-]{{0,2}}\d){{6,14}}{_NO_WORD}")
_ISO_DATE = re.compile(rf"{_BARRIER}(\d{{4}})-(\d{{2}})-(\d{{2}}){_NO_WORD}(?![-/])")
_GROUPS = re.compile(r"\d+")

Said = Callable[[re.Match[str], str], str | None]


@dataclass(frozen=True)
class _Rule:
    """`say(match, text)` gives the words, or None where it is not what it looks like."""

    pattern: re.Pattern[str]
    say: Said


@lru_cache(maxsize=64)
def figures_of(tag: str) -> Figures | None:
    """What finds figures in texts of this language; None where they are left to the voice."""
    language = speech_of(tag)
    return Figures(language) if language is not None else None


class Figures:
    """Of one language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        decimal, thousands = re.escape(language.decimal), re.escape(language.thousands)
        self._number = rf"(?:\d{{1,3}}(?:[{thousands}]\d{{3}})+|\d+)(?:{decimal}\d+)?"
        self._end = rf"(?![\w@]|{decimal}\d|[{thousands}]\d{{3}}(?!\d)|[:/]\d)"
        self._rules = tuple(self._all_rules())

    def found(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where each figure begins and ends, and what is said for it, in order."""
        at = 0
        while (first := self._first(text, at)) is not None:
            match, said = first
            yield match.start(), match.end(), said
            at = match.end()

    def _first(self, text: str, at: int) -> tuple[re.Match[str], str] | None:
        """What comes first; of what begins at one place, the first rule's."""
        best: tuple[re.Match[str], str] | None = None
        for rule in self._rules:
            for match in rule.pattern.finditer(text, at):
                if best is not None and match.start() >= best[0].start():
                    break
                said = rule.say(match, text)
                if said is not None:
                    best = match, said
                    break
        return best

    def _all_rules(self) -> Iterator[_Rule]:
        yield _Rule(_LEFT_ALONE, lambda match, _: match.group())
        if self._language.months:
            yield from self._dates()
            yield from self._times()
        yield _Rule(_PHONE, self._phone)
        if self._language.money:
            yield from self._amounts()
        yield from self._numbers()

    # --- dates and times

    def _dates(self) -> Iterator[_Rule]:
        language = self._language
        yield _Rule(_ISO_DATE, self._iso_date)
        day = rf"{_BARRIER}(\d{{1,2}})([{language.date_signs}])(\d{{1,2}})"
        plain = re.compile(rf"{day}\2(\d{{4}}|\d{{2}}){_NO_WORD}(?![-/])")
        yield _Rule(plain, self._date)
        names, year = "|".join(language.months), r"(?:,?\s(\d{4}))?"
        if language.code == "en":
            american = rf"\b({names})\s(\d{{1,2}})(?:st|nd|rd|th)?{year}{_NO_WORD}"
            yield _Rule(re.compile(american), lambda m, text: self._named(m, m[2], m[1], text))
        ending = {"en": r"(?:st|nd|rd|th)?", "de": r"\."}.get(language.code)
        if ending is not None:
            named = rf"{_BARRIER}(\d{{1,2}}){ending}\s({names}){year}{_NO_WORD}"
            yield _Rule(re.compile(named), lambda m, text: self._named(m, m[1], m[2], text))

    def _iso_date(self, match: re.Match[str], text: str) -> str | None:
        year, month, day = (int(part) for part in match.groups())
        return self._day(day, month, year, text[: match.start()])

    def _date(self, match: re.Match[str], text: str) -> str | None:
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        day, month = (second, first) if self._language.month_first else (first, second)
        if len(match[4]) == 2:
            year += 2000 if year < _PIVOT else 1900
        return self._day(day, month, year, text[: match.start()])

    def _named(self, match: re.Match[str], day: str, name: str, text: str) -> str | None:
        month = self._language.months.index(name) + 1
        return self._day(int(day), month, int(match[3] or 0), text[: match.start()])

    def _day(self, day: int, month: int, year: int, before: str) -> str | None:
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return None
        return self._language.date(day, month, year or None, before)

    def _times(self) -> Iterator[_Rule]:
        language = self._language
        clock = rf"(\d{{1,2}}){language.time_sign}(\d{{2}})(?::\d{{2}})?"
        tail = rf"{language.time_tail}{_NO_WORD}"
        span = rf"{_BARRIER}{clock}\s?[–-]\s?{clock}{tail}"
        yield _Rule(re.compile(span, re.IGNORECASE), self._hours)
        half = r"(?:\s?([ap])\.?m\b\.?)?" if language.code == "en" else "()"
        yield _Rule(re.compile(rf"{_BARRIER}{clock}{half}{tail}", re.IGNORECASE), self._time)
        if language.code == "en":
            bare = rf"{_BARRIER}(\d{{1,2}})()\s?([ap])\.?m\b\.?"
            yield _Rule(re.compile(bare, re.IGNORECASE), self._time)

    def _hours(self, match: re.Match[str], _: str) -> str | None:
        first, last = self._clock(match[1], match[2]), self._clock(match[3], match[4])
        return f"{first} {self._language.until} {last}" if first and last else None

    def _time(self, match: re.Match[str], _: str) -> str | None:
        half = f"{match[3].lower()}m" if match[3] else ""
        return self._clock(match[1], match[2] or "0", half)

    def _clock(self, hour: str, minute: str, half: str = "") -> str | None:
        if int(hour) > 24 or int(minute) > 59 or (half and not 1 <= int(hour) <= 12):
            return None
        return self._language.time(int(hour), int(minute), half)

    # --- telephone numbers

    def _phone(self, match: re.Match[str], _: str) -> str | None:
        text, language = match.group(), self._language
        groups = _GROUPS.findall(text)
        international = text.startswith("+")
        if not international and not _looks_dialled(text, groups, language.thousands):
            return None
        if international and len(groups) == 1:
            groups = _grouped(text)
        said = ", ".join(map(self._group, groups))
        return f"{language.plus} {said}" if international else said

    def _group(self, digits: str) -> str:
        """Figure by figure, or as a number of two figures where that is the custom."""
        if self._language.reads_pairs and len(digits) == 2 and digits[0] != "0":
            return self._language.cardinal(int(digits))
        return self._language.digits(digits)

    # --- money

    def _amounts(self) -> Iterator[_Rule]:
        language, number = self._language, self._number
        signs = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
        scale = rf"(?:\s({'|'.join(language.scales)})\b)?"
        before = rf"(?<![\w.,$€£¥])({signs}|{'|'.join(CODES)})\s?({number}){scale}(?![\w@]|[.,]\d)"
        yield _Rule(re.compile(before), lambda m, _: self._amount(m[1], m[2], m[3]))
        behind = rf"{_BARRIER}({number}){scale}\s?({'|'.join(CODES)}|{signs})(?!\w)"
        yield _Rule(re.compile(behind), lambda m, _: self._amount(m[3], m[1], m[2]))

    def _amount(self, sign: str, number: str, scale: str | None) -> str | None:
        language = self._language
        money = language.money.get(SIGNS.get(sign, sign))
        whole, _, fraction = number.partition(language.decimal)
        if money is None or len(fraction) > 2:
            return None
        if scale:
            return language.scaled(number, scale, money)
        units = int("".join(_GROUPS.findall(whole)))
        return language.amount(units, int(fraction.ljust(2, "0")), money)

    # --- numbers

    def _numbers(self) -> Iterator[_Rule]:
        language, number = self._language, self._number
        if language.percent:
            yield _Rule(re.compile(rf"{_BARRIER}(-?)({number})\s?%"), self._share)
        if language.ordinal_endings:
            nth = rf"{_BARRIER}(\d{{1,4}})(?:{language.ordinal_endings})\b"
            yield _Rule(re.compile(nth), lambda match, _: language.nth(int(match[1])))
        if language.until:
            span = rf"{_BARRIER}(\d{{1,4}})\s?[–-]\s?(\d{{1,4}}){_NO_WORD}(?![-–.,/:]\d)"
            yield _Rule(re.compile(span), self._span)
        yield _Rule(re.compile(rf"{_BARRIER}({number}){self._end}"), self._bare)

    def _share(self, match: re.Match[str], _: str) -> str:
        language = self._language
        minus = f"{language.minus} " if match[1] else ""
        return f"{minus}{language.number(match[2])} {language.percent}"

    def _span(self, match: re.Match[str], _: str) -> str | None:
        if int(match[1]) >= int(match[2]) or match[1].startswith("0"):
            return None
        return f"{self._whole(match[1])} {self._language.until} {self._whole(match[2])}"

    def _bare(self, match: re.Match[str], _: str) -> str:
        text = match[1]
        return self._whole(text) if text.isdigit() else self._language.number(text)

    def _whole(self, digits: str) -> str:
        language = self._language
        if len(digits) > LONGEST_CARDINAL or (len(digits) > 1 and digits.startswith("0")):
            return language.digits(digits)
        if len(digits) == 4 and 1900 <= int(digits) < 2100:
            return language.year(int(digits))
        return language.cardinal(int(digits))


def _looks_dialled(text: str, groups: Sequence[str], thousands: str) -> bool:
    """Several groups of digits, and not a large number: three groups of three between spaces are
    a telephone number more often than hundreds of millions."""
    if len(groups) < 2 or sum(map(len, groups)) < 7:
        return False
    between = set("".join(_GROUPS.split(text)))
    if text.startswith(("0", "(")) or any(len(group) != 3 for group in groups[1:]):
        return True
    nine = len(groups) == 3 and len(groups[0]) == 3 and between == {" "}
    return nine or len(between) > 1 or not between <= set(thousands)


def _grouped(text: str) -> list[str]:
    """An international number without gaps, in the groups of its country."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return _GROUPS.findall(text)
    international = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return _GROUPS.findall(phonenumbers.format_number(number, international))
