"""What of a conversation identifies people, found by rule and taken out: numbers, addresses, names.

Recognisers write badly and people read numbers out in pieces, so the rules would rather take too
much than too little: seven figures in a row count as a telephone number, whatever they are. What
they do not know, such as names that nobody told them or streets, stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, get_args

from topcalls.core.spoken_digits import Run, runs_in
from topcalls.core.suggestions import did_you_mean
from topcalls.core.transcript import Turn
from topcalls.errors import FieldError

KINDS: Final = ("phone", "card", "email", "iban", "ssn", "name")
_MARK: Final = re.compile(rf"\[(?:{'|'.join(KINDS)})\]")
Fill = Literal["silence", "tone"]
FILLS: Final = get_args(Fill)
MOST_NAMES: Final = 100
LONGEST_NAME: Final = 100
LEAST_PHONE: Final = 7
"""Figures in a row that count as a telephone number: the shortest that subscribers have."""

CARD: Final = range(13, 20)
"""Figures of a payment card (ISO/IEC 7812)."""

LONGEST_PHONE: Final = 15
"""Figures of a telephone number at most (ITU-T E.164)."""

_LEAST_PIECE: Final = 3
_MOST_OTHER_WORDS: Final = 2
_SSN: Final = re.compile(r"\b(?!000|666|9)\d{3}([ -]?)(?!00)\d{2}\1(?!0000)\d{4}\b")
_SSN_WORDS: Final = re.compile(r"social security|\bssn\b", re.I)
_AROUND: Final = 80
_DATE: Final = re.compile(
    r"(?:19|20)\d\d([-/.])[01]?\d\1[0-3]?\d|[0-3]?\d([-/.])[0-3]?\d\2(?:19|20)?\d\d"
)
_AMOUNT: Final = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?")
_EMAIL: Final = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_AT: Final = "at|ät|arobase|arroba|chiocciola|klammeraffe|apenstaartje"
_DOT: Final = "dot|punkt|point|punto|ponto|punt"
_DOMAINS: Final = (
    "com|org|net|edu|gov|info|biz|io|app|dev|eu|de|at|ch|fr|es|it|pt|br|nl|be|uk|us|ca|au|nz|ie|"
    "mx|ar|pl|se|no|dk|fi|cz|jp|in"
)
"""Endings of addresses that are read out; others have too much in common with other words."""

_SPOKEN_EMAIL: Final = re.compile(
    rf"\b[\w.+-]+(?: (?:{_DOT}) [\w-]+)* (?:{_AT}) [\w-]+(?: (?:{_DOT}) [\w-]+)*"
    rf" (?:{_DOT}) (?:{_DOMAINS})\b",
    re.I,
)
_IBAN: Final = re.compile(r"\b[A-Z]{2}[ ]?\d{2}(?:[ -]?[A-Z0-9]){11,30}\b", re.I)
_INTRODUCED: Final = re.compile(
    r"(?:\bmy name(?: is|'s)|\bname is|\bmein name ist|\bich heiße|\bje m'appelle|\bmon nom est|"
    r"\bme llamo|\bmi nombre es|\bmi chiamo|\bmeu nome é|\bchamo-me|\bmijn naam is|\bik heet)\s+",
    re.I,
)
_NAMES: Final = re.compile(r"[^\W\d_][\w'’-]*(?: (?:de |van |von |der )?[A-ZÀ-Þ][\w'’-]*){0,3}")
_PARTICLES: Final = frozenset(
    ["de", "van", "von", "der", "den", "la", "le", "di", "da", "du", "the"]
)


@dataclass(frozen=True)
class Rules:
    """What is taken out. `names` are those that are known; with the kind `name` what people call
    themselves is taken out too. `audio`: by what the sound of it is replaced; None: by nothing."""

    kinds: frozenset[str]
    names: tuple[str, ...] = ()
    audio: Fill | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> Rules | None:
        """Of a stored request for a call; None: nothing. Names that the call brought along in its
        `request_data`, as those of a lead, and in its `metadata` are known."""
        section = request.get("redaction")
        if section is None or section.get("enabled") is False:
            return None
        kinds = frozenset(section.get("kinds") or KINDS)
        told = (*(section.get("names") or ()), *_names_in(request))
        names = tuple(name for name in told if not has_mark(name))
        return cls(kinds, names, section.get("audio"))


@dataclass(frozen=True)
class Span:
    """From where to where of a text, and what it is."""

    start: int
    end: int
    kind: str


def redacted_turns(turns: Sequence[Turn], rules: Rules) -> list[Turn]:
    """The turns without what identifies people; `[card]` stands where a card's number was said. A
    number that was read out in pieces, over several turns of one person, is taken out of each."""
    pieces = _in_pieces(turns) if rules.kinds & {"phone", "card"} else {}
    redacted = []
    for turn in turns:
        spans = [*found(turn.text, rules), *pieces.get(turn.seq, ())]
        redacted.append(replace(turn, text=_without(turn.text, spans)) if spans else turn)
    return redacted


def redacted(text: str, rules: Rules) -> str:
    """A text by itself."""
    return _without(text, found(text, rules))


def has_mark(text: str) -> bool:
    """Something was taken out of it."""
    return _MARK.search(text) is not None


def found(text: str, rules: Rules) -> list[Span]:
    """What identifies people, in no particular order; spans may overlap."""
    spans: list[Span] = []
    if "email" in rules.kinds:
        for pattern in (_EMAIL, _SPOKEN_EMAIL):
            spans += (Span(*match.span(), "email") for match in pattern.finditer(text))
    if "iban" in rules.kinds:
        spans += _ibans(text)
    if "name" in rules.kinds:
        spans += _names(text, rules.names)
    if "ssn" in rules.kinds:
        spans += (Span(*one.span(), "ssn") for one in _SSN.finditer(text) if one[1])
    for run in runs_in(text):
        kind = _kind_of(text, run, rules.kinds)
        if kind and not any(one.start <= run.start and run.end <= one.end for one in spans):
            spans.append(Span(_with_sign(text, run.start), run.end, kind))
    return spans


def luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """The check of ISO 13616: the number, its first four characters behind, is 1 modulo 97."""
    plain = re.sub(r"[ -]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", plain):
        return False
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


# --- numbers


def _kind_of(text: str, run: Run, kinds: frozenset[str]) -> str | None:
    digits, written = run.digits, text[run.start : run.end]
    near = text[max(0, run.start - _AROUND) : run.end + _AROUND]
    if "ssn" in kinds and _SSN.fullmatch(digits) and _SSN_WORDS.search(near):
        return "ssn"
    if _DATE.fullmatch(written) or (_AMOUNT.fullmatch(written) and not _is_grouped(written)):
        return None
    is_card = len(digits) > LONGEST_PHONE or (len(digits) in CARD and luhn(digits))
    if "card" in kinds and is_card:
        return "card"
    if "phone" in kinds and len(digits) >= LEAST_PHONE:
        return "phone"
    return None


def _with_sign(text: str, start: int) -> int:
    """What stands before a number and belongs to it."""
    while start and text[start - 1] in "+(":
        start -= 1
    return start


def _is_grouped(written: str) -> bool:
    """Groups that are apart by spaces are read out; amounts have points or commas in them, and are
    small."""
    return " " in written or len(re.sub(r"\D", "", written)) > 12


def _in_pieces(turns: Sequence[Turn]) -> dict[int, list[Span]]:
    """Spans by turn, of numbers whose pieces are turns of one person that hold little else."""
    spans: dict[int, list[Span]] = {}
    for speaker in ("assistant", "user"):
        group: list[tuple[Turn, Run]] = []
        for turn in (one for one in turns if one.speaker == speaker):
            run = _piece(turn)
            if run is not None:
                group.append((turn, run))
                continue
            _keep(group, spans)
            group = []
        _keep(group, spans)
    return spans


def _piece(turn: Turn) -> Run | None:
    """The figures of a turn that is hardly anything but figures."""
    run = max(runs_in(turn.text), key=lambda one: len(one.digits), default=None)
    if run is None or len(run.digits) < _LEAST_PIECE:
        return None
    others = f"{turn.text[: run.start]} {turn.text[run.end :]}"
    return run if len(re.findall(r"\w+", others)) <= _MOST_OTHER_WORDS else None


def _keep(group: list[tuple[Turn, Run]], spans: dict[int, list[Span]]) -> None:
    if len(group) < 2:
        return
    digits = "".join(run.digits for _, run in group)
    kind = "card" if len(digits) in CARD and luhn(digits) else "phone"
    if len(digits) >= LEAST_PHONE:
        for turn, run in group:
            spans.setdefault(turn.seq, []).append(Span(run.start, run.end, kind))


# --- what is no number


def _ibans(text: str) -> Iterator[Span]:
    """The longest part that checks; a recogniser may write the next word behind it."""
    for match in _IBAN.finditer(text):
        for end in range(match.end(), match.start() + 14, -1):
            if text[end - 1].isalnum() and is_iban(text[match.start() : end]):
                yield Span(match.start(), end, "iban")
                break


def _names(text: str, known: Iterable[str]) -> Iterator[Span]:
    for name in known:
        words = [word for word in name.split() if len(word) > 1]
        for word in words:
            if word.lower() in _PARTICLES:
                continue
            for match in re.finditer(rf"\b{re.escape(word)}\b", text, re.I):
                yield Span(*match.span(), "name")
    for said in _INTRODUCED.finditer(text):
        if (own := _NAMES.match(text, said.end())) is not None:
            yield Span(*own.span(), "name")


def _names_in(request: Mapping[str, Any]) -> Iterator[str]:
    """Values of names that end in `name`, as in `patient_name`."""
    for part in ("request_data", "metadata"):
        for key, value in (request.get(part) or {}).items():
            if isinstance(value, str) and str(key).lower().endswith("name"):
                yield value


# --- taking out


def _without(text: str, spans: Iterable[Span]) -> str:
    """Spans that touch or overlap become one mark, of the first of them."""
    pieces, at = [], 0
    for span in _merged(spans, text):
        pieces += [text[at : span.start], f"[{span.kind}]"]
        at = span.end
    return "".join([*pieces, text[at:]])


def _merged(spans: Iterable[Span], text: str) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        last = merged[-1] if merged else None
        touches = last is not None and (
            span.start <= last.end
            or (span.kind == last.kind and not text[last.end : span.start].strip(" -"))
        )
        if last is not None and touches:
            merged[-1] = replace(last, end=max(last.end, span.end))
        else:
            merged.append(span)
    return merged


def redaction_faults(given: Mapping[str, Any]) -> Iterator[FieldError]:
    """What is wrong with the `redaction` of a call."""
    section = given.get("redaction")
    if section is None:
        return
    if not isinstance(section, Mapping):
        yield FieldError("redaction", "Must be an object.", "invalid_type")
        return
    for key, value in section.items():
        judge = _JUDGES.get(key)
        if judge is None:
            hint = did_you_mean(str(key), _JUDGES)
            yield FieldError(f"redaction.{key}", f"Is not a field of redaction.{hint}", "unknown")
        elif value is not None:
            yield from judge(value, f"redaction.{key}")


def _enabled_faults(value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, bool):
        yield FieldError(path, "Must be true or false.", "invalid_type")


def _kind_faults(value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, list | tuple) or not value:
        yield FieldError(path, "Must be a list of kinds, or left out for all.", "invalid_type")
        return
    for index, kind in enumerate(value):
        if kind not in KINDS:
            yield FieldError(f"{path}.{index}", f"Must be one of {', '.join(KINDS)}.", "choice")


def _name_faults(value: Any, path: str) -> Iterator[FieldError]:
    if not isinstance(value, list | tuple) or len(value) > MOST_NAMES:
        yield FieldError(path, f"Must be a list of at most {MOST_NAMES} names.", "invalid_type")
        return
    for index, name in enumerate(value):
        if not isinstance(name, str) or not 2 <= len(name.strip()) <= LONGEST_NAME:
            message = f"Must be a name of 2 to {LONGEST_NAME} characters."
            yield FieldError(f"{path}.{index}", message, "length")


def _audio_faults(value: Any, path: str) -> Iterator[FieldError]:
    if value not in FILLS:
        yield FieldError(path, f"Must be one of {', '.join(FILLS)}.", "choice")


_JUDGES: Final[Mapping[str, Any]] = {
    "enabled": _enabled_faults,
    "kinds": _kind_faults,
    "names": _name_faults,
    "audio": _audio_faults,
}
