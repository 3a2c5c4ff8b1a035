"""Keys of a telephone: what may be pressed for a caller, and how it is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from topcalls.errors import FieldError, InvalidRequest

KEYS: Final = "0123456789*#ABCD"
MOST_KEYS: Final = 32
LONGEST_PAUSE_MS: Final = 5000
PATTERN: Final = r"^[0-9A-Da-d*#wW]{1,32}$"
"""`w` waits half a second, `W` a whole one."""

KEY_MS: Final = 100
GAP_MS: Final = 100
"""Of tones: the least that every telephone exchange understands is half of it."""

_STEP_MS = 500
_PAUSES_MS = {"w": _STEP_MS, "W": 2 * _STEP_MS}
_LONGEST_STRING = 64  # of one command
_MOST_SECONDS = 20.0  # of pauses


def dial_string(digits: str, pause_ms: int = 0) -> str:
    """The keys as the switch takes them, with `pause_ms` (rounded up to half seconds) between two.

    Raises `InvalidRequest`.
    """
    if not isinstance(digits, str) or not re.fullmatch(PATTERN, digits):
        _refuse("digits", f"Must be 1 to {MOST_KEYS} of 0-9, *, #, A-D, and w or W for a pause.")
    if isinstance(pause_ms, bool) or not isinstance(pause_ms, int):
        _refuse("pause_ms", "Must be a whole number.")
    if not 0 <= pause_ms <= LONGEST_PAUSE_MS:
        _refuse("pause_ms", f"Must be from 0 to {LONGEST_PAUSE_MS}.")
    if not only_keys(digits):
        _refuse("digits", "Has pauses and no key.")
    halves = -(-pause_ms // _STEP_MS)
    pause = "W" * (halves // 2) + "w" * (halves % 2)
    text = re.sub(r"(?<=[0-9A-Da-d*#])(?=[0-9A-Da-d*#])", pause, digits)
    if len(text) > _LONGEST_STRING or text.count("w") / 2 + text.count("W") > _MOST_SECONDS:
        _refuse("digits", "Are too many for pauses of this length. Send them in parts.")
    return text


@dataclass(frozen=True)
class Sounds:
    """A dial string as sound: after `lead_ms` each key sounds for `KEY_MS`, and then it is quiet
    for as long as stands beside it."""

    lead_ms: int
    keys: tuple[tuple[str, int], ...]

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return (self.lead_ms + sum(KEY_MS + quiet for _, quiet in self.keys)) / 1000


def sounds(text: str) -> Sounds:
    """What is heard of a dial string."""
    lead, found = 0, list[tuple[str, int]]()
    for sign in text:
        pause = _PAUSES_MS.get(sign)
        if pause is None:
            found.append((sign.upper(), GAP_MS))
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + pause)
        else:
            lead += pause
    return Sounds(lead, tuple(found))


def only_keys(text: str) -> str:
    """Without the pauses."""
    return "".join(key for key in text.upper() if key in KEYS)


def written(digits: str) -> str:
    """How pressed keys stand in a transcript."""
    return f"[pressed {only_keys(digits)}]"


def is_written(text: str) -> bool:
    """Whether a turn of a transcript is of pressed keys."""
    return text.startswith("[pressed ") and text.endswith("]")


def masked(digits: str) -> str:
    """The same for everybody who need not know which they were."""
    return f"[pressed {'*' * len(only_keys(digits))}]"


def _refuse(name: str, message: str) -> None:
    raise InvalidRequest("These keys cannot be pressed.", [FieldError(name, message, "invalid")])
