"""Which live call a supervisor means who dials a code on a softphone, and why nobody is let on it.

A code is `*3` and the key that stands for the way of taking part (`core/supervision.py`), then
nothing for the call that was answered last, or the call's short code, or `*` and the last digits of
one of its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from topcalls.core.supervision import KEYS, Mode


@dataclass(frozen=True, slots=True)
class Wish:
    """What was dialled: `code` is a live call's, `ending` the last digits of a number of it.
    Without either, the call that was answered last is meant."""

    mode: Mode
    code: str | None = None
    ending: str | None = None


_DIALLED = re.compile(r"\*3([0139])(?:([0-9]{4,6})|\*([0-9]{3,15}))?#?")
_CODE_DIGITS = (4, 4, 4, 5, 5, 6, 6)
_PER_LENGTH = 8


def wish_of(dialled: str) -> Wish | None:
    """What a feature code asks for: `*30`, `*301234` by a call's code, `*30*0142` by the end of a
    number. None: it is no code of a supervisor's."""
    match = _DIALLED.fullmatch(dialled)
    if match is None:
        return None
    key, code, ending = match.groups()
    return Wish(KEYS[key], code, ending)


def codes(call_id: str) -> Iterator[str]:
    """Codes that a call may have, in the order in which they are tried: four digits, and more of
    them where many calls are live. They begin with 1 to 9, and differ from call to call."""
    for number, digits in enumerate(_CODE_DIGITS):
        sum_of = sha256(f"{call_id} {number}".encode()).digest()
        for at in range(0, 4 * _PER_LENGTH, 4):
            value = int.from_bytes(sum_of[at : at + 4], "big")
            yield str(10 ** (digits - 1) + value % (9 * 10 ** (digits - 1)))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answered call that is live. `with_person`: the caller was handed over."""

    call_id: str
    code: str | None
    phone_number: str
    from_number: str | None
    answered_at: datetime
    with_person: bool = False


class Refusal(StrEnum):
    """Why nobody is let on the line; the label of the metric."""

    UNKNOWN_SOFTPHONE = "unknown_softphone"
    UNKNOWN_CODE = "unknown_code"
    NOT_ALLOWED = "not_allowed"
    NO_CALL = "no_call"
    AMBIGUOUS = "ambiguous"
    WITH_PERSON = "with_person"
    OTHER_NODE = "other_node"
    TOO_MANY = "too_many"


CAUSES = {
    Refusal.UNKNOWN_SOFTPHONE: "OUTGOING_CALL_BARRED",
    Refusal.UNKNOWN_CODE: "UNALLOCATED_NUMBER",
    Refusal.NOT_ALLOWED: "OUTGOING_CALL_BARRED",
    Refusal.NO_CALL: "UNALLOCATED_NUMBER",
    Refusal.AMBIGUOUS: "INVALID_NUMBER_FORMAT",
    Refusal.WITH_PERSON: "USER_BUSY",
    Refusal.OTHER_NODE: "NETWORK_OUT_OF_ORDER",
    Refusal.TOO_MANY: "USER_BUSY",
}
"""How the softphone is refused: 403, 404, 404 (no such call), 484 (more digits are needed), 486,
502 (the call is at another switch)."""


def choose(wish: Wish, live: Sequence[Candidate]) -> Candidate | Refusal:
    """The one call that is meant, among the live ones of an account."""
    found = [call for call in live if _is_meant(wish, call)]
    if not found:
        return Refusal.NO_CALL
    if wish.ending is not None and len(found) > 1:
        return Refusal.AMBIGUOUS
    chosen = max(found, key=lambda call: call.answered_at)
    if wish.mode is Mode.TAKE_OVER and chosen.with_person:
        return Refusal.WITH_PERSON
    return chosen


def _is_meant(wish: Wish, call: Candidate) -> bool:
    if wish.code is not None:
        return call.code == wish.code
    if wish.ending is not None:
        return any((number or "").endswith(wish.ending) for number in _numbers(call))
    return True


def _numbers(call: Candidate) -> tuple[str | None, ...]:
    return call.phone_number, call.from_number
