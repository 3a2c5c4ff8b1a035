"""Numbers that an account does not call: the rule, and how the agent puts one on the list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from topcalls.core import phone_numbers
from topcalls.core.tools import ToolSpec
from topcalls.errors import FieldError

RULE: Final = "do_not_call"
"""The name of the rule, where a call is refused by it."""

WORDS: Final = "The number is on the account's do-not-call list."
SOURCES: Final = ("api", "agent")
MAX_REASON: Final = 500
ADD: Final = ToolSpec(
    "add_to_do_not_call",
    "Put the other person's number on the list of those who are never called again. Use it when "
    "they say that they do not want to be called, now or any more. Not when they only want to be "
    "called at another time. Confirm it in one short sentence, then say goodbye.",
    {
        "type": "object",
        "properties": {
            "reason": {
                "type": "string",
                "maxLength": MAX_REASON,
                "description": "What they said, in their words.",
            }
        },
        "additionalProperties": False,
    },
)


def faults(number: object, reason: object) -> Iterator[FieldError]:
    """What is wrong with an entry of the list."""
    wrong = phone_numbers.fault(number, "phone_number")
    if wrong is not None:
        yield wrong
    if reason is not None and not isinstance(reason, str):
        yield FieldError("reason", "Must be text.", "invalid_type")
    elif reason is not None and len(reason) > MAX_REASON:
        yield FieldError("reason", f"Must be at most {MAX_REASON} characters.", "length")
