"""Does the `transfer` of a call make sense? Every fault, with its field and what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from topcalls.core import phone_numbers
from topcalls.core.suggestions import did_you_mean
from topcalls.core.transfer import BLIND, BRIDGE, KINDS, METHODS, REFER, WARM
from topcalls.errors import FieldError

MOST_DESTINATIONS = 20
BRIEFING_LENGTH = (1, 2_000)
TIMES = {"ring_timeout_seconds": (5, 120), "accept_timeout_seconds": (5, 120)}
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}$"
ACCEPT_KEY_PATTERN = r"^[0-9*#]$"
FIELDS = (
    "name",
    "number",
    "kind",
    "method",
    "briefing",
    "ring_timeout_seconds",
    "accept_key",
    "accept_timeout_seconds",
    "detect_voicemail",
)
_OF_WARM = ("briefing", "accept_key", "accept_timeout_seconds")

Faults = Iterator[FieldError]


def transfer_faults(transfer: object, path: str = "transfer") -> Faults:
    """Everything wrong with a `transfer`."""
    if not isinstance(transfer, Mapping):
        return  # told with all other objects
    for key in transfer.keys() - {"destinations"}:
        message = f"Is not a field of transfer.{did_you_mean(str(key), ('destinations',))}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    listed = transfer.get("destinations")
    if not isinstance(listed, list | tuple) or not 1 <= len(listed) <= MOST_DESTINATIONS:
        message = f"Must be a list of 1 to {MOST_DESTINATIONS} destinations."
        yield FieldError(f"{path}.destinations", message, "invalid_destinations")
        return
    names: set[str] = set()
    for index, item in enumerate(listed):
        here = f"{path}.destinations.{index}"
        if isinstance(item, Mapping):
            yield from _destination_faults(item, here, names)
        else:
            yield FieldError(here, "Must be an object.", "invalid_type")


def _destination_faults(item: Mapping[str, Any], path: str, names: set[str]) -> Faults:
    given = {key: value for key, value in item.items() if value is not None}
    for key in given.keys() - set(FIELDS):
        message = f"Is not a field of a destination.{did_you_mean(str(key), FIELDS)}"
        yield FieldError(f"{path}.{key}", message, "unknown")
    yield from _name_faults(given.get("name"), f"{path}.name", names)
    wrong = phone_numbers.fault(given.get("number"), f"{path}.number")
    if wrong:
        yield wrong
    yield from _choice_faults(given, path)
    yield from _detail_faults(given, path)


def _name_faults(name: object, path: str, names: set[str]) -> Faults:
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        message = "Must be 1 to 64 letters, digits, blanks, '_', '.' or '-': the agent names it."
        yield FieldError(path, message, "invalid_name")
    elif name.lower() in names:
        yield FieldError(path, f"Two destinations are named '{name}'. Rename one.", "duplicate")
    else:
        names.add(name.lower())


def _choice_faults(given: Mapping[str, Any], path: str) -> Faults:
    kind, method = given.get("kind", BLIND), given.get("method", BRIDGE)
    for key, value, choices in (("kind", kind, KINDS), ("method", method, METHODS)):
        if value not in choices:
            yield FieldError(f"{path}.{key}", f"Must be one of {', '.join(choices)}.", "choice")
    if kind == WARM and method == REFER:
        message = "The carrier cannot brief anybody: a warm transfer needs method 'bridge'."
        yield FieldError(f"{path}.method", message, "exclusive")
    for key in _OF_WARM if kind == BLIND else ():
        if key in given:
            message = "A blind transfer asks nobody. Set kind to 'warm', or leave this out."
            yield FieldError(f"{path}.{key}", message, "needs_warm")
    yield from _check_faults(given.get("detect_voicemail", False), kind, method, path)


def _check_faults(wanted: object, kind: object, method: object, path: str) -> Faults:
    here = f"{path}.detect_voicemail"
    if not isinstance(wanted, bool):
        yield FieldError(here, "Must be true or false.", "invalid_type")
    elif wanted and kind == WARM:
        message = "A warm transfer always notices a voicemail. Leave this out."
        yield FieldError(here, message, "needs_blind")
    elif wanted and method == REFER:
        message = (
            "We do not hear whom the carrier dials. Set method to 'bridge', or leave this out."
        )
        yield FieldError(here, message, "needs_bridge")


def _detail_faults(given: Mapping[str, Any], path: str) -> Faults:
    briefing, (least, most) = given.get("briefing", "x"), BRIEFING_LENGTH
    if not isinstance(briefing, str):
        yield FieldError(f"{path}.briefing", "Must be text.", "invalid_type")
    elif not least <= len(briefing.strip()) <= len(briefing) <= most:
        message = f"Must be {least} to {most} characters, not counting space around it."
        yield FieldError(f"{path}.briefing", message, "length")
    key = given.get("accept_key", "1")
    if not isinstance(key, str) or not re.fullmatch(ACCEPT_KEY_PATTERN, key):
        yield FieldError(f"{path}.accept_key", "Must be one key of 0-9, * and #.", "invalid_key")
    for name, (shortest, longest) in TIMES.items():
        value = given.get(name, shortest)
        if isinstance(value, bool) or not isinstance(value, int | float):
            yield FieldError(f"{path}.{name}", "Must be a number.", "invalid_type")
        elif not shortest <= value <= longest:
            yield FieldError(f"{path}.{name}", f"Must be from {shortest} to {longest}.", "range")
