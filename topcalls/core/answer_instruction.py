"""What a customer's server says about a verdict: what really answered, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from topcalls.core.answer_plan import (
    CONTINUE,
    HANG_UP,
    LEAVE_MESSAGE,
    LONGEST,
    NAVIGATE,
    AnswerPlan,
    Reaction,
)
from topcalls.core.answer_verdict import Answerer
from topcalls.core.suggestions import did_you_mean
from topcalls.errors import FieldError, InvalidRequest

ACTIONS: Final = (HANG_UP, LEAVE_MESSAGE, CONTINUE, NAVIGATE)
MOST_BYTES: Final = 16_384
_FIELDS: Final = ("verdict", "action", "message", "goal")
_TEXT_OF: Final = {LEAVE_MESSAGE: "message", NAVIGATE: "goal"}

Faults = Iterator[FieldError]


@dataclass(frozen=True)
class Instruction:
    """None leaves the verdict, or the call's own plan, as it is."""

    verdict: Answerer | None = None
    reaction: Reaction | None = None


def read_instruction(body: bytes, plan: AnswerPlan) -> Instruction:
    """The answer of a customer's server; an empty one changes nothing. What it does not say is
    taken from the call's `plan`.

    Raises:
        InvalidRequest: with everything wrong in it.
    """
    if not body.strip():
        return Instruction()
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, Mapping):
        raise InvalidRequest("The answer is no JSON object.")
    given = {key: value for key, value in content.items() if value is not None}
    if wrong := [*_faults(given, plan)]:
        raise InvalidRequest("The answer cannot be followed.", wrong)
    verdict, action = given.get("verdict"), given.get("action")
    return Instruction(
        Answerer(verdict) if verdict is not None else None,
        Reaction(action, _text(given, action, plan)) if action is not None else None,
    )


def _text(given: Mapping[str, Any], action: str, plan: AnswerPlan) -> str:
    own = {LEAVE_MESSAGE: plan.message, NAVIGATE: plan.goal}
    return str(given.get(_TEXT_OF.get(action, ""), own.get(action, "")))


def _faults(given: Mapping[str, Any], plan: AnswerPlan) -> Faults:
    for key in given.keys() - set(_FIELDS):
        yield FieldError(key, f"Is no field of an answer.{did_you_mean(key, _FIELDS)}", "unknown")
    for key, known in (("verdict", tuple(Answerer)), ("action", ACTIONS)):
        if key in given and given[key] not in known:
            yield FieldError(key, f"Must be one of {', '.join(known)}.", "choice")
    action = given.get("action")
    for needed_by, key in _TEXT_OF.items():
        yield from _text_faults(given, key, needed_by)
        if action == needed_by and not (key in given or _text(given, needed_by, plan)):
            message = f"Is needed by the action '{needed_by}': the call itself has none."
            yield FieldError(key, message, "required")


def _text_faults(given: Mapping[str, Any], key: str, needed_by: str) -> Faults:
    value = given.get(key)
    if value is None:
        return
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST[key]:
        yield FieldError(key, f"Must be text of 1 to {LONGEST[key]} characters.", "length")
    elif given.get("action") != needed_by:
        yield FieldError(key, f"Is used only by the action '{needed_by}'.", "conflict")
